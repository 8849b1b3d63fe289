# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Upsampling by matrix products, against Paddle's bilinear kernel."""

import numpy as np
import paddle
import pytest

from paddleseg import onednn
from paddleseg.models.layers import resize_to, upsample_logits


@pytest.mark.parametrize(
    ("size", "target"), [((8, 6), (64, 48)), ((5, 7), (33, 50)), ((4, 4), (4, 4)), ((1, 3), (8, 8))]
)
def test_logits_and_their_gradient_are_those_of_the_kernel(size, target, computed):
    values = np.random.default_rng(0).standard_normal((2, 5, *size)).astype("float32")
    results = []
    for resize in (resize_to, upsample_logits):
        logits = paddle.to_tensor(values, stop_gradient=False)
        with onednn.accelerated():
            out = resize(logits, target)
        out.pow(3).sum().backward()
        results.append((out.numpy(), logits.grad.numpy()))
    (expected, expected_gradient), (out, gradient) = results
    np.testing.assert_allclose(out, expected, atol=3e-6)
    np.testing.assert_allclose(gradient, expected_gradient, rtol=1e-4, atol=1e-4)
    assert computed() == {"Product"}
