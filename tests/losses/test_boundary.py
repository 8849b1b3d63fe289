# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Boundary loss against plain loops over windows and cases worked out by hand."""

import numpy as np
import paddle
import pytest

from paddleseg.losses import BoundaryLoss


def maximum_around(values, size):
    """Maximum of (H, W) values over the part of each pixel's window that lies in the picture."""
    height, width = values.shape
    result, radius = np.empty_like(values), size // 2
    for y, x in np.ndindex(height, width):
        result[y, x] = values[max(0, y - radius) : y + radius + 1, max(0, x - radius) : x + radius + 1].max()
    return result


def oracle(softmax, theta0, theta):
    def loss(logits, label):
        scores = []
        for probabilities, labels in zip(softmax(logits), label):
            known = maximum_around((labels == 255).astype(float), theta0) == 0
            for index, p in enumerate(probabilities):
                g = (labels == index).astype(float)
                actual = (maximum_around(1 - g, theta0) - (1 - g)) * known
                predicted = (maximum_around(1 - p, theta0) - (1 - p)) * known
                if actual.any():
                    precision = (predicted * maximum_around(actual, theta)).sum() / predicted.sum()
                    recall = (actual * maximum_around(predicted, theta)).sum() / actual.sum()
                    scores.append(2 * precision * recall / (precision + recall))
        return 1 - np.mean(scores) if scores else 0.0

    return loss


def blocks(shape=(2, 9, 10)):
    """A label with regions large enough to have an inside."""
    label = np.zeros(shape, int)
    label[:, :4, :5] = 1
    label[0, 5:, 3:8] = 2
    label[1, 6:, :] = 3
    return label


def logits_of(label, num_classes, confidence):
    return paddle.to_tensor(np.eye(num_classes)[label].transpose(0, 3, 1, 2) * confidence)


@pytest.mark.parametrize(("theta0", "theta"), [(3, 5), (3, 1), (5, 3), (7, 9)])
def test_it_equals_the_plain_windows(numeric, theta0, theta):
    logits, _ = numeric.random_case(shape=(2, 9, 10))
    label = blocks()
    label[0, 7:, 8:] = 255
    loss, plain = BoundaryLoss(theta0, theta), oracle(numeric.softmax, theta0, theta)
    value, gradient = numeric.value_and_gradient(loss, logits, label)
    assert value == pytest.approx(plain(logits, label))
    random = np.random.default_rng(1)
    for _ in range(12):  # the oracle is slow, so a part of the logits stands for all
        place, shifted = tuple(random.integers(0, logits.shape)), [logits.copy(), logits.copy()]
        for array, sign in zip(shifted, (1, -1)):
            array[place] += sign * 1e-6
        expected = (plain(shifted[0], label) - plain(shifted[1], label)) / 2e-6
        assert gradient[place] == pytest.approx(expected, abs=1e-7)


def test_a_hard_prediction_of_the_label_itself_has_the_loss_0():
    label = blocks()
    assert float(BoundaryLoss()(logits_of(label, 4, 200.0), paddle.to_tensor(label))) == pytest.approx(0, abs=1e-9)


def test_a_border_that_is_off_by_one_pixel_by_hand():
    # One row of 8 pixels, classes 0 and 1 with the border after 4 pixels, predicted after 5. Boundaries of class 0 are
    # pixel 3 in the label and 4 in the prediction; of class 1, 4 and 5: one apart.
    label, predicted = np.array([[[0, 0, 0, 0, 1, 1, 1, 1]]]), np.array([[[0, 0, 0, 0, 0, 1, 1, 1]]])
    logits, label = logits_of(predicted, 2, 200.0), paddle.to_tensor(label)
    assert float(BoundaryLoss(3, 3)(logits, label)) == pytest.approx(0, abs=1e-9)
    assert float(BoundaryLoss(3, 1)(logits, label)) == pytest.approx(1, abs=1e-9)


def test_precision_and_recall_by_hand():
    # Class 1 is pixels 4..11 in the label, so its boundary is 4 and 11; predicted are 4..7: boundary 4 and 7. With
    # theta 1, precision and recall are 1/2. Class 0 has 3 and 12 in the label and 3 and 8 in the prediction: 1/2 too.
    row = np.zeros((2, 16), int)
    row[0, 4:12] = 1
    row[1, 4:8] = 1
    label, logits = paddle.to_tensor(row[:1, None]), logits_of(row[1:, None], 2, 200.0)
    assert float(BoundaryLoss(3, 1)(logits, label)) == pytest.approx(0.5)
    # With theta 9 the boundary at 7 is near enough to both 4 and 11: precision 1, recall 1 for class 1. Class 0: 8 is
    # within 4 pixels of 12.
    assert float(BoundaryLoss(3, 9)(logits, label)) == pytest.approx(0, abs=1e-9)


def test_ignored_pixels_and_those_beside_them_make_no_boundary(numeric):
    # Class 1 borders on the ignored column only, whatever is predicted there.
    label = np.zeros((1, 6, 9), int)
    label[..., 4] = 255
    label[..., 5:] = 1
    logits, _ = numeric.random_case(num_classes=2, shape=(1, 6, 9))
    value, gradient = numeric.value_and_gradient(BoundaryLoss(), logits, label)
    assert value == 0 and (gradient == 0).all()


def test_what_is_predicted_at_ignored_pixels_does_not_matter(numeric):
    logits, _ = numeric.random_case(shape=(2, 9, 10))
    label = blocks()
    label[0, 6:8, 4:7] = 255
    value, gradient = numeric.value_and_gradient(BoundaryLoss(), logits, label)
    logits.transpose(0, 2, 3, 1)[label == 255] += 9 * np.random.default_rng(2).normal(size=4)
    assert numeric.value_and_gradient(BoundaryLoss(), logits, label)[0] == pytest.approx(value)
    assert (gradient.transpose(0, 2, 3, 1)[label == 255] == 0).all()


def test_a_picture_of_one_class_has_no_boundary_and_does_not_dilute_the_others(numeric):
    logits, _ = numeric.random_case(shape=(2, 9, 10))
    label = blocks()
    alone, _ = numeric.value_and_gradient(BoundaryLoss(), logits[:1], label[:1])
    label[1] = 2
    value, gradient = numeric.value_and_gradient(BoundaryLoss(), logits, label)
    assert value == pytest.approx(alone)
    assert (gradient[1] == 0).all() and np.abs(gradient[0]).max() > 0


def test_a_step_against_the_gradient_lowers_it(numeric):
    logits, _ = numeric.random_case(shape=(2, 9, 10))
    before, gradient = numeric.value_and_gradient(BoundaryLoss(), logits, blocks())
    after, _ = numeric.value_and_gradient(BoundaryLoss(), logits - 5 * gradient, blocks())
    assert after < before - 1e-4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"theta0": 1}, "theta0: found 1; it must be an odd number, 3 or more"),
        ({"theta0": 4}, "theta0: found 4"),
        ({"theta": 2}, "theta: found 2; it must be an odd number, 1 or more, at most 255"),
    ],
)
def test_windows_without_a_middle_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        BoundaryLoss(**arguments)
