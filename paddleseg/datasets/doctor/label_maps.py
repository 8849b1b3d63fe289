# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The ``label_map`` that turns values of label files into class ids, as far as the values tell."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np

from paddleseg.utils.visualize import default_palette

# With smoothed edges, a value of whose pixels less than this share have equal neighbours is an edge, not a class.
_LEAST_INTERIOR = 0.3
_LEAST_SHARE = 1e-4
# Values that are not classes and make up less than this are left out of the training rather than guessed.
_MOST_LEFT_OUT = 0.2
_LINE_WIDTH = 100


class Values(NamedTuple):
    """The values of some label files.

    Attributes:
        pixels: (256,) int64, pixels of each value of the files.
        interior: (256,) int64, those that equal their neighbours.
        is_smoothed: Whether edges were smoothed, so that values without interior have no meaning.
    """

    pixels: np.ndarray
    interior: np.ndarray
    is_smoothed: bool = False

    def solid(self) -> list[int]:
        """The values that have a meaning."""
        found = self.pixels > 0
        if self.is_smoothed:
            found &= self.interior >= _LEAST_INTERIOR * self.pixels
            found &= self.pixels >= _LEAST_SHARE * self.pixels.sum()
        return np.flatnonzero(found).tolist()


class Classes(NamedTuple):
    """The target of the values.

    Attributes:
        num_classes: Ids are 0 .. num_classes - 1.
        ignore_index: The value of pixels that do not count.
        palette: The data set's [r, g, b] of each class, or None.
        table: (256,) uint8: the current mapping of each value of a file.
    """

    num_classes: int
    ignore_index: int
    palette: Sequence[Sequence[int]] | None
    table: np.ndarray

    def allows(self, value: int) -> bool:
        """Whether a value of a file is currently read as a class or ignored."""
        return self.table[value] < self.num_classes or self.table[value] == self.ignore_index


class Proposal(NamedTuple):
    """A ``label_map``.

    Attributes:
        label_map: Value in the file to class id or ``ignore_index``; unchanged values are left out.
        kind: ``"off_by_one"`` or ``"other_values"``.
        why: The evidence for it, in words.
        is_guess: Whether it should be checked before use.
    """

    label_map: Mapping[int, int]
    kind: Literal["off_by_one", "other_values"]
    why: str
    is_guess: bool = False

    def lines(self) -> str:
        """The key as YAML, on several lines if it is long."""
        pairs = ", ".join(f"{value}:_{class_id}" for value, class_id in sorted(self.label_map.items()))
        wrapped = textwrap.fill(f"label_map:_{{{pairs}}}", _LINE_WIDTH, subsequent_indent=" " * 12)
        return wrapped.replace(":_", ": ")  # lines do not break within a pair


def propose(values: Values, classes: Classes) -> Proposal | None:
    """Find a map for values some of which are not classes.

    Several usual causes of such values are tried, the most certain first.

    Returns:
        None if all values are allowed, or if there is no evidence for any map.
    """
    present = np.flatnonzero(values.pixels).tolist()
    solid = values.solid()
    for guess in (_masks, _off_by_one, _stretched, _grey_palette, _in_order, _left_out):
        found = guess(solid, values, classes)
        if found is not None:
            break
    else:
        return None
    label_map = {**found.label_map}
    for value in set(present) - set(solid) - set(label_map):
        label_map[value] = _value_of_edge(value, solid, label_map, classes)
    table = {value: label_map.get(value, int(classes.table[value])) for value in range(256)}
    label_map = {
        value: target for value, target in table.items() if value != target and (value in present or value in label_map)
    }
    return found._replace(label_map=label_map)


def _value_of_edge(value: int, solid: list[int], label_map: Mapping[int, int], classes: Classes) -> int:
    """The class of an edge's value: the nearer one of two classes; unknown for more."""
    if classes.num_classes == 2 and len(solid) == 2:
        nearest = min(solid, key=lambda other: abs(value - other))
        return label_map.get(nearest, nearest)
    return classes.ignore_index


def _illegal(solid: Sequence[int], classes: Classes) -> list[int]:
    return [value for value in solid if not classes.allows(value)]


