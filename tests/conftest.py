# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Shared by tests in several folders: data sets, real commands, and the golden arrays of the authors' networks.

The golden outputs were computed in PyTorch from weights and inputs made by rule, so no weight file is needed.
"""

import contextlib
import importlib.util
import json
import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before the toolkit reads it: two processes of tests share two cores

import train
from paddleseg.export.verification import cell
from paddleseg.utils.logging import get_logger
from tests.narrow import narrow_networks

REPOSITORY = Path(__file__).resolve().parent.parent
GOLDEN = Path(__file__).resolve().parent / "golden"


def rule_made(name: str, shape: tuple, seed: int = 0) -> np.ndarray:
    """The weight of the official tensor ``name`` in PyTorch's ``shape``."""
    random = np.random.RandomState((zlib.crc32(name.encode()) + seed) % 2**32)
    normal = random.standard_normal(shape)  # drawn first, whatever is needed
    leaf = name.rsplit(".", 1)[1]
    if leaf == "running_var" or (leaf == "weight" and len(shape) == 1):
        value = 0.5 + random.rand(*shape)
    elif len(shape) == 4:
        value = normal * np.sqrt(2 / (shape[1] * shape[2] * shape[3]))
    elif len(shape) == 2:
        value = normal * np.sqrt(1 / shape[1])
    else:
        value = 0.1 * normal
    return value.astype("float32")


def rule_made_input(n: int, height: int, width: int, seed: int = 0) -> np.ndarray:
    random = np.random.RandomState(seed + height * 10000 + width)
    return random.uniform(-2, 2, (n, 3, height, width)).astype("float32")


_RULES = (
    (r"^final_layer\.", "head."),
    (r"^seghead_extra\.", "aux_head."),
    (r"^((?:aux_)?head)\.conv1\.", r"\1.conv_bn_relu._conv."),
    (r"^((?:aux_)?head)\.bn2\.", r"\1.conv_bn_relu._batch_norm."),
    (r"^((?:aux_)?head)\.conv2\.", r"\1.conv."),
    # A pair "convolution, batch norm" at positions 0, 1 and a second one at 3, 4.
    (r"^(conv1|down[45])\.0\.", r"\1.0._conv."),
    (r"^(conv1|down[45])\.1\.", r"\1.0._batch_norm."),
    (r"^(conv1|down[45])\.3\.", r"\1.1._conv."),
    (r"^(conv1|down[45])\.4\.", r"\1.1._batch_norm."),
    (r"^(compression\w+|down3\w*|last_layer)\.0\.", r"\1._conv."),
    (r"^(compression\w+|down3\w*|last_layer)\.1\.", r"\1._batch_norm."),
    (r"^(layer5_?\.\d+)\.conv([12])\.", r"\1.conv_bn_relu\2._conv."),
    (r"^(layer5_?\.\d+)\.bn([12])\.", r"\1.conv_bn_relu\2._batch_norm."),
    (r"^(layer5_?\.\d+)\.conv3\.", r"\1.conv_bn._conv."),
    (r"^(layer5_?\.\d+)\.bn3\.", r"\1.conv_bn._batch_norm."),
    (r"^(layer\w+\.\d+)\.conv1\.", r"\1.conv_bn_relu._conv."),
    (r"^(layer\w+\.\d+)\.bn1\.", r"\1.conv_bn_relu._batch_norm."),
    (r"^(layer\w+\.\d+)\.conv2\.", r"\1.conv_bn._conv."),
    (r"^(layer\w+\.\d+)\.bn2\.", r"\1.conv_bn._batch_norm."),
    (r"\.running_mean$", "._mean"),
    (r"\.running_var$", "._variance"),
)


def our_name(official: str) -> str:
    name = official
    for pattern, replacement in _RULES:
        name = re.sub(pattern, replacement, name, count=1)
    return name


