# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The line of infer.py in the files of PaddlePaddle's integration tests (TIPC), on every engine."""

import pytest

from tests.commands.exported.running import export_here, labels_below, share_of_equal_pixels
from tests.conftest import REPOSITORY

LAST_KEY = "--model_name"


def inference_line(file) -> tuple[list[str], dict[str, str]]:
    """The words of the command, and its flags; of several values, which are tried one after the other, the first."""
    lines = [line.partition(":") for line in file.read_text().splitlines()]
    start = next(i for i, (key, _, _) in enumerate(lines) if key == "inference")
    flags = {}
    for key, _, value in lines[start + 1 :]:
        flags[key] = value.split("|")[0]
        if key == LAST_KEY:
            break
    return lines[start][2].split(), flags


def different_lines() -> list:
    """The file of each line that differs by more than the name of the network."""
    files = {}
    for file in sorted((REPOSITORY / "test_tipc" / "configs").glob("*/train_infer_python.txt")):
        words, flags = inference_line(file)
        files.setdefault(str((words, {**flags, LAST_KEY: None})), file)
    return list(files.values())


FILES = different_lines()


@pytest.fixture(scope="module")
def every_format(ddrnet, tmp_path_factory):
    return export_here(*ddrnet, tmp_path_factory.mktemp("every_format") / "out", "--format", "all", "--no_verify")


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    import cv2
    import numpy as np

    file = tmp_path_factory.mktemp("pictures") / "a.png"
    clouds = np.random.default_rng(1).integers(0, 256, (5, 6, 3), np.uint8)
    cv2.imwrite(str(file), cv2.resize(clouds, (64, 48)))
    return file


@pytest.mark.slow
@pytest.mark.extras("onnx", "onnxruntime", "openvino", "MNN")
@pytest.mark.parametrize("file", FILES, ids=[file.parent.name for file in FILES])
def test_the_line_runs_on_every_engine(run_command, every_format, picture, tmp_path, file):
    words, flags = inference_line(file)
    assert flags.keys() >= {"--device", "--enable_mkldnn", "--cpu_threads", "--benchmark", "--save_dir"}
    found = {}
    for backend in ("paddle", "openvino", "onnxruntime", "mnn"):
        # A file for another engine than Paddle says --enable_mkldnn:null, with which TIPC leaves it out.
        mine = {"--config": every_format / "deploy.yaml", "--image_path": picture, "--save_dir": tmp_path / backend}
        mine |= {} if backend == "paddle" else {"--enable_mkldnn": "null"}
        given = {**flags, **mine}
        arguments = [f"{key}={value}" for key, value in given.items() if key.startswith("--") and value != "null"]
        done = run_command(*words, "--backend", backend, *arguments)
        assert done.returncode == 0, done.stderr
        assert " root INFO:  precision: fp32" in done.stdout
        assert f" root INFO:  enable_mkldnn: {backend == 'paddle'}" in done.stdout
        found[backend] = labels_below(tmp_path / backend)
    for labels in found.values():
        assert share_of_equal_pixels(labels, found["paddle"]) > 0.999