def _masks(solid: list[int], values: Values, classes: Classes) -> Proposal | None:
    """0 and any other value for two classes; 255 would be ignored."""
    if classes.num_classes != 2 or len(solid) != 2 or solid[0] != 0 or solid[1] == 1 or classes.table[solid[1]] == 1:
        return None
    return Proposal({solid[1]: 1}, "other_values", f"two classes, written as 0 and {solid[1]}")


def _off_by_one(solid: list[int], values: Values, classes: Classes) -> Proposal | None:
    count, ignored = classes.num_classes, classes.ignore_index
    if _illegal(solid, classes) != [count] or count == ignored:
        return None
    if any(classes.table[value] != value for value in range(count)):  # they are already renumbered
        return None
    label_map = {value: value - 1 for value in range(1, count + 1) if value != ignored}
    if values.pixels[0]:
        share = values.pixels[0] / values.pixels.sum()
        why = f"{count + 1} values for {count} classes; if 0 ({share:.1%} of the pixels) is a class: num_classes"
        return Proposal({0: ignored, **label_map}, "off_by_one", f"{why}: {count + 1} instead", is_guess=True)
    return Proposal(label_map, "off_by_one", f"values go from {min(solid)} to {count}, and 0 never occurs")


def _stretched(solid: list[int], values: Values, classes: Classes) -> Proposal | None:
    """Ids multiplied to make them visible, up to 255 or by a whole number."""
    count, ignored = classes.num_classes, classes.ignore_index
    if not _illegal(solid, classes) or len(solid) < 3 or count < 3:
        return None
    for rounded in (round, math.floor):
        ids = {rounded(class_id * 255 / (count - 1)): class_id for class_id in range(count)}
        if len(ids) == count and set(solid) <= set(ids):
            return Proposal(ids, "other_values", f"class ids stretched to 0 .. 255, {255 / (count - 1):.4g} apart")
    ids = [value for value in solid if value != ignored]
    step = math.gcd(*ids)
    if step > 1 and max(ids) // step < count:
        return Proposal({value: value // step for value in ids}, "other_values", f"class ids multiplied by {step}")
    return None


def _grey_palette(solid: list[int], values: Values, classes: Classes) -> Proposal | None:
    """Colours that were read as grey: each class has the brightness of its colour."""
    ids = [value for value in solid if value != classes.ignore_index]
    if not _illegal(ids, classes) or len(ids) < 3:
        return None
    voc = np.roll(default_palette(), 1, axis=0)  # black first
    voc[0] = 0
    palettes = {"PASCAL VOC's": voc, "PaddleSeg's": default_palette()}
    if classes.palette is not None:
        palettes = {"the data set's": np.asarray(classes.palette), **palettes}
    for whose, palette in palettes.items():
        brightness = palette[: classes.num_classes] @ [0.299, 0.587, 0.114]
        label_map = {}
        for value in ids:
            near = np.flatnonzero(np.abs(brightness - value) <= 1.0)
            if len(near) == 1:
                label_map[value] = int(near[0])
        if len(label_map) == len(ids) == len(set(label_map.values())):
            return Proposal(label_map, "other_values", f"the brightness of the colours of {whose} palette")
    return None


def _in_order(solid: list[int], values: Values, classes: Classes) -> Proposal | None:
    ids = [value for value in solid if value != classes.ignore_index]
    if not _illegal(ids, classes) or len(ids) != classes.num_classes:
        return None
    why = f"as many values as classes ({len(ids)}), taken in their order; compare with the tool that wrote them"
    return Proposal({value: class_id for class_id, value in enumerate(ids)}, "other_values", why, is_guess=True)


def _left_out(solid: list[int], values: Values, classes: Classes) -> Proposal | None:
    illegal = [value for value in np.flatnonzero(values.pixels).tolist() if not classes.allows(value)]
    share = values.pixels[illegal].sum() / max(values.pixels.sum(), 1)
    if not illegal or share > _MOST_LEFT_OUT:
        return None
    why = f"nothing says which class they are; {share:.2g} of the pixels would be ignored".replace("e-0", "e-")
    return Proposal({value: classes.ignore_index for value in illegal}, "other_values", why, is_guess=True)
