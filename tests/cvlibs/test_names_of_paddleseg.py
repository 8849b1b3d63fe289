# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Python names that files written for PaddleSeg import: each works, or says what to import instead."""

import importlib
import importlib.util
import json
import pickle
import re
import subprocess
import sys

import numpy as np
import pytest

import paddleseg.core
from paddleseg.config.load import load_config
from paddleseg.config.paddleseg_names import LEFT_OUT
from paddleseg.config.schema import check_config
from paddleseg.core import predict, train
from paddleseg.cvlibs import Config, SegBuilder
from paddleseg.datasets import Dataset
from paddleseg.models.weight_formats import META_KEY
from paddleseg.registry import DATASETS, HOOKS
from paddleseg.training.hooks import Hook
from paddleseg.transforms import Compose, Normalize, RandomHorizontalFlip
from paddleseg.utils.errors import ConfigError, DataError
from paddleseg.utils.foreign_imports import FAMILIES, INSTEAD, advice_on
from paddleseg.utils.image_io import read_image, read_label
from paddleseg.utils.tensors import to_arrays


@pytest.mark.parametrize("name", INSTEAD)
@pytest.mark.parametrize("form", ["import {whole}", "from {package} import {last}", "from {whole} import anything"])
def test_a_name_that_is_not_here_fails_with_what_to_import(name, form):
    package, _, last = name.rpartition(".")
    if form.startswith("from {package}") and hasattr(paddleseg.core, last):
        return  # paddleseg.core.train is a function here and a module there
    with pytest.raises(ImportError) as caught:
        exec(form.format(whole=name, package=package, last=last))
    assert str(caught.value) == f"{name} is PaddleSeg's and not here: {INSTEAD[name]}"


IMPORTS = """
from paddleseg.models import BiSeNetV2 / paddle.nn
from paddleseg.models.deeplab import DeepLabV3P / DDRNet_23_slim
from paddleseg.models.layers import ConvBNAct / paddle.nn
from paddleseg.models.layers.layer_libs import SyncBatchNorm / paddle.nn
from paddleseg.datasets import PPHumanSeg14K / paddleseg.datasets.Dataset with list files
from paddleseg.datasets.drive import DRIVE / paddleseg.datasets.Dataset with list files
from paddleseg.cvlibs.manager import ComponentManager / paddleseg.registry.Registry
from paddleseg.utils.download import download_file_and_uncompress / shutil.unpack_archive
from paddleseg.utils.visualize import get_pseudo_color_map / palette_image
from paddleseg.utils.logger import setup_logger / paddleseg.utils.logging.get_logger
from paddleseg.utils import progbar / tracked of paddleseg.utils.progress
from paddleseg.core.train import train / from paddleseg.core import train
from paddleseg.core.infer import reverse_transform / predict_label_maps
from paddleseg.deploy.infer import DeployConfig / read_deploy_config
""".strip().splitlines()


@pytest.mark.parametrize("line", IMPORTS)
def test_lines_of_paddlesegs_tools_and_tutorials_are_told_what_to_write(line):
    statement, _, advice = line.partition(" / ")
    with pytest.raises(ImportError, match=re.escape(advice)):
        exec(statement)


@pytest.mark.parametrize(
    "name", ["ade.ADE20K", "cocostuff.CocoStuff", "optic_disc_seg.OpticDiscSeg", "pascal_context.PascalContext",
             "voc.PascalVOC"]
)  # fmt: skip
def test_data_sets_are_found_where_paddleseg_has_them(name):
    module, _, last = name.partition(".")
    assert getattr(importlib.import_module(f"paddleseg.datasets.{module}"), last) is DATASETS[last]


def test_transforms_are_found_where_paddleseg_has_them():
    from paddleseg.transforms.transforms import Compose as there
    from paddleseg.transforms.transforms import RandomHorizontalFlip as flip

    assert (there, flip) == (Compose, RandomHorizontalFlip)
    with pytest.raises(ImportError, match="cannot import name 'NoTransform'"):
        exec("from paddleseg.transforms.transforms import NoTransform")


