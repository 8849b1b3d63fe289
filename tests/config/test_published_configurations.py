# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The recipes of published data sets: each trains one step on a small folder in the layout of its data set."""

import pytest

from paddleseg.config.load import load_config
from paddleseg.config.schema import check_config
from paddleseg.config.shared_values import shared_value
from tests.config.one_step import train_one_step
from tests.config.test_shipped_configs import TRAINABLE
from tests.datasets.published_folders import LAYOUTS, write_folder

KINDS = {layout.kind: layout for layout in reversed(LAYOUTS.values())}
OTHERS = {"PascalContext59", "AutoNUE19", "CocoStuff", "Cityscapes"}  # named in a header, a base file or a recipe above


def kind_of(path):
    return load_config(path).section("train_dataset").get("type")


RECIPES = {kind: path for path in TRAINABLE if (kind := kind_of(path)) in KINDS and kind != "Cityscapes"}


def test_every_published_data_set_has_a_recipe():
    assert {*RECIPES, *OTHERS} == set(KINDS)


@pytest.mark.parametrize("kind", RECIPES)
def test_a_recipe_trains_one_step_on_the_folder_of_its_data_set(kind, tmp_path):
    layout = KINDS[kind]
    root = write_folder(tmp_path / layout.root, layout, size_wh=(96, 80), block=8)
    opts = [f"{section}.dataset_root={root}" for section in ("train_dataset", "val_dataset")]
    small = {"crop_size": "[64, 64]", "target_size": "[96, 80]", "long_size": "96"}
    for place, transform in enumerate(load_config(RECIPES[kind]).section("train_dataset")["transforms"]):
        opts += [f"train_dataset.transforms.{place}.{key}={small[key]}" for key in small.keys() & transform.keys()]
    config = load_config(RECIPES[kind], opts=opts)
    check_config(config, do_eval=True)
    assert shared_value(config, "num_classes") == len(shared_value(config, "class_names"))
    train_one_step(config)
