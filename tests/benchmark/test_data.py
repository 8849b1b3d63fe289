# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The data benchmark: both sides make the same samples, and it measures samples per second."""

import numpy as np
import pytest

from benchmark import data
from benchmark.reference_data import plain_sample


@pytest.fixture
def folder(tmp_path):
    data.write_pictures(tmp_path, 2, (128, 64))
    return tmp_path


def test_both_sides_make_the_same_samples_up_to_rounding(folder):
    dataset = data.make_dataset(folder, (48, 48), 19, None)
    scales = [0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0]
    for seed in range(40):
        ours = dataset.sample(seed % 2, np.random.default_rng(seed))
        image, label = plain_sample(*dataset.file_list[seed % 2], np.random.default_rng(seed), scales, (48, 48))
        np.testing.assert_array_equal(ours["label"], label)
        levels = image.transpose(1, 2, 0) * 127.5 + 127.5
        # A level for each rounding in 8 bits; turning the hue by Pillow, which cuts off, makes the most of it.
        assert np.abs(levels - ours["img"]).mean() < 3


def test_a_measurement_counts_samples_per_second(folder, tmp_path):
    dataset = data.make_dataset(folder, (48, 48), 19, tmp_path / "cache")
    line = data.measure("data_cached", dataset, (48, 48), samples=4, rounds=2)
    assert (line.name, line.unit) == ("data_cached", "images/s")
    assert line.value > 0 and line.ratio == pytest.approx(line.value / line.reference)
    assert len(list((tmp_path / "cache").glob("*.decoded"))) == 2


def test_drawn_pictures_stand_in_for_camvids(tmp_path, monkeypatch):
    monkeypatch.delenv("CAMVID_ROOT", raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(data, "_NUM_CAMVID", 1)
    folder = data.camvid_folder(tmp_path)
    assert data.make_dataset(folder, (360, 360), 19, None).read(0)["img"].shape == (360, 480, 3)