@pytest.mark.parametrize(
    "module", ["models.layers", "utils.download", "utils.visualize", "utils.logger", "cvlibs.manager"]
)
def test_a_module_is_asked_for_names_as_any_other(module):
    module = importlib.import_module(f"paddleseg.{module}")
    last = {"layers": "ConvBNAct", "download": "download_pretrained_model", "visualize": "get_pseudo_color_map",
            "logger": "setup_logger", "manager": "ComponentManager"}[module.__name__.rpartition(".")[2]]  # fmt: skip
    for name in ("__wrapped__", "nowhere", last):
        assert not hasattr(module, name)
        assert getattr(module, name, 3) == 3
    with pytest.raises(AttributeError, match=f"{last} is PaddleSeg's and not here"):
        getattr(module, last)
    with pytest.raises(ImportError, match="cannot import name 'nowhere'"):
        exec(f"from {module.__name__} import nowhere")


@pytest.mark.parametrize("name", ["models.nope", "models.weightz", "models.layers.nope", "datasets.nope", "utils.nope"])
def test_a_name_that_paddleseg_has_not_is_missing_as_ever(name):
    name = f"paddleseg.{name}"
    importlib.import_module(name.rpartition(".")[0])
    assert importlib.util.find_spec(name) is None
    with pytest.raises(ModuleNotFoundError, match=f"No module named '{name}'"):
        importlib.import_module(name)
    package, _, last = name.rpartition(".")
    with pytest.raises(ImportError, match=f"cannot import name '{last}' from '{package}'"):
        exec(f"from {package} import {last}")


@pytest.mark.slow
def test_a_misspelt_name_of_ours_is_answered_with_the_right_one():
    code = "import paddleseg.models.layers as layers; layers.upsample_logit"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "Did you mean: 'upsample_logits'?" in done.stderr
    assert "networks" not in done.stderr


def test_all_networks_and_data_sets_that_a_configuration_is_advised_on_are_told_when_they_are_imported():
    without = {"model": {"UNETR", "VNet", "VNetDeepSup", "SwinUNet", "TransUNet", "nnFormer", "NNUNet"},
               "dataset": {"ACDC", "Abdomen", "LungCoronavirus", "MRISpineSeg", "MSDDataset", "msd_brain_dataset",
                           "MVTec_AD"}}  # fmt: skip
    for role, package in (("model", "models"), ("dataset", "datasets")):
        for name in LEFT_OUT[role].keys() - without[role]:  # those are of other packages of PaddleSeg's
            assert advice_on(f"paddleseg.{package}.{name}"), name


def test_nothing_of_ours_counts_as_paddlesegs_alone():
    for package, (names, _) in FAMILIES.items():
        module = importlib.import_module(package)
        assert not [name for name in names if hasattr(module, name)]
        for name in names:
            with pytest.raises(ImportError, match=f"{name} is PaddleSeg's and not here"):
                importlib.import_module(f"{package}.{name}")


def test_what_the_advice_names_is_there():
    for module, names in {
        "paddleseg.losses": ["CrossEntropyLoss"],
        "paddleseg.metrics.confusion": ["ConfusionMatrix"],
        "paddleseg.metrics.scores": ["mean_iou", "class_iou", "pixel_accuracy", "kappa", "mean_dice"],
        "paddleseg.models.weights": ["load_weights"],
        "paddleseg.models.pretrained": ["load_pretrained"],
        "paddleseg.training.hooks": ["Hook"],
        "paddleseg.inference.label_maps": ["predict_label_maps"],
        "paddleseg.deploy.deploy_config": ["read_deploy_config"],
        "paddleseg.export.folder": ["export_model"],
        "paddleseg.utils.picture_files": ["list_images"],
        "paddleseg.config.schema": ["check_config"],
        "paddleseg.training.ema": [],
        "paddleseg.registry": ["Registry"],
        "paddleseg.utils.logging": ["get_logger"],
        "paddleseg.utils.visualize": ["make_palette", "palette_image", "overlay"],
    }.items():
        assert any(module in advice for advice in INSTEAD.values()), module
        assert all(hasattr(importlib.import_module(module), name) for name in names)


