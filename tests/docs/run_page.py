# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Runs the commands of documentation pages, in their order, on data and a checkpoint made here.

All pages share one folder, so that later ones use earlier results (the export of docs/export.md), and no command is run
twice. A command is run unchanged except for the replacements below, in this process, since each start of Python would
import Paddle again.
"""

import importlib.util
import json
import os
import re
import runpy
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

import cv2
import numpy as np

from tests.conftest import TINY_CONFIG, make_dataset

ROOT = Path(__file__).resolve().parents[2]

REPLACED = {
    # Configurations of data that is not here, by one of tiny data.
    "configs/ddrnet/ddrnet23_slim_cityscapes_1024x1024_120k_official.yml": "mine.yml",
    "configs/camvid/ddrnet23_slim_camvid_cpu.yml": "mine.yml",
    "configs/quick_start/ddrnet23_slim_roadscenes.yml": "scenes.yml",
    " CONFIG": " mine.yml",
    # What is too large for pictures of 64x48.
    "--crop_size 1024 512 --stride 768 384": "--crop_size 48 32 --stride 32 24",
    "batch_range=[10,20]": "batch_range=[0,1]",
}
# Words that make a script quicker, and change nothing of what it does.
ADDED = {
    "train.py": ["--iters", "2", "--save_interval", "2", "--device", "cpu"],
    "val.py": ["--device", "cpu"],
    "predict.py": ["--device", "cpu"],
    "tools/make_roadscenes.py": ["--train", "1", "--val", "2"],
    "tools/profile_data.py": ["--num_batches", "1", "--num_workers", "0", "--device", "cpu"],
    "tools/verify_export.py": ["--verify", "quick", "--verify_pictures", "1"],
    "export.py": ["--verify_pictures", "1"],
}
# What another package is needed for; without it the command is left out.
NEEDS = {"onnx": "onnx", "--backend openvino": "openvino", "ddrnet-serve": "uvicorn"}
# Commands that are run nowhere here, as patterns, each with its reason.
NOT_RUN = {
    r"git clone ": "it is where the reader has this repository from",
    r"make quickstart": "its steps are those of docs/quick_start.md",
    r"make benchmark|python benchmark/": "measurements take minutes; tests/benchmark runs them",
    r"python -m paddle\.distributed\.launch": "cards; tests/training starts several processes on the CPU",
    r"bash tools/dist_train\.sh": "cards; tests/tools/test_dist_train.py runs it",
    r".* --device npu": "there is no such device",
    r"python val\.py .*output/npu": "the weights are those of the device",
    r"pip install|python -m pip ": "it changes the environment that the tests run in",
    r".*deploy/slim/quant/ptq\.py|.*output/int8_model": "int8 takes minutes; tests/export quantises",
    r"python tools/zoo\.py get|.*zoo:": "a download",
    r".*configs/finetune/": "the weights are those of make quickstart, or a download",
    r"python tools/dataset_converters/voc_aug\.py": "a download; tests/tools/test_voc_aug.py makes one",
    r"python tools/plot_curve\.py .*work_dirs": "runs of other kits; tests/tools draws their curves",
    r"python tools/(plot_curve|compare_runs)\.py output other_output": "a second run; docs/reports.md has one",
    r".*WEIGHTS": "the measurement of docs/speed.md, with a trained network",
    r".*--score_outputs outputs": "the outputs come from another machine; tests/commands/exported",
    r"python -c ": "one line of Python that prints what is installed",
    r".*--format onnx --portable": "tests/export writes and runs such a model",
}


PAGES_NOT_RUN = {
    "docker/README.md": "there is no engine for containers; tests/docker looks at the image",
    "deploy/web/README.md": "Node; tests/deploy runs the page in a browser",
    "test_tipc/README.md": "make tipc runs the chains",
    "docs/imagenet.md": "the commands of other pages with a classifier, as in tests/classification",
    "docs/distillation.md": "two trainings; tests/distillation runs one",
    "docs/trust.md": "tests/docs/test_trust.py runs them",
    "docs/commands.md": "the commands of other pages by another name; tests/commands/test_ddrnet.py",
    "docs/own_data_in_15_minutes.md": "tests/docs/test_own_data_walk_through.py runs it",
}


@dataclass(frozen=True)
class Page:
    """How the commands of a page are run: what is made before, and words for scripts that stand in for those above."""

    set_up: Callable[[Path], None] = lambda folder: None
    added: Mapping[str, list[str]] = field(default_factory=dict)


# Four sequences of two frames.
NAMES = [f"{sequence}_{frame}" for sequence in "abcd" for frame in range(2)]


def write_labelme_files(folder: Path) -> None:
    """Pictures of two classes, with what labelme has written beside them."""
    shutil.rmtree(folder / "data/mine")
    (folder / "my_pictures").mkdir()
    for number, name in enumerate(NAMES):
        picture = np.full((48, 64, 3), 30 * number, np.uint8)
        picture[10:30, 8 + number : 40] = (0, 0, 200)
        cv2.imwrite(str(folder / f"my_pictures/{name}.png"), picture)
        corners = [[8 + number, 10], [40, 10], [40, 30], [8 + number, 30]]
        shape = {"label": "car", "points": corners, "shape_type": "polygon", "group_id": None, "flags": {}}
        content = {"version": "5.2.1", "flags": {}, "shapes": [shape], "imagePath": f"{name}.png",
                   "imageData": None, "imageHeight": 48, "imageWidth": 64}  # fmt: skip
        (folder / f"my_pictures/{name}.json").write_text(json.dumps(content))


def write_coloured_labels(folder: Path) -> None:
    """What docs/troubleshooting.md converts: labels in colours, and the list of these."""
    shutil.rmtree(folder / "data/mine", ignore_errors=True)
    for place in ("JPEGImages", "SegmentationClass"):
        (folder / "my_labels" / place).mkdir(parents=True)
    (folder / "colours.txt").write_text("other 0 0 0\nroad 128 64 128\n")
    for number, name in enumerate(NAMES):
        label = np.zeros((48, 64, 3), np.uint8)
        label[20 + number :] = (128, 64, 128)
        cv2.imwrite(str(folder / f"my_labels/SegmentationClass/{name}.png"), label)
        picture = np.full((48, 64, 3), 30 * number, np.uint8)
        cv2.imwrite(str(folder / f"my_labels/JPEGImages/{name}.png"), picture)


def write_video(folder: Path) -> None:
    writer = cv2.VideoWriter(str(folder / "video.mp4"), cv2.VideoWriter_fourcc(*"mp4v"), 5, (64, 48))
    for level in (50, 200):
        writer.write(np.full((48, 64, 3), level, np.uint8))
    writer.release()


def write_wrong_labels(folder: Path) -> None:
    (folder / "labels").mkdir()
    for number, name in enumerate(("0007", "0012", "0013")):
        shutil.copy(folder / f"data/tiny/labels/train_{number}.png", folder / f"labels/{name}.png")


def name_two_runs(folder: Path) -> None:
    for name in ("first", "second"):
        shutil.copytree(folder / "output/mine", folder / "output" / name)


def write_data_set(folder: Path) -> None:
    """A data set alone, as deploy/python/evaluate.py takes it."""
    section = "{type: Dataset, dataset_root: data/tiny, val_path: val.txt, mode: val, num_classes: 4}"
    (folder / "data.yml").write_text(f"val_dataset: {section}\n")


# docs/export.md has its export compared.
UNSEEN = {"export.py": ["--no_verify"]}

# In this order.
PAGES = {
    "docs/export.md": Page(),
    "docs/run_exported.md": Page(),
    "docs/verification.md": Page(write_data_set),
    "README.md": Page(),
    "docs/large_pictures.md": Page(write_video),
    "docs/config.md": Page(),
    "docs/serving.md": Page(),
    "docs/train_own_data.md": Page(added=UNSEEN),
    "docs/label_doctor.md": Page(write_wrong_labels),
    "docs/reports.md": Page(name_two_runs),
    "docs/quick_start.md": Page(added=UNSEEN),
    "docs/convert_labels.md": Page(write_labelme_files),
    "docs/troubleshooting.md": Page(write_coloured_labels),
    "docs/accelerators.md": Page(),
    "docs/finetune.md": Page(),
    "docs/speed.md": Page(),
}


def commands_of(page: str) -> list[str]:
    """The commands in a page's bash blocks, one line each, without comments."""
    text = (ROOT / page).read_text(encoding="utf-8")
    blocks = re.findall(r"```bash\n(.*?)```", text, flags=re.DOTALL)
    lines = (line for block in blocks for line in block.replace("\\\n", " ").splitlines())
    return [line for line in (" ".join(shlex.join(shlex.split(x, comments=True)).split()) for x in lines) if line]


