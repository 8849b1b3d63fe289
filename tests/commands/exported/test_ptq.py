# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""deploy/slim/quant/ptq.py: from weights or an export to int8, and what it refuses before it loads anything."""

import importlib
import sys
from pathlib import Path

import pytest
import yaml

from paddleseg.deploy.deploy_config import read_deploy_config
from paddleseg.utils.errors import ConfigError, UserError
from tests.commands.exported.running import infer_here, labels_below
from tests.conftest import REPOSITORY
from tests.scripts import load_script

ptq = load_script(REPOSITORY / "deploy" / "slim" / "quant" / "ptq.py")
SCENES = {"type": "RoadScenes", "num_samples": 4, "size": [96, 64], "transforms": [{"type": "Normalize"}]}


def ptq_here(*arguments) -> None:
    ptq.main(ptq.make_parser().parse_args([str(argument) for argument in arguments]))


@pytest.fixture
def scenes_config(tmp_path) -> Path:
    config = {
        "model": {"type": "DDRNet_23_slim"},
        "train_dataset": {**SCENES, "mode": "train"},
        "val_dataset": {**SCENES, "mode": "val"},
    }
    (tmp_path / "scenes.yml").write_text(yaml.safe_dump(config))
    return tmp_path / "scenes.yml"


@pytest.mark.slow
@pytest.mark.extras("onnx", "onnxruntime")
def test_weights_become_int8_graphs_that_infer_runs(scenes_config, pictures, tmp_path, log):
    import paddle

    from paddleseg.models import DDRNet_23_slim
    from tests.export.tiny_weights import with_made_up_weights

    weights = tmp_path / "model.pdparams"
    paddle.save(with_made_up_weights(DDRNet_23_slim(num_classes=19)).state_dict(), str(weights))
    ptq_here(
        "--config", scenes_config, "--model_path", weights, "--save_dir", tmp_path / "int8", "--format", "onnx",
        "--batch_num", 2, "--max_drop", 100, "--cpu_threads", 1,
    )  # fmt: skip
    graphs = read_deploy_config(tmp_path / "int8").graphs
    assert graphs["stride8_onnx_int8"].calibrated_size == (64, 96) and "stride8_onnx" in graphs
    assert "calibrated at 64 x 96 with 2 pictures of train_dataset, measured on 4 pictures of val_dataset" in log.text
    assert "onnxruntime int8 is " in log.text
    infer_here(tmp_path / "int8", pictures, tmp_path / "labels", "--precision", "int8", "--device", "cpu")
    assert len(labels_below(tmp_path / "labels")) == 5
    assert "model_stride8_int8.onnx: ONNX Runtime" in log.text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--format", "onxx"], "--format onxx: no such format. Did you mean 'onnx'"),
        (["--format", ","], "--format: no format given"),
        (["--batch_nums", "0"], "--batch_nums 0: must be at least 1"),
        (["--num_val", "0"], "--num_val 0: must be at least 1"),
        (["--max_drop", "nan"], "--max_drop nan: must be from 0 to 100 points"),
    ],
)
def test_values_that_no_run_can_use_are_refused_before_anything_is_loaded(arguments, message):
    with pytest.raises(ConfigError, match=message):
        ptq_here("--config", "nowhere.yml", "--model_dir", "nowhere", *arguments)


@pytest.mark.parametrize(("package", "kind", "extra"), [("nncf", "openvino", "quant"), ("onnxruntime", "onnx", "onnx")])
def test_a_missing_package_is_one_line_that_says_what_to_install(monkeypatch, package, kind, extra):
    for name in ("nncf", "openvino", "onnx", "onnxruntime"):
        monkeypatch.setitem(sys.modules, name, None if name == package else importlib)
    with pytest.raises(UserError, match=rf"cannot import {package} .*: pip install -e '\.\[{extra}\]'"):
        ptq_here("--config", "nowhere.yml", "--model_dir", "nowhere", "--format", kind)


@pytest.mark.parametrize(("change", "message"), [
    ({"model": {"type": "DDRNet_23_slim_cls", "num_classes": 19}}, "is a classifier"),
    ({"train_dataset": None}, "train_dataset is missing, and there are no pictures to calibrate with"),
])  # fmt: skip
def test_configurations_without_what_is_needed_are_refused(scenes_config, tmp_path, change, message, monkeypatch):
    for name in ("onnx", "onnxruntime"):
        monkeypatch.setitem(sys.modules, name, sys.modules.get(name, importlib))
    content = {key: value for key, value in {**yaml.safe_load(scenes_config.read_text()), **change}.items() if value}
    if "cls" in content["model"]["type"]:
        content = {"model": content["model"], "val_dataset": {"type": "ImageFolder", "dataset_root": str(tmp_path)}}
        content["val_dataset"]["transforms"] = [{"type": "Normalize"}]
    scenes_config.write_text(yaml.safe_dump(content))
    (tmp_path / "deploy.yaml").touch()
    with pytest.raises(ConfigError, match=message):
        ptq_here("--config", scenes_config, "--model_dir", tmp_path, "--format", "onnx")
    with pytest.raises(ConfigError, match="--model_dir .*nowhere: there is no deploy.yaml"):
        ptq_here("--config", scenes_config, "--model_dir", tmp_path / "nowhere", "--format", "onnx")
