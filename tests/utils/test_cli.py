# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Shared behaviour of all commands, and packages that are missing or do not load."""

import argparse
import subprocess
import sys

import pytest
from PIL import Image

from paddleseg.utils.cli import str2bool


@pytest.mark.parametrize("command", ["train.py", "val.py", "predict.py", "export.py", "deploy/python/infer.py"])
@pytest.mark.parametrize(
    ("package", "advice"), [("cv2", "opencv-python-headless"), ("paddle", "pip install paddlepaddle")]
)
def test_a_package_that_does_not_load_is_one_line_with_what_to_install(command, package, advice, run_command, tmp_path):
    (tmp_path / f"{package}.py").write_text("raise ImportError('libGL.so.1: cannot open shared object file')")
    paths = [str(tmp_path), str(run_command.repository)]
    needed = ["--config", "x", "--model_path", "x", "--image_path", "x"]
    given = {"train.py": 2, "val.py": 4, "export.py": 4, "predict.py": 6}.get(command)
    arguments = needed[:given] if given else ["--config", _export_in(tmp_path), "--image_path", _picture_in(tmp_path)]
    process = run_command(command, *arguments, env={"PYTHONPATH": ":".join(paths)})
    assert process.returncode == 1
    [line] = process.stderr.strip().splitlines()
    assert f"cannot import {package} (libGL.so.1" in line
    assert advice in line


def _export_in(folder):
    """What infer.py reads before it knows which engine it needs."""
    for name in ("m.pdmodel", "m.pdiparams"):
        (folder / name).touch()
    (folder / "deploy.yaml").write_text("Deploy: {model: m.pdmodel, params: m.pdiparams, transforms: []}")
    return folder / "deploy.yaml"


def _picture_in(folder):
    Image.new("RGB", (40, 40)).save(folder / "a.png")
    return folder / "a.png"


def test_importing_the_package_does_not_import_paddle():
    code = "import sys, paddleseg.utils.label_map; from paddleseg.transforms import *; print('paddle' in sys.modules)"
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert process.stdout.strip() == "False"


@pytest.mark.parametrize(("text", "value"), [("True", True), ("false", False), ("1", True), ("no", False)])
def test_booleans_are_read_as_paddleseg_users_write_them(text, value):
    assert str2bool(text) is value


def test_another_word_is_no_boolean():
    with pytest.raises(argparse.ArgumentTypeError, match="maybe"):
        str2bool("maybe")
