# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""From pictures to label maps with a network in memory; evaluation and prediction both go through here.

``predict_label_maps`` is the only entry point. A picture that is processed once and whole gets its label map from the
logits at 1/8. All other views (windows, scales, flips), and networks without such logits, need scores at the size of
the network's input: they are computed for one picture at a time, to need the memory of only one. Both are brought to
the picture's size by ``utils.label_map``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import paddle
from paddle.nn import functional as F

from paddleseg.inference.preprocess import to_network_input
from paddleseg.inference.sliding_window import slide_logits
from paddleseg.inference.views import WHOLE_PICTURE, ViewOptions
from paddleseg.models.facts import ModelFacts
from paddleseg.transforms.pipeline import Pipeline
from paddleseg.transforms.transforms import Normalize
from paddleseg.utils.errors import ConfigError, DataError
from paddleseg.utils.label_map import label_maps
from paddleseg.utils.way_back import TransInfo, way_back


def predict_label_maps(
    model: paddle.nn.Layer,
    batch: Mapping[str, Any],
    normalize: Normalize | None,
    options: ViewOptions = WHOLE_PICTURE,
    *,
    window_batch_size: int = 1,
    ignored_class: int | None = None,
) -> list[np.ndarray]:
    """Classes of each pixel of the original pictures.

    Args:
        model: A network, in evaluation mode; with ``forward_stride8`` whole pictures are faster.
        batch: ``img`` (N, H, W, C) as the transforms left it, not normalised, and ``trans_info``, for each picture the
            list of its size changes.
        normalize: The normalisation the network was trained with.
        options: The views of a picture; sizes and scales refer to the picture as the transforms left it.
        window_batch_size: Most windows of a picture in one pass of the network.
        ignored_class: A class that is never predicted, see ``label_map.ignored_class_of``.

    Returns:
        For each picture (height, width) uint8 class ids at its size before the transforms.

    Raises:
        DataError: Some scores are NaN or infinite, so that no class can be determined.
    """
    paths = batch.get("paths") or [f"picture {number}" for number in range(len(batch["img"]))]
    images = to_network_input(batch["img"], normalize)
    size_hw = tuple(images.shape[2:])
    if options.see_whole(size_hw) and hasattr(model, "forward_stride8"):
        logits = predict_logits8(model, images)
        refuse_no_numbers(paddle.isnan(logits).any(axis=[1, 2, 3]).numpy(), paths)
        return _best_classes(logits, size_hw, batch["trans_info"], ignored_class)
    results = []
    for image, trans_info, path in zip(images.split(len(images)), batch["trans_info"], paths):
        score = class_scores(model, image, options, window_batch_size)
        refuse_no_numbers(paddle.isnan(score).any().reshape([1]).numpy(), [path])
        results += _best_classes(score, size_hw, [trans_info], ignored_class)
    return results


def _best_classes(
    scores: paddle.Tensor, size_hw: Sequence[int], trans_infos: Sequence[TransInfo], ignored_class: int | None
) -> list[np.ndarray]:
    """The label maps of scores (N, K, h, w), by the faster way."""
    if scores.place.is_cpu_place():
        return label_maps(scores.numpy(), size_hw, trans_infos, ignored_class=ignored_class)
    return dense_label_maps(scores, size_hw, trans_infos, ignored_class=ignored_class)


@paddle.no_grad()
def predict_logits8(model: paddle.nn.Layer, images: paddle.Tensor) -> paddle.Tensor:
    """Logits of the main output at 1/8.

    Args:
        model: A network with ``forward_stride8``, in evaluation mode.
        images: (N, C, H, W) float32, normalised.

    Returns:
        (N, K, ceil(H/8), ceil(W/8)) float32.
    """
    return model.forward_stride8(images)[0].astype("float32")


def predict_logits(
    model: paddle.nn.Layer, image: paddle.Tensor, options: ViewOptions = WHOLE_PICTURE, *, window_batch_size: int = 1
) -> paddle.Tensor:
    """Logits of one picture, at 1/8 if possible, up to a constant at each place shared by all classes.

    Args:
        model: A network, in evaluation mode.
        image: (1, C, H, W) float32, normalised.
        options: Its views. For several, the result is the logarithms of their summed probabilities.
        window_batch_size: Most windows in one pass of the network.

    Returns:
        (1, K, h, w) float32.
    """
    if options.see_whole(tuple(image.shape[2:])) and hasattr(model, "forward_stride8"):
        return predict_logits8(model, image)
    scores = class_scores(model, image, options, window_batch_size)
    return scores.clip(min=float(np.finfo(np.float32).tiny)).log() if len(options.views) > 1 else scores


@paddle.no_grad()
def tile_scores(model: paddle.nn.Layer, tiles: np.ndarray, normalize: Normalize | None) -> np.ndarray:
    """Scores of tiles of a picture, as ``tiles.label_bands`` takes them.

    Args:
        model: A network, in evaluation mode.
        tiles: (N, h, w, C) as read.
        normalize: The normalisation the network was trained with.

    Returns:
        (N, K, ceil(h / 8), ceil(w / 8)) float32; (N, K, h, w) for a network without ``forward_stride8``.
    """
    images = to_network_input(tiles, normalize)
    if hasattr(model, "forward_stride8"):
        return predict_logits8(model, images).numpy()
    return class_scores(model, images, WHOLE_PICTURE).numpy()


