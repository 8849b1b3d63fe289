# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Sums of losses."""

import paddle
import pytest

from paddleseg.losses import CrossEntropyLoss, DiceLoss, LovaszSoftmaxLoss, MixedLoss


def test_it_is_the_weighted_sum(numeric):
    logits, label = (paddle.to_tensor(array) for array in numeric.random_case())
    parts = [CrossEntropyLoss(), DiceLoss(), LovaszSoftmaxLoss()]
    expected = sum(float(part(logits, label)) * factor for part, factor in zip(parts, (0.5, 2.0, 0.0)))
    assert float(MixedLoss(parts, [0.5, 2.0, 0.0])(logits, label)) == pytest.approx(expected)
    assert float(MixedLoss([MixedLoss(parts, [0.5, 2.0, 0.0])], [3])(logits, label)) == pytest.approx(3 * expected)


def test_parts_see_the_same_label_in_any_order(numeric):
    logits, label = (paddle.to_tensor(array) for array in numeric.random_case())
    parts = [CrossEntropyLoss(), DiceLoss(), LovaszSoftmaxLoss()]
    forth, back = MixedLoss(parts, [1, 1, 1]), MixedLoss(parts[::-1], [1, 1, 1])
    assert float(forth(logits, label)) == pytest.approx(float(back(logits, label)))


def test_functions_of_logits_and_label_are_losses_too(numeric):
    logits, label = (paddle.to_tensor(array) for array in numeric.random_case())
    loss = MixedLoss([lambda logits, label: logits.mean(), CrossEntropyLoss()], [2.0, 1.0])
    expected = 2 * float(logits.mean()) + float(CrossEntropyLoss()(logits, label))
    assert float(loss(logits, label)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("losses", "coef", "message"),
    [
        (1, [1.0, 0.4], r"coef: found \[1.0, 0.4\]; it must have one number per loss, which are 1"),
        (2, [1.0], r"coef: found \[1.0\]; it must have one number per loss, which are 2"),
        (2, [1.0, -0.4], "coef: found"),
        (0, [], "losses: the list is empty"),
    ],
)
def test_losses_and_coefficients_must_fit(losses, coef, message):
    with pytest.raises(ValueError, match=message):
        MixedLoss([CrossEntropyLoss()] * losses, coef)


def test_names_of_losses_are_no_losses():
    with pytest.raises(ValueError, match=r"MixedLoss: losses: found \['DiceLoss'\]; it must be a list of losses"):
        MixedLoss(["DiceLoss"], [1])
