# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Convolutions by oneDNN against float64, and against the errors of Paddle's own float32 kernels."""

from functools import partial

import numpy as np
import paddle
import pytest
from paddle import nn

from paddleseg import onednn
from paddleseg.models import DDRNet_23, DDRNet_23_slim, DDRNet_39
from paddleseg.onednn import primitive

NETWORKS = (DDRNet_23_slim, DDRNet_23, DDRNet_39)


def run_layer(make_layer, x, weights, dtype="float32", accelerated=False):
    """Output and gradients of input, weight and bias of a convolution, for a fixed upstream gradient."""
    layer = make_layer()
    layer.to(dtype=dtype)
    for parameter, value in zip(layer.parameters(), weights):
        parameter.set_value(value.astype(dtype))
    x = paddle.to_tensor(x.astype(dtype), stop_gradient=False)
    if accelerated:
        with onednn.accelerated():
            out = layer(x)
    else:
        out = layer(x)
    upstream = np.random.default_rng(9).standard_normal(out.shape)
    (out * paddle.to_tensor(upstream.astype(dtype))).sum().backward()
    return [value.numpy() for value in (out, x.grad, *(parameter.grad for parameter in layer.parameters()))]


def deviation(values, exact):
    """Root of the mean square of the error."""
    return np.sqrt(np.mean((values - exact) ** 2))


def assert_about_as_exact_as_paddle(make_layer, shape, seed=0):
    """OneDNN adds the products of a sum in another order than Paddle, which splits long ones into parts.

    Seen were errors of up to 1.6e-6 of the values (gradients of the stem's weights), and up to 5.2 times Paddle's with
    AVX512, 6.2 times with AVX2.
    """
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(shape).astype("float32")
    weights = [rng.standard_normal(parameter.shape).astype("float32") for parameter in make_layer().parameters()]
    exact = run_layer(make_layer, x, weights, "float64")
    paddles = run_layer(make_layer, x, weights)
    ours = run_layer(make_layer, x, weights, accelerated=True)
    for name, expected, theirs, value in zip(("output", "x", "weight", "bias"), exact, paddles, ours):
        assert value.shape == expected.shape
        size = np.sqrt(np.mean(expected**2))
        assert deviation(value, expected) <= 2e-6 * size, name
        assert deviation(value, expected) <= 8 * max(deviation(theirs, expected), 1e-7 * size), name
    assert not onednn.FALLBACKS


def layers_of_the_networks():
    """Every kind of convolution in the three networks, with the size of its input where theirs is 3x96x160."""
    found = {}
    for network in NETWORKS:
        model = network(19, enable_auxiliary_loss=True)
        model.eval()
        for layer in model.sublayers():
            if isinstance(layer, nn.Conv2D):
                layer.register_forward_pre_hook(
                    lambda layer, inputs: found.setdefault(
                        (*layer.weight.shape, layer._stride[0], layer.bias is not None, *inputs[0].shape[2:])
                    )
                )
        with paddle.no_grad():
            model(paddle.zeros([1, 3, 96, 160]))
    return sorted(found)


def make_convolution(in_channels, out_channels, kernel, stride, padding, bias, channels_last):
    return partial(
        nn.Conv2D,
        *(in_channels, out_channels, kernel, stride, padding),
        bias_attr=None if bias else False,
        data_format="NHWC" if channels_last else "NCHW",
    )


@pytest.mark.parametrize("channels_last", [pytest.param(False, marks=pytest.mark.slow), True])
def test_every_layer_of_the_networks_is_about_as_exact_as_paddles(channels_last):
    layers = layers_of_the_networks()
    assert len(layers) > 50
    for out_channels, in_channels, kernel, _, stride, bias, height, width in layers:
        make_layer = make_convolution(in_channels, out_channels, kernel, stride, kernel // 2, bias, channels_last)
        shape = (2, height, width, in_channels) if channels_last else (2, in_channels, height, width)
        assert_about_as_exact_as_paddle(make_layer, shape)


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("kernel", [1, 3, 5, 7])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize(("batch", "size_hw"), [(1, (17, 13)), (3, (9, 32))])
def test_kernels_strides_odd_sizes_and_paddings_are_about_as_exact_as_paddles(
    kernel, stride, batch, size_hw, channels_last
):
    for number, padding in enumerate([kernel // 2, "SAME", "VALID", [0, 2, 1, 0], (1, 2)]):
        bias = (number + batch) % 2 == 0
        make_layer = make_convolution(5, 7, kernel, stride, padding, bias, channels_last)
        shape = (batch, *size_hw, 5) if channels_last else (batch, 5, *size_hw)
        assert_about_as_exact_as_paddle(make_layer, shape)


def test_padding_modes_and_unequal_strides_and_kernels_are_taken():
    assert_about_as_exact_as_paddle(partial(nn.Conv2D, 4, 6, 3, padding=1, padding_mode="reflect"), (1, 4, 11, 7))
    assert_about_as_exact_as_paddle(partial(nn.Conv2D, 4, 6, (1, 5), stride=(2, 3), padding=(0, 2)), (2, 4, 11, 23))


@pytest.mark.parametrize("channels", [1, 3, 8, 15, 16])
def test_no_primitive_of_a_strided_convolution_of_few_channels_writes_beyond_its_scratch_memory(channels, monkeypatch):
    given = []

    def pointer(slot, size):
        memory = np.full(17 * size + 64, 0xA5, np.uint8)  # 16 channels for each one that there is, at most
        start = -memory.ctypes.data % 64
        given.append(memory[start + size :])
        return memory.ctypes.data + start

    monkeypatch.setattr(primitive._SCRATCH, "pointer", pointer)
    with onednn.accelerated():
        layer = nn.Conv2D(channels, 8, 1, stride=2, data_format="NHWC")
        layer(paddle.ones([1, 192, 192, channels])).sum().backward()
    assert given
    assert all((behind == 0xA5).all() for behind in given)
