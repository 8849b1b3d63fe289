# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""From pictures to label maps with a network in memory; evaluation and prediction both go through here.

``predict_label_maps`` is the one entry. Other ways to look at a picture (several scales, flips, a sliding
window) are other ways to get logits from the network's input, and leave the callers as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import paddle

from paddleseg.core.label_map import label_map
from paddleseg.core.preprocess import to_network_input
from paddleseg.transforms.functional import restore_size
from paddleseg.transforms.transforms import Normalize


def predict_label_maps(
    model: paddle.nn.Layer, batch: Mapping[str, Any], normalize: Normalize | None
) -> list[np.ndarray]:
    """Classes of each pixel of the original pictures.

    Args:
        model: A network with ``forward_stride8``, in evaluation mode.
        batch: ``img`` (N, H, W, C) as the transforms left it, not normalised, and ``trans_info``, for each
            picture the list of the changes of its size.
        normalize: The normalisation the network was trained with.

    Returns:
        For each picture (height, width) uint8 class ids at its size before the transforms.
    """
    images = to_network_input(batch["img"], normalize)
    labels = label_map(predict_logits8(model, images), tuple(images.shape[2:]))
    return [restore_size(label, trans_info) for label, trans_info in zip(labels, batch["trans_info"])]


@paddle.no_grad()
def predict_logits8(model: paddle.nn.Layer, images: paddle.Tensor) -> np.ndarray:
    """Logits of the main output at 1/8.

    Args:
        model: A network with ``forward_stride8``, in evaluation mode.
        images: (N, C, H, W) float32, normalised.

    Returns:
        (N, K, ceil(H/8), ceil(W/8)) float32 in host memory.
    """
    return model.forward_stride8(images)[0].astype("float32").numpy()