def rule_made_state(model, official_names) -> dict:
    """State dict in our names; a name of ours without an official one, or the reverse, is an error."""
    shapes = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    state = {}
    for official in official_names:
        name = our_name(official)
        shape = shapes.pop(name)
        is_linear = len(shape) == 2
        value = rule_made(official, shape[::-1] if is_linear else shape)
        state[name] = value.T if is_linear else value
    assert not shapes, f"no official name for {sorted(shapes)}"
    return state


@pytest.fixture(scope="session")
def official_names() -> dict:
    """``official_names["23_slim"]["keys" | "cls_keys"]``."""
    return json.loads((GOLDEN / "official_keys.json").read_text())


@pytest.fixture(scope="session")
def rules():
    """The functions that make weights and inputs, for tests in several files."""

    class Rules:
        state = staticmethod(rule_made_state)
        input = staticmethod(rule_made_input)
        golden = GOLDEN

    return Rules


@pytest.fixture(scope="session")
def camvid_root() -> Path:
    """The real CamVid pictures; tests that need them are skipped where they are not at hand."""
    places = [os.environ.get("CAMVID_ROOT"), REPOSITORY / "data/camvid", REPOSITORY.parent / "shared/camvid"]
    for place in places:
        if place and (Path(place) / "train.txt").is_file():
            return Path(place)
    pytest.skip("needs the CamVid pictures: set CAMVID_ROOT to their folder")