def test_other_missing_modules_are_missing_as_ever():
    with pytest.raises(ModuleNotFoundError, match="No module named 'paddleseg.nowhere'"):
        importlib.import_module("paddleseg.nowhere")


def test_a_users_file_with_such_an_import_is_one_line_with_its_place(tiny_config, tmp_path):
    (tmp_path / "custom_loss_of_paddleseg.py").write_text("from paddleseg.models.losses import CrossEntropyLoss\n")
    config = load_config(tiny_config, opts=[f"custom_imports=[{tmp_path}/custom_loss_of_paddleseg.py]"])
    with pytest.raises(ConfigError, match=r"the losses are in paddleseg\.losses.*custom_loss_of_paddleseg\.py, line 1"):
        check_config(config)


def test_the_logger_is_the_one_of_the_toolkit(log):
    from paddleseg.utils import logger

    logger.info("from a user's file")
    assert "from a user's file" in log.text


def test_a_configuration_is_loaded_and_built_and_trained_as_in_paddleseg(tiny_config, tmp_path):
    config = Config(tiny_config, learning_rate=0.5, iters=1, opts=["lr_scheduler.power=0.8"])
    assert (config.batch_size, config.iters, config.to_static_training) == (2, 1, False)
    assert config.dic["lr_scheduler"] == dict(type="PolynomialDecay", learning_rate=0.5, end_lr=0, power=0.8)
    parts = SegBuilder(config)
    assert parts.model is parts.model
    assert len(parts.val_dataset) == 3
    train(
        parts.model, parts.train_dataset, optimizer=parts.optimizer, losses=parts.loss, iters=1, num_workers=0,
        batch_size=2, save_dir=str(tmp_path / "run"),
    )  # fmt: skip
    assert (tmp_path / "run" / "iter_1" / "model.pdparams").is_file()
    assert parts.lr_scheduler.last_epoch == 1


def test_a_wrong_configuration_is_refused_when_it_is_loaded_and_epochs_when_a_schedule_is_built(tiny_config):
    with pytest.raises(ConfigError, match="model.typ"):
        Config(tiny_config, opts=["model.typ=1"])
    with pytest.raises(ConfigError, match=r"tiny\.yml: iters is missing"):
        SegBuilder(Config(tiny_config, opts=["epochs=2"])).lr_scheduler  # noqa: B018


@pytest.mark.parametrize(
    ("option", "advice"),
    [
        ("freeze=[conv1]", "give paddleseg.core.train freeze="),
        ("distillation.teacher=run", "train with train.py"),
        ("task.type=SegmentationTask", "give paddleseg.core.train task="),
        ("hooks=[{type: Hook}]", "give paddleseg.core.train hooks="),
    ],
)
def test_what_only_train_py_does_is_not_passed_over_by_the_optimizer(option, advice, tiny_config, monkeypatch):
    monkeypatch.setitem(HOOKS._components, "Hook", Hook)
    losses = ["distillation.losses=[{type: ChannelWiseKLLoss, weight: 3}]"] * option.startswith("distillation")
    parts = SegBuilder(Config(tiny_config, opts=[option, *losses]))
    assert parts.model is not None
    with pytest.raises(ConfigError, match=advice):
        parts.optimizer  # noqa: B018


def test_classes_of_pretrained_weights_are_found_by_the_names_of_the_data_set(tiny_config, tmp_path):
    names = ["road", "sky", "tree", "car"]
    parts = SegBuilder(Config(tiny_config, opts=[f"train_dataset.class_names={names}"]))
    state = {**to_arrays(parts.model.state_dict()), META_KEY: json.dumps({"classes": names[::-1]})}
    (tmp_path / "other.pdparams").write_bytes(pickle.dumps(state))
    opts = [f"train_dataset.class_names={names}", f"model.pretrained={tmp_path / 'other.pdparams'}"]
    started = SegBuilder(Config(tiny_config, opts=opts)).model
    weight = "head.conv.weight"
    assert (started.state_dict()[weight].numpy() == state[weight][::-1]).all()


