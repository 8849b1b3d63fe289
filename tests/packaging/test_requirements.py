# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The lists of packages, and setup.py's use of them."""

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Runs setup.py with a setup() that only notes what it is given, where importing paddle or cv2 is an error.
SHOW_SETUP = """
import json, runpy, sys, setuptools
sys.modules.update(paddle=None, cv2=None)
seen = {}
setuptools.setup = seen.update
runpy.run_path("setup.py")
print(json.dumps(seen))
"""


@pytest.fixture(scope="module")
def setup_arguments():
    result = subprocess.run([sys.executable, "-c", SHOW_SETUP], cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(result.stdout)


def requirements(name):
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith("#")]


def test_the_gpu_list_differs_from_the_cpu_list_in_paddle_and_what_that_needs_alone():
    cpu, gpu = requirements("requirements.txt"), requirements("requirements-gpu.txt")
    assert cpu[0].startswith("paddlepaddle==")
    assert gpu[0].startswith("paddlepaddle-gpu>=")
    assert [*cpu[1:], "setuptools>=61"] == gpu[1:]


def test_installing_the_package_brings_neither_paddle_nor_opencv(setup_arguments):
    needed = " ".join(setup_arguments["install_requires"])
    assert "paddle" not in needed
    assert "opencv" not in needed
    for package in ("numpy", "pyyaml", "visualdl", "tqdm", "pillow"):
        assert package in needed


def test_each_extra_brings_one_build(setup_arguments):
    names = {
        extra: [line.split("=")[0].rstrip(">") for line in lines]
        for extra, lines in setup_arguments["extras_require"].items()
    }
    assert names == {
        "cpu": ["paddlepaddle", "opencv-python"],
        "gpu": ["paddlepaddle-gpu", "opencv-python", "setuptools"],
        "onnx": ["onnx", "onnxruntime"],
        "openvino": ["openvino"],
        "mnn": ["MNN"],
        "quant": ["nncf", "openvino", "onnx", "onnxruntime"],
        "safetensors": ["safetensors"],
        "tiff": ["tifffile"],
        "mat": ["scipy"],
        "tensorboard": ["tensorboardX"],
        "serving": ["starlette", "uvicorn", "python-multipart", "prometheus-client"],
        "headless": ["opencv-python-headless"],
    }


def test_the_version_is_that_of_the_package(setup_arguments):
    import paddleseg

    assert setup_arguments["version"] == paddleseg.__version__


def test_the_tables_of_the_data_sets_are_installed(setup_arguments):
    folder = ROOT / "paddleseg/datasets"
    [pattern] = setup_arguments["package_data"]["paddleseg.datasets"]
    assert {*folder.glob(pattern)} == {*folder.rglob("*.json")} != set()


def test_all_sub_packages_are_installed(setup_arguments):
    expected = {".".join(file.parent.relative_to(ROOT).parts) for file in (ROOT / "paddleseg").rglob("__init__.py")}
    assert set(setup_arguments["packages"]) == expected


def test_the_files_of_the_service_are_installed_with_it(setup_arguments):
    folder = ROOT / "paddleseg" / "deploy" / "serve"
    patterns = setup_arguments["package_data"]["paddleseg.deploy.serve"]
    installed = {file for pattern in patterns for file in folder.glob(pattern)}
    assert installed == {file for file in folder.rglob("*") if file.is_file() and file.suffix not in (".py", ".pyc")}


def test_the_console_scripts_lead_somewhere(setup_arguments):
    scripts = dict(line.split(" = ") for line in setup_arguments["entry_points"]["console_scripts"])
    assert sorted(scripts) == ["ddrnet", "ddrnet-serve"]
    for place in scripts.values():
        module, name = place.split(":")
        assert callable(getattr(importlib.import_module(module), name))


def test_pillow_has_a_default_font_of_any_size():
    # ImageFont.load_default(size=...), which the legend of an overlay uses, came with Pillow 10.1.
    [pillow] = [line for line in requirements("requirements.txt") if line.startswith("pillow")]
    assert tuple(map(int, pillow.removeprefix("pillow>=").split("."))) >= (10, 1)