def make_dataset(root: Path, train: int = 8, val: int = 3, size_wh: tuple = (64, 48)) -> Path:
    """A list-file data set of 4 classes: blocks of colour, each class with its own, and some ignored pixels."""
    random = np.random.default_rng(5)
    colours = random.integers(0, 256, (4, 3))
    width, height = size_wh
    for folder in ("images", "labels"):
        (root / folder).mkdir(parents=True)
    for mode, count in (("train", train), ("val", val)):
        lines = []
        for i in range(count):
            blocks = random.integers(0, 4, (-(-height // 16), -(-width // 16)))
            label = np.kron(blocks, np.ones((16, 16), int))[:height, :width].astype("uint8")
            noise = random.integers(-20, 21, (height, width, 3))
            image = np.clip(colours[label] + noise, 0, 255).astype("uint8")
            label[:2] = 255
            names = f"images/{mode}_{i}.png", f"labels/{mode}_{i}.png"
            cv2.imwrite(str(root / names[0]), image[:, :, ::-1])
            cv2.imwrite(str(root / names[1]), label)
            lines.append(" ".join(names))
        (root / f"{mode}.txt").write_text("\n".join(lines) + "\n")
    return root


@pytest.fixture
def tiny_dataset(tmp_path) -> Path:
    """A folder with 8 training and 3 validation pictures of 64x48, ``train.txt`` and ``val.txt``, 4 classes."""
    return make_dataset(tmp_path / "tiny_dataset")


TINY_CONFIG = """\
batch_size: 2
iters: 4
model: {{type: DDRNet_23_slim, enable_auxiliary_loss: True}}
train_dataset:
  type: Dataset
  mode: train
  dataset_root: {root}
  train_path: {root}/train.txt
  num_classes: 4
  transforms:
    - {{type: RandomPaddingCrop, crop_size: [64, 64]}}
    - {{type: RandomHorizontalFlip}}
    - {{type: Normalize}}
val_dataset:
  type: Dataset
  mode: val
  dataset_root: {root}
  val_path: {root}/val.txt
  num_classes: 4
  transforms:
    - {{type: Normalize}}
optimizer: {{type: SGD, momentum: 0.9, weight_decay: 0.0005}}
lr_scheduler: {{type: PolynomialDecay, learning_rate: 0.05, end_lr: 0, power: 0.9}}
loss:
  types: [{{type: CrossEntropyLoss}}]
  coef: [1, 0.4]
"""


@pytest.fixture
def narrow(request):
    """DDRNets are narrow while the test runs. Not where it runs commands: processes know the real ones only."""
    with contextlib.nullcontext() if "run_command" in request.fixturenames else narrow_networks():
        yield


@pytest.fixture
def tiny_config(narrow, tiny_dataset, tmp_path) -> Path:
    """A YAML that trains 23-slim, narrow, with its auxiliary head on ``tiny_dataset`` for 4 steps."""
    path = tmp_path / "tiny.yml"
    path.write_text(TINY_CONFIG.format(root=tiny_dataset))
    return path


@pytest.fixture
def write_yaml(tmp_path):
    """Write a YAML file (indentation taken off) into a fresh folder and return its path."""

    def write(text: str, name: str = "config.yml") -> str:
        path = Path(tmp_path, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return str(path)

    return write


@pytest.fixture
def train_here(tiny_config, tmp_path, log):
    """Run train.py's ``main`` on the tiny data set; gives the text of its log. Errors come as exceptions.

    ``train_here("--iters", 2, save_dir="run", lr_scheduler={...})``: what is given by name, other than ``save_dir``,
    takes the place of a top-level key of the configuration.
    """

    def run(*arguments, save_dir="run", **sections):
        log.clear()
        opts = [f"{key}={value}" for key, value in sections.items()]
        given = (
            "--config", tiny_config, "--save_dir", tmp_path / save_dir, "--seed", 3, "--num_workers", 0,
            "--log_iters", 1, "--device", "cpu", *arguments, *(["--opts", *opts] if opts else []),
        )  # fmt: skip
        train.main(train.make_parser().parse_args([*map(str, given)]))
        return log.text

    return run


@pytest.fixture
def verified_here(request, monkeypatch):
    """Exports are verified in the test's own process, which need not import Paddle again, but for tests marked slow."""
    if request.node.get_closest_marker("slow") is not None:
        return

    def work(task: dict, scratch: Path) -> dict:
        result = scratch / "result.json"
        cell.main(json.loads(json.dumps({**task, "result": str(result)})))
        return json.loads(result.read_text())

    monkeypatch.setattr("paddleseg.export.verification.run._in_own_process", work)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Tests that run commands are slow, for each command imports Paddle; those without their extras are skipped."""
    for item in items:
        if "run_command" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)
        packages = {package for mark in item.iter_markers("extras") for package in mark.args}
        missing = sorted(package for package in packages if importlib.util.find_spec(package) is None)
        if missing:
            item.add_marker(pytest.mark.skip(reason=f"needs {', '.join(missing)}, see extras_require in setup.py"))


@pytest.fixture
def open_folder():
    """A folder that every user may enter, unlike ``tmp_path``."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


@contextlib.contextmanager
def without_rights_of_root():
    """Root may write everywhere; within this context it is nobody. Other users stay who they are."""
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


@pytest.fixture
def log(caplog, monkeypatch):
    """What the toolkit logs: ``log.text``, each record once."""
    logger = get_logger()
    if caplog.handler not in logger.handlers:  # newer versions of pytest listen to a logger that does not propagate
        monkeypatch.setattr(logger, "propagate", True)
    caplog.set_level(logging.INFO, logger=logger.name)
    return caplog


@pytest.fixture
def run_command():
    """Run a command of the repository as a user does: ``run_command("train.py", "--config", path)``.

    Returns the finished process with its ``stdout`` and ``stderr``. One that hangs fails after ``timeout`` seconds.
    """

    def run(*arguments, timeout=120, cwd=REPOSITORY, env=None):
        return subprocess.run(
            [sys.executable, *map(str, arguments)],
            cwd=cwd,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY), **(env or {})},
            capture_output=True,
            text=True,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
        )

    run.repository = REPOSITORY
    return run


@pytest.fixture(scope="module")
def browser():
    """Chromium, as the system has it; where it or playwright is not there, the test is skipped."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright, to drive a browser")
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        pytest.skip("needs Chromium on the PATH")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()
