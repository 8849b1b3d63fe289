# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Predictions of a few pictures of a data set, for viewing during a training."""

from __future__ import annotations

from pathlib import PurePath

import numpy as np
import paddle

from paddleseg.datasets.loader import collate_one_size, finish_batch
from paddleseg.datasets.segmentation import SegmentationDataset
from paddleseg.inference.evaluation import for_evaluation
from paddleseg.inference.label_maps import predict_label_maps
from paddleseg.inference.views import WHOLE_PICTURE, ViewOptions
from paddleseg.reports.pictures import make_views, side_by_side, with_ignored
from paddleseg.utils.label_map import ignored_class_of
from paddleseg.utils.seeding import sample_rng
from paddleseg.utils.spread import spread
from paddleseg.utils.visualize import make_palette

COUNT, WIDTH = 4, 384
"""How many pictures, and how wide each view of one is at most, in pixels."""


def draw_samples(
    model: paddle.nn.Layer,
    dataset: SegmentationDataset,
    options: ViewOptions = WHOLE_PICTURE,
    *,
    precision: str = "fp32",
    amp_level: str = "O1",
) -> dict[str, np.ndarray]:
    """Predict evenly spaced pictures of a data set, always the same ones.

    Args:
        model: A network; its mode is restored.
        dataset: A data set with labels, with or without a palette.
        options: The views of each picture.
        precision: As for ``evaluation.evaluate``.
        amp_level: Likewise.

    Returns:
        By number and name of the picture: picture, label and prediction side by side, (H, W, 3) uint8 RGB.
    """
    ignored = dataset.ignore_index
    palette = with_ignored(make_palette(dataset.num_classes, dataset.palette), ignored)
    strips = {}
    with for_evaluation(model, precision, amp_level) as network:
        for number, index in enumerate(spread(len(dataset), COUNT), 1):
            sample = {**dataset.sample(index, sample_rng(0, 0, index)), "index": index}
            [batch] = map(finish_batch, collate_one_size([sample]))
            [prediction] = predict_label_maps(
                network, batch, dataset.pipeline.normalize, options,
                ignored_class=ignored_class_of(dataset.num_classes, ignored),
            )  # fmt: skip
            source = dataset.read_through_cache(index)
            views = make_views(source["img"], source["label"], prediction, ignored, WIDTH)
            strips[f"{number}_{PurePath(dataset.picture_name(index)).name}"] = side_by_side(views, palette)
    return strips
