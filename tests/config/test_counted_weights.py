# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""``loss.class_weights``: who gets the weights, what is refused, and a training with them."""

import re

import cv2
import numpy as np
import pytest

from paddleseg.config import counted_weights
from paddleseg.config.build import build_dataset, build_losses
from paddleseg.config.counted_weights import count_weights
from paddleseg.config.load import load_config
from paddleseg.config.schema import check_config
from paddleseg.cvlibs import Config, SegBuilder
from paddleseg.datasets import Dataset, RoadScenes
from paddleseg.datasets.class_counts import count_class_pixels
from paddleseg.losses.class_weights import class_weights
from paddleseg.utils.errors import ConfigError
from tests.config.messages import message_of
from tests.training.resumed import assert_same_state

TYPES = (
    "[{type: MixedLoss, coef: [1, 0.5], losses: [{type: CrossEntropyLoss}, {type: DiceLoss}]},"
    " {type: OhemCrossEntropyLoss, weight: [1, 2, 3, 4]}]"
)


@pytest.fixture
def weighted_yaml(write_yaml, tiny_config):
    """Two outputs; one of the three losses takes the counted weights, one has its own, one takes none."""
    return write_yaml(f"_base_: {tiny_config}\nloss: {{types: {TYPES}, class_weights: enet}}\n", "weighted.yml")


def expected_weights(config):
    return class_weights("enet", count_class_pixels(build_dataset(config, "train")))


def test_a_loss_inside_another_gets_them_and_one_with_its_own_keeps_them(weighted_yaml):
    config = load_config(weighted_yaml)
    check_config(config, command="train")
    [(mixed, _), (ohem, _)] = build_losses(config, build_dataset(config, "train"))
    cross_entropy, dice = mixed.losses
    np.testing.assert_allclose(cross_entropy.weight.numpy(), expected_weights(config), rtol=1e-6)
    assert dice.weight is None
    assert ohem.weight.tolist() == [1, 2, 3, 4]


def test_the_library_builds_the_same(weighted_yaml):
    [mixed, _] = SegBuilder(Config(weighted_yaml)).loss["types"]
    np.testing.assert_allclose(mixed.losses[0].weight.numpy(), expected_weights(load_config(weighted_yaml)), rtol=1e-6)


def test_without_a_data_set_they_are_refused(weighted_yaml):
    with pytest.raises(ConfigError, match="loss.class_weights: found no training data set; weights are counted from"):
        build_losses(load_config(weighted_yaml))


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (
            "{class_weights: balanced}",
            "loss.class_weights: found 'balanced'; it must be one of enet, inverse_log",
        ),
        (
            "{class_weights: enet, types: [{type: LovaszSoftmaxLoss}]}",
            "loss.class_weights: found enet, but none of the losses takes weights from here; these do: "
            "BootstrappedCrossEntropyLoss, CrossEntropyLoss, OhemCrossEntropyLoss",
        ),
        (
            "{class_weights: enet, types: [{type: CrossEntropyLoss, weight: [1, 1, 1, 1]}]}",
            "loss.class_weights: found enet, but none of the losses takes weights from here",
        ),
        ("{class_weight: enet}", "loss.class_weight: there is no such key. Did you mean 'class_weights'?"),
    ],
)
def test_what_cannot_work_is_refused_by_its_line(write_yaml, tiny_config, loss, message):
    path = write_yaml(f"_base_: {tiny_config}\nloss: {loss}\n", "wrong.yml")
    assert message in message_of(path)


def test_one_picture_whose_label_is_ignored_alone_gives_1_for_all_and_is_said(weighted_yaml, tiny_dataset, log):
    first = (tiny_dataset / "train.txt").read_text().splitlines()[0]
    (tiny_dataset / "train.txt").write_text(first + "\n")
    cv2.imwrite(str(tiny_dataset / first.split()[1]), np.full((48, 64), 255, np.uint8))
    config = load_config(weighted_yaml)
    [(mixed, _), _] = build_losses(config, build_dataset(config, "train"))
    assert mixed.losses[0].weight.tolist() == [1, 1, 1, 1]
    assert "class 0, class 1, class 2, class 3 never occur in the 1 labels; the weight is 1" in log.text


def test_an_ignored_class_is_not_said_to_be_missing(tiny_dataset, log):
    for file in tiny_dataset.glob("labels/train_*.png"):
        label = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
        label[label == 3] = 0
        cv2.imwrite(str(file), label)
    dataset = Dataset("train", str(tiny_dataset), [], 4, train_path="train.txt", ignore_index=0, label_map={255: 0})
    count_weights(dataset, "enet")
    assert "class_weights: class 3 never occurs in the 8 labels; the weight is 1" in log.text


def test_of_many_scenes_that_would_have_to_be_drawn_some_are_counted(log, monkeypatch):
    monkeypatch.setattr(counted_weights, "SAMPLES_READ", 3)
    scenes = RoadScenes([], num_samples=9, size=(64, 32))
    read = []
    monkeypatch.setattr(
        RoadScenes, "read", lambda self, index, real=RoadScenes.read: read.append(index) or real(self, index)
    )
    count_weights(scenes, "enet")
    assert read == [0, 3, 6]
    assert "class_weights enet, from 3 of 9 labels: " in log.text


@pytest.mark.slow
def test_a_training_warns_of_a_class_that_never_occurs_and_goes_on_exactly(train_here, tiny_dataset, tmp_path):
    for file in tiny_dataset.glob("labels/train_*.png"):
        label = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
        label[label == 3] = 0
        cv2.imwrite(str(file), label)
    options = {"loss.class_weights": "median_frequency", "lr_scheduler.decay_steps": 4}
    text = train_here(save_dir="straight", **options)
    assert "class_weights: class 3 never occurs in the 8 labels; the weight is 1" in text
    assert re.search(r"class_weights median_frequency, from 8 labels: class 0 [\d.]+, .*, class 3 1\n", text)
    train_here("--iters", 2, "--save_interval", 2, save_dir="parts", **options)
    train_here("--resume_model", "auto", save_dir="parts", **options)
    assert_same_state(tmp_path / "parts" / "iter_4", tmp_path / "straight" / "iter_4")
