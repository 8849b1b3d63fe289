# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Pascal Context: the pictures of Pascal VOC 2010, labelled as a whole (Mottaghi et al., CVPR 2014)."""

from __future__ import annotations

from collections.abc import Mapping

from paddleseg.datasets.class_tables import IGNORED, class_table
from paddleseg.datasets.layout import Labels, Part
from paddleseg.datasets.published import PublishedDataset
from paddleseg.registry import DATASETS

_TABLE = class_table("pascal_context")
# Converted files have the 60 classes; 0 is the background.
_WITHOUT_BACKGROUND = {0: IGNORED, **{class_id: class_id - 1 for class_id in range(1, len(_TABLE.classes))}}
_LISTS = {
    mode: (
        f"ImageSets/Segmentation/{mode}_context.txt",
        f"ImageSets/SegmentationContext/{mode}.txt",
        f"ImageSets/Main/{mode}.txt",
    )
    for mode in ("train", "trainval", "val")
}


def _parts(converted: Mapping[int, int] | None, background: int) -> dict[str, tuple[Part, ...]]:
    """The labels as written by PaddleSeg's or mmsegmentation's converter, or as downloaded.

    Args:
        converted: Number in a converted file to class id; None: they are the class ids.
        background: The value for the background.
    """
    # 400 of the 459 numbers of the download have no class.
    numbers = {
        number: background if class_id == 0 else class_id if background == 0 else class_id - 1
        for _, number, class_id in _TABLE.labels
    }
    labels = (
        Labels("Context/*.png", label_map=converted),
        Labels("SegmentationClassContext/*.png", label_map=converted),
        Labels("trainval/*.mat", label_map=numbers, others=background, variable="LabelMap"),
    )
    return {mode: (Part(("JPEGImages/*.jpg",), labels, names),) for mode, names in _LISTS.items()}


@DATASETS.add_component
class PascalContext(PublishedDataset, classes=_TABLE.classes):
    """Pascal Context with 60 classes, the background being the first. See ``PublishedDataset``.

    ``dataset_root`` is ``VOC2010`` of Pascal VOC, with the labels written by PaddleSeg's ``convert_voc2010.py``
    (``Context``) or mmsegmentation's converter (``SegmentationClassContext``), or as downloaded (``trainval``), which
    needs scipy.
    """

    parts = _parts(converted=None, background=0)


@DATASETS.add_component
class PascalContext59(PublishedDataset, classes=_TABLE.classes[1:]):
    """Pascal Context with 59 classes: the background is ignored. Folders as for ``PascalContext``."""

    parts = _parts(converted=_WITHOUT_BACKGROUND, background=IGNORED)