@paddle.no_grad()
def dense_label_maps(
    scores: paddle.Tensor,
    size_hw: Sequence[int],
    trans_infos: Sequence[TransInfo],
    *,
    ignored_class: int | None = None,
) -> list[np.ndarray]:
    """The label maps by resizing all scores on their device: fast on a card, and little has to be fetched.

    They differ from those of ``label_map.label_maps``, whose arguments it takes (with the scores as a tensor), only
    where the best two classes are equal up to rounding.
    """
    results = []
    # One picture at a time: 19 classes at 1024 x 2048 take 160 MB.
    for one, trans_info in zip(scores.split(len(scores)), trans_infos, strict=True):
        if ignored_class is not None:
            one = paddle.concat([one[:, :ignored_class], one[:, ignored_class + 1 :]], axis=1)
        one = _resize(one, size_hw)
        for (height, width), corner in way_back(size_hw, trans_info):
            if corner is None:
                one = _resize(one, [height, width])
            else:
                one = one[:, :, corner[0] : corner[0] + height, corner[1] : corner[1] + width]
        labels = one.argmax(axis=1).astype("uint8").numpy()[0]
        if ignored_class is not None:
            labels += labels >= ignored_class
        results.append(labels)
    return results


@paddle.no_grad()
def class_scores(
    model: paddle.nn.Layer, image: paddle.Tensor, options: ViewOptions, window_batch_size: int = 1
) -> paddle.Tensor:
    """Scores of the classes at the size of the network's input.

    Several views (scales, flips) are summed as probabilities, so that each has equal weight; DDRNet_paddle does so too,
    while PaddleSeg has averaged logits since version 2.8. For a single view the result is its logits.

    Args:
        model: A network, in evaluation mode.
        image: (1, C, H, W) float32, normalised.
        options: The views, and whether each of them is split into windows.
        window_batch_size: Most windows in one pass of the network.

    Returns:
        (1, K, H, W) float32.
    """
    views = options.views
    total = None
    for scale, flipped_axes in views:
        logits = _view_logits(model, image, scale, flipped_axes, options, window_batch_size)
        if len(views) == 1:
            return logits
        probabilities = F.softmax(logits, axis=1)
        total = probabilities if total is None else total.add_(probabilities)
    return total


def refuse_no_numbers(is_wrong: np.ndarray, paths: Sequence[str]) -> None:
    """Raise DataError for the first picture marked in (N,) bool, whose output has NaN or infinity."""
    if is_wrong.any():
        raise DataError(
            f"{paths[int(is_wrong.argmax())]}: the network's output for it is not finite; check whether the weights "
            "come from a training that diverged, and whether the picture holds such values"
        )


def refuse_random_transforms(pipeline: Pipeline) -> None:
    """Raise ConfigError for random transforms: the label map would be of a different picture."""
    for transform in pipeline.transforms:
        if getattr(transform, "is_random", False):
            raise ConfigError(
                f"{type(transform).__name__} is random; evaluation and prediction need the same picture each time. "
                "Leave it out of their transforms; only training may have it"
            )


def scaled_length(length: int, scale: float, stride: int) -> int:
    """Side of a scaled view: the nearest multiple of the network's stride; scale 1 leaves the picture as it is.

    Off the multiples, the cells of the output do not lie on the picture's grid: CamVid at 600 x 450 instead of
    600 x 448 cost DDRNet-23-slim 3.9 points of pixel accuracy (21 validation pictures). PaddleSeg's DDRNet runs at
    such sizes only.

    Example:
        >>> [scaled_length(length, 1.25, 8) for length in (360, 480)]  # 450 becomes 448
        [448, 600]
    """
    return length if scale == 1 else max(1, int(length * scale / stride + 0.5)) * stride


def _view_logits(
    model: paddle.nn.Layer,
    image: paddle.Tensor,
    scale: float,
    flipped_axes: tuple[int, ...],
    options: ViewOptions,
    window_batch_size: int,
) -> paddle.Tensor:
    """Logits (1, K, H, W) of one view, mapped back to the picture's orientation and size."""

    def logits_of(x: paddle.Tensor) -> paddle.Tensor:
        # Not forward(), which would resize the auxiliary output too.
        logits = model.forward_stride8(x)[0] if hasattr(model, "forward_stride8") else model(x)[0]
        return _resize(logits.astype("float32"), x.shape[2:])

    size_hw = image.shape[2:]
    stride = ModelFacts.of(model).output_stride
    view = _resize(image, [scaled_length(length, scale, stride) for length in size_hw])
    view = _flip(view, flipped_axes)
    if options.is_slide:
        logits = paddle.to_tensor(slide_logits(logits_of, view, options.crop_size, options.stride, window_batch_size))
    else:
        logits = logits_of(view)
    return _resize(_flip(logits, flipped_axes), size_hw)


def _resize(x: paddle.Tensor, size_hw: Sequence[int]) -> paddle.Tensor:
    # Not that of models.layers: prediction must work without the built-in networks.
    if list(x.shape[2:]) == list(size_hw):
        return x
    return F.interpolate(x, size=list(size_hw), mode="bilinear", align_corners=False)


def _flip(x: paddle.Tensor, axes: tuple[int, ...]) -> paddle.Tensor:
    return x.flip(list(axes)) if axes else x
