# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Small folders in the published layouts of data sets, as described by their sites and development kits.

Numbers in the label files, and their class ids, were copied from there by hand.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image


@dataclass(frozen=True)
class Layout:
    """How to make one of the folders.

    Attributes:
        kind: The type of the data set.
        root: What the folder is called in PaddleSeg's configurations, where there are any.
        pictures: Mode to path of a picture, with ``{}`` for its name.
        labels: The same of the labels.
        stored: Numbers in the label files.
        read: The class ids that they are.
        lists: Mode to list of names.
        line: What stands in its lines.
        names: Mode to names of the pictures.
        lengths: Mode to number of pictures that the data set has, where it is not the two that are written for it.
    """

    kind: str
    root: str
    pictures: Mapping[str, str]
    labels: Mapping[str, str]
    stored: Sequence[int]
    read: Sequence[int]
    lists: Mapping[str, str] = field(default_factory=dict)
    line: str = "{}"
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    lengths: Mapping[str, int] = field(default_factory=dict)

    def names_of(self, mode: str) -> Sequence[str]:
        return self.names.get(mode, (f"{mode}_one", f"{mode}_two"))


def _each(path: str, **folders: str) -> dict[str, str]:
    return {mode: path.replace("{part}", folder) for mode, folder in folders.items()}


_TRAIN_VAL = dict(train="train", val="val")
_ALL = dict(train="train", val="val", test="test")
_STREETS = _each("leftImg8bit/{part}/ulm/{}_leftImg8bit.png", **_ALL)
_VOC = "VOC2012/JPEGImages/{}.jpg"
_VOC_LISTS = "VOC2012/ImageSets/Segmentation/"

