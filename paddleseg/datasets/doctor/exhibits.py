# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The pictures of a finding, read again for a page: there are few of them, and data sets are large."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from paddleseg.datasets.doctor import alignment
from paddleseg.datasets.doctor.finding import Exhibit
from paddleseg.datasets.doctor.raw_labels import RawLabel
from paddleseg.datasets.doctor.survey import Survey, read_pair
from paddleseg.utils.errors import DataError
from paddleseg.utils.image_io import read_image
from paddleseg.utils.visualize import class_borders, class_name, default_palette, overlay, to_display_rgb

_MOST_PAIRS = 3
_WIDTH = 480
_BORDER = (255, 40, 40)


def show_labels(survey: Survey, indices: Sequence[int]) -> list[Exhibit]:
    """Pictures beside their labels, with a colour for each value."""
    shown = []
    for index in indices[:_MOST_PAIRS]:
        picture, label = read_pair(survey.dataset, index)
        if picture is not None:
            shown.append(Exhibit(Path(survey.picture(survey.facts[index])).name, _small(to_display_rgb(picture))))
        if label is not None:
            name = Path(survey.label(survey.facts[index])).name
            values = survey.facts[index].counts.values
            what = "colours" if label.is_coloured else ", ".join(map(str, values[:12].tolist()))
            more = ", ..." if not label.is_coloured and len(values) > 12 else ""
            shown.append(Exhibit(f"{name}: {what}{more}", colour_label(label)))
    return shown


def show_fits(survey: Survey, indices: Sequence[int], verdict: alignment.Verdict | None = None) -> list[Exhibit]:
    """Pictures with the borders of their labels: in place, and where they fit best.

    Args:
        survey: The data set.
        indices: Positions of pairs.
        verdict: The fault shared by all of them; None: each has its own turn and shift.
    """
    shown = []
    for index in indices[:_MOST_PAIRS]:
        picture, label = read_pair(survey.dataset, index)
        if picture is None or label is None or picture.shape[:2] != label.values.shape:
            continue
        found = survey.facts[index].fit
        how, shift = (found.turn, found.shift_xy) if verdict is None else (verdict.shared_turn, verdict.shared_shift_xy)
        shift = (0, 0) if how and verdict is not None else shift
        name = Path(survey.picture(survey.facts[index])).name
        rgb = to_display_rgb(picture)
        mended = move(alignment.turn(label.values, how), -round(shift[0]), -round(shift[1]), -1)
        shown.append(Exhibit(f"{name}: borders of its label", draw_borders(rgb, label.values)))
        shown.append(Exhibit(f"{name}: borders where they fit best", draw_borders(rgb, mended)))
    return shown


def show_other_labels(survey: Survey, pairs: Sequence[tuple[int, int]]) -> list[Exhibit]:
    """Pictures with the borders of their own labels, and of better-fitting labels of other pairs."""
    shown = []
    for index, other in pairs[:_MOST_PAIRS]:
        picture, label = read_pair(survey.dataset, index)
        _, better = read_pair(survey.dataset, other)
        if picture is None or label is None or better is None:
            continue
        rgb, name = to_display_rgb(picture), Path(survey.picture(survey.facts[index])).name
        shown.append(Exhibit(f"{name}: borders of its label", draw_borders(rgb, label.values)))
        theirs = Path(survey.label(survey.facts[other])).name
        shown.append(Exhibit(f"{name}: borders of {theirs}", draw_borders(rgb, better.values)))
    return shown


def show_pictures_beside(train: Survey, val: Survey, pairs: Sequence[tuple[int, int]]) -> list[Exhibit]:
    """Validation pictures, each beside the similar training picture."""
    shown = []
    for in_train, in_val in pairs[:_MOST_PAIRS]:
        for survey, index in ((val, in_val), (train, in_train)):
            picture, _ = read_pair(survey.dataset, index)
            if picture is not None:
                part = survey.section.partition("_")[0]
                name = Path(survey.picture(survey.facts[index])).name
                shown.append(Exhibit(f"{part}: {name}", _small(to_display_rgb(picture))))
    return shown


def show_files(files: Sequence[str]) -> list[Exhibit]:
    """Files as they look."""
    shown = []
    for file in files[:_MOST_PAIRS]:
        try:
            shown.append(Exhibit(Path(file).name, _small(to_display_rgb(read_image(file, 3)))))
        except DataError:  # a page shows what can be read
            continue
    return shown


def show_classes(survey: Survey, places: Mapping[int, int]) -> list[Exhibit]:
    """For each class a picture in which it occurs, its pixels in colour.

    Args:
        survey: The data set.
        places: Class to position of a pair.
    """
    dataset, shown = survey.dataset, []
    for class_id, index in list(places.items())[: 2 * _MOST_PAIRS]:
        picture, label = read_pair(dataset, index)
        if picture is None or label is None or picture.shape[:2] != label.values.shape:
            continue
        is_class = dataset.value_table[label.values] == class_id
        rgb = to_display_rgb(picture)
        palette = np.zeros((256, 3), np.uint8)
        palette[1] = _BORDER
        marked = np.where(is_class[..., None], overlay(rgb, is_class.astype(np.uint8), palette, 0.4), rgb)
        name = Path(survey.picture(survey.facts[index])).name
        shown.append(Exhibit(f"{class_name(class_id, dataset.class_names)} in {name}", _small(marked)))
    return shown


def draw_borders(picture: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The picture (H, W, 3) uint8 with the borders of a label (H, W) in red, made small."""
    small = _small(picture)
    label = cv2.resize(values.astype(np.int32), small.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    drawn = small.copy()
    drawn[class_borders(label)] = _BORDER
    return drawn


def colour_label(label: RawLabel) -> np.ndarray:
    """(h, w, 3) uint8: a label in its own colours, or with a colour for each of its values."""
    values = label.values
    if label.is_coloured:
        colours = np.stack([values >> 16, values >> 8 & 255, values & 255], axis=2).astype(np.uint8)
    else:
        colours = default_palette()[np.clip(values, 0, 255)]
    return _small(colours, cv2.INTER_NEAREST)


def move(values: np.ndarray, right: int, down: int, fill: int) -> np.ndarray:
    """An (H, W) array shifted by pixels; uncovered ones get the value ``fill``."""
    height, width = values.shape
    moved = np.full_like(values, fill)
    if abs(right) < width and abs(down) < height:
        target = np.s_[max(down, 0) : height + min(down, 0), max(right, 0) : width + min(right, 0)]
        source = np.s_[max(-down, 0) : height + min(-down, 0), max(-right, 0) : width + min(-right, 0)]
        moved[target] = values[source]
    return moved


def _small(picture: np.ndarray, interpolation: int = cv2.INTER_AREA) -> np.ndarray:
    height, width = picture.shape[:2]
    if width <= _WIDTH:
        return np.ascontiguousarray(picture)
    return cv2.resize(picture, (_WIDTH, max(1, round(height * _WIDTH / width))), interpolation=interpolation)
