# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Messages on one wrong value in an otherwise valid configuration."""

import pytest

from paddleseg.config.build import build_losses, build_transforms
from paddleseg.config.load import load_config
from paddleseg.config.schema import check_config
from paddleseg.datasets import SegmentationDataset
from paddleseg.registry import MODELS
from paddleseg.utils.errors import ConfigError
from tests.config.messages import message_of
from tests.messages import assert_names


@pytest.mark.parametrize(
    ("opt", "message"),
    [
        (
            "batch_sise=4",
            "--opts: batch_sise: there is no such key. Did you mean 'batch_size'? Known: ",
        ),
        ("batch_size=0", "--opts: batch_size: found 0; it must be 1 or more"),
        ("batch_size=2.5", "--opts: batch_size: found 2.5; it must be an integer"),
        ("iters=0", "--opts: iters: found 0; it must be 1 or more"),
        ("epochs=-1", "--opts: epochs: found -1; it must be 1 or more"),
        ("grad_accum_steps=0", "--opts: grad_accum_steps: found 0; it must be 1 or more"),
        ("ema_decay=1", "--opts: ema_decay: found 1; it must be from 0 to below 1"),
        ("max_skipped_steps=-1", "--opts: max_skipped_steps: found -1; it must be 0 or more"),
        ("seed=-1", "--opts: seed: found -1; it must be 0 or more"),
        ("to_static_training=1", "--opts: to_static_training: found 1; it must be True or False"),
        ("model=DDRNet_23", "--opts: model: found 'DDRNet_23'; it must be a mapping of keys to values"),
        (
            "model.type=DDRNet_32",
            "--opts: model.type: no model 'DDRNet_32'. Did you mean 'DDRNet_23'? Known: DDRNet_23_slim, DDRNet_23, "
            "DDRNet_39",
        ),
        ("model.type=DDRNet_23_slm", "Did you mean 'DDRNet_23_slim'?"),
        ("model.type=ddrnet_23", "Did you mean 'DDRNet_23'?"),
        (
            "model.backbone=x",
            "--opts: model.backbone: DDRNet is its own backbone; remove it",
        ),
        (
            "model.padding_mode=same",
            "--opts: model.padding_mode: found 'same'; it must be one of official, paddleseg",
        ),
        (
            "model.num_classes=5",
            "--opts: model.num_classes: 5 here, but train_dataset.num_classes is 4 and val_",
        ),
        (
            "model.in_channels=1",
            "model.in_channels: 1 here, but train_dataset.img_channels is 3 and val_",
        ),
        (
            "loss.coef=[1]",
            "--opts: loss.coef: 1 weight for 2 model outputs (main, auxiliary); give 2, e.g. [1.0, 0.4]",
        ),
        ("loss.coef=[1,1,1]", "--opts: loss.coef: 3 weights for 2 model outputs"),
        ("loss.coef=1", "--opts: loss.coef: found 1; it must be a list of numbers"),
        ("loss.coef=[1,-1]", "--opts: loss.coef: found [1, -1]; it must be 0 or more"),
        (
            "model.augment=False",
            "loss.coef: 2 weights for 1 model output; give 1, e.g. [1.0], or set model.enable_",
        ),
        (
            "loss.weights=[1]",
            "--opts: loss.weights: there is no such key. Did you mean 'class_weights'? Known: types, coef",
        ),
        ("loss.types=[]", "--opts: loss.types: found []; it must be a list of losses"),
        (
            "loss.types=[{type: CrossEntropy}]",
            "--opts: loss.types.0.type: no loss 'CrossEntropy'. Did you mean 'CrossE",
        ),
        ("loss.types.0.min_kept=x", "--opts: loss.types.0.min_kept: found 'x'; it must be an integer"),
        ("loss.types.0.thresh=1.5", "--opts: loss.types.0.thresh: found 1.5; it must be above 0, at most 1"),
        (
            "loss.types.0.weight=[1, 2]",
            "--opts: loss.types.0.weight: 2 entries for 4 classes; give one per class",
        ),
        (
            "loss.types.0.ignore_index=0",
            "loss.types.0.ignore_index: 0 here, but train_dataset.ignore_index is 255",
        ),
        ("train_dataset.edge=True", "--opts: train_dataset.edge: found True; no loss here uses edge labels"),
        ("optimizer.type=Sgd2", "--opts: optimizer.type: no optimizer 'Sgd2'. Did you mean 'SGD'?"),
        ("optimizer.momentum=1", "--opts: optimizer.momentum: found 1.0; it must be from 0 to below 1"),
        (
            "optimizer.learning_rate=1",
            "--opts: optimizer.learning_rate: the learning rate belongs under lr_scheduler",
        ),
        ("lr_scheduler.learning_rate=0", "--opts: lr_scheduler.learning_rate: found 0.0; it must be above 0"),
        (
            "lr_scheduler.total_steps=3",
            "--opts: lr_scheduler.total_steps: the length of the training is iters or",
        ),
        ("lr_scheduler.warmup=3", "Did you mean 'warmup_iters'?"),
        (
            "train_dataset.type=CityScape",
            "--opts: train_dataset.type: no dataset 'CityScape'. Did you mean 'Cityscapes",
        ),
        (
            "train_dataset.shuffle=maybe",
            "--opts: train_dataset.shuffle: found 'maybe'; it must be True or False",
        ),
        ("train_dataset.transforms=3", "train_dataset.transforms: found 3; it must be a list"),
        (
            "train_dataset.transforms.0=Normalize",
            "train_dataset.transforms.0: found 'Normalize'; it must be a mapping",
        ),
        (
            "train_dataset.transforms.0.type=Resize2",
            "train_dataset.transforms.0.type: no transform 'Resize2'. Did you",
        ),
        ("train_dataset.transforms.0.min_scale_factor=0", "min_scale_factor: found 0.0; it must be above 0"),
        (
            "train_dataset.transforms.0.min_scale_factor=3",
            "transforms.0.min_scale_factor: found 3.0; it must not be above max_scale_factor, 1.25",
        ),
        ("val_dataset.num_classes=5", "val_dataset.num_classes is 5; they must be equal"),
        ("val_dataset.apply_exif=False", "val_dataset.apply_exif is False; they must be equal"),
        ("loss.types=[{}]", "--opts: loss.types.0.type: missing; name a loss. "),
        (
            "val_dataset.transforms=[{type: RandomPaddingCrop}, {type: Normalize}]",
            "--opts: val_dataset.transforms.0: RandomPaddingCrop with these arguments is random; evaluation,",
        ),
        (
            "val_dataset.transforms=[{type: Resize, interp: RANDOM}, {type: Normalize}]",
            "--opts: val_dataset.transforms.0: Resize with these arguments is random",
        ),
        (
            "export.transforms=[{type: ResizeByShort, short_size: [8, 9]}, {type: Normalize}]",
            "--opts: export.transforms.0: ResizeByShort with these arguments is random",
        ),
        (
            "val_dataset.transforms.0.mean=[0.4]",
            "training.yml:22: val_dataset.transforms.0: mean [0.4] and std [0.5] here, but mean [0.5] and std [0.5] at "
            "train_dataset.transforms.1; they must be equal",
        ),
        (
            "val_dataset.transforms=[]",
            "--opts: val_dataset.transforms: no Normalize here, but mean [0.5] and std [0.5] at train_dataset.tra",
        ),
        (
            "export.transforms=[{type: Normalize, mean: [0.5, 0.5, 0.4], std: [0.5, 0.5, 0.5]}]",
            "--opts: export.transforms.0: mean [0.5, 0.5, 0.4] and std",
        ),
        (
            "val_dataset.palette=[[0, 0, 0], [0, 0, 256], [1, 2, 3], [4, 5, 6]]",
            "--opts: val_dataset.palette.1: found [0, 0, 256]; it must be three integers from 0 to 255",
        ),
        ("val_dataset.palette=[[0, 0], [0, 0, 0], [1, 2, 3], [4, 5, 6]]", "palette.0: found [0, 0]; it must be three"),
        ("val_dataset.palette=[[0, 0, 0.5], [0, 0, 0], [1, 2, 3], [4, 5, 6]]", "palette.0: found [0, 0, 0.5]; it must"),
        ("val_dataset.palette=[1, 2, 3, [4, 5, 6]]", "val_dataset.palette.0: found 1; it must be three integers"),
        ("val_dataset.palette=[[0, 0, 0]]", "--opts: val_dataset.palette: 1 entries for 4 classes; give one per class"),
        ("val_dataset.palette=red", "--opts: val_dataset.palette: found 'red'; it must be a list of colours"),
        ("val_dataset.class_names=[a, b]", "--opts: val_dataset.class_names: 2 entries for 4 classes"),
        (
            "test_config.is_slide=True",
            "--opts: test_config.is_slide: crop_size and stride missing; add crop_size: [width, height]",
        ),
        ("test_config.scale=1", "--opts: test_config.scale: there is no such key. Did you mean 'scales'?"),
        ("export.transform=[]", "--opts: export.transform: there is no such key. Did you mean 'transforms'?"),
        (
            "export.transforms=[{type: Resise}]",
            "--opts: export.transforms.0.type: no transform 'Resise'. Did you mean 'R",
        ),
        ("distill_loss.coef=[1]", "--opts: distill_loss: the teacher stands in the configuration here"),
        ("uniform_output_enabled=True", "--opts: uniform_output_enabled: a run and an export always write"),
        ("use_multilabel=True", "--opts: use_multilabel: each pixel has exactly one class here"),
        ("log_ranks=0", "--opts: log_ranks: rank 0 logs"),
        ("print_mem_info=True", "--opts: print_mem_info: the log says once how much memory"),
        ("learning_rate.value=0.1", "--opts: learning_rate: this is lr_scheduler.learning_rate here"),
        ("iters=10000000000", "--opts: iters: found 10000000000; it must be 1 or more, at most 1000000000"),
        (f"iters={10**30}", f"--opts: iters: found '{10**30}'; it must be an integer"),
        ("seed=2147483648", "--opts: seed: found 2147483648; it must be 0 or more, at most 2147483647"),
        ("lr_scheduler.learning_rate=1e300", "it must be above 0 (at least 1e-30), at most 1000000"),
        ("loss.coef=[1,1e300]", "--opts: loss.coef: found [1, 1e+300]; it must be 0 or more, at most 1000000"),
        (
            "train_dataset.transforms=[{type: RandomPaddingCrop, crop_size: [1000000000, 8]}, {type: Normalize}]",
            "transforms.0.crop_size: found [1000000000, 8]; it must be 1 or more, at most 65536",
        ),
        (
            "train_dataset.transforms.0.scale_step_size=1e-12",
            "transforms.0.scale_step_size: 1e-12 makes more than 10000 factors; give 0 to draw any",
        ),
        ("val_dataset.transforms.0.mean=[1e300]", "mean: found [1e+300]; it must be from -1000000 to 1000000"),
        ("val_dataset.transforms.0.std=[1e-300]", "std: found [1e-300]; it must be from 0.000001 to 1000000"),
        (
            "test_config={aug_eval: True, scales: [1e9]}",
            "scales: found [1000000000.0]; it must be above 0, at most",
        ),
        (
            "optimizer.grad_clip_cfg={name: [ClipGradByNorm]}",
            "optimizer.grad_clip_cfg.name: found ['ClipGradByNorm']",
        ),
        ("loss.types=[{type: BoundaryLoss, theta: 1000000001}]", "theta: found 1000000001; it must be an odd number"),
        ("epochs\n\x1b[2J=1", "--opts: epochs\\n\\x1b[2J: there is no such key."),
        (f"seed={'x' * 9000}", "xxx'; it must be an integer"),
    ],
)
def test_one_wrong_value_makes_one_line(training_yaml, opt, message):
    found = message_of(training_yaml, opt)
    assert message in found
    assert found.isprintable() and len(found) < 1600


