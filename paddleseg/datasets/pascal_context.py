# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Pascal Context: the pictures of Pascal VOC 2010, labelled as a whole (Mottaghi et al., CVPR 2014)."""

from __future__ import annotations

from collections.abc import Mapping

from paddleseg.datasets.class_tables import IGNORED, class_table
from paddleseg.datasets.layout import Labels, Part
from paddleseg.datasets.published import PublishedDataset
from paddleseg.registry import DATASETS

_CLASSES = class_table("pascal_context").classes
_WITHOUT_BACKGROUND = {0: IGNORED, **{class_id: class_id - 1 for class_id in range(1, len(_CLASSES))}}


def _parts(modes: Mapping[str, tuple[str, ...]], label_map: Mapping[int, int] | None) -> dict[str, tuple[Part, ...]]:
    """Of each mode the lists: PaddleSeg's converter and mmsegmentation's write the same files to different places."""
    folders = ("Context", "SegmentationClassContext")
    labels = tuple(Labels(f"{folder}/*.png", label_map=label_map) for folder in folders)
    return {mode: (Part(("JPEGImages/*.jpg",), labels, names),) for mode, names in modes.items()}


_MODES = {
    "train": ("ImageSets/Segmentation/train_context.txt", "ImageSets/SegmentationContext/train.txt"),
    "trainval": ("ImageSets/Segmentation/trainval_context.txt",),
    "val": ("ImageSets/Segmentation/val_context.txt", "ImageSets/SegmentationContext/val.txt"),
}


@DATASETS.add_component
class PascalContext(PublishedDataset, classes=_CLASSES):
    """Pascal Context with 60 classes, the background being the first. See ``PublishedDataset``.

    ``dataset_root`` is ``VOC2010``, with the labels that PaddleSeg's ``convert_voc2010.py`` (``Context``) or
    mmsegmentation's converter (``SegmentationClassContext``) wrote; ``trainval`` is PaddleSeg's alone.
    """

    parts = _parts(_MODES, label_map=None)


@DATASETS.add_component
class PascalContext59(PublishedDataset, classes=_CLASSES[1:]):
    """Pascal Context with 59 classes: the background is ignored. Folders as for ``PascalContext``."""

    parts = _parts(_MODES, label_map=_WITHOUT_BACKGROUND)
