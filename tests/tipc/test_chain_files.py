# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The chain files: every value stands at the position that PaddlePaddle's scripts read, and our commands take it."""

import shlex
from pathlib import Path

import pytest

from paddleseg.config.load import load_config
from paddleseg.config.schema import check_config
from tests.scripts import load_script

ROOT = Path(__file__).resolve().parents[2]
OURS = sorted((ROOT / "test_tipc" / "configs").rglob("*.txt"))
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


def test_there_is_a_chain_for_each_size():
    assert [path.parent.name for path in OURS] == ["ddrnet", "ddrnet23_slim", "ddrnet39"]
    assert {path.name for path in OURS} == {"train_infer_python.txt"}


@pytest.mark.parametrize("path", [*OURS, *THEIRS], ids=name_of)
def test_each_line_stands_at_its_position(path):
    lines = lines_of(path)
    assert len(lines) == 52
    assert {index: split(lines[index])[0] for index in KEYS} == KEYS
    assert {index: lines[index].strip("=") for index in HEADINGS} == HEADINGS
    assert [index for index, line in enumerate(lines) if line == "##"] == [13, 21, 25]
    for index in (6, 8):
        assert [entry.split("=")[0] for entry in split(lines[index])[1].split("|")] == list(MODES)


@pytest.mark.parametrize("path", OURS, ids=name_of)
def test_cards_and_devices_of_our_chains_pair_by_position(path):
    lines = lines_of(path)
    assert lines[1] == f"model_name:{path.parent.name}"
    assert lines[2] == "python:python"
    assert lines[3:5] == ["gpu_list:-1|0|0,1", "--device:cpu|gpu|gpu"]
    assert lines[51] == f"--model_name:{path.parent.name}"


@pytest.mark.parametrize("path", OURS, ids=name_of)
def test_our_commands_take_every_flag_and_value(path):
    lines = lines_of(path)
    train = shlex.split(split(lines[15])[1])
    for index in (4, 5, 6, 7, 8, 12):
        key, values = split(lines[index])
        train += [f"{key}={value}" for value in values_of(values) if value != "null" and key != "null"]
    check_command(train)
    for index in (29, 37):
        check_command([*shlex.split(split(lines[index])[1]), f"{lines[27]}x".replace(":", "="), "--model_path=x"])
    infer = shlex.split(split(lines[39])[1])
    for index in (*range(40, 48), 49, 50, 51):
        key, values = split(lines[index])
        infer += [f"{key}={value}" for value in values.split("|")]
    check_command(infer)
    # The key of the weights to start from is the one that val.py knows.
    assert parser_of("val.py").parse_args(["--config=x", f"{split(lines[9])[0]}=x"]).model_path == "x"


def check_command(words: list) -> None:
    script, *arguments = words
    parsed = parser_of(script).parse_args(arguments)
    if not parsed.config == "":
        config = load_config(ROOT / parsed.config)
        check_config(config, command=Path(script).stem, do_eval=True, check_files=False)


@pytest.mark.parametrize("path", CONFIGS, ids=name_of)
def test_every_configuration_reads_the_prepared_data_and_works_offline(path):
    config = load_config(path)
    for command in ("train", "val", "predict", "export"):
        check_config(config, command=command, do_eval=True, check_files=False)
    assert config.data["model"].get("pretrained") is None
    roots = {config.section(f"{part}_dataset")["dataset_root"] for part in ("train", "val")}
    assert roots == {"test_tipc/data/cityscapes"}


@pytest.mark.parametrize("path", [path for path in CONFIGS if path.stem.endswith("_lite")], ids=name_of)
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
    assert models == {"ddrnet": "DDRNet_23", "ddrnet23_slim": "DDRNet_23_slim", "ddrnet39": "DDRNet_39"}
    assert len(CONFIGS) == 6