def test_label_maps_have_no_more_classes_than_fit_into_8_bits(write_yaml):
    path = write_yaml("model: {type: DDRNet_23_slim, num_classes: 1000}\n")
    assert "model.num_classes: found 1000; it must be from 1 to 255" in message_of(path, command="export")


def test_the_number_of_classes_fits_into_a_label_of_8_bits(training_yaml):
    opts = ["train_dataset.num_classes=300", "val_dataset.num_classes=300"]
    assert "train_dataset.num_classes: found 300; it must be from 1 to 255" in message_of(training_yaml, *opts)
    for number, fits in ((255, True), (256, False)):
        opts = [f"train_dataset.num_classes={number}", f"val_dataset.num_classes={number}"]
        assert (message_of(training_yaml, *opts) == "") is fits
        try:
            SegmentationDataset([], mode="val", num_classes=number)
        except ConfigError:
            assert not fits
        else:
            assert fits


def test_training_with_one_class_is_refused(training_yaml):
    opts = ["train_dataset.num_classes=1", "val_dataset.num_classes=1"]
    assert message_of(training_yaml, *opts).startswith("--opts: train_dataset.num_classes: found 1; then every")
    assert message_of(training_yaml, *opts, command="val") == ""


def test_a_type_that_is_a_list_is_no_type(write_yaml):
    message = message_of(write_yaml("model: {type: [DDRNet_23], num_classes: 3}\n"), command="export")
    assert "config.yml:1: model.type: no model ['DDRNet_23']. " in message


