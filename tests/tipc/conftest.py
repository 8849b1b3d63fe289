# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A checkout of the repository in a folder with a blank in its name, and a program in the place of Python."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINKED = ("train.py", "val.py", "export.py", "configs", "deploy", "paddleseg", "tools")

# Writes down how it is called, then leaves the files that the script it is asked for would leave. FAKE_FAIL names
# scripts that end with status 3, FAKE_IDLE scripts that write nothing, FAKE_CARDS the number of GPUs (-1: CPU build).
FAKE_PYTHON = """\
#!{python}
import json, os, pathlib, sys

words = sys.argv[1:]
with open(os.environ["FAKE_CALLS"], "a") as file:
    file.write(json.dumps({{"words": words, "visible": os.environ.get("CUDA_VISIBLE_DEVICES")}}) + "\\n")
if words[:3] == ["-W", "ignore", "-c"]:
    print("a warning of Paddle")
    print(os.environ.get("FAKE_CARDS", "-1"))
    sys.exit()
if words[0] == "-":
    print(os.environ["FAKE_DOWNLOAD"])
    sys.exit()
script = next(word for word in words if word.endswith(".py")).removeprefix("tools/")
flags = dict(word.split("=", 1) for word in words if word.startswith("--") and "=" in word)
print("output of", script)
if script in os.environ.get("FAKE_FAIL", "").split():
    sys.exit(3)
if script in os.environ.get("FAKE_IDLE", "").split():
    sys.exit()

def write(name):
    path = pathlib.Path(flags["--save_dir"], name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("content")

if "paddle.distributed.launch" in words:
    pathlib.Path("log").mkdir(exist_ok=True)
    pathlib.Path("log/workerlog.0").write_text("output of the first process")
if script == "train.py":
    folder = "best_model" if "--do_eval" in words else "iter_" + flags["--iters"]
    write(folder + "/model.pdparams")
if script == "export.py":
    for name in ("deploy.yaml", "model.pdmodel", "model.pdiparams"):
        write(name)
if script == "deploy/python/infer.py":
    for line in pathlib.Path(flags["--image_path"]).read_text().split("\\n"):
        if line.strip():
            write(line.split()[0])
"""


class Checkout:
    """The copy, and what was called in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.calls_file = folder.parent / "calls.jsonl"
        self.python = folder.parent / "fake python"
        self.python.write_text(FAKE_PYTHON.format(python=sys.executable))
        self.python.chmod(0o755)

    def run(self, script, *arguments, python=None, timeout=60, **environment):
        """Run one of the shell scripts; ``python`` is the fake one unless another is given."""
        return subprocess.run(
            ["bash", script, *map(str, arguments)],
            cwd=self.folder,
            env={
                **os.environ,
                "PYTHON": str(self.python if python is None else python),
                "FAKE_CALLS": str(self.calls_file),
                **environment,
            },
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    def run_chain(self, chain_file, mode="lite_train_lite_infer", *arguments, **keywords):
        return self.run("test_tipc/test_train_inference_python.sh", chain_file, mode, *arguments, **keywords)

    def calls(self) -> list:
        """What the fake Python was called with, without the question for the cards."""
        text = self.calls_file.read_text() if self.calls_file.exists() else ""
        lines = map(json.loads, text.splitlines())
        return [call for call in lines if call["words"][0] != "-W"]

    def commands(self) -> list:
        return [" ".join(call["words"]) for call in self.calls()]

    def write_list(self, name="test_tipc/data/cityscapes/cityscapes_val_5.list", pictures=2) -> None:
        """A list of pictures, as prepare.sh would write it."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"val/{i}.png gt/{i}.png\n" for i in range(pictures)))

    def chain_file(self, source="test_tipc/configs/ddrnet23_slim/train_infer_python.txt", **values) -> Path:
        """A copy of a chain file with other lines: ``_3="gpu_list:-1"`` is the line with the index 3."""
        path = Path(source)
        lines = (path if path.is_absolute() else self.folder / path).read_text().splitlines()
        for index, line in values.items():
            lines[int(index.lstrip("_"))] = line
        copy = self.folder.parent / "chain file.txt"
        copy.write_text("\n".join(lines) + "\n")
        return copy

    def output(self, mode="lite_train_lite_infer", model="ddrnet23_slim") -> Path:
        return self.folder / "test_tipc" / "output" / model / mode


@pytest.fixture
def checkout(tmp_path) -> Checkout:
    folder = tmp_path / "my checkout"
    shutil.copytree(ROOT / "test_tipc", folder / "test_tipc", ignore=shutil.ignore_patterns("data", "output"))
    for name in LINKED:
        (folder / name).symlink_to(ROOT / name)
    return Checkout(folder)
