# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A classifier is trained, evaluated and kept by its top-1 accuracy, with the commands of segmentation."""

import json
import re

import pytest

from paddleseg.models.weights import read_weights
from paddleseg.utils.errors import ConfigError, DataError
from tests.conftest import REPOSITORY
from tests.messages import naming


@pytest.mark.slow
def test_a_classifier_learns_colours_and_val_gives_the_figures_of_training(train_classes, val_classes, tmp_path):
    log = train_classes("--iters", 30, "--save_interval", 15, "--do_eval")
    assert "[EVAL] The model with the best validation top1 (" in log and "mIoU" not in log
    assert "8 to 8 pictures each" in log
    meta = read_weights(tmp_path / "run/best_model/model.pdparams")[1]
    assert (meta["arch"], meta["num_classes"], meta["classes"]) == ("DDRNet_23_slim_cls", 3, ["apple", "leaf", "sea"])
    log = val_classes("--model_path", tmp_path / "run/best_model", "--json", tmp_path / "val.json")
    figures = json.loads((tmp_path / "val.json").read_text())
    assert figures["num_images"] == 12 and figures["top1"] == meta["metric"]["top1"] > 0.5
    assert sum(map(sum, figures["confusion_matrix"])) == 12
    assert f"[EVAL] #Images: 12 top1: {figures['top1']:.4f}\n" in log


@pytest.mark.parametrize(
    ("opts", "message"),
    [
        (["loss.types=[{type: CrossEntropyLoss}]"], naming("loss.types.0.type: CrossEntropyLoss is a loss of pixels")),
        (["loss.coef=[1, 0.4]"], naming("loss.coef: 2 weights for 1 model output; give 1, e.g. [1.0]")),
        (["train_dataset.num_classes=4", "val_dataset.num_classes=4"], naming("num_classes: found 4", "make it 3")),
        (["train_dataset.num_classes=4"], naming("num_classes: 4 here, but val_dataset.num_classes is 3")),
        (["model.num_classes=1"], naming("model.num_classes: found 1; it must be 2 or more")),
        (["test_config={is_slide: True}"], naming("test_config: has no effect")),
        (["train_dataset.type=RoadScenes"], naming("RoadScenes is no", "ClassDataset")),
        (["loss.class_weights=enet"], naming("loss.class_weights: found enet, but none of the losses")),
        (
            ["task={type: ClassificationTask, mixup_alpha: 0.8}", "batch_size=5"],
            naming("task.mixup_alpha: found 0.8, but the batch of 5 pictures", "make batch_size even"),
        ),
        (["batch_size=26"], naming("batch_size: 26 is more than the 24 training pictures")),
    ],
)
def test_what_does_not_go_together_is_told_in_one_line(opts, message, train_classes, tmp_path):
    with pytest.raises((ConfigError, DataError)) as caught:
        train_classes("--do_eval", opts=opts)
    assert not list((tmp_path / "run").glob("iter_*"))
    assert any(re.search(message, line) for line in str(caught.value).splitlines()), str(caught.value)


def test_one_picture_is_no_class_to_tell_from_others_and_one_of_each_is_less_than_a_batch(train_classes, class_folder):
    for picture in (class_folder / "train").glob("*/[1-7].jpg"):
        picture.unlink()
    with pytest.raises(DataError, match=naming("batch_size: 6 is more than the 3 training pictures")):
        train_classes()
    for name in ("leaf", "sea"):
        (class_folder / "train" / name).rename(class_folder / name)
    with pytest.raises(ConfigError, match=naming("train_dataset: num_classes: found 3", "has 1 class folder (apple)")):
        train_classes()


def test_a_loss_of_pictures_is_refused_for_label_maps(train_here):
    loss = "{types: [{type: SoftTargetCrossEntropyLoss}], coef: [1, 0.4]}"
    with pytest.raises(ConfigError, match=naming("loss.types.0.type", "is a loss of whole pictures, but pixels")):
        train_here(loss=loss)


def test_a_corrupt_picture_is_named_before_the_first_step(train_classes, class_folder, tmp_path):
    (class_folder / "train/leaf/2.jpg").write_bytes(b"no picture")
    with pytest.raises(DataError, match="train/leaf/2.jpg"):
        train_classes()
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_the_program_of_the_documentation_trains_and_evaluates(class_folder, tmp_path, monkeypatch):
    page = (REPOSITORY / "docs/imagenet.md").read_text(encoding="utf-8")
    [program] = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    for old, new in (
        ("12", "3"),
        ("data/mine", str(class_folder)),
        ("iters=1000", "iters=1"),
        ("batch_size=32", "batch_size=2"),
    ):
        assert old in program
        program = program.replace(old, new)
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(program, names)  # noqa: S102
    assert 0 <= names["scores"].values["top1"] <= 1 and (tmp_path / "output/iter_1").is_dir()