@pytest.mark.parametrize("command", ["train", "val", "predict", "export"])
def test_a_network_for_a_task_that_is_not_there_is_refused_with_one_that_is(command, write_yaml, monkeypatch):
    monkeypatch.setattr(MODELS["DDRNet_23_cls"], "task", "DepthTask")
    message = message_of(write_yaml("model: {type: DDRNet_23_cls, num_classes: 4}\n"), command=command)
    assert_names(message, "model.type:", "DDRNet_23_cls", "DepthTask", "Did you mean 'DDRNet_")


def test_a_schedule_may_follow_the_loss_or_the_score_of_the_task(training_yaml):
    opts = "lr_scheduler={type: ReduceOnPlateau, learning_rate: 0.1, metric: Acc}"
    assert "lr_scheduler.metric: found 'Acc'; it must be one of loss, mIoU" in message_of(training_yaml, opts)
    assert message_of(training_yaml, opts.replace("Acc", "mIoU"), do_eval=True) == ""


def test_losses_are_one_for_all_outputs_or_one_each(training_yaml):
    cross_entropy = "{type: CrossEntropyLoss}"
    assert message_of(training_yaml, f"loss.types=[{cross_entropy}, {cross_entropy}]") == ""
    message = message_of(training_yaml, f"loss.types=[{cross_entropy}, {cross_entropy}, {cross_entropy}]")
    assert message.startswith("--opts: loss.types: 3 losses for 2 weights in coef; give one loss for all outputs")


