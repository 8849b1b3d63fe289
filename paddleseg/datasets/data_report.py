# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The meaning of the findings about a training's data: what it cannot use, and what will harm it."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from paddleseg.datasets.data_check import DataFindings, DataStatistics
from paddleseg.datasets.data_table import MOST_NAMES, named
from paddleseg.datasets.segmentation import SegmentationDataset
from paddleseg.utils.errors import DataError, count_of
from paddleseg.utils.value_range import unused_bits
from paddleseg.utils.visualize import class_name

_MOST_LINES = 10
# Cityscapes ignores 12 % of its pixels, CamVid 3 %: several times that is rarely meant.
_MUCH_IGNORED = 0.3
# In a sample of the labels: a rare object may be in none, and borders of 255 in few.
_MOST_LABELS = 0.5
# 12-bit numbers in 16 bits leave four unused; a dark scene leaves one or two.
_MOST_UNUSED_BITS = 3


def find_problems(findings: DataFindings) -> list[str]:
    """What training cannot use, one line each."""
    lines = [line for statistics in findings.statistics for line in _problems_of(statistics)]
    return lines or _masks_for_classes(findings)


def find_warnings(findings: DataFindings) -> list[str]:
    """What training can use but will suffer from, one line each."""
    lines = [line for statistics in findings.statistics for line in _warnings_of(statistics)]
    if findings.shared:
        in_train, in_val = findings.shared[0]
        lines.append(
            f"{len(findings.shared)} of {len(findings.statistics[-1].dataset)} pictures of val_dataset are in "
            f"train_dataset too, so scores look better than they are; first: {in_val} is {in_train}"
        )
    return lines


def raise_problems(problems: list[str]) -> None:
    """Raise one DataError that lists all problems, if there are any."""
    if len(problems) == 1:
        raise DataError(problems[0])
    if problems:
        raise DataError("\n  ".join([f"the data has {len(problems)} problems:", *problems]))


def to_dict(findings: DataFindings) -> dict[str, Any]:
    """Everything as plain values for JSON."""
    return {
        "datasets": {statistics.section: _statistics_to_dict(statistics) for statistics in findings.statistics},
        "shared_pictures": [{"train": in_train, "val": in_val} for in_train, in_val in findings.shared],
        "problems": find_problems(findings),
        "warnings": find_warnings(findings),
        "seconds": round(findings.seconds, 3),
    }


def _problems_of(statistics: DataStatistics) -> list[str]:
    section, dataset = statistics.section, statistics.dataset
    lines = [f"{section}: {fault}" for fault in statistics.unusable[:_MOST_LINES]]
    if len(statistics.unusable) > _MOST_LINES:
        lines.append(f"{section}: {len(statistics.unusable)} files like these in all")
    bad = statistics.bad_values
    if bad:
        found = [
            f"{value} ({count_of(statistics.pixels[value], 'pixel')} in {count_of(statistics.labels[value], 'file')})"
            for value in bad[:MOST_NAMES]
        ]
        more = f" and {len(bad) - MOST_NAMES} more values" if len(bad) > MOST_NAMES else ""
        lines.append(
            f"{section}: {len(statistics.bad_labels)} of {statistics.num_checked} labels hold values that are not "
            f"classes: {', '.join(found)}{more}; {dataset.allowed_values()}. First: {statistics.bad_labels[0]}"
            + _guess(statistics)
        )
    elif statistics.sizes and not statistics.class_pixels.any():
        lines.append(
            f"{section}: every pixel of the {_looked_at(statistics)} is {dataset.ignore_index} (ignored), so there "
            "is nothing to learn or to count; check the labels and ignore_index"
        )
    return lines


def _masks_for_classes(findings: DataFindings) -> list[str]:
    """Two classes, but masks of 0 and 255, as is usual elsewhere: since 255 is ignored, nothing is left to learn."""
    every = findings.statistics
    dataset = every[0].dataset
    pixels = sum(statistics.pixels for statistics in every)
    if dataset.num_classes != 2 or dataset.ignore_index != 255 or np.flatnonzero(pixels).tolist() != [0, 255]:
        return []
    num_checked = sum(statistics.num_checked for statistics in every)
    is_whole = num_checked == sum(len(statistics.dataset) for statistics in every)
    if not is_whole and sum(statistics.labels[255] for statistics in every) < _MOST_LABELS * num_checked:
        return []
    return [
        f"the labels hold nothing but 0 and 255 (ignored), so {named(every[0], [1])} never occurs and there is "
        f"nothing to learn; if 255 stands for it, {_how_to_name(dataset, 1)}"
    ]


def _how_to_name(dataset: SegmentationDataset, class_id: int) -> str:
    """How to turn 255 in labels into the class that it stands for."""
    by_key = f", or give label_map: {{255: {class_id}}}" if _may_renumber(dataset) else ""
    return f"write {class_id} into the labels in its place{by_key}"


def _may_renumber(dataset: SegmentationDataset) -> bool:
    """Whether a configuration can renumber its labels, but does not yet."""
    return "label_map" in inspect.signature(type(dataset)).parameters and not dataset.is_renumbered


