# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""IDD, the India Driving Dataset of the AutoNUE challenges (Varma et al., WACV 2019)."""

from __future__ import annotations

from paddleseg.datasets.cityscapes import CITYSCAPES_CLASSES
from paddleseg.datasets.class_tables import IGNORED, class_table
from paddleseg.datasets.layout import Labels, Part, by_folder
from paddleseg.datasets.polygons import PolygonRules
from paddleseg.datasets.published import PublishedDataset
from paddleseg.registry import DATASETS

_TABLE = class_table("idd")
_LEVEL_3, _CITYSCAPES = 2, 3  # columns of its labels


def _parts(id_type: str, column: int) -> dict[str, tuple[Part, ...]]:
    """The parts, with labels drawn by IDD's tools, or the polygons of the download."""
    rules = PolygonRules(_TABLE.ids_by_name(column), background=IGNORED, leaves_out_lines=True)
    return by_folder(
        pictures=["leftImg8bit/{}/*/*_leftImg8bit.png", "leftImg8bit/{}/*/*_leftImg8bit.jpg"],
        labels=[
            Labels(f"gtFine/{{}}/*/*_gtFine_label{id_type}s.png"),
            Labels("gtFine/{}/*/*_gtFine_polygons.json", polygons=rules),
        ],
        folders={"train": "train", "val": "val", "test": "test"},
        unlabelled=("test",),
    )


@DATASETS.add_component
class AutoNUE(PublishedDataset, classes=_TABLE.classes):
    """IDD with the 26 classes of its level 3, as in the AutoNUE challenges and PaddleSeg. See ``PublishedDataset``.

    ``dataset_root`` is ``IDD_Segmentation``, with ``leftImg8bit`` (PNG, in its second part JPEG) and ``gtFine``. Labels
    are ``*_labellevel3Ids.png``, which the authors' ``createLabels.py`` draws, else ``*_polygons.json``.
    """

    parts = _parts("level3Id", _LEVEL_3)


@DATASETS.add_component
class AutoNUE19(PublishedDataset, classes=CITYSCAPES_CLASSES):
    """IDD with the 19 classes of Cityscapes, as its authors map them (csTrainId). Folders as for ``AutoNUE``.

    Labels are ``*_labelcsTrainIds.png`` or ``*_polygons.json``. The level-3 ids cannot be mapped to these classes: they
    join persons and animals, trains and caravans, railways and verges.
    """

    parts = _parts("csTrainId", _CITYSCAPES)
