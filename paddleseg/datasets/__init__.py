# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Data sets: importing this package registers them.

The loader is imported separately, because only it needs paddle.
"""

from paddleseg.datasets.ade import ADE20K
from paddleseg.datasets.autonue import AutoNUE, AutoNUE19
from paddleseg.datasets.camvid import CamVid
from paddleseg.datasets.cityscapes import Cityscapes
from paddleseg.datasets.classification import ClassDataset
from paddleseg.datasets.cocostuff import CocoStuff, CocoStuff10k, CocoStuff164k
from paddleseg.datasets.dataset import Dataset
from paddleseg.datasets.image_folder import ImageFolder
from paddleseg.datasets.optic_disc_seg import OpticDiscSeg
from paddleseg.datasets.pascal_context import PascalContext, PascalContext59
from paddleseg.datasets.pictures import PictureDataset
from paddleseg.datasets.published import PublishedDataset
from paddleseg.datasets.road_scenes import RoadScenes
from paddleseg.datasets.segmentation import SegmentationDataset
from paddleseg.datasets.street_scenes import BDD100K, KITTI, MapillaryVistas
from paddleseg.datasets.voc import PascalVOC

__all__ = [
    "ADE20K",
    "AutoNUE",
    "AutoNUE19",
    "BDD100K",
    "CamVid",
    "Cityscapes",
    "ClassDataset",
    "CocoStuff",
    "CocoStuff10k",
    "CocoStuff164k",
    "Dataset",
    "ImageFolder",
    "KITTI",
    "MapillaryVistas",
    "OpticDiscSeg",
    "PascalContext",
    "PascalContext59",
    "PascalVOC",
    "PictureDataset",
    "PublishedDataset",
    "RoadScenes",
    "SegmentationDataset",
]
