# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The benchmark of label errors: what it plants and counts."""

from types import SimpleNamespace

import pytest

from benchmark import label_errors
from benchmark.label_faults import draw_road_scenes
from paddleseg.utils.errors import ConfigError


def test_each_error_changes_its_pixels_alone_to_another_class():
    before = [pair.label for pair in draw_road_scenes(12, 1, (512, 256)).train]
    labels = list(before)
    planted = label_errors.spoil_some(labels, 9, 19, seed=0)
    assert sorted(error.kind for error in planted.values()) == sorted(["another class", "left out", "invented"] * 3)
    for index, (old, new) in enumerate(zip(before, labels)):
        changed = old != new
        assert (changed == planted[index].mask).all() if index in planted else not changed.any()
        assert changed.sum() == 0 or (changed.sum() >= label_errors.SIZES[0] and (new[changed] < 19).all())
    assert label_errors.spoil_some(list(before), 9, 19, seed=0).keys() == planted.keys()
    with pytest.raises(ConfigError, match="--errors 13"):
        label_errors.spoil_some(list(before), 13, 19, seed=0)


def test_an_error_counts_once():
    regions = [SimpleNamespace(index=index) for index in (4, 7, 4, 9)]
    answers = label_errors.hits([(0.0, region) for region in regions], lambda region: region.index != 7)
    assert answers == [True, False, False, True]
