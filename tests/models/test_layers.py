# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Layers with a fast implementation of their own."""

import numpy as np
import paddle
import pytest
from paddle.nn import functional as F

from paddleseg.models.layers import upsample_logits


@pytest.mark.parametrize("size_hw", [(64, 96), (57, 89), (60, 90), (8, 12), (5, 7)])
def test_upsampled_logits_and_their_gradient_are_those_of_interpolate(size_hw):
    paddle.seed(0)
    logits, upstream = paddle.randn([2, 3, 8, 12]), paddle.randn([2, 3, *size_hw])
    results = []
    for resize in (upsample_logits, lambda x, size: F.interpolate(x, size, mode="bilinear", align_corners=False)):
        x = logits.clone().detach()
        x.stop_gradient = False
        y = resize(x, size_hw)
        y.backward(upstream)
        results.append((y.numpy(), x.grad.numpy()))
    for ours, theirs in zip(*results):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)


def test_logits_of_float64_stay_float64():
    logits = paddle.randn([1, 2, 8, 12], "float64")
    expected = F.interpolate(logits, [57, 89], mode="bilinear", align_corners=False)
    found = upsample_logits(logits, [57, 89])
    assert found.dtype == paddle.float64
    np.testing.assert_allclose(found.numpy(), expected.numpy(), atol=1e-5)  # the kernel's own weights are float32


def test_logits_of_a_single_cell_are_repeated():
    assert (upsample_logits(paddle.full([1, 2, 1, 1], 3.0), [8, 5]).numpy() == 3).all()
