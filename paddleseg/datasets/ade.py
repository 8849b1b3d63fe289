# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""ADE20K: scenes inside and outside, the 150 classes of the MIT Scene Parsing Benchmark (Zhou et al., CVPR 2017)."""

from __future__ import annotations

from paddleseg.datasets.class_tables import IGNORED, class_table
from paddleseg.datasets.layout import Labels, by_folder
from paddleseg.datasets.published import PublishedDataset
from paddleseg.registry import DATASETS

_CLASSES = class_table("ade20k").classes
# Label files count from 1; 0 is everything else (README.md of github.com/CSAILVision/sceneparsing).
_LABEL_MAP = {0: IGNORED, **{class_id + 1: class_id for class_id in range(len(_CLASSES))}}


@DATASETS.add_component
class ADE20K(PublishedDataset, classes=_CLASSES):
    """ADE20K with 150 classes; pixels of other objects, 0 in the files, are ignored. See ``PublishedDataset``.

    ``dataset_root`` is ``ADEChallengeData2016``, with ``images`` and ``annotations``.
    """

    parts = by_folder(
        pictures=["images/{}/*.jpg"],
        labels=[Labels("annotations/{}/*.png", label_map=_LABEL_MAP)],
        folders={"train": "training", "val": "validation"},
    )
