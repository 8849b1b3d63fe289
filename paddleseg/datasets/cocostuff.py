# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""COCO-Stuff: 80 kinds of things and 91 of stuff on the pictures of COCO (Caesar et al., CVPR 2018).

The authors number 182 labels, of which 11 occur nowhere. The others, in their order, are the 171 classes. So a
downloaded label file and one converted to class ids look alike, and only some numbers tell them apart: the type of the
data set decides, and numbers that occur only in the other form are refused.
"""

from __future__ import annotations

from paddleseg.datasets.class_tables import IGNORED, class_table
from paddleseg.datasets.layout import Labels, Part, by_folder
from paddleseg.datasets.published import PublishedDataset
from paddleseg.registry import DATASETS

_TABLE = class_table("coco_stuff")
_CLASS_OF_NUMBER = {number: class_id for _, number, class_id in _TABLE.labels if class_id != IGNORED}
# PNG files count the labels from 0, and 255 is unlabelled.
_CLASS_IN_PNG = {number - 1: class_id for number, class_id in _CLASS_OF_NUMBER.items()}
# MATLAB files count them from 1, and 0 is unlabelled.
_CLASS_IN_MAT = {0: IGNORED, **_CLASS_OF_NUMBER}
_FROM_1 = {0: IGNORED, **{class_id + 1: class_id for class_id in range(len(_TABLE.classes))}}

_FOLDERS = {"train": "train2017", "val": "val2017"}
_PICTURES = ["images/{}/*.jpg"]
_BY_MMSEGMENTATION = Labels("annotations/{}/*_labelTrainIds.png")


@DATASETS.add_component
class CocoStuff(PublishedDataset, classes=_TABLE.classes):
    """COCO-Stuff 164k with labels converted to the 171 class ids, as in PaddleSeg.

    ``dataset_root`` has ``images`` and, with 0 to 170 in the files, ``annotations`` or ``convert_annotations``, which
    PaddleSeg's ``convert_cocostuff.py`` writes. For the download as it is: ``CocoStuff164k``. See ``PublishedDataset``.
    """

    parts = by_folder(
        pictures=_PICTURES,
        labels=[
            Labels("convert_annotations/{}/*.png"),
            _BY_MMSEGMENTATION,
            Labels(
                "annotations/{}/*.png",
                advice="labels as they are in the download have up to 181, and need type: CocoStuff164k",
            ),
        ],
        folders=_FOLDERS,
    )


@DATASETS.add_component
class CocoStuff164k(PublishedDataset, classes=_TABLE.classes):
    """COCO-Stuff 164k as downloaded: ``stuffthingmaps_trainval2017.zip`` unpacked to ``annotations``.

    ``dataset_root`` has ``images`` and ``annotations``, each with ``train2017`` and ``val2017``. See
    ``PublishedDataset``.
    """

    parts = by_folder(
        pictures=_PICTURES,
        labels=[
            _BY_MMSEGMENTATION,
            Labels(
                "annotations/{}/*.png",
                label_map=_CLASS_IN_PNG,
                advice="labels that were converted to class ids (0 to 170) need type: CocoStuff",
            ),
        ],
        folders=_FOLDERS,
    )


def _part_10k(names: str, folder: str) -> Part:
    return Part(
        pictures=("images/*.jpg", f"images/{folder}/*.jpg"),
        labels=(
            Labels(f"annotations/{folder}/*_labelTrainIds.png", label_map=_FROM_1),
            Labels("annotations/*.mat", label_map=_CLASS_IN_MAT, variable="S"),
        ),
        names=(f"imageLists/{names}.txt",),
    )


@DATASETS.add_component
class CocoStuff10k(PublishedDataset, classes=_TABLE.classes):
    """COCO-Stuff 10k v1.1, 9000 pictures to train and 1000 to evaluate, with the 171 classes of 164k.

    ``dataset_root`` is ``cocostuff-10k-v1.1`` as downloaded, whose MATLAB files need scipy, or with the labels
    ``*_labelTrainIds.png`` made from them by mmsegmentation's converter. See ``PublishedDataset``.
    """

    parts = {"train": (_part_10k("train", "train2014"),), "val": (_part_10k("test", "test2014"),)}