def test_normalisation_may_be_written_in_two_ways_and_for_three_channels(training_yaml):
    same = "[{type: Resize}, {type: Normalize, mean: [0.5, 0.5, 0.5], std: [0.5]}]"
    assert message_of(training_yaml, f"export.transforms={same}") == ""


def test_random_transforms_are_refused_one_by_one(training_yaml):
    for kind in ("ResizeStepScaling", "RandomHorizontalFlip", "RandomVerticalFlip", "RandomDistort"):
        option = f"val_dataset.transforms=[{{type: {kind}}}, {{type: Normalize}}]"
        assert f"val_dataset.transforms.0: {kind} with these arguments is random" in message_of(training_yaml, option)


def test_null_gives_the_default_back(training_yaml):
    options = ["model.pretrained=None", "loss.types.0.weight=null", "loss.types.0.thresh=null"]
    options += ["train_dataset.transforms.0.min_scale_factor=None", "optimizer.momentum=~", "train_dataset.mode=None"]
    config = load_config(training_yaml, opts=options)
    check_config(config)
    [(loss, _), _] = build_losses(config)
    assert loss.thresh == 0.7
    assert build_transforms(config, "train_dataset")[0].min_scale_factor == 0.75
    assert message_of(training_yaml, "lr_scheduler.learning_rate=None").startswith(
        "--opts: lr_scheduler.learning_rate: missing; PolynomialDecay needs it"
    )


def test_train_dataset_may_say_whether_to_shuffle(training_yaml):
    assert message_of(training_yaml, "train_dataset.shuffle=False") == ""
    assert "val_dataset.shuffle: Dataset has no such argument" in message_of(training_yaml, "val_dataset.shuffle=True")
