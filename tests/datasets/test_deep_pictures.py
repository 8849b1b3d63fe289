# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures of 16 bits in a data set: the same values with and without a cache, and the key that states their range."""

import cv2
import numpy as np
import pytest

from paddleseg.datasets import Dataset
from paddleseg.transforms import Normalize, RandomHorizontalFlip, RandomPaddingCrop, ResizeStepScaling
from paddleseg.utils.errors import ArgumentError
from tests.datasets.cached import KINDS, make, samples
from tests.messages import naming


@pytest.fixture
def root(tmp_path, pairs):
    pairs(tmp_path, [(32, 24)] * 2)
    random = np.random.default_rng(0)
    for index in range(2):
        cv2.imwrite(str(tmp_path / f"images/{index}.png"), random.integers(0, 4096, (24, 32, 3)).astype(np.uint16))
    return tmp_path


def stored(root, index):
    return cv2.imread(str(root / f"images/{index}.png"), cv2.IMREAD_UNCHANGED)[:, :, ::-1]


@KINDS
def test_samples_have_the_values_of_the_range_with_and_without_a_cache(root, kind):
    for value_range, high in ((None, 65535), ([0, 4095], 4095), (None, 65535)):
        dataset = make(root, kind, mode="val", value_range=value_range)
        for sample in [*samples(dataset), *samples(dataset)]:  # the second time from the cache
            index = int(sample["path"][-5])
            assert sample["img"].dtype == np.float32
            np.testing.assert_allclose(sample["img"], stored(root, index) * (255 / high), rtol=1e-6)


def test_crops_for_training_keep_the_levels(root):
    transforms = [ResizeStepScaling(0.5, 2.0), RandomPaddingCrop([16, 16]), RandomHorizontalFlip(), Normalize()]
    dataset = Dataset("train", str(root), transforms, 4, train_path="train.txt", value_range=[0, 4095])
    levels = set(np.unique(dataset.sample(0, np.random.default_rng(0))["img"]).tolist())
    assert len(levels) > 256  # 8 bits have no more


@pytest.mark.parametrize("wrong", [[4095, 0], [0], "4095"])
def test_a_wrong_range_is_named(root, wrong):
    with pytest.raises(ArgumentError, match=naming("value_range", "[low, high]")):
        make(root, "none", value_range=wrong)
