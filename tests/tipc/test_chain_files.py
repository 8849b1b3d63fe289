# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The chain files: every value is at the position that PaddlePaddle's scripts read, and our commands accept it."""

import shlex
from pathlib import Path

import pytest

from paddleseg.config.load import load_config
from paddleseg.config.schema import check_config
from paddleseg.deploy.serve.command import make_parser
from tests.scripts import load_script

ROOT = Path(__file__).resolve().parents[2]
ALL = sorted((ROOT / "test_tipc" / "configs").rglob("*.txt"))
OURS = [path for path in ALL if path.read_text().startswith("===========================train_params")]
THEIRS = [ROOT / "tests" / "fixtures" / "tipc" / f"{kit}.txt" for kit in ("ddrnet_paddle", "paddleseg")]
CONFIGS = sorted((ROOT / "test_tipc" / "configs").glob("ddrnet*/*.yml"))
# Key of each line, by its index among the lines that are not empty.
KEYS = {
    1: "model_name", 2: "python", 3: "gpu_list", 6: "--iters", 7: "--save_dir", 8: "--batch_size",
    10: "train_model_name", 11: "train_infer_img_dir", 14: "trainer", 15: "norm_train", 16: "pact_train",
    17: "fpgm_train", 18: "distill_train", 23: "eval", 27: "--save_dir", 28: "--model_path", 29: "norm_export",
    30: "quant_export", 31: "fpgm_export", 32: "distill_export", 33: "export1", 34: "export2", 36: "infer_model",
    37: "infer_export", 38: "infer_quant", 39: "inference", 40: "--device", 41: "--enable_mkldnn",
    42: "--cpu_threads", 43: "--batch_size", 44: "--use_trt", 45: "--precision", 46: "--config", 47: "--image_path",
    48: "--save_log_path", 49: "--benchmark", 50: "--save_dir", 51: "--model_name",
}  # fmt: skip
HEADINGS = {0: "train_params", 22: "eval_params", 26: "export_params", 35: "infer_params"}
MODES = ("lite_train_lite_infer", "lite_train_whole_infer", "whole_train_whole_infer")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def lines_of(path: Path) -> list:
    return [line for line in path.read_text().splitlines() if line]


def split(line: str) -> tuple:
    key, _, value = line.partition(":")
    return key, value


def parser_of(script: str):
    return load_script(ROOT / script).make_parser()


def values_of(text: str) -> list:
    """The entries of ``a|b`` and of ``mode=a|mode=b``."""
    return [entry.rpartition("=")[2] for entry in text.split("|")]


@pytest.mark.parametrize("path", [*OURS, *THEIRS], ids=name_of)
def test_each_line_stands_at_its_position(path):
    lines = lines_of(path)
    assert len(lines) == 52 or lines[52].startswith("=====")
    assert {index: split(lines[index])[0] for index in KEYS} == KEYS
    assert {index: lines[index].strip("=") for index in HEADINGS} == HEADINGS
    assert [index for index, line in enumerate(lines) if line == "##"] == [13, 21, 25]
    # Classifiers have lite data alone.
    modes = MODES[:1] if path.parent.name.endswith("_cls") else MODES
    for index in (6, 8):
        assert [entry.split("=")[0] for entry in split(lines[index])[1].split("|")] == list(modes)


@pytest.mark.parametrize("path", OURS, ids=name_of)
def test_cards_and_devices_of_our_chains_pair_by_position(path):
    lines = lines_of(path)
    assert lines[1] == f"model_name:{path.parent.name}"
    assert lines[2] == "python:python"
    expected = {
        "train_infer_python": ["gpu_list:-1|0|0,1", "--device:cpu|gpu|gpu"],
        "train_dy2static_python": ["gpu_list:-1|0", "--device:cpu|gpu"],
        "train_linux_gpu_normal_amp_infer_python_linux_gpu_cpu": ["gpu_list:0|0,1", "--device:gpu|gpu"],
        "train_linux_gpu_fleet_normal_infer_python_linux_gpu_cpu": [
            "gpu_list:-1,-1|192.168.0.1,192.168.0.2;0,1", "--device:cpu|gpu",
        ],
    }  # fmt: skip
    assert lines[3:5] == expected[path.stem]
    assert lines[51] == f"--model_name:{path.parent.name}"