@pytest.mark.parametrize(
    ("part", "section"),
    [
        ("train_dataset", "train_dataset"), ("val_dataset", "val_dataset"), ("loss", "loss"),
        ("lr_scheduler", "lr_scheduler"), ("optimizer", "optimizer"),
    ],
)  # fmt: skip
def test_a_part_that_the_configuration_lacks_is_named(part, section, tmp_path):
    (tmp_path / "only_model.yml").write_text("model: {type: DDRNet_23_slim, num_classes: 2}\n")
    parts = SegBuilder(Config(tmp_path / "only_model.yml"))
    with pytest.raises(ConfigError, match=rf"only_model\.yml: {section} is missing"):
        getattr(parts, part)


def test_a_data_set_is_indexed_and_gives_normalised_samples(tiny_dataset):
    dataset = Dataset(
        mode="train", dataset_root=str(tiny_dataset), train_path=f"{tiny_dataset}/train.txt", num_classes=4,
        transforms=[RandomHorizontalFlip(prob=0.5), Normalize()],
    )  # fmt: skip
    image, label = dataset.file_list[2]
    expected = (read_image(image).transpose(2, 0, 1).astype("float32") / 255 - 0.5) / 0.5
    sample = dataset[2]
    if not np.allclose(sample["img"], expected, atol=1e-6):
        expected = expected[:, :, ::-1]
        assert (sample["label"] == read_label(label)[:, ::-1]).all()
    np.testing.assert_allclose(sample["img"], expected, atol=1e-6)
    assert (sample["img"].dtype, sample["label"].dtype) == (np.float32, np.int64)
    assert (dataset[2]["img"] == sample["img"]).all() and (dataset[-6]["img"] == sample["img"]).all()
    assert len(list(dataset)) == len(dataset) == 8
    with pytest.raises(IndexError, match="sample 8 of 8"):
        dataset[8]


def test_compose_is_taken_by_predict(tiny_dataset, tiny_config, tmp_path):
    image = str(tiny_dataset / "images" / "val_0.png")
    predict(
        SegBuilder(Config(tiny_config)).model,
        transforms=Compose([Normalize()]),
        image_list=[image],
        save_dir=tmp_path / "out",
    )
    assert (tmp_path / "out" / "label" / "val_0.png").is_file()
    with pytest.raises(ConfigError, match="to_rgb: found False"):
        Compose([Normalize()], to_rgb=False)


def test_compose_takes_files_and_gives_what_a_network_takes(tiny_dataset):
    picture, label = (str(tiny_dataset / folder / "val_0.png") for folder in ("images", "labels"))
    expected = (read_image(picture).transpose(2, 0, 1).astype("float32") / 255 - 0.5) / 0.5
    flips = []
    compose = Compose([RandomHorizontalFlip(prob=0.5), Normalize()])
    for _ in range(12):
        found = compose({"img": picture, "label": label})
        flips.append(not np.allclose(found["img"], expected, atol=1e-6))
        side = slice(None, None, -1 if flips[-1] else 1)
        np.testing.assert_allclose(found["img"], expected[:, :, side], atol=1e-6)
        assert (found["label"] == read_label(label)[:, side]).all()
    assert {*flips} == {True, False}
    array = Compose([Normalize()])({"img": read_image(picture)})
    np.testing.assert_allclose(array["img"], expected, atol=1e-6)
    grey = Compose([Normalize(mean=[0.5], std=[0.5])], img_channels=1)({"img": picture})
    assert grey["img"].shape == (1, 48, 64)
    with pytest.raises(DataError, match="nowhere.png: the picture does not exist"):
        compose({"img": "nowhere.png"})
