# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The network of a train step: it leaves the upsampling of its logits to the losses if they can do it."""

import numpy as np
import paddle
import pytest
from paddle import nn

from paddleseg.losses import CrossEntropyLoss
from paddleseg.models import DDRNet_23_slim
from paddleseg.training.run_settings import RunSettings
from paddleseg.training.step_network import StepNetwork
from tests.training.small_trainer import Toy, make_batch


class Eighth(nn.Layer):
    """Gives logits at an eighth."""

    resizes_stride8 = True

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2D(3, 2, 8, stride=8)

    def forward_stride8(self, x):
        return [self.conv(x)]

    def forward(self, x):
        return [nn.functional.interpolate(self.forward_stride8(x)[0], x.shape[2:], mode="bilinear")]


class OtherForward(Eighth):
    def forward(self, x):
        return [2 * logits for logits in super().forward(x)]


class OtherLogits(Eighth):
    def forward_stride8(self, x):
        return [2 * self.conv(x)]


class OtherCall(Eighth):
    def __call__(self, x):
        return [2 * logits for logits in super().__call__(x)]


class Noting(CrossEntropyLoss):
    takes_coarse_logits = True

    def forward(self, logits, label, coarse=False):
        self.size = logits.shape[2:]
        return super().forward(logits, label, coarse)


def size_of_logits(model, loss=None, **settings):
    """What the loss of a step gets for pictures of 8 x 8."""
    loss = loss or Noting()
    network = StepNetwork(model, RunSettings(iters=1, seed=0, **settings))
    Toy([(loss, 1.0)]).loss_terms(network, make_batch(0))
    return loss.size


def watched(model):
    model.register_forward_post_hook(lambda layer, inputs, outputs: None)
    return model


def with_a_forward_of_its_own(model):
    model.forward = lambda x, forward=model.forward: forward(x)
    return model


def test_the_loss_gets_the_logits_before_they_are_resized():
    assert size_of_logits(Eighth()) == [1, 1]
    assert size_of_logits(OtherLogits()) == [1, 1]


@pytest.mark.parametrize("model", [OtherForward(), OtherCall(), watched(Eighth()), with_a_forward_of_its_own(Eighth())])
def test_a_forward_that_may_do_more_is_called(model):
    assert size_of_logits(model) == [8, 8]


def test_a_network_that_does_not_say_what_its_forward_does_is_called(monkeypatch):
    monkeypatch.delattr(Eighth, "resizes_stride8")
    assert size_of_logits(Eighth()) == [8, 8]


def test_labels_of_another_size_than_the_pictures_are_refused():
    task, batch = Toy([(CrossEntropyLoss(), 1.0)]), make_batch(0)
    batch["label"] = paddle.zeros([2, 16, 16], "uint8")
    with pytest.raises(ValueError):
        task.loss_terms(StepNetwork(Eighth(), RunSettings(iters=1, seed=0)), batch)


def test_a_loss_that_needs_all_pixels_gets_them():
    class Whole(Noting):
        takes_coarse_logits = False

    assert size_of_logits(Eighth(), Whole()) == [8, 8]


def test_a_static_graph_ends_with_the_resized_logits():
    assert size_of_logits(Eighth(), to_static_training=True) == [8, 8]


@pytest.mark.parametrize("data_format", ["NCHW", "NHWC"])
def test_losses_and_gradients_are_those_of_resized_logits(data_format):
    random = np.random.default_rng(0)
    batch = {
        "img": paddle.to_tensor(random.integers(0, 256, (2, 64, 96, 3), dtype=np.uint8)),
        "label": paddle.to_tensor(random.integers(0, 19, (2, 64, 96), dtype=np.uint8)),
    }
    paddle.seed(1)
    model = DDRNet_23_slim(19, enable_auxiliary_loss=True, data_format=data_format)
    model.eval()  # running statistics: every gradient is far above rounding
    task = Toy([(CrossEntropyLoss(), 1.0), (CrossEntropyLoss(), 0.4)])
    found = []
    for network in (StepNetwork(model, RunSettings(iters=1, seed=0)), model):
        terms = task.loss_terms(network, batch)
        terms["loss"].backward()
        gradients = {name: one.grad.numpy() for name, one in model.named_parameters() if not one.stop_gradient}
        found.append(({name: float(term) for name, term in terms.items()}, gradients))
        model.clear_gradients()
    (terms, gradients), (expected, expected_gradients) = found
    assert terms == pytest.approx(expected, rel=1e-6)
    for name, value in expected_gradients.items():
        tolerance = 1e-4 * np.abs(value).max() + 1e-12
        np.testing.assert_allclose(gradients[name], value, rtol=0, atol=tolerance, err_msg=name)
