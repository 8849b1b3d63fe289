# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Batch normalisation by oneDNN against Paddle's kernel."""

from contextlib import nullcontext

import numpy as np
import paddle
import pytest
from paddle import nn
from paddle.nn import functional as F

from paddleseg import onednn

SHAPE = (2, 7, 5, 19)


def make_norm(**arguments):
    norm = nn.BatchNorm2D(SHAPE[-1], data_format="NHWC", **arguments)
    rng = np.random.default_rng(1)
    if norm.weight is not None:
        norm.weight.set_value(rng.uniform(0.5, 2, SHAPE[-1]).astype("float32"))
        norm.bias.set_value(rng.standard_normal(SHAPE[-1]).astype("float32"))
    return norm


def run(norm, relu, accelerated, training=True):
    x = paddle.to_tensor(np.random.default_rng(0).standard_normal(SHAPE).astype("float32") * 3 + 1)
    x.stop_gradient = False
    norm.train() if training else norm.eval()
    with onednn.accelerated() if accelerated else nullcontext():
        out = onednn.batch_norm_relu(norm, x) if relu else norm(x)
    upstream = paddle.to_tensor(np.random.default_rng(2).standard_normal(SHAPE).astype("float32"))
    (out * upstream).sum().backward()
    values = [out, x.grad, norm.weight.grad, norm.bias.grad, norm._mean, norm._variance]
    return [value.numpy() for value in values if value is not None]


@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("arguments", [{}, {"momentum": 0.5, "epsilon": 1e-3}])
def test_output_gradients_and_running_statistics_are_paddles(relu, arguments, computed):
    ours, paddles = (run(make_norm(**arguments), relu, accelerated) for accelerated in (True, False))
    for value, expected in zip(ours, paddles, strict=True):
        np.testing.assert_allclose(value, expected, rtol=1e-5, atol=2e-5)
    assert computed() == {"BatchNorm"}


@pytest.mark.parametrize("relu", [False, True])
def test_evaluation_uses_the_running_statistics(relu, computed):
    norm = make_norm()
    run(norm, relu, accelerated=False)
    before = norm._mean.numpy()
    x = paddle.to_tensor(np.random.default_rng(3).standard_normal(SHAPE).astype("float32"))
    norm.eval()
    with paddle.no_grad():
        expected = F.relu(norm(x)) if relu else norm(x)
        with onednn.accelerated():
            out = onednn.batch_norm_relu(norm, x) if relu else norm(x)
    np.testing.assert_allclose(out.numpy(), expected.numpy(), rtol=1e-5, atol=1e-5)
    assert np.array_equal(norm._mean.numpy(), before)
    assert computed() == {"BatchNorm"}


def test_a_norm_with_frozen_statistics_gives_gradients_by_paddle():
    ours, paddles = (run(make_norm(), True, accelerated, training=False) for accelerated in (True, False))
    for value, expected in zip(ours, paddles, strict=True):
        assert np.array_equal(value, expected)


def test_hooks_on_the_norm_see_its_output_and_not_that_of_the_relu():
    norm, seen = make_norm(), []
    norm.register_forward_post_hook(lambda layer, inputs, output: seen.append(float(output.min())))
    run(norm, relu=True, accelerated=True)
    assert seen[0] < 0


def test_channels_first_and_norms_without_weights_are_left_to_paddle():
    for norm, shape in (
        (nn.BatchNorm2D(3), (2, 3, 4, 4)),
        (nn.BatchNorm2D(3, data_format="NHWC", weight_attr=False, bias_attr=False), (2, 4, 4, 3)),
    ):
        x = paddle.to_tensor(np.random.default_rng(4).standard_normal(shape).astype("float32"))
        expected = norm(x).numpy()
        with onednn.accelerated():
            assert np.array_equal(norm(x).numpy(), expected)


def test_a_single_value_per_channel_is_given_back_and_leaves_the_statistics_as_they_are(computed):
    norm = make_norm()
    x = paddle.to_tensor(np.random.default_rng(5).standard_normal((1, 1, 1, SHAPE[-1])).astype("float32"))
    with onednn.accelerated():
        for _ in range(20):
            out = norm(x)
    expected = make_norm()(x)
    assert np.array_equal(out.numpy(), expected.numpy())
    assert np.array_equal(norm._variance.numpy(), np.ones(SHAPE[-1], "float32"))
    assert not computed()


def test_channels_and_types_that_do_not_fit_are_paddles_to_refuse(computed):
    x = paddle.ones([2, 3, 3, 8])
    with onednn.accelerated():
        with pytest.raises(ValueError, match="scale must equal"):
            nn.BatchNorm2D(6, data_format="NHWC")(x)
        norm = make_norm()
        norm.to(dtype="float64")
        norm(paddle.ones(SHAPE, "float64"))
    assert not computed()


def test_a_tensor_that_is_changed_before_its_gradient_is_an_error():
    norm, x = make_norm(), paddle.ones(SHAPE)
    x.stop_gradient = False
    x = x * 1
    with onednn.accelerated():
        loss = norm(x).sum()
        x.scale_(2.0)
    with pytest.raises(Exception, match="modified by an inplace"):
        loss.backward()
