# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Online hard example mining against a plain sort in numpy and against cases worked out by hand.

Two classes with logits (0, z): the probability of class 1 is 1 / (1 + exp(-z)), so any probability can be set.
"""

import numpy as np
import paddle
import pytest

from paddleseg.losses import OhemCrossEntropyLoss, functional


def two_class_logits(probabilities):
    """(1, 2, 1, P) logits whose class 1 has these probabilities."""
    p = np.asarray(probabilities, "float64")
    z = np.log(p / (1 - p))
    return paddle.to_tensor(np.stack([np.zeros_like(z), z])[None, :, None].astype("float32"), stop_gradient=False)


def label_of_ones(count, ignored=()):
    label = np.ones((1, 1, count), "int64")
    label[0, 0, list(ignored)] = 255
    return paddle.to_tensor(label)


def mean_loss(*probabilities):
    return float(np.mean(-np.log(probabilities)))


def oracle(logits, label, thresh, min_kept, weight=None, ignore_index=255):
    """The order of work of the authors' code: softmax, gather, argsort, threshold, mean."""
    logits = logits.transpose(0, 2, 3, 1).reshape(-1, logits.shape[1]).astype("float64")
    label = label.reshape(-1)
    valid = label != ignore_index
    logits, label = logits[valid], label[valid]
    if len(label) == 0:
        return 0.0
    log_p = logits - logits.max(1, keepdims=True)
    log_p -= np.log(np.exp(log_p).sum(1, keepdims=True))
    losses = -log_p[np.arange(len(label)), label]
    p = np.exp(-losses)
    threshold = max(thresh, np.sort(p)[min(min_kept, len(p) - 1)])
    if weight is not None:
        losses = losses * np.asarray(weight)[label]
    kept = p < threshold
    return float(losses[kept].mean()) if kept.any() else 0.0


def test_thresh_decides_when_more_pixels_than_min_kept_are_hard():
    # Sorted: .2 .4 .6 .8; place 1 is .4, below thresh .7: pixels below .7 are kept.
    loss = OhemCrossEntropyLoss(thresh=0.7, min_kept=1)
    assert float(loss(two_class_logits([0.8, 0.2, 0.6, 0.4]), label_of_ones(4))) == pytest.approx(
        mean_loss(0.2, 0.4, 0.6), rel=1e-5
    )


def test_min_kept_decides_when_too_few_pixels_are_hard():
    # Place 2 is .8, above thresh .3: the two pixels below .8 are kept, although only one is below .3.
    loss = OhemCrossEntropyLoss(thresh=0.3, min_kept=2)
    assert float(loss(two_class_logits([0.9, 0.2, 0.6, 0.8]), label_of_ones(4))) == pytest.approx(
        mean_loss(0.2, 0.6), rel=1e-5
    )


def test_min_kept_beyond_the_valid_pixels_means_the_easiest_of_them_is_left_out():
    logits = two_class_logits([0.9, 0.5, 0.6, 0.01])
    for min_kept in (2, 3, 4, 100):  # of 3 valid ones; the authors' code has p[min(min_kept, 3 - 1)] as the threshold
        loss = OhemCrossEntropyLoss(thresh=0.1, min_kept=min_kept)
        assert float(loss(logits, label_of_ones(4, ignored=[3]))) == pytest.approx(mean_loss(0.5, 0.6), rel=1e-5)
    above_all = OhemCrossEntropyLoss(thresh=0.95, min_kept=100)
    assert float(above_all(logits, label_of_ones(4, ignored=[3]))) == pytest.approx(mean_loss(0.9, 0.5, 0.6), rel=1e-5)
    alone = OhemCrossEntropyLoss(thresh=0.1, min_kept=100)
    assert float(alone(logits, label_of_ones(4, ignored=[0, 1, 3]))) == 0.0


@pytest.mark.parametrize(
    ("min_kept", "kept", "kept_by_paddleseg"), [(10, 10, 9), (29, 29, 28), (30, 29, 30), (31, 29, 30), (100, 29, 30)]
)
def test_as_many_pixels_are_kept_as_by_the_authors_and_not_by_paddleseg(min_kept, kept, kept_by_paddleseg):
    # The code of PaddleSeg d7975e7c was run on this case; its rule is written out below.
    random = np.random.default_rng(0)
    logits = paddle.to_tensor(random.normal(0, 1, (1, 3, 5, 8)).astype("float32"), stop_gradient=False)
    label = random.integers(0, 3, (1, 5, 8))
    label.reshape(-1)[:10] = 255
    OhemCrossEntropyLoss(thresh=0.05, min_kept=min_kept)(logits, paddle.to_tensor(label)).backward()
    assert np.count_nonzero(np.abs(logits.grad.numpy()).sum(1)) == kept
    probabilities = paddle.nn.functional.softmax(logits, 1).numpy()[0].reshape(3, -1)
    valid = probabilities[label.reshape(-1)[10:], np.arange(10, 40)]
    theirs = valid < np.sort(valid)[min_kept - 1] if min_kept < valid.size else np.ones(valid.size, bool)
    assert theirs.sum() == kept_by_paddleseg