@pytest.mark.parametrize("path", OURS, ids=name_of)
def test_our_commands_take_every_flag_and_value(path):
    lines = lines_of(path)
    train = shlex.split(split(lines[15])[1])
    for index in (4, 5, 6, 7, 8, 12):
        key, values = split(lines[index])
        train += [f"{key}={value}" for value in values_of(values) if value != "null" and key != "null"]
    check_command(train)
    for index in (23, 29, 37):
        if split(lines[index])[1] == "null":
            continue
        if index == 23:
            check_command([*shlex.split(split(lines[index])[1]), "--model_path=x", "--device=cpu"])
            continue
        check_command([*shlex.split(split(lines[index])[1]), f"{lines[27]}x".replace(":", "="), "--model_path=x"])
    infer = shlex.split(split(lines[39])[1])
    for index in (*range(40, 48), 49, 50, 51):
        key, values = split(lines[index])
        infer += [f"{key}={value}" for value in values.split("|")]
    check_command(infer)
    # The key of the weights to start from is the one that val.py knows.
    assert parser_of("val.py").parse_args(["--config=x", f"{split(lines[9])[0]}=x"]).model_path == "x"


def flags_of(lines: list, *indices: int) -> list:
    """The flags of these lines, as the scripts write them; of a list the first entry."""
    found = (split(lines[index]) for index in indices)
    return [f"{key}={value.split('|')[0]}" for key, value in found if "null" not in (key, value) and key != "##"]


@pytest.mark.parametrize("path", [path for path in ALL if path not in OURS], ids=name_of)
def test_our_commands_take_the_flags_of_chains_that_train_nothing(path):
    lines = lines_of(path)
    kind = lines[0].strip("=")
    if kind == "ptq_params":
        check_command([*shlex.split(split(lines[11])[1]), *flags_of(lines, 3, 4, 5, 6, 7, 8)])
        check_command([*shlex.split(split(lines[14])[1]), *flags_of(lines, *range(15, 21)), "--precision=int8"])
    elif kind == "paddle2onnx_params":
        check_command([*shlex.split(split(lines[3])[1]), *flags_of(lines, *range(4, 10))])
        check_command([*shlex.split(split(lines[10])[1]), *flags_of(lines, 11, 12)])
    elif kind == "serving_params":
        check_command([*shlex.split(split(lines[3])[1]), *flags_of(lines, *range(4, 9))])
        words = shlex.split(split(lines[10])[1])
        assert words[:2] == ["-m", "paddleseg.deploy.serve"]
        parsed = make_parser().parse_args([*words[2:], *flags_of(lines, 11, 12), "--model=x"])
        assert parsed.port == 0
        script = split(lines[13])[1]
        parser_of(script).parse_args([*flags_of(lines, 14, 15), "--url=x", "--save_dir=x"])
    else:
        assert kind == "# model load config"
    name = lines[1].split(" ")[1] if kind.startswith("#") else split(lines[1])[1]
    assert name == path.parent.name + ("_KL" if kind == "ptq_params" else "")


def check_command(words: list) -> None:
    script, *arguments = words
    parsed = parser_of(script).parse_args(arguments)
    if parsed.config.endswith(".yml"):
        config = load_config(ROOT / parsed.config)
        check_config(config, command=Path(script).stem.replace("ptq", "export"), do_eval=True, check_files=False)


@pytest.mark.parametrize("path", CONFIGS, ids=name_of)
def test_every_configuration_reads_the_prepared_data_and_works_offline(path):
    config = load_config(path)
    for command in ("train", "val", "predict", "export"):
        check_config(config, command=command, do_eval=True, check_files=False)
    assert config.data["model"].get("pretrained") is None
    roots = {config.section(f"{part}_dataset")["dataset_root"] for part in ("train", "val")}
    assert roots == {f"test_tipc/data/{'class_crops' if path.parent.name.endswith('_cls') else 'cityscapes'}"}


@pytest.mark.parametrize("path", [path for path in CONFIGS if path.stem.endswith("120k_lite")], ids=name_of)
def test_a_lite_configuration_differs_in_the_crop_alone(path):
    lite = load_config(path).data
    whole = load_config(path.with_name(path.name.replace("_lite", ""))).data
    transforms = [config["train_dataset"].pop("transforms") for config in (lite, whole)]
    assert lite == whole
    crops = [next(item for item in items if item["type"] == "RandomPaddingCrop") for items in transforms]
    assert [crop.pop("crop_size") for crop in crops] == [[256, 128], [1024, 1024]]
    assert transforms[0] == transforms[1]


def test_the_networks_are_the_three_sizes():
    models = {path.parent.name: load_config(path).data["model"]["type"] for path in CONFIGS}
    assert models == {
        "ddrnet": "DDRNet_23",
        "ddrnet23_slim": "DDRNet_23_slim",
        "ddrnet39": "DDRNet_39",
        "ddrnet23_slim_cls": "DDRNet_23_slim_cls",
    }
    assert len(CONFIGS) == 7
