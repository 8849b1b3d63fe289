# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Random cases, and finite differences of plain numpy losses."""

import numpy as np
import paddle
import pytest


def _softmax(logits):
    exponentials = np.exp(logits - logits.max(1, keepdims=True))
    return exponentials / exponentials.sum(1, keepdims=True)


def _random_case(num_classes=4, shape=(2, 5, 6), seed=0, ignored=0.2):
    random = np.random.default_rng(seed)
    logits = random.normal(0, 1.5, (shape[0], num_classes, *shape[1:]))
    label = random.integers(0, num_classes, shape)
    label[random.random(shape) < ignored] = 255
    return logits, label


def _value_and_gradient(loss, logits, label):
    """What a loss of the package gives in float64."""
    tensor = paddle.to_tensor(logits, dtype="float64", stop_gradient=False)
    value = loss(tensor, paddle.to_tensor(label))
    assert list(value.shape) == [] and value.dtype == paddle.float64
    value.backward()
    return float(value), tensor.grad.numpy()


def _finite_differences(oracle, logits, step=1e-6):
    gradient = np.zeros_like(logits)
    for place in np.ndindex(*logits.shape):
        above, below = logits.copy(), logits.copy()
        above[place] += step
        below[place] -= step
        gradient[place] = (oracle(above) - oracle(below)) / (2 * step)
    return gradient


def _assert_agreement(loss, oracle, logits, label, tolerance=1e-7):
    """Value and gradient of ``loss`` are those of ``oracle(logits, label)``, and the label stays as it is."""
    before = label.copy()
    value, gradient = _value_and_gradient(loss, logits, label)
    assert value == pytest.approx(oracle(logits, label), rel=tolerance, abs=1e-12)
    np.testing.assert_allclose(
        gradient, _finite_differences(lambda shifted: oracle(shifted, label), logits), atol=tolerance
    )
    assert (gradient.transpose(0, 2, 3, 1)[label == 255] == 0).all()
    np.testing.assert_array_equal(label, before)


@pytest.fixture
def numeric():
    """Helpers of the oracle tests."""

    class Numeric:
        softmax = staticmethod(_softmax)
        random_case = staticmethod(_random_case)
        value_and_gradient = staticmethod(_value_and_gradient)
        assert_agreement = staticmethod(_assert_agreement)

    return Numeric
