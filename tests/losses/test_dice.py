# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Dice loss against plain numpy and cases worked out by hand."""

import numpy as np
import paddle
import pytest

from paddleseg.losses import DiceLoss


def oracle(softmax, smooth=1.0, weight=None):
    def loss(logits, label):
        num_classes = logits.shape[1]
        total = 0.0
        for probabilities, labels in zip(softmax(logits), label):
            for index in range(num_classes):
                p = probabilities[index][labels != 255]
                g = (labels[labels != 255] == index).astype(float)
                denominator = p.sum() + g.sum() + smooth
                dice = (2 * (p * g).sum() + smooth) / denominator if denominator else 1.0
                total += (1 - dice) * (1 if weight is None else weight[index])
        return total / (len(label) * num_classes)

    return loss


@pytest.mark.parametrize("smooth", [0.0, 1.0, 3.5])
@pytest.mark.parametrize("weight", [None, [0.5, 1.0, 0.0, 3.0]])
def test_it_equals_the_plain_sums(numeric, smooth, weight):
    logits, label = numeric.random_case()
    numeric.assert_agreement(DiceLoss(weight, smooth=smooth), oracle(numeric.softmax, smooth, weight), logits, label)


def test_a_case_by_hand():
    # Two pixels of classes 0 and 1, both with probabilities .75 and .25, smooth 1.
    # Class 0: 1 - (2 * .75 + 1) / (1.5 + 1 + 1) = 2/7; class 1: 1 - (2 * .25 + 1) / (.5 + 1 + 1) = .4.
    logits = paddle.to_tensor(np.log([[[[0.75, 0.75]], [[0.25, 0.25]]]]))
    loss = DiceLoss()(logits, paddle.to_tensor([[[0, 1]]]))
    assert float(loss) == pytest.approx((2 / 7 + 0.4) / 2)


@pytest.mark.parametrize("smooth", [0.0, 1.0])
def test_an_absent_class_has_the_loss_of_its_probabilities(numeric, smooth):
    logits, label = numeric.random_case(num_classes=3)
    label[label == 2] = 0
    numeric.assert_agreement(DiceLoss(smooth=smooth), oracle(numeric.softmax, smooth), logits, label)


def test_a_picture_without_valid_pixels_has_no_loss(numeric):
    logits, label = numeric.random_case()
    label[0] = 255
    for smooth in (0.0, 1.0):
        numeric.assert_agreement(DiceLoss(smooth=smooth), oracle(numeric.softmax, smooth), logits, label)


def test_a_class_can_be_the_ignored_one(numeric):
    logits, label = numeric.random_case(ignored=0)
    label[label == 1] = 255
    expected = oracle(numeric.softmax)(logits, label)
    label[label == 255] = 1
    assert numeric.value_and_gradient(DiceLoss(ignore_index=1), logits, label)[0] == pytest.approx(expected)


def test_a_negative_smooth_is_refused():
    with pytest.raises(ValueError, match="smooth: found -1; it must be 0 or more"):
        DiceLoss(smooth=-1)
