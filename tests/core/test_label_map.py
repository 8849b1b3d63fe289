# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The label map against dense interpolation and against paddle."""

import numpy as np
import paddle
import pytest

from paddleseg.core.label_map import label_map


def dense_logits(logits, size_hw):
    """Bilinear upsampling of (K, h, w) by two matrices in float64: the definition, written down."""

    def matrix(source, target):
        weights = np.zeros((target, source))
        for i in range(target):
            position = min(max((i + 0.5) * source / target - 0.5, 0), source - 1)
            before = int(position)
            weights[i, before] += 1 - (position - before)
            weights[i, min(before + 1, source - 1)] += position - before
        return weights

    rows, columns = matrix(logits.shape[1], size_hw[0]), matrix(logits.shape[2], size_hw[1])
    return np.einsum("yh,khw,xw->kyx", rows, logits.astype(np.float64), columns)


def street_like_logits(seed, num_classes, height, width):
    """Smooth logits, so that regions of one class and borders both occur."""
    coarse = np.random.default_rng(seed).normal(size=(num_classes, 3, 4))
    return (10 * dense_logits(coarse, (height, width))).astype(np.float32)


@pytest.mark.parametrize("size_hw", [(128, 192), (127, 185), (121, 192), (8, 8), (1, 1), (33, 300)])
def test_label_map_is_the_argmax_of_the_dense_upsampled_logits(size_hw):
    grid = tuple(-(-side // 8) for side in size_hw)
    logits = np.stack([street_like_logits(seed, 7, *grid) for seed in (0, 1)])
    labels = label_map(logits, size_hw)
    assert labels.dtype == np.uint8
    assert labels.shape == (2, *size_hw)
    for one, found in zip(logits, labels):
        dense = dense_logits(one, size_hw)
        best = dense.max(axis=0)
        chosen = np.take_along_axis(dense, found[None].astype(np.intp), axis=0)[0]
        # Engines may differ only where the best two classes are as good as equal.
        assert (best - chosen <= 1e-5 * np.abs(dense).max()).all()
        assert (found == dense.argmax(axis=0)).mean() > 0.999


def test_white_noise_where_every_cell_is_a_border_gives_the_same():
    logits = np.random.default_rng(2).normal(size=(1, 5, 40, 40)).astype(np.float32)
    labels = label_map(logits, (320, 320))  # more pixels than one chunk
    assert (labels[0] == dense_logits(logits[0], (320, 320)).argmax(axis=0)).mean() > 0.9999


def test_label_map_equals_paddle_interpolate_and_argmax():
    logits = street_like_logits(3, 11, 45, 60)[None]
    full = paddle.nn.functional.interpolate(paddle.to_tensor(logits), [360, 480], mode="bilinear")
    expected = full.argmax(axis=1).numpy()
    assert (label_map(logits, (360, 480)) == expected).mean() > 0.9999


def test_ties_go_to_the_lowest_class():
    logits = np.zeros((1, 4, 3, 3), np.float32)
    logits[:, 1:3] = 1.0 / 3.0
    assert (label_map(logits, (24, 24)) == 1).all()


def test_a_single_class_gives_zeros():
    assert (label_map(np.ones((1, 1, 2, 2), np.float32), (16, 16)) == 0).all()


def test_a_class_that_wins_only_between_grid_points_is_found():
    # Class 2 is second at both points and beats both in the middle.
    logits = np.array([9.0, 0.0, 0.0, 9.0, 8.0, 8.0], np.float32).reshape(1, 3, 1, 2)
    assert label_map(logits, (1, 16)).tolist() == [[[0, 0, 0, 0, 0] + [2] * 6 + [1, 1, 1, 1, 1]]]
