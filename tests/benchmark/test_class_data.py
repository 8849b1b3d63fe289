# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The benchmark of classifiers' data: both sides make arrays of the same form, and rates are samples per second."""

import numpy as np
import pytest

from benchmark import class_data


@pytest.fixture
def root(tmp_path):
    class_data.write_pictures(tmp_path, 4, (128, 96))
    return tmp_path


def test_both_sides_make_arrays_of_one_form_and_like_levels(root):
    dataset, plain = class_data.make_dataset(root), class_data.paddle_vision()
    ours, theirs = [], []
    for seed in range(30):
        image = dataset.sample(seed % 4, np.random.default_rng(seed))["img"]
        ours.append(dataset.pipeline.normalized_planes(image))
        theirs.append(plain(dataset.picture_name(seed % 4)))
        assert ours[-1].shape == theirs[-1].shape == (3, 224, 224) and theirs[-1].dtype == np.float32
    # Other random numbers, but the same pictures under the same kinds of changes.
    assert np.mean(ours) == pytest.approx(np.mean(theirs), abs=0.4)
    assert np.std(ours) == pytest.approx(np.std(theirs), rel=0.25)


def test_a_measurement_counts_samples_per_second(root):
    lines = class_data.measure(root, samples=3, rounds=2)
    names = ["class_data", "class_data_normalized", "class_data_no_hue", "class_data_recipe"]
    assert [line.name for line in lines] == names
    assert all(line.unit == "images/s" and line.value > 0 for line in lines)
    assert lines[0].ratio == pytest.approx(lines[0].value / lines[0].reference)
