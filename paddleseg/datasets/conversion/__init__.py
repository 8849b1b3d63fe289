# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Data sets from other tools' annotations: see docs/convert_labels.md.

A reader returns pictures with their annotations (``annotations``); ``writer`` turns them into labels, lists and a
configuration. A new format is a file with a ``read`` and a line in ``FORMATS``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from paddleseg.datasets.conversion import coco, colours, cvat, eiseg, labelme, supervisely
from paddleseg.datasets.conversion.annotations import ReadingOptions, Source

Reader = Callable[[Path, ReadingOptions], Source]

FORMATS: dict[str, Reader] = {
    "labelme": labelme.read,
    "eiseg": eiseg.read,
    "coco": coco.read_instances,
    "coco_panoptic": coco.read_panoptic,
    "voc": colours.read,
    "cvat": cvat.read,
    "supervisely": supervisely.read,
}
"""Name on the command line to reader."""

TAKES_FILES = ("coco", "coco_panoptic", "cvat")
"""Formats whose source may be a file."""
