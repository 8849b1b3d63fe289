# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""``tools/make_class_crops.py``: windows sorted by majority class, and a classifier that learns to tell them apart."""

import json
from collections import Counter

import cv2
import numpy as np
import pytest

import train
import val
from paddleseg.datasets import ImageFolder, RoadScenes
from paddleseg.utils.errors import ConfigError, DataError
from tests.conftest import REPOSITORY
from tests.messages import naming
from tests.scripts import load_script

tool = load_script(REPOSITORY / "tools/make_class_crops.py")


def make(folder, *arguments):
    tool.main(tool.make_parser().parse_args([*map(str, ("--save_dir", folder, *arguments))]))


def test_windows_belong_to_the_class_that_has_the_larger_share_of_their_pixels(tmp_path, capsys):
    make(tmp_path / "crops", "--pictures", 4, 2, "--size", 64, "--least", 3)
    scenes = RoadScenes([], mode="train", num_samples=4, size=(512, 256))
    files = sorted((tmp_path / "crops/train").glob("*/*.png"))
    for file in files:
        index, row, column = map(int, file.stem.split("_"))
        sample = scenes.read(index)
        place = np.s_[row : row + 64, column : column + 64]
        np.testing.assert_array_equal(cv2.imread(str(file))[:, :, ::-1], sample["img"][place])
        assert (sample["label"][place] == scenes.class_names.index(file.parent.name)).mean() >= 0.6
    names = sorted(path.name for path in (tmp_path / "crops/train").iterdir())
    assert names == sorted(path.name for path in (tmp_path / "crops/val").iterdir()) and "road" in names
    assert f"{len(files)} training and" in capsys.readouterr().out
    assert min(len(list((tmp_path / "crops/train" / name).iterdir())) for name in names) >= 3


@pytest.mark.parametrize(
    ("pictures", "rows_of_sky", "of_each_picture"),
    [(9, (3, 3, 3), {0: 2, 1: 2, 2: 2}), (9, (3, 2, 1), {0: 3, 1: 2, 2: 1}), (2, (3, 3, 3, 3), {0: 3, 2: 3})],
)
def test_the_windows_of_a_class_come_from_all_pictures_in_proportion(pictures, rows_of_sky, of_each_picture, tmp_path):
    """Pictures of 4 x 4 windows: sky above, road below; --most 6 is less than the first picture has."""
    for index, rows in enumerate(rows_of_sky):
        label = np.full((64, 64), 3, np.uint8)
        label[: 16 * rows] = 0
        for mode in ("train", "val"):
            cv2.imwrite(str(tmp_path / f"{mode}_{index}_label.png"), label)
            cv2.imwrite(str(tmp_path / f"{mode}_{index}.png"), np.full((64, 64, 3), 100, np.uint8))
    for mode in ("train", "val"):
        lines = [f"{mode}_{index}.png {mode}_{index}_label.png\n" for index in range(len(rows_of_sky))]
        (tmp_path / f"{mode}.txt").write_text("".join(lines))
    given = ("--dataset", "CamVid", "--dataset_root", tmp_path, "--size", 16, "--least", 1, "--most", 6)
    make(tmp_path / "crops", *given, "--pictures", pictures, 1)
    files = [*(tmp_path / "crops/train/sky").iterdir()]
    assert Counter(int(file.name.partition("_")[0]) for file in files) == of_each_picture


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--size", 0), naming("--size 0: must be at least 1")),
        (("--size", 300), naming("--size 300: larger than the pictures, which have 512x256 pixels")),
        (("--most", 5), naming("--most 5: below --least 10")),
        (("--min_share", 1.5), naming("--min_share 1.5: must be above 0")),
        (("--dataset", "CamVid"), naming("--dataset_root: needed for CamVid")),
        (
            ("--least", 99, "--pictures", 1, 1),
            naming("RoadScenes: 0 classes have 99 training windows"),
        ),
    ],
)
def test_what_gives_no_data_set_is_told_in_one_line_and_nothing_is_left(arguments, message, tmp_path):
    with pytest.raises((ConfigError, DataError), match=message):
        make(tmp_path / "crops", *arguments)
    assert not list(tmp_path.iterdir())


CONFIG = """\
batch_size: 16
iters: 90
seed: 1
model: {{type: DDRNet_23_slim_cls}}
train_dataset:
  type: ImageFolder
  dataset_root: {root}
  num_classes: {classes}
  transforms:
    - {{type: RandomResizedCrop, size: [48, 48], scale: [0.4, 1.0]}}
    - {{type: RandomHorizontalFlip}}
    - {{type: Normalize}}
val_dataset:
  type: ImageFolder
  dataset_root: {root}
  num_classes: {classes}
  transforms:
    - {{type: ResizeCenterCrop, size: 48, crop_pct: 1.0}}
    - {{type: Normalize}}
optimizer: {{type: AdamW, weight_decay: 0.01}}
lr_scheduler: {{type: CosineAnnealingDecay, learning_rate: 0.002, warmup_iters: 10}}
loss: {{types: [{{type: SoftTargetCrossEntropyLoss, label_smoothing: 0.1}}], coef: [1]}}
"""


@pytest.mark.slow
def test_a_classifier_learns_the_windows_in_a_minute_and_is_far_above_chance(tmp_path):
    root = tmp_path / "crops"
    make(root, "--pictures", 40, 15, "--size", 64, "--most", 80)
    classes = len(list((root / "train").iterdir()))
    config = tmp_path / "crops.yml"
    config.write_text(CONFIG.format(root=root, classes=classes))
    given = ["--config", config, "--device", "cpu", "--num_workers", 0]
    train.main(train.make_parser().parse_args(list(map(str, [*given, "--save_dir", tmp_path / "run"]))))
    given += ["--model_path", tmp_path / "run/iter_90", "--json", tmp_path / "val.json"]
    val.main(val.make_parser().parse_args(list(map(str, given))))
    figures = json.loads((tmp_path / "val.json").read_text())
    always_the_same = ImageFolder("val", str(root), [], classes).class_counts().max() / figures["num_images"]
    assert classes >= 4 and figures["top1"] > always_the_same + 0.2
