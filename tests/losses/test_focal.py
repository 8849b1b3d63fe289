# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The two focal losses against plain numpy and cases worked out by hand."""

import numpy as np
import paddle
import pytest

from paddleseg.losses import CrossEntropyLoss, FocalLoss, MultiClassFocalLoss
from paddleseg.utils.errors import ConfigError


def sigmoid_oracle(alpha, gamma):
    def loss(logits, label):
        logits = logits.transpose(0, 2, 3, 1)[label != 255]  # (P, 2)
        is_own = np.eye(2, dtype=bool)[label[label != 255]]
        p = 1 / (1 + np.exp(-logits))
        own = -alpha * (1 - p) ** gamma * np.log(p)
        other = -(1 - alpha) * p**gamma * np.log(1 - p)
        return np.where(is_own, own, other).mean() if len(logits) else 0.0

    return loss


def softmax_oracle(softmax, alpha, gamma):
    def loss(logits, label):
        p = softmax(logits).transpose(0, 2, 3, 1)[label != 255]
        label = label[label != 255]
        p = p[np.arange(len(label)), label]
        factor = np.asarray(alpha)[label] if isinstance(alpha, list) else alpha
        return (-factor * (1 - p) ** gamma * np.log(p)).mean()

    return loss


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("alpha", [0.25, 0.5, 1.0])
def test_the_sigmoid_loss_equals_the_formula(numeric, alpha, gamma):
    logits, label = numeric.random_case(num_classes=2)
    numeric.assert_agreement(FocalLoss(alpha, gamma), sigmoid_oracle(alpha, gamma), logits, label)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("alpha", [1.0, 0.3, [0.5, 1.0, 0.0, 3.0]])
def test_the_softmax_loss_equals_the_formula(numeric, alpha, gamma):
    logits, label = numeric.random_case()
    numeric.assert_agreement(
        MultiClassFocalLoss(alpha, gamma), softmax_oracle(numeric.softmax, alpha, gamma), logits, label
    )


def test_a_sigmoid_case_by_hand():
    # One pixel of class 1, logits 0 and 0: p = .5 for both. .25 * .25 * ln 2 and .75 * .25 * ln 2, mean ln 2 / 8.
    loss = FocalLoss()(paddle.zeros([1, 2, 1, 1]), paddle.ones([1, 1, 1], "int64"))
    assert float(loss) == pytest.approx(np.log(2) / 8, rel=1e-6)


def test_alpha_treats_both_classes_alike():
    logits = paddle.to_tensor(np.array([[[[1.0]], [[-0.5]]]]))
    swapped = logits.flip(1)
    label = paddle.zeros([1, 1, 1], "int64")
    assert float(FocalLoss()(logits, label)) == pytest.approx(float(FocalLoss()(swapped, 1 - label)))


def test_a_softmax_case_by_hand():
    # Probabilities .8 and .5 of the own classes, gamma 2: (.04 * -ln .8 + .25 * ln 2) / 2.
    p = np.array([0.8, 0.5])
    logits = paddle.to_tensor(np.log([[[p], [1 - p]]]))
    loss = MultiClassFocalLoss()(logits, paddle.zeros([1, 1, 2], "int64"))
    assert float(loss) == pytest.approx((-0.04 * np.log(0.8) + 0.25 * np.log(2)) / 2)


def test_gamma_0_is_the_cross_entropy(numeric):
    logits, label = (paddle.to_tensor(array) for array in numeric.random_case())
    expected = float(CrossEntropyLoss()(logits, label))
    assert float(MultiClassFocalLoss(gamma=0.0)(logits, label)) == pytest.approx(expected)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
@pytest.mark.parametrize("loss", [FocalLoss, MultiClassFocalLoss])
def test_certain_pixels_have_finite_gradients_in_float32(loss, gamma):
    logits = paddle.to_tensor([[[[500.0, -500.0]], [[-500.0, 500.0]]]], stop_gradient=False)
    for label in ([[[0, 1]]], [[[1, 0]]]):
        value = loss(gamma=gamma)(logits, paddle.to_tensor(label))
        value.backward()
        assert np.isfinite(float(value)) and np.isfinite(logits.grad.numpy()).all()


def test_the_sigmoid_loss_refuses_more_than_two_classes(numeric):
    with pytest.raises(ConfigError, match="FocalLoss is for 2 classes, and there are 4; use MultiClassFocalLoss"):
        numeric.value_and_gradient(FocalLoss(), *numeric.random_case())


@pytest.mark.parametrize(
    ("loss", "arguments"),
    [
        (FocalLoss, {"alpha": 1.5}),
        (FocalLoss, {"gamma": -1}),
        (MultiClassFocalLoss, {"alpha": -0.5}),
        (MultiClassFocalLoss, {"alpha": [1.0, -0.5]}),
        (MultiClassFocalLoss, {"gamma": -1}),
    ],
)
def test_values_out_of_range_are_refused_by_name(loss, arguments):
    with pytest.raises(ValueError, match=f"{next(iter(arguments))}: found"):
        loss(**arguments)
