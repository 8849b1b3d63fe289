# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Splits: sizes, groups, classes, seeds."""

from collections import Counter

import numpy as np
import pytest

from paddleseg.datasets.splitting import Unit, group_names, split_units
from paddleseg.utils.errors import ConfigError, DataError
from tests.messages import naming


def singles(count):
    return [Unit((f"{number}.png",)) for number in range(count)]


@pytest.mark.parametrize(
    ("count", "ratios", "sizes"),
    [
        (10, {"train": 0.8, "val": 0.2}, [8, 2]),
        (7, {"train": 0.8, "val": 0.2}, [6, 1]),
        (100, {"train": 0.7, "val": 0.2, "test": 0.1}, [70, 20, 10]),
        (100, {"train": 7, "val": 2, "test": 1}, [70, 20, 10]),
        (3, {"train": 0.98, "val": 0.01, "test": 0.01}, [1, 1, 1]),
        (4, {"train": 1, "val": 0}, [4]),
    ],
)
def test_parts_have_their_shares_and_none_is_empty(count, ratios, sizes):
    parts = split_units(singles(count), ratios, seed=0)
    assert len(parts) == count
    assert [Counter(parts.values())[mode] for mode in ratios if ratios[mode]] == sizes


def test_a_seed_gives_one_split_and_another_seed_another():
    splits = [split_units(singles(30), {"train": 0.5, "val": 0.5}, seed) for seed in (1, 1, 2)]
    assert splits[0] == splits[1] != splits[2]


def test_groups_stay_together_and_come_near_the_shares():
    names = [f"drive{drive}/{frame}.png" for drive in range(12) for frame in range(drive + 1)]
    groups = group_names(names, "folder")
    parts = split_units([Unit(group) for group in groups], {"train": 0.75, "val": 0.25}, seed=0)
    assert all(len({parts[name] for name in group}) == 1 for group in groups)
    assert Counter(parts.values())["train"] == pytest.approx(0.75 * len(names), abs=1)


def test_stratified_parts_have_equal_shares_of_rare_classes_and_splits_by_chance_do_not():
    rng = np.random.default_rng(0)
    pixels = rng.integers(500, 1000, (60, 3))
    pixels[:, 2] = np.where(rng.random(60) < 0.15, rng.integers(1, 100, 60), 0)
    ratios = {"train": 0.7, "val": 0.3}

    def share_of_the_rare_class(seed, *, stratify):
        units = [Unit((str(i),), row if stratify else None) for i, row in enumerate(pixels)]
        parts = split_units(units, ratios, seed)
        return sum(pixels[i, 2] for i in range(60) if parts[str(i)] == "val") / pixels[:, 2].sum()

    stratified = [share_of_the_rare_class(seed, stratify=True) for seed in range(5)]
    by_chance = [share_of_the_rare_class(seed, stratify=False) for seed in range(5)]
    assert max(abs(share - 0.3) for share in stratified) < 0.03
    assert max(abs(share - 0.3) for share in by_chance) > 0.1


@pytest.mark.parametrize(
    ("pattern", "groups"),
    [
        (None, [["a/x_1.png"], ["a/x_2.png"], ["a/y_10.png"], ["x_1.png"]]),
        ("folder", [["a/x_1.png", "a/x_2.png", "a/y_10.png"], ["x_1.png"]]),
        ("sequence", [["a/x_1.png", "a/x_2.png"], ["a/y_10.png"], ["x_1.png"]]),
        (r".*?([xy])_", [["a/x_1.png", "a/x_2.png", "x_1.png"], ["a/y_10.png"]]),
    ],
)
def test_groups_by_folder_by_sequence_and_by_an_expression(pattern, groups):
    names = ["a/x_1.png", "a/x_2.png", "a/y_10.png", "x_1.png"]
    assert group_names(names, pattern) == [tuple(group) for group in groups]


def test_too_few_units_wrong_shares_and_wrong_patterns_are_named():
    with pytest.raises(DataError, match=naming(4, "pictures", "1 group", "train, val")):
        split_units([Unit(tuple("abcd"))], {"train": 0.5, "val": 0.5}, 0)
    with pytest.raises(ConfigError, match=naming("val -1")):
        split_units(singles(4), {"train": 0.5, "val": -1}, 0)
    with pytest.raises(ConfigError, match=naming("--group (", "sequence")):
        group_names(["a"], "(")
    with pytest.raises(DataError, match=naming("b.png", "--group a")):
        group_names(["a.png", "b.png"], "a")
