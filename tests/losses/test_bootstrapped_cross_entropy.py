# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Bootstrapped cross entropy against a plain sort and cases worked out by hand."""

import numpy as np
import paddle
import pytest

from paddleseg.losses import BootstrappedCrossEntropyLoss


def oracle(softmax, min_K, loss_th, weight=None):
    def loss(logits, label):
        means = []
        for p, labels in zip(softmax(logits), label):
            p, labels = p.transpose(1, 2, 0)[labels != 255], labels[labels != 255]
            losses = -np.log(p[np.arange(len(labels)), labels])
            losses = np.sort(losses * (1 if weight is None else np.asarray(weight)[labels]))[::-1]
            kept = losses[losses > loss_th] if (losses > loss_th).sum() > min_K else losses[:min_K]
            means.append(kept.mean() if len(kept) else 0.0)
        return float(np.mean(means))

    return loss


@pytest.mark.parametrize("min_K", [1, 5, 20, 1000])
@pytest.mark.parametrize("loss_th", [0.0, 0.7, 2.5])
@pytest.mark.parametrize("weight", [None, [0.5, 1.0, 0.0, 3.0]])
def test_it_equals_the_plain_sort(numeric, min_K, loss_th, weight):
    logits, label = numeric.random_case(shape=(2, 5, 6), ignored=0.4)
    loss = BootstrappedCrossEntropyLoss(min_K, loss_th, weight)
    numeric.assert_agreement(loss, oracle(numeric.softmax, min_K, loss_th, weight), logits, label)


def probabilities(*values):
    """Logits (1, 2, 1, P) of two classes and a label of zeros, whose probabilities are ``values``."""
    p = np.array([[[values]]])
    return paddle.to_tensor(np.log(np.concatenate([p, 1 - p], 1))), paddle.zeros([1, 1, len(values)], "int64")


def test_more_pixels_above_the_threshold_than_min_k_are_all_kept():
    # Losses above -ln .5: those of .1, .2 and .3, which are more than two.
    loss = BootstrappedCrossEntropyLoss(min_K=2, loss_th=-np.log(0.5))(*probabilities(0.1, 0.9, 0.2, 0.3, 0.8))
    assert float(loss) == pytest.approx(-np.log([0.1, 0.2, 0.3]).mean())


def test_no_more_pixels_above_the_threshold_than_min_k_are_filled_up():
    loss = BootstrappedCrossEntropyLoss(min_K=4, loss_th=-np.log(0.5))(*probabilities(0.1, 0.9, 0.2, 0.3, 0.8))
    assert float(loss) == pytest.approx(-np.log([0.1, 0.2, 0.3, 0.8]).mean())


def test_ties_at_min_k_are_cut_at_the_number():
    # Sorted: .1 .5 .5 .5; two are kept.
    loss = BootstrappedCrossEntropyLoss(min_K=2, loss_th=1.0)(*probabilities(0.5, 0.1, 0.5, 0.5))
    assert float(loss) == pytest.approx(-np.log([0.1, 0.5]).mean())


def test_ignored_pixels_do_not_fill_up():
    logits, label = probabilities(0.1, 0.9, 0.2, 0.3)
    label[0, 0, 1:3] = 255
    assert float(BootstrappedCrossEntropyLoss(3, 5.0)(logits, label)) == pytest.approx(-np.log([0.1, 0.3]).mean())


def test_pictures_are_averaged_whatever_they_keep(numeric):
    logits, label = numeric.random_case(ignored=0)
    label[0, 1:] = 255
    loss = BootstrappedCrossEntropyLoss(8, 1.0)
    alone = [numeric.value_and_gradient(loss, logits[i : i + 1], label[i : i + 1])[0] for i in range(2)]
    assert numeric.value_and_gradient(loss, logits, label)[0] == pytest.approx(np.mean(alone))


@pytest.mark.parametrize("arguments", [{"min_K": 0, "loss_th": 1.0}, {"loss_th": -1.0, "min_K": 3}])
def test_values_out_of_range_are_refused_by_name(arguments):
    with pytest.raises(ValueError, match=f"{next(iter(arguments))}: found"):
        BootstrappedCrossEntropyLoss(**arguments)