def _guess(statistics: DataStatistics) -> str:
    """The usual cause of such values in labels."""
    bad, dataset = statistics.bad_values, statistics.dataset
    if bad == [255] and dataset.num_classes == 2 and not statistics.pixels[1]:
        return f"; if 255 stands for class 1, {_how_to_name(dataset, 1)}"
    if bad == [dataset.num_classes]:
        why = "if 0 is not a class here" if statistics.pixels[0] else "and here 0 never occurs"
        return f"; classes are counted from 0, {why}" + (
            ": give reduce_zero_label: True, which ignores 0 and reduces every other value by one"
            if _may_renumber(dataset)
            else ""
        )
    if len(bad) > MOST_NAMES:
        return "; so many values come from resampling, JPEG files or colours instead of class ids"
    return ""


def _warnings_of(statistics: DataStatistics) -> list[str]:
    section, dataset = statistics.section, statistics.dataset
    pixels = statistics.class_pixels
    lines = [*_say_turned(statistics), *_say_formats(statistics)]
    if not pixels.any():
        return lines
    present = np.flatnonzero(pixels).tolist()
    absent = [class_id for class_id in np.flatnonzero(pixels == 0).tolist() if class_id != dataset.ignore_index]
    hint = ""
    if len(absent) == 1 and dataset.ignore_index == 255 and statistics.pixels[255]:
        hint = f"; if 255 stands for {named(statistics, absent)}, {_how_to_name(dataset, absent[0])}"
    if len(present) == 1 and dataset.num_classes > 1:
        lines.append(
            f"{section}: only one class, {named(statistics, present)}, occurs in the {_looked_at(statistics)}: any "
            "network soon predicts nothing else. Were the labels written as class ids, and not as grey or colours?"
        )
    elif absent:
        verb = "occurs" if len(absent) == 1 else "occur"
        effect = "cannot be learnt from them" if section == "train_dataset" else "gets no score from them"
        lines.append(f"{section}: {named(statistics, absent)} never {verb} in the {_looked_at(statistics)}: {effect}")
    # Masks of 0 and 255 are the usual form of two classes elsewhere, however small the objects are.
    if statistics.ignored_share > _MUCH_IGNORED or (hint and dataset.num_classes == 2):
        lines.append(
            f"{section}: {statistics.ignored_share:.1%} of the pixels are {dataset.ignore_index} (ignored){hint}"
        )
    return lines


def _say_turned(statistics: DataStatistics) -> list[str]:
    """If the size stays the same, as in a half turn, no other check reveals labels made for the other orientation."""
    if not statistics.turned:
        return []
    if statistics.dataset.read_options.apply_exif:
        effect = "they are rotated by it, and their labels must fit the upright pictures (else apply_exif: False)"
    else:
        effect = "apply_exif: False leaves them as stored, and their labels must fit that"
    return [
        f"{statistics.section}: {len(statistics.turned)} of {statistics.num_checked} pictures have an EXIF "
        f"orientation; {effect}. First: {statistics.turned[0]}"
    ]


def _say_formats(statistics: DataStatistics) -> list[str]:
    """Dropped channels, and values that use little of their assumed range, or exceed it."""
    section, dataset = statistics.section, statistics.dataset
    lines = []
    dropped = sum(count for (_, bands), count in statistics.formats.items() if bands == 4)
    if dropped and dataset.img_channels == 3:
        lines.append(
            f"{section}: {dropped} of {statistics.num_checked} pictures have a fourth channel, which is left out; "
            "write img_channels: 4 (and 4 values of mean and std) if it is to be learnt from"
        )
    stated = dataset.read_options.value_range
    for numbers, (low, high) in statistics.values.items():
        found = f"{section}: the values of {numbers} pictures go from {low:g} to {high:g}"
        if stated is not None and (low < stated[0] or high > stated[1]):
            lines.append(f"{found}, beyond value_range [{stated[0]:g}, {stated[1]:g}]")
        elif (
            stated is None and unused_bits(high, statistics.limits[numbers]) >= _MOST_UNUSED_BITS and numbers != "uint8"
        ):
            full = 2 ** int(high).bit_length() - 1
            lines.append(
                f"{found}, a small part of what the type holds, so that they all look black; write value_range: "
                f"[0, {full}] if that is the camera's range"
            )
    return lines


def _looked_at(statistics: DataStatistics) -> str:
    number = sum(statistics.sizes.values())  # without unreadable ones
    if number == len(statistics.dataset):
        return f"{number} labels"
    return f"{number} labels checked (of {len(statistics.dataset)})"


def _statistics_to_dict(statistics: DataStatistics) -> dict[str, Any]:
    dataset = statistics.dataset
    return {
        "num_pictures": len(dataset),
        "num_checked": statistics.num_checked,
        "num_classes": dataset.num_classes,
        "ignore_index": dataset.ignore_index,
        "ignored_share": statistics.ignored_share,
        "classes": [
            {
                "id": class_id,
                "name": class_name(class_id, dataset.class_names),
                "pixels": int(statistics.class_pixels[class_id]),
                "labels": int(statistics.labels[class_id]),
            }
            for class_id in range(dataset.num_classes)
        ],
        "values_not_allowed": [
            {
                "value": value,
                "pixels": int(statistics.pixels[value]),
                "labels": int(statistics.labels[value]),
                "first": statistics.first_with[value],
            }
            for value in statistics.bad_values
        ],
        "labels_with_values_not_allowed": statistics.bad_labels,
        "unusable": statistics.unusable,
        "pictures_with_orientation": statistics.turned,
        "formats": [
            {"dtype": dtype, "channels": bands, "pictures": count, "values": statistics.values.get(dtype)}
            for (dtype, bands), count in statistics.formats.most_common()
        ],
        "sizes": [{"width": w, "height": h, "pictures": count} for (w, h), count in statistics.sizes.most_common()],
    }
