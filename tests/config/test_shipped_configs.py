# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The configurations of this repository, and those of users of PaddleSeg and DDRNet_paddle."""

import re
from pathlib import Path

import pytest

from paddleseg.config import build
from paddleseg.config.load import load_config
from paddleseg.config.schema import check_config
from paddleseg.config.shared_values import shared_value
from paddleseg.transforms.transforms import Normalize

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = sorted((ROOT / "configs").rglob("*.yml"))
TRAINABLE = [path for path in SHIPPED if path.parent.name != "_base_"]
FOREIGN = sorted((ROOT / "tests" / "fixtures" / "configs").rglob("ddrnet/*.yml"))
IMAGENET = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def load_shipped(name: str):
    config = load_config(ROOT / "configs" / name)
    check_config(config, do_eval=True, check_files=False)
    return config


@pytest.mark.parametrize("path", TRAINABLE, ids=name_of)
def test_every_configuration_is_fit_for_training_and_the_other_commands(path):
    config = load_config(path)
    for command in ("train", "val", "predict", "export"):
        check_config(config, command=command, do_eval=True, check_files=False)


@pytest.mark.parametrize("path", [path for path in SHIPPED if path not in TRAINABLE], ids=name_of)
def test_every_base_is_complete_with_a_model(path):
    is_classification = "ImageFolder" in path.read_text(encoding="utf-8")
    config = load_config(path, opts=["model.type=DDRNet_23" + "_cls" * is_classification])
    check_config(config, command="val", check_files=False)


@pytest.mark.parametrize("path", TRAINABLE, ids=name_of)
def test_every_header_says_hardware_time_command_and_result(path):
    header = path.read_text(encoding="utf-8").split("\n\n")[0]
    for word in ("Hardware:", "Time:", "Command:", "Result:"):
        assert f"# {word}" in header
    assert f"configs/{path.relative_to(ROOT / 'configs').as_posix()}" in header


@pytest.mark.parametrize("path", TRAINABLE, ids=name_of)
def test_training_and_evaluation_normalise_alike(path):
    config = load_config(path)
    train, val = (build.build_transforms(config, f"{mode}_dataset")[-1] for mode in ("train", "val"))
    assert isinstance(train, Normalize) and isinstance(val, Normalize)
    assert (train.mean, train.std) == (val.mean, val.std)


@pytest.mark.parametrize("path", SHIPPED, ids=name_of)
def test_every_dump_loads_to_the_same(path, tmp_path):
    config = load_config(path)
    config.dump(tmp_path / "dump.yml")
    assert load_config(tmp_path / "dump.yml").data == config.data


def test_the_camvid_recipe_has_its_published_numbers():
    config = load_shipped("camvid/ddrnet23_slim_camvid_cpu.yml")
    data = config.data
    assert (data["batch_size"], data["iters"]) == (8, 2000)
    assert data["model"] == {"type": "DDRNet_23_slim", "enable_auxiliary_loss": True}
    assert data["loss"] == {
        "types": [{"type": "OhemCrossEntropyLoss", "thresh": 0.9, "min_kept": 40000}],
        "coef": [1, 0.4],
    }
    assert data["optimizer"] == {"type": "SGD", "momentum": 0.9, "weight_decay": 0.0005}
    schedule = build.build_lr_schedule(config, build.total_iters(config, batches_per_epoch=45))
    assert schedule.rate_at(0) == 0.001
    assert schedule.rate_at(50) == pytest.approx((0.001 + 0.05) / 2)
    assert schedule.rate_at(100) == 0.05
    assert schedule.rate_at(1050) == pytest.approx(0.05 * 0.5**0.9)
    assert schedule.rate_at(2000) == 0.0
    scaling, crop, _, jitter, normalize = data["train_dataset"]["transforms"]
    assert [scaling[f"{which}_scale_factor"] for which in ("min", "max")] == [0.5, 2.0]
    assert scaling["scale_step_size"] == 0.25
    assert crop["crop_size"] == [320, 256]
    assert {jitter[f"{what}_range"] for what in ("brightness", "contrast", "saturation")} == {0.4}
    assert (normalize["mean"], normalize["std"]) == IMAGENET
    assert shared_value(config, "num_classes") == 11


@pytest.mark.parametrize("model", ["DDRNet_23_slim", "DDRNet_23", "DDRNet_39"])
def test_the_official_recipe_is_the_same_for_the_three_sizes(model):
    file_name = model.replace("_23", "23").replace("_39", "39").lower()
    data = load_shipped(f"ddrnet/{file_name}_cityscapes_1024x1024_120k_official.yml").data
    assert data["model"] == {"type": model, "enable_auxiliary_loss": True, "padding_mode": "official"}
    assert (data["batch_size"], data["iters"]) == (3, 120000)
    [loss] = data["loss"]["types"]
    assert (loss["thresh"], loss["min_kept"], data["loss"]["coef"]) == (0.9, 131072, [1, 0.4])
    assert len(loss["weight"]) == 19 and sum(loss["weight"]) == pytest.approx(19.0, abs=0.02)
    assert data["optimizer"] == {"type": "SGD", "momentum": 0.9, "weight_decay": 0.0005}
    assert data["lr_scheduler"] == {
        "type": "PolynomialDecay",
        "learning_rate": 0.01,
        "end_lr": 0,
        "power": 0.9,
    }
    assert (
        data["val_dataset"]["transforms"][-1]["mean"],
        data["val_dataset"]["transforms"][-1]["std"],
    ) == IMAGENET


