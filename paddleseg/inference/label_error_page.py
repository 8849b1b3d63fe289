# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Regions whose label is probably wrong, for people: lines, JSON and a page with pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import cv2
import numpy as np

from paddleseg.datasets.segmentation import SegmentationDataset
from paddleseg.inference.label_errors import LabelErrors, Region, region_mask
from paddleseg.utils import html_page
from paddleseg.utils.errors import count_of
from paddleseg.utils.html_page import Cell
from paddleseg.utils.visualize import class_name, make_palette, overlay, to_display_rgb

Ranked = Sequence[tuple[float, Region]]

_MOST_LINES = 20
_MOST_FIGURES = 100
# The surroundings of a region show whether it is a car: a window of twice its size, at least this.
_LEAST_WINDOW = 160
_PANEL = 216
_OUTLINE = (255, 255, 255), (0, 0, 0)


def describe(found: LabelErrors, ranked: Ranked, dataset: SegmentationDataset) -> Iterator[str]:
    """Lines for the terminal: the first regions, and how many there are."""
    for rank, (_, region) in enumerate(ranked[:_MOST_LINES], start=1):
        yield f"{rank:3}. {_describe(region, dataset)}"
    yield (
        f"{count_of(len(found.regions), 'region')} where network and labels disagree in "
        f"{count_of(found.num_pictures, 'picture')}; {len(ranked)} reported"
    )


def to_dict(found: LabelErrors, ranked: Ranked, dataset: SegmentationDataset) -> dict[str, Any]:
    """The regions as plain values, for a JSON file."""
    regions = [
        {
            "picture": dataset.picture_name(region.index),
            "label": region.label,
            "label_name": class_name(region.label, dataset.class_names),
            "predicted": region.predicted,
            "predicted_name": class_name(region.predicted, dataset.class_names),
            "box": list(region.box),
            "pixels": region.pixels,
            "margin": region.margin,
            "score": score,
        }
        for score, region in ranked
    ]
    pictures = [
        {"picture": dataset.picture_name(index), "score": score, "regions": count}
        for index, (score, count) in _pictures(ranked).items()
    ]
    return {"num_pictures": found.num_pictures, "regions": regions, "pictures": pictures}


def make_page(found: LabelErrors, ranked: Ranked, dataset: SegmentationDataset, weights: str) -> str:
    """The page as HTML.

    Args:
        found: The result of the search.
        ranked: The regions to report, with their scores.
        dataset: The data set; pictures are read again.
        weights: Name of the network's weights.
    """
    shown = ranked[:_MOST_FIGURES]
    about = (
        f"{weights} on {count_of(found.num_pictures, 'picture')}: the first {len(shown)} of {len(found.regions)} "
        "regions where it disagrees with the labels, the most suspicious first. Each shows the picture, the label "
        "and what the network says."
    )
    figures = html_page.pictures(
        (
            html_page.figure(_panels(found, region, dataset), f"{rank}. {_describe(region, dataset)}")
            for rank, (_, region) in enumerate(shown, start=1)
        ),
        columns=1,
    )
    table = html_page.table(
        ["picture", "score of its first region", "regions in the list"],
        [
            [Cell(html_page.text(dataset.picture_name(index))), Cell(f"{score:.3f}"), Cell(str(count))]
            for index, (score, count) in _pictures(ranked).items()
        ],
    )
    parts = [html_page.section("Regions", figures, note=about), html_page.section("Pictures", table)]
    return html_page.make_page("Labels that are probably wrong", "\n".join(parts))


def _pictures(ranked: Ranked) -> dict[int, tuple[float, int]]:
    """The pictures by their most suspicious region, with its score and the number of their regions."""
    found: dict[int, tuple[float, int]] = {}
    for score, region in ranked:
        first, count = found.get(region.index, (score, 0))
        found[region.index] = first, count + 1
    return found


def _describe(region: Region, dataset: SegmentationDataset) -> str:
    label, predicted = (class_name(class_id, dataset.class_names) for class_id in (region.label, region.predicted))
    left, top, width, height = region.box
    return (
        f"{dataset.picture_name(region.index)}: labelled {label}, looks like {predicted} ({region.pixels} pixels in "
        f"{width}x{height} at {left},{top}; more probable by {region.margin:.2f})"
    )


def _panels(found: LabelErrors, region: Region, dataset: SegmentationDataset) -> np.ndarray:
    """Picture, label and label map side by side around the region, outlined in all three."""
    sample = dataset.read(region.index)
    picture, label, predicted = to_display_rgb(sample["img"]), sample["label"], found.prediction(region.index)
    palette = make_palette(dataset.num_classes, dataset.palette)
    outline = region_mask(region, label, predicted).astype(np.uint8)
    window = _window(region.box, label.shape)
    crops = [picture[window], overlay(picture[window], label[window], palette, 0.4)]
    crops.append(overlay(picture[window], predicted[window], palette, 0.4))
    height = max(1, round(_PANEL * crops[0].shape[0] / crops[0].shape[1]))
    mask = cv2.resize(outline[window], (_PANEL, height), interpolation=cv2.INTER_NEAREST)
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    panels = []
    for crop in crops:
        panel = cv2.resize(crop, (_PANEL, height), interpolation=cv2.INTER_AREA)
        for colour, width in zip(_OUTLINE, (3, 1)):
            cv2.drawContours(panel, contours, -1, colour, width)
        panels.append(panel)
    return np.concatenate(panels, axis=1)


def _window(box: tuple[int, int, int, int], size_hw: tuple[int, int]) -> tuple[slice, slice]:
    """A square around a box, clipped to the picture."""
    left, top, width, height = box
    side = max(2 * width, 2 * height, _LEAST_WINDOW)
    slices = []
    for start, length, whole in ((top, height, size_hw[0]), (left, width, size_hw[1])):
        first = min(max(start + length // 2 - side // 2, 0), max(whole - side, 0))
        slices.append(slice(first, min(first + side, whole)))
    return tuple(slices)
