# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Lovasz-Softmax against the definition: set losses of all prefixes of the sorted pixels."""

import numpy as np
import paddle
import pytest

from paddleseg.losses import LovaszSoftmaxLoss, lovasz_softmax
from paddleseg.losses.functional import lovasz_weights


def jaccard_loss(mispredicted, foreground):
    """1 - intersection / union when exactly the pixels of ``mispredicted`` are wrong; 0 for empty sets."""
    union = (foreground | mispredicted).sum()
    return 1 - (foreground & ~mispredicted).sum() / union if union else 0.0


def lovasz_extension(errors, foreground):
    """Equations 8 and 9 of the paper, set by set."""
    total, wrong, last = 0.0, np.zeros(len(errors), bool), 0.0
    for pixel in np.argsort(-errors, kind="stable"):
        wrong[pixel] = True
        now = jaccard_loss(wrong, foreground)
        total, last = total + errors[pixel] * (now - last), now
    return total


def oracle(softmax, classes="present"):
    def loss(logits, label):
        num_classes = logits.shape[1]
        p = softmax(logits).transpose(1, 0, 2, 3).reshape(num_classes, -1)[:, label.reshape(-1) != 255]
        label = label[label != 255]
        chosen = range(num_classes) if isinstance(classes, str) else classes
        chosen = [c for c in chosen if classes != "present" or (label == c).any()]
        losses = [lovasz_extension(np.abs((label == c) - p[c]), label == c) for c in chosen]
        return float(np.mean(losses)) if losses else 0.0

    return loss


@pytest.mark.parametrize("classes", ["present", "all", [2, 0], [3]])
def test_it_equals_the_definition(numeric, classes):
    logits, label = numeric.random_case(shape=(2, 4, 4))
    label[label == 3] = 1  # one class is absent
    numeric.assert_agreement(LovaszSoftmaxLoss(classes=classes), oracle(numeric.softmax, classes), logits, label)


def test_a_case_by_hand():
    # Class 1 at pixels 0 and 1, probabilities .9, .4, .7; errors .1, .6, .7. Sorted: pixel 2 (union grows to 3: loss
    # 1/3), pixel 1 (intersection 1 of 3: 2/3), pixel 0 (0 of 3: 1); .7/3 + .6/3 + .1/3.
    # Class 0 at pixel 2 has the same errors: pixel 2 (loss 1 at once), and nothing is added: .7.
    p = np.array([0.9, 0.4, 0.7])
    logits = paddle.to_tensor(np.log([[[1 - p], [p]]]))
    loss = LovaszSoftmaxLoss()(logits, paddle.to_tensor([[[1, 1, 0]]]))
    assert float(loss) == pytest.approx(((0.7 + 0.6 + 0.1) / 3 + 0.7) / 2)


def test_a_perfect_hard_prediction_has_the_loss_0_and_a_wrong_one_that_of_its_iou():
    label = paddle.to_tensor([[[0, 0, 1, 1]]])

    def loss(predicted):
        one_hot = np.eye(2)[predicted].T[None, :, None]
        return float(LovaszSoftmaxLoss()(paddle.to_tensor(one_hot * 200.0), label))

    assert loss([0, 0, 1, 1]) == pytest.approx(0, abs=1e-12)
    assert loss([0, 1, 1, 1]) == pytest.approx(1 - (1 / 2 + 2 / 3) / 2)


def test_equal_errors_have_one_value_whatever_their_order(numeric):
    logits = np.zeros((1, 3, 2, 4))
    label = np.array([[[0, 1, 2, 0], [255, 1, 1, 0]]])
    value, gradient = numeric.value_and_gradient(LovaszSoftmaxLoss(), logits, label)
    assert value == pytest.approx(oracle(numeric.softmax)(logits, label))
    assert np.isfinite(gradient).all()


def test_float32_resolves_the_steps_of_many_pixels():
    # 2 million pixels, every other one of the class: float32 losses near 1 are farther apart than a tenth of a step.
    count = 1 << 21
    foreground = np.arange(count) % 2 == 0
    found, others = np.cumsum(foreground), np.cumsum(~foreground)
    steps = np.diff(1 - (count / 2 - found) / (count / 2 + others), prepend=0)  # algorithm 1 in float64
    errors = paddle.linspace(1, 0, count, dtype="float32")
    weights = lovasz_weights(errors, paddle.to_tensor(foreground), paddle.ones([count], "bool")).numpy()
    np.testing.assert_allclose(weights, steps, rtol=1e-4, atol=1e-15)


@pytest.mark.parametrize("classes", ["present", "all", [3, 0]])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_numpy_and_the_kernels_give_the_same(monkeypatch, classes, dtype):
    rng = np.random.default_rng(3)
    logits = rng.normal(0, 2, (2, 6, 40, 30)).astype(dtype)
    label = rng.integers(0, 5, (2, 40, 30))  # class 5 is absent
    logits += 3 * np.eye(6)[label].transpose(0, 3, 1, 2).astype(dtype)
    label[rng.random(label.shape) < 0.2] = 255
    results = []
    for eager in (True, False):
        monkeypatch.setattr(lovasz_softmax, "computes_eagerly_on_cpu", lambda eager=eager: eager)
        tensor = paddle.to_tensor(logits, stop_gradient=False)
        loss = LovaszSoftmaxLoss(classes=classes)(tensor, paddle.to_tensor(label))
        loss.backward()
        results.append((loss.numpy(), tensor.grad.numpy()))
    (loss, gradient), (wanted_loss, wanted_gradient) = results
    assert loss.dtype == wanted_loss.dtype == np.dtype(dtype)
    tolerance = 1e-5 if dtype == "float32" else 1e-12
    np.testing.assert_allclose(loss, wanted_loss, rtol=tolerance)
    np.testing.assert_allclose(gradient, wanted_gradient, rtol=0, atol=tolerance * np.abs(wanted_gradient).max())


def test_all_pixels_ignored_give_0_and_no_gradient():
    logits = paddle.ones([1, 3, 4, 4])
    logits.stop_gradient = False
    loss = LovaszSoftmaxLoss()(logits, paddle.full([1, 4, 4], 255, "int64"))
    loss.backward()
    assert float(loss) == 0 and not logits.grad.numpy().any()


@pytest.mark.parametrize("place", [(0, 0, 0, 0), (0, 1, 3, 3)])
def test_a_logit_that_is_no_number_reaches_the_loss(place):
    logits = np.zeros((1, 3, 4, 4), np.float32)
    logits[place] = np.nan
    label = paddle.to_tensor(np.arange(16).reshape(1, 4, 4) % 2)
    assert np.isnan(float(LovaszSoftmaxLoss()(paddle.to_tensor(logits), label)))


def test_ignored_pixels_weigh_nothing():
    valid = paddle.to_tensor([True, False, True])
    weights = lovasz_weights(paddle.to_tensor([0.5, 0.9, 0.2]), paddle.to_tensor([True, False, False]), valid)
    np.testing.assert_allclose(weights.numpy(), [1, 0, 0])


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ("some", "found 'some'; it must be one of present, all or a list of integers"),
        ([], "the list is empty"),
        ([1, 1], "each class may stand there once"),
        ([-1], "each must be 0 or more"),
    ],
)
def test_other_classes_are_refused(classes, message):
    with pytest.raises(ValueError, match=f"classes: .*{message}|classes: {message}"):
        LovaszSoftmaxLoss(classes=classes)