def test_there_are_configurations_of_both_kits():
    assert {path.relative_to(ROOT / "tests" / "fixtures" / "configs").parts[0] for path in FOREIGN} == {
        "paddleseg",
        "ddrnet_paddle",
    }
    assert len(FOREIGN) == 4


@pytest.mark.parametrize("path", FOREIGN, ids=name_of)
def test_configurations_of_other_kits_resolve_to_what_they_mean_there(path):
    config = load_config(path)
    for command in ("train", "val", "predict", "export"):
        check_config(config, command=command, do_eval=True, check_files=False)
    data = config.data
    assert (data["batch_size"], data["iters"]) == (3, 120000)
    assert data["model"]["type"] == "DDRNet_23"
    assert data["model"]["enable_auxiliary_loss"] is False
    assert data["optimizer"] == {"type": "SGD", "momentum": 0.9, "weight_decay": 0.0005}
    assert data["loss"] == {"types": [{"type": "OhemCrossEntropyLoss"}], "coef": [1]}
    assert data["train_dataset"]["transforms"][1] == {"type": "RandomPaddingCrop", "crop_size": [1024, 1024]}
    assert data["val_dataset"]["transforms"] == [{"type": "Normalize"}]
    schedule = build.build_lr_schedule(config, build.total_iters(config, batches_per_epoch=1))
    assert schedule.rate_at(0) == 0.01
    assert schedule.rate_at(60000) == pytest.approx(0.01 * 0.5**0.9)
    [(loss, weight)] = build.build_losses(config)
    assert (loss.thresh, loss.min_kept, loss.ignore_index, weight) == (0.7, 10000, 255, 1.0)
    assert shared_value(config, "num_classes") == 19
    assert "SGD, momentum 0.9, L2 weight decay 0.0005" in build.describe_optimizer(config)


def test_a_resize_for_export_is_read_from_the_tipc_configurations():
    path = ROOT / "tests/fixtures/configs/paddleseg/test_tipc/configs/ddrnet/ddrnet23_cityscapes_1024x1024_120k.yml"
    config = load_config(path)
    resize, normalize = build.build_transforms(config, "export")
    assert type(resize).__name__ == "Resize" and isinstance(normalize, Normalize)
    assert config.section("export")["transforms"][0]["target_size"] == [512, 512]


def test_the_paddleseg_recipe_of_this_repository_equals_paddleseg_but_for_the_named_padding_mode():
    name = "ddrnet/ddrnet23_cityscapes_1024x1024_120k.yml"
    ours = load_shipped(name).data
    theirs = load_config(ROOT / "tests/fixtures/configs/paddleseg/configs" / name).data
    assert ours["model"].pop("padding_mode") == "paddleseg"
    assert ours["loss"]["types"] == [{"type": "OhemCrossEntropyLoss", "thresh": 0.7, "min_kept": 10000}]
    ours["loss"]["types"] = theirs["loss"]["types"]
    assert ours == theirs


def test_a_pretrained_file_that_is_not_there_is_told_before_training():
    path = ROOT / "tests/fixtures/configs/ddrnet_paddle/configs/ddrnet/ddrnet23_cityscapes_1024x1024_120k.yml"
    with pytest.raises(ValueError, match=r"120k\.yml:9: model\.pretrained: there is no file 'DDRNet23_imagenet"):
        check_config(load_config(path), command="train")


@pytest.mark.parametrize("size", ["23_slim", "23", "39"])
def test_the_imagenet_recipes_have_the_numbers_of_mindspores_and_its_rate_rule(size):
    path = ROOT / f"configs/imagenet/ddrnet{size}_imagenet.yml"
    config = load_shipped(f"imagenet/ddrnet{size}_imagenet.yml")
    data = config.data
    num_cards = len(re.search(r"--gpus (\S+)", path.read_text(encoding="utf-8"))[1].split(","))
    batch = num_cards * data["batch_size"]
    assert data["epochs"] == 100 and data["model"] == {"type": f"DDRNet_{size}_cls", "drop_path": 0.1}
    per_epoch = 1281167 // batch
    schedule = build.build_lr_schedule(config, build.total_iters(config, per_epoch))
    assert data["lr_scheduler"]["warmup_iters"] == 10 * 1281167 // batch
    assert schedule.rate_at(0) == pytest.approx(1e-6 * batch / 256)
    assert schedule.rate_at(10 * 1281167 // batch) == pytest.approx(0.1 * batch / 256)
    assert schedule.rate_at(100 * per_epoch) == pytest.approx(1e-5 * batch / 256, rel=1e-3)
    assert data["task"] == {
        "type": "ClassificationTask", "mixup_alpha": 0.8, "cutmix_alpha": 1.0, "mix_prob": 1.0, "switch_prob": 0.5,
    }  # fmt: skip
    assert data["loss"]["types"] == [{"type": "SoftTargetCrossEntropyLoss", "label_smoothing": 0.1}]
    optimizer = data["optimizer"]
    assert (optimizer["momentum"], optimizer["nesterov"], optimizer["weight_decay"]) == (0.9, True, 1e-4)
    assert optimizer["no_decay_on_norm_and_bias"] and optimizer["grad_clip_cfg"]["clip_norm"] == 5
    augment, erasing = (data["train_dataset"]["transforms"][place] for place in (2, 3))
    assert augment == {"type": "RandAugment", "magnitude": 9, "magnitude_std": 0.5, "num_ops": 2, "prob": 0.5}
    assert erasing == {"type": "RandomErasing", "prob": 0.25}
    assert data["val_dataset"]["transforms"][0]["crop_pct"] == 0.875
