# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Pascal VOC 2012: 20 kinds of objects and the background (Everingham et al., IJCV 2015).

``trainaug`` adds the pictures labelled by the Semantic Boundaries Dataset (Hariharan et al., ICCV 2011): 10582 in all.
"""

from __future__ import annotations

from paddleseg.datasets.class_tables import class_table
from paddleseg.datasets.layout import Labels, Part
from paddleseg.datasets.published import PublishedDataset
from paddleseg.registry import DATASETS


def _part(names: str, labels: str | None = "SegmentationClass") -> Part:
    """The samples of a list."""
    return Part(
        pictures=("VOC2012/JPEGImages/*.jpg",),
        labels=() if labels is None else (Labels(f"VOC2012/{labels}/*.png"),),
        names=(f"VOC2012/ImageSets/Segmentation/{names}.txt",),
    )


@DATASETS.add_component
class PascalVOC(PublishedDataset, classes=class_table("pascal_voc").classes):
    """Pascal VOC 2012 with 21 classes, the background being the first; borders (255) are ignored.

    ``dataset_root`` is ``VOCdevkit``, with ``VOC2012`` in it. Modes are ``train``, ``trainval``, ``trainaug``, ``val``
    and ``test``. For ``trainaug``, ``tools/dataset_converters/voc_aug.py`` writes ``aug.txt`` and
    ``SegmentationClassAug``. See ``PublishedDataset``.
    """

    parts = {
        "train": (_part("train"),),
        "trainval": (_part("trainval"),),
        "trainaug": (_part("train"), _part("aug", "SegmentationClassAug")),
        "val": (_part("val"),),
        "test": (_part("test", labels=None),),
    }
