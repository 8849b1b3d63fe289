# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Street scenes from elsewhere with the 19 classes of Cityscapes: BDD100K, Mapillary Vistas and KITTI."""

from __future__ import annotations

from paddleseg.datasets.cityscapes import CITYSCAPES_CLASSES, CITYSCAPES_IDS
from paddleseg.datasets.class_tables import class_table
from paddleseg.datasets.layout import Labels, Part, by_folder
from paddleseg.datasets.published import PublishedDataset
from paddleseg.registry import DATASETS


@DATASETS.add_component
class BDD100K(PublishedDataset, classes=CITYSCAPES_CLASSES):
    """BDD100K's 10k pictures for semantic segmentation (Yu et al., CVPR 2020). See ``PublishedDataset``.

    ``dataset_root`` is ``bdd100k`` from the packages "10K Images" and "Segmentation", or ``bdd100k/seg`` of the first
    release, whose labels are named ``*_train_id.png``.
    """

    parts = by_folder(
        pictures=["images/10k/{}/*.jpg", "images/{}/*.jpg"],
        labels=[Labels("labels/sem_seg/masks/{}/*.png"), Labels("labels/{}/*_train_id.png")],
        folders={"train": "train", "val": "val", "test": "test"},
        unlabelled=("test",),
    )


_VISTAS_IDS = class_table("mapillary_vistas").label_map()
_VISTAS_ADVICE = "version 1.2 has 0 to 65; labels of version 2.0 are not read"


@DATASETS.add_component
class MapillaryVistas(PublishedDataset, classes=CITYSCAPES_CLASSES):
    """Mapillary Vistas 1.2 (Neuhold et al., ICCV 2017), its 66 labels mapped to the 19 classes of Cityscapes.

    The mapping of each label, and its source, are in ``tables/mapillary_vistas.json``; docs/datasets.md has it as a
    table. ``dataset_root`` has ``training``, ``validation`` and ``testing``, with labels in ``v1.2/labels`` or, in
    the first release, ``labels``. Labels of version 2.0 have other numbers and are not read. See ``PublishedDataset``.
    """

    parts = by_folder(
        pictures=["{}/images/*.jpg"],
        labels=[
            Labels("{}/v1.2/labels/*.png", label_map=_VISTAS_IDS, advice=_VISTAS_ADVICE),
            Labels("{}/labels/*.png", label_map=_VISTAS_IDS, advice=_VISTAS_ADVICE),
        ],
        folders={"train": "training", "val": "validation", "test": "testing"},
        unlabelled=("test",),
    )


# KITTI has no validation part of its own. These are the first of the three that NVIDIA drew (cv_split 0 in
# datasets/kitti.py of github.com/NVIDIA/semantic-segmentation).
_KITTI_VAL = tuple(
    f"{number:06d}"
    for number in (1, 5, 11, 29, 35, 49, 57, 68, 72, 82, 93, 115, 119, 130, 145, 154, 156, 167, 169, 189, 198)
)
_KITTI_PICTURES = ("training/image_2/*_10.png",)  # *_11.png, the next frames, belong to KITTI's other tasks
_KITTI_LABELS = (Labels("training/semantic/*_10.png", label_map=CITYSCAPES_IDS),)


@DATASETS.add_component
class KITTI(PublishedDataset, classes=CITYSCAPES_CLASSES):
    """KITTI's 200 pictures with pixel labels (Alhaija et al., IJCV 2018), in the numbers of Cityscapes.

    ``dataset_root`` is ``data_semantics`` unpacked, with ``training`` and ``testing``. KITTI has no validation part:
    ``val`` are 21 pictures that others have used as such, ``train`` the other 179, ``trainval`` all of them. See
    ``PublishedDataset``.
    """

    parts = {
        "train": (Part(_KITTI_PICTURES, _KITTI_LABELS, without=_KITTI_VAL),),
        "trainval": (Part(_KITTI_PICTURES, _KITTI_LABELS),),
        "val": (Part(_KITTI_PICTURES, _KITTI_LABELS, only=_KITTI_VAL),),
        "test": (Part(("testing/image_2/*_10.png",)),),
    }
