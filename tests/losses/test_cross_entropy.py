# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Cross entropy against plain numpy."""

import numpy as np
import paddle
import pytest

from paddleseg.losses import CrossEntropyLoss


@pytest.fixture
def case():
    random = np.random.default_rng(0)
    logits = random.normal(0, 2, (2, 4, 6, 7)).astype("float32")
    label = random.integers(0, 4, (2, 6, 7))
    label[random.random(label.shape) < 0.3] = 255
    return logits, label


def pixel_losses(logits, label):
    """Losses and labels of the valid pixels."""
    logits = logits.transpose(0, 2, 3, 1).reshape(-1, logits.shape[1]).astype("float64")
    label = label.reshape(-1)
    logits, label = logits[label != 255], label[label != 255]
    return np.log(np.exp(logits).sum(1)) - logits[np.arange(len(label)), label], label


def run(loss, case):
    return float(loss(*map(paddle.to_tensor, case)))


def test_it_is_the_mean_over_the_pixels_that_are_not_ignored(case):
    assert run(CrossEntropyLoss(), case) == pytest.approx(pixel_losses(*case)[0].mean(), rel=1e-5)


def test_with_avg_non_ignore_off_ignored_pixels_count_in_the_denominator(case):
    expected = pixel_losses(*case)[0].sum() / case[1].size
    assert run(CrossEntropyLoss(avg_non_ignore=False), case) == pytest.approx(expected, rel=1e-5)


def test_class_weights_give_a_weighted_mean(case):
    weight = np.array([0.5, 1.0, 3.0, 0.0])
    losses, label = pixel_losses(*case)
    expected = (losses * weight[label]).sum() / weight[label].sum()
    assert run(CrossEntropyLoss(weight=weight.tolist()), case) == pytest.approx(expected, rel=1e-5)


def test_with_avg_non_ignore_off_and_weights_all_pixels_count_as_one(case):
    weight = np.array([0.5, 1.0, 3.0, 0.0])
    losses, label = pixel_losses(*case)
    expected = (losses * weight[label]).sum() / case[1].size
    loss = CrossEntropyLoss(weight=weight.tolist(), avg_non_ignore=False)
    assert run(loss, case) == pytest.approx(expected, rel=1e-5)


def test_top_k_percent_takes_the_pixels_of_highest_loss(case):
    losses, _ = pixel_losses(*case)
    kept = int(0.2 * case[1].size)
    expected = np.sort(losses)[::-1][:kept].mean()
    assert run(CrossEntropyLoss(top_k_percent_pixels=0.2), case) == pytest.approx(expected, rel=1e-5)


def test_a_share_below_one_pixel_takes_the_pixel_of_highest_loss(case):
    loss = run(CrossEntropyLoss(top_k_percent_pixels=1e-6), case)
    assert loss == pytest.approx(pixel_losses(*case)[0].max(), rel=1e-5)


@pytest.mark.parametrize("weight", [None, [1.0, 2.0, 3.0, 4.0]])
def test_all_pixels_ignored_gives_zero_loss_and_zero_gradients(case, weight):
    logits = paddle.to_tensor(case[0], stop_gradient=False)
    loss = CrossEntropyLoss(weight=weight)(logits, paddle.full([2, 6, 7], 255, "int64"))
    loss.backward()
    assert float(loss) == 0.0
    assert (logits.grad.numpy() == 0).all()


def test_another_ignore_index_is_honoured(case):
    logits, label = case
    other = np.where(label == 255, 9, label)
    assert run(CrossEntropyLoss(ignore_index=9), (logits, other)) == run(CrossEntropyLoss(), case)


def test_a_share_of_pixels_out_of_range_is_refused():
    with pytest.raises(ValueError, match="top_k_percent_pixels"):
        CrossEntropyLoss(top_k_percent_pixels=0)