def reason_not_to_run(page: str, command: str) -> str | None:
    """Why a command is run nowhere; None for those that are."""
    if page in PAGES_NOT_RUN:
        return PAGES_NOT_RUN[page]
    return next((reason for pattern, reason in NOT_RUN.items() if re.match(pattern, command.replace("'", ""))), None)


class Workspace:
    """The folder in which pages are run: a data set, a checkpoint, pictures, and the repository's ``configs``.

    Attributes:
        folder: Where it is.
        left_out: Commands for which a package is missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.left_out = folder, []
        self._done: set[str] = set()
        self._service: subprocess.Popen | None = None
        self._port = _free_port()
        make_dataset(folder / "data/tiny")
        shutil.copytree(folder / "data/tiny", folder / "data/mine")  # which some pages make anew
        shutil.copytree(folder / "data/tiny/images", folder / "pictures")
        shutil.copy(folder / "pictures/val_0.png", folder / "street.jpg")
        (folder / "mine.yml").write_text(TINY_CONFIG.format(root="data/tiny"))
        scenes = f"_base_: {ROOT}/configs/quick_start/ddrnet23_slim_roadscenes.yml\n"
        scenes += "train_dataset: {num_samples: 8, size: [64, 32]}\nval_dataset: {num_samples: 2, size: [64, 32]}\n"
        (folder / "scenes.yml").write_text(scenes)
        self._run("python train.py --config mine.yml --do_eval --save_dir output --iters 2", {})

    def run(self, name: str) -> list[str]:
        """Run what a page tells the reader to run; gives the commands that were run or had been before."""
        page, ran = PAGES[name], []
        page.set_up(self.folder)
        try:
            for command in commands_of(name):
                if reason_not_to_run(name, command):
                    continue
                for old, new in REPLACED.items():
                    command = command.replace(old, new)
                missing = [package for words, package in NEEDS.items() if words in command and not _has(package)]
                if missing or (command.startswith("curl") and not (self._service and shutil.which("curl"))):
                    self.left_out.append(command)
                    continue
                if command not in self._done:
                    self._run(command, page.added)
                    self._done.add(command)
                ran.append(command)
        finally:
            self._stop_service()
        return ran

    def _run(self, command: str, added: Mapping[str, list[str]]) -> None:
        words = shlex.split(command)
        if words[0] == "ddrnet-serve":
            self._start_service(words[1:])
        elif words[0] == "curl":
            command = command.replace(":8000", f":{self._port}")
            subprocess.run([*shlex.split(command), "--fail", "--silent"], cwd=self.folder, check=True, timeout=60)
        else:
            assert words[0] == "python", command
            self._run_script(words[1], [*words[2:], *{**ADDED, **added}.get(words[1], ())], command)

    def _run_script(self, script: str, arguments: list[str], command: str) -> None:
        before = Path.cwd()
        path = list(sys.path)
        os.chdir(self.folder)
        try:
            with mock.patch.object(sys, "argv", [str(ROOT / script), *arguments]):
                runpy.run_path(str(ROOT / script), run_name="__main__")
        except SystemExit as end:
            assert not end.code, f"$ {command}\nended with status {end.code}"
        finally:
            os.chdir(before)
            sys.path[:] = path

    def _start_service(self, arguments: list[str]) -> None:
        words = [sys.executable, "-m", "paddleseg.deploy.serve", *arguments, "--port", str(self._port)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self._service = subprocess.Popen(words, cwd=self.folder, env=environment)
        for _ in _seconds(120):
            assert self._service.poll() is None, "the service ended"
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", self._port)) == 0:
                    return
        raise TimeoutError("the service does not answer")

    def _stop_service(self) -> None:
        if self._service is not None:
            self._service.terminate()
            self._service.wait(timeout=60)
            self._service = None


def _has(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def _seconds(most: int) -> Iterator[None]:
    end = time.monotonic() + most
    while time.monotonic() < end:
        yield
        time.sleep(0.2)
