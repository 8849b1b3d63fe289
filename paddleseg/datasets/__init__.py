# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Data sets: importing this package registers them.

The loader is imported by itself, because it alone needs paddle.
"""

from paddleseg.datasets.camvid import CamVid
from paddleseg.datasets.cityscapes import Cityscapes
from paddleseg.datasets.classification import ClassDataset
from paddleseg.datasets.dataset import Dataset
from paddleseg.datasets.image_folder import ImageFolder
from paddleseg.datasets.pictures import PictureDataset
from paddleseg.datasets.road_scenes import RoadScenes
from paddleseg.datasets.segmentation import SegmentationDataset

__all__ = [
    "CamVid",
    "Cityscapes",
    "ClassDataset",
    "Dataset",
    "ImageFolder",
    "PictureDataset",
    "RoadScenes",
    "SegmentationDataset",
]