def test_pixels_tied_with_the_threshold_are_left_out():
    # Place 1 is .6 and so is place 2: only .2 is strictly below.
    loss = OhemCrossEntropyLoss(thresh=0.3, min_kept=1)
    assert float(loss(two_class_logits([0.6, 0.2, 0.6, 0.9]), label_of_ones(4))) == pytest.approx(
        mean_loss(0.2), rel=1e-5
    )


@pytest.mark.parametrize(
    ("probabilities", "ignored", "min_kept"),
    [([0.6, 0.6, 0.6], [], 0), ([0.2, 0.3], [0, 1], 1)],
    ids=["nothing below the threshold", "all ignored"],
)
def test_nothing_kept_gives_zero_loss_and_zero_gradients(probabilities, ignored, min_kept):
    logits = two_class_logits(probabilities)
    loss = OhemCrossEntropyLoss(thresh=0.5, min_kept=min_kept)(logits, label_of_ones(len(probabilities), ignored))
    loss.backward()
    assert float(loss) == 0.0
    assert (logits.grad.numpy() == 0).all()


def test_class_weights_multiply_the_losses_but_not_the_choice():
    logits = paddle.to_tensor(np.array([[[[0.0, 0.0, 0.0]], [[1.0, -1.0, 3.0]]]], "float32"))
    label = paddle.to_tensor(np.array([[[1, 0, 1]]]))
    losses = np.log1p(np.exp([-1.0, -1.0, -3.0]))  # pixels 0 and 1 have probability .73, pixel 2 .95
    loss = OhemCrossEntropyLoss(thresh=0.9, min_kept=1, weight=[10.0, 2.0])(logits, label)
    assert float(loss) == pytest.approx((2 * losses[0] + 10 * losses[1]) / 2, rel=1e-5)


@pytest.mark.parametrize("min_kept", [0, 50, 400, 5000])
@pytest.mark.parametrize("thresh", [0.05, 0.3, 0.9, 1.0])
@pytest.mark.parametrize("weight", [None, [0.5, 1.0, 2.0, 1.5, 0.1]])
def test_it_equals_the_plain_sort_on_random_logits(thresh, min_kept, weight):
    random = np.random.default_rng(int(thresh * 100) + min_kept)
    logits = random.normal(0, 2, (2, 5, 16, 20)).astype("float32")
    label = random.integers(0, 5, (2, 16, 20))
    label[random.random(label.shape) < 0.2] = 255
    loss = OhemCrossEntropyLoss(thresh, min_kept, weight=weight)(paddle.to_tensor(logits), paddle.to_tensor(label))
    assert float(loss) == pytest.approx(oracle(logits, label, thresh, min_kept, weight), rel=1e-5)


@pytest.mark.parametrize("min_kept", [0, 1, 100, 639, 640, 10**6])
@pytest.mark.parametrize("ignored", [0, 0.3, 0.999, 1])
@pytest.mark.parametrize("levels", [3, 10**6], ids=["many ties", "few ties"])
def test_numpy_selects_the_pixels_that_paddle_selects(min_kept, ignored, levels, monkeypatch):
    random = np.random.default_rng(min_kept)
    losses = paddle.to_tensor((random.integers(0, levels, (2, 16, 20)) * (3 / levels)).astype("float32"))
    valid = paddle.to_tensor(random.random((2, 16, 20)) >= ignored)
    for thresh in (0.2, 0.9, 1.0):
        by_numpy = functional.hard_pixels(losses, valid, thresh, min_kept)
        with monkeypatch.context() as patch:
            patch.setattr(functional, "computes_eagerly_on_cpu", lambda: False)
            by_paddle = functional.hard_pixels(losses, valid, thresh, min_kept)
        np.testing.assert_array_equal(by_numpy.numpy(), by_paddle.numpy())


def test_gradients_equal_finite_differences_of_the_oracle():
    random = np.random.default_rng(3)
    logits = random.normal(0, 1, (1, 3, 4, 5))
    label = random.integers(0, 3, (1, 4, 5))
    label[0, 0, 0] = 255
    tensor = paddle.to_tensor(logits.astype("float32"), stop_gradient=False)
    OhemCrossEntropyLoss(0.5, 4)(tensor, paddle.to_tensor(label)).backward()
    expected = np.zeros_like(logits)
    for place in np.ndindex(*logits.shape):
        shifted = [logits.copy(), logits.copy()]
        for array, sign in zip(shifted, (1, -1)):
            array[place] += sign * 1e-5
        expected[place] = (oracle(shifted[0], label, 0.5, 4) - oracle(shifted[1], label, 0.5, 4)) / 2e-5
    np.testing.assert_allclose(tensor.grad.numpy(), expected, atol=1e-5)


@pytest.mark.parametrize("arguments", [{"thresh": 0}, {"thresh": 1.5}, {"min_kept": -1}])
def test_values_out_of_range_are_refused_by_name(arguments):
    with pytest.raises(ValueError, match=next(iter(arguments))):
        OhemCrossEntropyLoss(**arguments)