LAYOUTS = {
    "Cityscapes": Layout(
        "Cityscapes", "cityscapes", _STREETS, _each("gtFine/{part}/ulm/{}_gtFine_labelTrainIds.png", **_TRAIN_VAL),
        stored=[0, 18, 255], read=[0, 18, 255],
    ),
    # cityscapesscripts/helpers/labels.py: 0 unlabeled, 7 road, 9 parking, 26 car, 29 caravan, 33 bicycle.
    "Cityscapes as downloaded": Layout(
        "Cityscapes", "cityscapes", _STREETS, _each("gtFine/{part}/ulm/{}_gtFine_labelIds.png", **_TRAIN_VAL),
        stored=[0, 7, 9, 26, 29, 33], read=[255, 0, 255, 13, 255, 18],
    ),
    # README.md of CSAILVision/sceneparsing: 1 is the wall, 150 the flag, 0 other objects.
    "ADE20K": Layout(
        "ADE20K", "ADEChallengeData2016",
        _each("images/{part}/ADE_{}.jpg", train="training", val="validation"),
        _each("annotations/{part}/ADE_{}.png", train="training", val="validation"),
        stored=[0, 1, 150], read=[255, 0, 149],
    ),
    # What trainaug has of its own: the list aug.txt and its labels, beside those of train.
    "PascalVOC": Layout(
        "PascalVOC", "VOCdevkit", dict.fromkeys(("train", "trainval", "trainaug", "val", "test"), _VOC),
        {
            **dict.fromkeys(("train", "trainval", "val"), "VOC2012/SegmentationClass/{}.png"),
            "trainaug": "VOC2012/SegmentationClassAug/{}.png",
        },
        stored=[0, 15, 20, 255], read=[0, 15, 20, 255],
        lists={mode: f"{_VOC_LISTS}{mode}.txt" for mode in ("train", "trainval", "val", "test")}
        | {"trainaug": f"{_VOC_LISTS}aug.txt"},
        lengths={"trainaug": 4},
    ),
    # tools/data/convert_voc2010.py of PaddleSeg writes 0 for the background and 59 for wood.
    "PascalContext": Layout(
        "PascalContext", "VOC2010", dict.fromkeys(("train", "trainval", "val"), "JPEGImages/{}.jpg"),
        dict.fromkeys(("train", "trainval", "val"), "Context/{}.png"), stored=[0, 1, 59], read=[0, 1, 59],
        lists={mode: f"ImageSets/Segmentation/{mode}_context.txt" for mode in ("train", "trainval", "val")},
    ),
    "PascalContext59 by mmsegmentation": Layout(
        "PascalContext59", "VOC2010", dict.fromkeys(_TRAIN_VAL, "JPEGImages/{}.jpg"),
        dict.fromkeys(_TRAIN_VAL, "SegmentationClassContext/{}.png"), stored=[0, 1, 59], read=[255, 0, 58],
        lists={mode: f"ImageSets/SegmentationContext/{mode}.txt" for mode in _TRAIN_VAL},
    ),
    "CocoStuff": Layout(
        "CocoStuff", "cocostuff", _each("images/{part}/{}.jpg", train="train2017", val="val2017"),
        _each("annotations/{part}/{}.png", train="train2017", val="val2017"),
        stored=[0, 11, 170, 255], read=[0, 11, 170, 255],
    ),
    "CocoStuff by mmsegmentation": Layout(
        "CocoStuff", "cocostuff", _each("images/{part}/{}.jpg", train="train2017", val="val2017"),
        _each("annotations/{part}/{}_labelTrainIds.png", train="train2017", val="val2017"),
        stored=[0, 170, 255], read=[0, 170, 255],
    ),
    # labels.txt of nightrome/cocostuff, less 1: 0 person, 10 fire hydrant, 12 stop sign, 24 giraffe, 26 backpack,
    # 89 toothbrush, 91 banner, 181 wood; in between hat, hair brush and street sign, of which there are no pixels.
    "CocoStuff164k": Layout(
        "CocoStuff164k", "cocostuff", _each("images/{part}/{}.jpg", train="train2017", val="val2017"),
        _each("annotations/{part}/{}.png", train="train2017", val="val2017"),
        stored=[0, 10, 12, 24, 26, 89, 91, 181, 255], read=[0, 10, 11, 23, 24, 79, 80, 170, 255],
    ),
    "CocoStuff10k by mmsegmentation": Layout(
        "CocoStuff10k", "cocostuff-10k-v1.1", dict(train="images/train2014/{}.jpg", val="images/test2014/{}.jpg"),
        _each("annotations/{part}/{}_labelTrainIds.png", train="train2014", val="test2014"),
        stored=[0, 1, 171], read=[255, 0, 170], lists=dict(train="imageLists/train.txt", val="imageLists/test.txt"),
    ),
    "BDD100K": Layout(
        "BDD100K", "bdd100k", _each("images/10k/{part}/{}.jpg", **_ALL),
        _each("labels/sem_seg/masks/{part}/{}.png", **_TRAIN_VAL), stored=[0, 18, 255], read=[0, 18, 255],
    ),
    "BDD100K of the first release": Layout(
        "BDD100K", "seg", _each("images/{part}/{}.jpg", **_ALL), _each("labels/{part}/{}_train_id.png", **_TRAIN_VAL),
        stored=[0, 18, 255], read=[0, 18, 255],
    ),
    # config.json of version 1.2: 2 curb, 4 guard rail, 13 road, 15 sidewalk, 24 lane marking, 55 car, 65 unlabeled.
    "MapillaryVistas": Layout(
        "MapillaryVistas", "mapillary_vistas",
        _each("{part}/images/{}.jpg", train="training", val="validation", test="testing"),
        _each("{part}/v1.2/labels/{}.png", train="training", val="validation"),
        stored=[2, 4, 13, 15, 24, 55, 65], read=[1, 255, 0, 1, 0, 13, 255],
    ),
    "KITTI": Layout(
        "KITTI", "data_semantics",
        _each("{part}/image_2/{}_10.png", train="training", val="training", test="testing"),
        _each("{part}/semantic/{}_10.png", train="training", val="training"),
        stored=[0, 7, 26, 33], read=[255, 0, 13, 18], names=dict(train=("000000", "000199"), val=("000001", "000198")),
    ),
    # helpers/anue_labels.py of AutoNUE/public-code: level3Id 0 to 25, and 255.
    "AutoNUE": Layout(
        "AutoNUE", "IDD_Segmentation", _STREETS, _each("gtFine/{part}/ulm/{}_gtFine_labellevel3Ids.png", **_TRAIN_VAL),
        stored=[0, 25, 255], read=[0, 25, 255],
    ),
    "AutoNUE19": Layout(
        "AutoNUE19", "IDD_Segmentation", {mode: path.replace("bit.png", "bit.jpg") for mode, path in _STREETS.items()},
        _each("gtFine/{part}/ulm/{}_gtFine_labelcsTrainIds.png", **_TRAIN_VAL), stored=[0, 18, 255], read=[0, 18, 255],
    ),
    "OpticDiscSeg": Layout(
        "OpticDiscSeg", "optic_disc_seg", dict.fromkeys(_ALL, "JPEGImages/{}.jpg"),
        dict.fromkeys(_ALL, "Annotations/{}.png"), stored=[0, 1], read=[0, 1],
        lists={mode: f"{mode}_list.txt" for mode in _ALL}, line="JPEGImages/{}.jpg Annotations/{}.png",
    ),
}  # fmt: skip


def write_folder(root: Path, layout: Layout, size_wh=(18, 6), block=2) -> Path:
    """Write the folder with two pictures for each mode: noise, with labels of blocks of the stored numbers."""
    width, height = size_wh
    random = np.random.default_rng(0)
    blocks = np.arange(height)[:, None] // block + np.arange(width) // block
    label = np.array(layout.stored, np.uint8)[blocks % len(layout.stored)]
    for mode, picture in layout.pictures.items():
        for name in layout.names_of(mode):
            noise = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
            _save(root / picture.format(name), noise)
            if mode in layout.labels:
                _save(root / layout.labels[mode].format(name), label)
    for mode, path in layout.lists.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("".join(layout.line.format(name, name) + "\n" for name in layout.names_of(mode)))
    return root


def _save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
