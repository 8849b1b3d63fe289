# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The findings about a training's data, for people: the table of classes, and the kinds of files."""

from __future__ import annotations

import numpy as np

from paddleseg.datasets.data_check import DataFindings, DataStatistics
from paddleseg.utils.errors import count_of
from paddleseg.utils.visualize import class_name

MOST_NAMES = 8
# Of CamVid's 11 classes it selects poles, signs, fences, pedestrians and cyclists, which a short training leaves at 0.
_RARE = 0.2
"""Share of an even share of the pixels below which a class is rare."""


def format_table(findings: DataFindings) -> str:
    """Share of the pixels and number of labels of each class, sizes and types of the pictures, and the rare classes."""
    first = findings.statistics[0].dataset
    rows = [
        [f"{class_id}", class_name(class_id, first.class_names), *_cells(findings, class_id)]
        for class_id in range(first.num_classes)
        if class_id != first.ignore_index
    ]
    rows.append([f"{first.ignore_index}", "(ignored)", *_cells(findings, first.ignore_index)])
    header = ["", "class"]
    for statistics in findings.statistics:
        header += [f"{statistics.section.partition('_')[0]} pixels", "labels"]
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    lines = [
        "  ".join(
            cell.ljust(width) if column == 1 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths))
        )
        for row in [header, *rows]
    ]
    for statistics in findings.statistics:
        lines += [_describe_sizes(statistics), *_describe_formats(statistics)]
    lines += _describe_rare_classes(findings.statistics[0])
    return "\n".join(lines)


def describe_extent(findings: DataFindings) -> str:
    """How many pictures were checked, and how long it took."""
    parts = [f"{s.num_checked} of {len(s.dataset)} pictures of {s.section}" for s in findings.statistics]
    return f"{', '.join(parts)}, {findings.seconds:.1f} s"


def _cells(findings: DataFindings, value: int) -> list[str]:
    cells = []
    for statistics in findings.statistics:
        share = statistics.pixels[value] / max(int(statistics.pixels.sum()), 1)
        cells += [f"{share:.2%}" if share else "-", str(statistics.labels[value] or "-")]
    return cells


def _describe_sizes(statistics: DataStatistics) -> str:
    common = [f"{width}x{height} ({count})" for (width, height), count in statistics.sizes.most_common(3)]
    if len(statistics.sizes) > 3:
        areas = sorted(statistics.sizes, key=lambda size: size[0] * size[1])
        (low_w, low_h), (high_w, high_h) = areas[0], areas[-1]
        common.append(f"{len(statistics.sizes)} sizes from {low_w}x{low_h} to {high_w}x{high_h}")
    return f"sizes in {statistics.section}: {', '.join(common) or 'none'}"


def _describe_formats(statistics: DataStatistics) -> list[str]:
    """Lines on the pictures' formats; none for the usual 8-bit colour or grey."""
    if all(dtype == "uint8" and bands in (1, 3) for dtype, bands in statistics.formats):
        return []
    common = [
        f"{dtype} with {count_of(bands, 'channel')} ({count})"
        for (dtype, bands), count in statistics.formats.most_common(3)
    ]
    values = [f"{dtype} from {low:g} to {high:g}" for dtype, (low, high) in statistics.values.items()]
    return [f"files in {statistics.section}: {', '.join(common)}; values: {', '.join(values) or 'none'}"]


def _describe_rare_classes(statistics: DataStatistics) -> list[str]:
    pixels = statistics.class_pixels
    limit = _RARE * pixels.sum() / max(len(pixels), 1)
    rare = np.flatnonzero((pixels > 0) & (pixels < limit)).tolist()
    if not rare:
        return []
    return [f"rare in {statistics.section}: {named(statistics, rare)}; loss.class_weights lets them weigh more"]


def named(statistics: DataStatistics, class_ids: list[int]) -> str:
    """Some classes by number and name."""
    names = statistics.dataset.class_names
    shown = [str(i) if names is None else f"{i} ({names[i]})" for i in class_ids[:MOST_NAMES]]
    more = f" and {len(class_ids) - MOST_NAMES} more" if len(class_ids) > MOST_NAMES else ""
    return f"{'class' if len(class_ids) == 1 else 'classes'} {', '.join(shown)}{more}"
