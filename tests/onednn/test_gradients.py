# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""oneDNN's operations within Paddle's gradient graph: equal to Paddle's own, however it is traversed."""

from contextlib import nullcontext

import numpy as np
import paddle
import pytest
from paddle import nn

from paddleseg import onednn
from paddleseg.onednn.primitive import CACHE

needs_paddle_3 = pytest.mark.skipif(
    int(paddle.__version__.split(".")[0]) < 3,
    reason="needs Paddle 3: Paddle 2.6.2 asks of a layer of one's own (PyLayer) all gradients or none",
)


def make_network(seed=3, data_format="NCHW"):
    paddle.seed(seed)
    return nn.Sequential(
        nn.Conv2D(3, 8, 3, padding=1, data_format=data_format),
        nn.BatchNorm2D(8, data_format=data_format),
        nn.Tanh(),
        nn.Conv2D(8, 4, 3, stride=2, padding=1, bias_attr=False, data_format=data_format),
    )


def picture(shape=(2, 3, 12, 10), seed=4):
    x = paddle.to_tensor(np.random.default_rng(seed).standard_normal(shape).astype("float32"))
    x.stop_gradient = False
    return x


def both_ways(compute):
    """The arrays that ``compute`` returns, by Paddle's kernels and by oneDNN's."""
    results = []
    for context in (nullcontext(), onednn.accelerated()):
        assert len(CACHE) == 0
        with context:
            results.append([None if value is None else value.numpy() for value in compute()])
    assert len(CACHE) > 0, "oneDNN has computed nothing"
    return results


def assert_equal_both_ways(compute, tolerance=2e-5):
    paddles, ours = both_ways(compute)
    largest = max(np.abs(expected).max() for expected in paddles if expected is not None)
    for expected, value in zip(paddles, ours, strict=True):
        assert (expected is None) == (value is None)
        if expected is not None:
            np.testing.assert_allclose(value, expected, rtol=tolerance, atol=tolerance * largest)


@pytest.mark.parametrize("data_format", ["NCHW", "NHWC"])
def test_a_backward_pass_gives_every_gradient(data_format):
    def compute():
        network = make_network(data_format=data_format)
        x = picture() if data_format == "NCHW" else picture((2, 12, 10, 3))
        out = network(x)
        out.square().sum().backward()
        return [out, x.grad, *(parameter.grad for parameter in network.parameters())]

    assert_equal_both_ways(compute)
    assert not onednn.FALLBACKS


@needs_paddle_3
@pytest.mark.parametrize("of", ["picture", "last weight", "first weight"])
def test_single_gradients_are_given_by_paddle_grad(of):
    def compute():
        network, x = make_network(), picture()
        loss = network(x).square().sum()
        wanted = {"picture": x, "last weight": network[3].weight, "first weight": network[0].weight}[of]
        return paddle.grad(loss, wanted)

    assert_equal_both_ways(compute)


@needs_paddle_3
@pytest.mark.parametrize("data_format", ["NCHW", "NHWC"])
def test_gradients_of_gradients_are_paddles_and_counted(data_format):
    def compute():
        paddle.seed(5)
        layer = nn.Conv2D(3, 4, 3, stride=2, padding=[1, 0, 2, 1], data_format=data_format)
        x = picture() if data_format == "NCHW" else picture((2, 12, 10, 3))
        [gradient] = paddle.grad(layer(x).pow(3).sum(), x, create_graph=True)
        gradient.square().sum().backward()
        return [gradient, x.grad, layer.weight.grad]

    assert_equal_both_ways(compute)
    assert onednn.FALLBACKS == {"gradients of gradients of convolutions": 1}


@needs_paddle_3
def test_gradients_of_gradients_of_batch_normalisation_are_paddles():
    def compute():
        norm = nn.BatchNorm2D(3, data_format="NHWC")
        x = picture((2, 5, 4, 3))
        [gradient] = paddle.grad(norm(x).pow(3).sum(), x, create_graph=True)
        gradient.square().sum().backward()
        return [gradient, x.grad]

    assert_equal_both_ways(compute, tolerance=1e-3)


def test_a_layer_that_is_used_twice_gets_the_sum_of_its_gradients():
    def compute():
        paddle.seed(6)
        layer, x = nn.Conv2D(3, 3, 3, padding=1), picture()
        layer(layer(x)).square().sum().backward()
        return [x.grad, layer.weight.grad, layer.bias.grad]

    assert_equal_both_ways(compute)


@pytest.mark.parametrize("frozen", ["weight", "bias", "both", "input"])
def test_what_is_frozen_gets_no_gradient(frozen):
    def compute():
        paddle.seed(7)
        layer, x = nn.Conv2D(3, 4, 3), picture()
        for parameter in {"weight": [layer.weight], "bias": [layer.bias], "input": [x]}.get(
            frozen, [layer.weight, layer.bias]
        ):
            parameter.stop_gradient = True
        layer(x).square().sum().backward()
        return [x.grad, layer.weight.grad, layer.bias.grad]

    assert_equal_both_ways(compute)


def test_without_gradients_nothing_is_recorded():
    layer, x = nn.Conv2D(3, 4, 3), picture()
    with onednn.accelerated(), paddle.no_grad():
        assert layer(x).stop_gradient


def test_inputs_and_gradients_that_do_not_lie_in_order_are_right():
    def compute():
        paddle.seed(8)
        layer, stored = nn.Conv2D(3, 4, 3, padding=1), picture((2, 12, 10, 3))
        out = layer(stored.transpose([0, 3, 1, 2]))
        out.transpose([0, 2, 3, 1])[:, ::2].square().sum().backward()
        return [out, stored.grad, layer.weight.grad]

    assert_equal_both_ways(compute)


def test_hooks_on_gradients_and_layers_are_called():
    def compute():
        network, x, seen = make_network(), picture(), []
        network[3].weight.register_hook(lambda gradient: gradient * 2)
        network[0].register_forward_post_hook(lambda layer, inputs, output: seen.append(output) or output * 3)
        network(x).square().sum().backward()
        return [*seen, x.grad, network[3].weight.grad]

    assert_equal_both_ways(compute)


def test_gradients_flow_after_the_context_has_ended():
    gradients = []
    for context in (nullcontext(), onednn.accelerated()):
        network, x = make_network(), picture()
        with context:
            out = network(x)
        out.square().sum().backward()
        gradients.append(x.grad.numpy())
    np.testing.assert_allclose(*gradients, rtol=1e-4, atol=1e-4)


def test_weights_that_do_not_lie_in_order_are_right():
    def compute():
        paddle.seed(9)
        layer, x = nn.Conv2D(3, 4, 3), picture()
        stored = paddle.rand([3, 3, 4, 3])
        stored.stop_gradient = False
        del layer.weight
        layer.weight = stored.transpose([2, 1, 0, 3])
        out = layer(x)
        out.square().sum().backward()
        return [out, x.grad, stored.grad, layer.bias.grad]

    assert_equal_both_ways(compute)


@pytest.mark.parametrize("changed", ["input", "weight"])
def test_what_is_changed_in_place_before_its_gradient_is_an_error(changed):
    layer, x = nn.Conv2D(3, 4, 3), picture() * 1
    with onednn.accelerated():
        loss = layer(x).sum()
    with paddle.no_grad():
        (x if changed == "input" else layer.weight).scale_(2.0)
    with pytest.raises(Exception, match="modified by an inplace"):
        loss.backward()
