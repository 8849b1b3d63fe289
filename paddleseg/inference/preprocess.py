# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""From a batch of stored pictures to the network's input, on the device."""

from __future__ import annotations

import numpy as np
import paddle

from paddleseg.transforms.functional import without_uint16
from paddleseg.transforms.transforms import Normalize


def to_network_input(images: np.ndarray | paddle.Tensor, normalize: Normalize | None) -> paddle.Tensor:
    """Normalise a batch on the current device.

    The arithmetic is that of ``Normalize.apply``, operation by operation; on the CPU both agree bit for bit.

    Args:
        images: (N, H, W, C) pictures, usually uint8 (a quarter of the bytes to move to the device).
        normalize: The data set's normalisation; None changes the type only.

    Returns:
        (N, C, H, W) float32.
    """
    if isinstance(images, np.ndarray):
        images = paddle.to_tensor(without_uint16(images))
    batch = images.transpose([0, 3, 1, 2]).astype("float32")
    if normalize is None:
        return batch
    normalize.check_channels(batch.shape[1])
    shift = paddle.to_tensor(normalize.shift).reshape([1, -1, 1, 1])
    scale = paddle.to_tensor(normalize.scale).reshape([1, -1, 1, 1])
    return (batch - shift) * scale
