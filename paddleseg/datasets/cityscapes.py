# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Cityscapes: street scenes of German cities, 19 classes (Cordts et al., CVPR 2016)."""

from __future__ import annotations

from paddleseg.datasets.class_tables import IGNORED, class_table
from paddleseg.datasets.layout import Labels, by_folder
from paddleseg.datasets.polygons import PolygonRules
from paddleseg.datasets.published import PublishedDataset
from paddleseg.registry import DATASETS

_TABLE = class_table("cityscapes")

CITYSCAPES_CLASSES = _TABLE.classes
"""Name and official colour, in the order of the train ids."""
CITYSCAPES_IDS = _TABLE.label_map()
"""Number in ``labelIds`` files to train id, or 255 for those that do not count."""
CITYSCAPES_POLYGONS = PolygonRules(_TABLE.ids_by_name(), background=IGNORED)


@DATASETS.add_component
class Cityscapes(PublishedDataset, classes=CITYSCAPES_CLASSES):
    """Cityscapes with the 19 train ids; in test mode labels are not read. See ``PublishedDataset``.

    ``dataset_root`` has ``leftImg8bit`` and ``gtFine``. Labels are ``*_labelTrainIds.png`` if there are any, else
    ``*_labelIds.png``, else ``*_polygons.json``: an unpacked download can be used directly.
    """

    parts = by_folder(
        pictures=["leftImg8bit/{}/*/*_leftImg8bit.png"],
        labels=[
            Labels("gtFine/{}/*/*_gtFine_labelTrainIds.png"),
            Labels("gtFine/{}/*/*_gtFine_labelIds.png", label_map=CITYSCAPES_IDS),
            Labels("gtFine/{}/*/*_gtFine_polygons.json", polygons=CITYSCAPES_POLYGONS),
        ],
        folders={"train": "train", "val": "val", "test": "test"},
        unlabelled=("test",),
    )
