# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A classifier is trained, evaluated and kept by its top-1 accuracy, with the commands of segmentation."""

import json
import re

import pytest

from paddleseg.core import train
from paddleseg.datasets import ImageFolder, RoadScenes
from paddleseg.losses import SoftTargetCrossEntropyLoss
from paddleseg.models import DDRNet_23_slim, DDRNet_23_slim_cls
from paddleseg.models.weights import read_weights
from paddleseg.optimizers import SGD
from paddleseg.reports.chart_files import is_chart
from paddleseg.reports.score_files import find_scores
from paddleseg.tasks import ClassificationTask
from paddleseg.transforms import Normalize, RandomHorizontalFlip, Resize
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


def test_a_run_leaves_its_curves_and_confusions_and_has_no_report_of_label_maps(train_classes, val_classes, tmp_path):
    train_classes("--do_eval", "--save_interval", 2, "--iters", 2)
    assert all(is_chart(tmp_path / "run" / name) for name in ("curves.png", "confusion_matrix.png"))
    scores = find_scores(tmp_path / "run")
    assert scores.matrix.sum() == 12 and list(scores.values) == ["top1"] and scores.content["step"] == 2
    with pytest.raises(ConfigError, match="--report: is for label maps, and ClassificationTask is scored otherwise"):
        val_classes("--model_path", tmp_path / "run/best_model", "--report", tmp_path / "report")
    assert not (tmp_path / "report").exists()


@pytest.mark.parametrize(
    ("opts", "message"),
    [
        (["loss.types=[{type: CrossEntropyLoss}]"], naming("loss.types.0.type: CrossEntropyLoss is a loss for pixels")),
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
        (
            ["task={type: ClassificationTask, mix_prob: 0.3, switch_prob: 0.2}"],
            naming("task.mix_prob: found 0.3, but nothing is mixed"),
        ),
        (
            ["task={type: ClassificationTask, mixup_alpha: 0.8, switch_prob: 0.2}"],
            naming("task.switch_prob: found 0.2, but it chooses between mixup and cutmix"),
        ),
        (
            ["model={type: DDRNet_23_slim}", "task={type: ClassificationTask}"],
            naming("task.type: ClassificationTask is not for DDRNet_23_slim", "DDRNet_23_slim_cls"),
        ),
        (
            ["val_dataset.class_names=[a, b, c]", "train_dataset.class_names=[c, a, b]"],
            naming("class 0 by name"),
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
    with pytest.raises(
        ConfigError, match=naming("loss.types.0.type", "is a loss for whole pictures, but this network learns pixels")
    ):
        train_here(loss=loss)


def test_a_corrupt_picture_is_named_before_the_first_step(train_classes, class_folder, tmp_path):
    (class_folder / "train/leaf/2.jpg").write_bytes(b"no picture")
    with pytest.raises(DataError, match="train/leaf/2.jpg"):
        train_classes()
    assert not (tmp_path / "run").exists()


def test_nothing_is_asked_of_mixing_that_is_off(train_classes):
    off = "task={type: ClassificationTask, mixup_alpha: 0, cutmix_alpha: 0, mix_prob: 1.0, switch_prob: 0.5}"
    never = "task={type: ClassificationTask, mixup_alpha: 0.8, mix_prob: 0}"
    for task in (off, never):
        train_classes("--iters", 1, opts=[task, "batch_size=5"])


def test_a_run_whose_classes_have_other_numbers_is_not_resumed(train_classes, class_folder, tmp_path):
    train_classes("--iters", 1, "--save_interval", 1)
    for mode in ("train", "val"):
        (class_folder / mode / "apple").rename(class_folder / mode / "zoo")
    message = naming("classes was apple, leaf, sea, now it is leaf, sea, zoo")
    with pytest.raises(ConfigError, match=message):
        train_classes("--iters", 2, "--resume_model", tmp_path / "run/iter_1")


def test_the_class_of_each_picture_is_part_of_a_run(class_folder):
    def identity():
        dataset = ImageFolder("train", str(class_folder), [], 3)
        return ClassificationTask([(SoftTargetCrossEntropyLoss(), 1.0)], dataset).identity()

    first = identity()
    (class_folder / "train/apple/7.jpg").rename(class_folder / "train/leaf/00.jpg")
    assert {name for name in first if identity()[name] != first[name]} == {
        "classes of the training pictures (checksum)"
    }


LOSSES = [(SoftTargetCrossEntropyLoss(), 1.0)]


def parts(root, num_classes=3):
    """A network, what it is trained on, and what it is evaluated on."""
    transforms = [Resize([40, 40]), Normalize()]
    return (
        DDRNet_23_slim_cls(num_classes),
        ImageFolder("train", str(root), transforms, 3),
        ImageFolder("val", str(root), transforms, 3),
    )


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda data, val: ClassificationTask([], data, val), "losses: not given; training needs it"),
        (lambda data, val: ClassificationTask(LOSSES), "train_dataset: not given; training needs it"),
        (lambda data, val: ClassificationTask([LOSSES[0][0]], data), "losses: give a list of a loss and its weight"),
        (lambda data, val: ClassificationTask({"types": LOSSES}, data), "losses: give a list of a loss and its weight"),
        (lambda data, val: ClassificationTask(LOSSES * 2, data), "losses: found 2; a classifier has one output"),
        (lambda data, val: ClassificationTask(LOSSES, RoadScenes([])), "train_dataset: found RoadScenes; give a Class"),
        (
            lambda data, val: ClassificationTask(LOSSES, data, val, cutmix_alpha=1.0),
            "ClassificationTask: cutmix_alpha: found 1.0, but the batch of 3 pictures is mixed with itself",
        ),
        (
            lambda data, val: ClassificationTask(LOSSES, data, flipped(val)),
            "RandomHorizontalFlip is random",
        ),
    ],
)
def test_a_program_is_told_what_its_task_lacks_before_the_first_step(make, message, class_folder, tmp_path):
    model, data, val = parts(class_folder)
    with pytest.raises(ConfigError, match=message):
        run_program(model, data, make(data, val), tmp_path)
    assert not (tmp_path / "run").exists()


def flipped(dataset):
    dataset.pipeline.transforms.append(RandomHorizontalFlip())
    return dataset


def run_program(model, data, task, tmp_path):
    settings = {"iters": 1, "batch_size": 3, "num_workers": 0, "save_dir": str(tmp_path / "run")}
    train(model, data, optimizer=SGD(model, 0.01), task=task, **settings)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (lambda: DDRNet_23_slim_cls(5), "num_classes: the network has 5 classes and the data set 3"),
        (lambda: DDRNet_23_slim(3), "the network gives list, but a classifier gives logits"),
    ],
)
def test_a_network_that_does_not_go_with_the_data_is_told_with_or_without_evaluation(
    model, message, class_folder, tmp_path
):
    _, data, val = parts(class_folder)
    for task in (ClassificationTask(LOSSES, data), ClassificationTask(LOSSES, data, val)):
        with pytest.raises(ConfigError, match=message):
            run_program(model(), data, task, tmp_path)
    with pytest.raises(ConfigError, match="val_dataset: not given; evaluation needs it"):
        ClassificationTask(LOSSES, data).evaluate(model())


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
