# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Coloured labels: the class of each colour, as far as palettes tell."""

from __future__ import annotations

import functools
import os
import shlex
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from paddleseg.datasets.cityscapes import CITYSCAPES_CLASSES
from paddleseg.datasets.doctor import exhibits
from paddleseg.datasets.doctor.finding import Finding, first_of, share_of
from paddleseg.datasets.doctor.raw_labels import unpack
from paddleseg.datasets.doctor.survey import PairFacts, Survey
from paddleseg.utils.visualize import default_palette, names_of_classes

# Smoothed edges have hundreds of colours with hardly any pixels; a class has areas, and more pixels than this.
_LEAST_SHARE, _LEAST_INTERIOR = 1e-5, 0.2
_MOST_COLOURS = 256
# The right palette's colours need not match to the last bit: sum of the channels' differences.
_NEAR = 6


class ColourMap(NamedTuple):
    """Colours and their meaning.

    Attributes:
        class_ids: The class of each colour, None if unknown.
        shares: The share of each colour among the pixels.
        palette: The origin of their palette, in words; "" if unknown.
        colours: That palette, a colour for each class; empty if unknown.
    """

    class_ids: dict[tuple[int, int, int], int | None]
    shares: dict[tuple[int, int, int], float]
    palette: str
    colours: Sequence[tuple[int, int, int]] = ()

    @property
    def num_known(self) -> int:
        """How many colours have a known class."""
        return sum(class_id is not None for class_id in self.class_ids.values())


def find_colours(survey: Survey, facts: Sequence[PairFacts]) -> list[Finding]:
    """One finding for all coloured labels, with the map that fits their colours best."""
    if not facts:
        return []
    dataset = survey.dataset
    found = map_colours(facts, dataset.num_classes, dataset.palette)
    files = [survey.label(fact) for fact in facts]
    known = (
        f"{found.num_known} of {len(found.class_ids)} are of {found.palette} palette"
        if found.palette
        else (f"{len(found.class_ids)} of them in areas, of no palette that is known here")
    )
    message = (
        f"{share_of(len(facts), len(survey.facts), 'labels')} show colours instead of class ids: {known}; "
        f"{first_of(files)}"
    )
    cure = _cure(found, survey, files)
    show = functools.partial(exhibits.show_labels, survey, [fact.index for fact in facts])
    return [Finding("colours", "error", survey.section, message, cure, files, show)]


def map_colours(facts: Sequence[PairFacts], num_classes: int, palette: Sequence[Sequence[int]] | None) -> ColourMap:
    """Match the colours of labels with the data set's palette, or else with common ones.

    Args:
        facts: Pairs with coloured labels.
        num_classes: Number of classes.
        palette: The data set's, or None.
    """
    shares = _colours_in_areas(facts)
    candidates = {} if palette is None else {"the data set's": [tuple(colour) for colour in palette]}
    voc = [(0, 0, 0), *map(tuple, default_palette()[:255].tolist())]
    candidates["PASCAL VOC's"] = voc[:num_classes]
    candidates["PaddleSeg's"] = [tuple(colour) for colour in default_palette()[:num_classes].tolist()]
    if num_classes == len(CITYSCAPES_CLASSES):
        candidates["Cityscapes'"] = [colour for _, colour in CITYSCAPES_CLASSES]
    maps = [ColourMap(_match(shares, colours), shares, whose, colours) for whose, colours in candidates.items()]
    best = max(maps, key=lambda found: sum(shares[c] for c, i in found.class_ids.items() if i is not None))
    # One black or white colour is in many palettes.
    if best.num_known >= min(2, len(shares)):
        return best
    return ColourMap(dict.fromkeys(shares), shares, "")


def _colours_in_areas(facts: Sequence[PairFacts]) -> dict[tuple[int, int, int], float]:
    """The colours that are not smoothed edges, the most frequent first, with their shares of the pixels."""
    pixels: dict[int, int] = {}
    interior: dict[int, int] = {}
    for counts in (fact.counts for fact in facts):
        for value, count, inside in zip(*(part.tolist() for part in (counts.values, counts.pixels, counts.interior))):
            pixels[value] = pixels.get(value, 0) + count
            interior[value] = interior.get(value, 0) + inside
    total = sum(pixels.values())
    solid = [
        value
        for value, count in pixels.items()
        if count >= _LEAST_SHARE * total and interior[value] >= _LEAST_INTERIOR * count
    ]
    solid.sort(key=lambda value: -pixels[value])
    return {unpack(value): pixels[value] / total for value in solid[:_MOST_COLOURS]}


def _match(
    shares: dict[tuple[int, int, int], float], colours: Sequence[tuple[int, int, int]]
) -> dict[tuple[int, int, int], int | None]:
    palette = np.array(colours, int).reshape(-1, 3)
    matched = {}
    for colour in shares:
        distance = np.abs(palette - colour).sum(axis=1)
        nearest = int(distance.argmin())
        matched[colour] = nearest if distance[nearest] <= _NEAR else None
    return matched


def _cure(found: ColourMap, survey: Survey, files: Sequence[str]) -> str:
    """The list of classes with their colours, and the command that writes ids."""
    dataset = survey.dataset
    names = names_of_classes(dataset.num_classes, dataset.class_names)
    lines = [f"{name} {' '.join(map(str, colour))}" for name, colour in zip(names, found.colours)]
    lines = lines or [f"{name} R G B" for name in names]
    unknown = [colour for colour, class_id in found.class_ids.items() if class_id is None]
    for colour in unknown:
        numbers = " ".join(map(str, colour))
        lines.append(
            f"# {numbers} ({found.shares[colour]:.2%} of the pixels) is of no class: write it where it belongs"
        )
    if found.palette and len(unknown) == 1:
        lines += ["# or leave this line, which ignores it", f"__ignore__ {numbers}"]
    pictures, labels = (
        shlex.quote(os.path.commonpath([os.path.dirname(os.path.abspath(file)) for file in group]))
        for group in ([survey.picture(fact) for fact in survey.facts], files)
    )
    command = f"python tools/convert_dataset.py voc {labels} NEW_FOLDER --images {pictures} --classes classes.txt"
    return "\n".join(["# classes.txt", *lines, "# then", command])
