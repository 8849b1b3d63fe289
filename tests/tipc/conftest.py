# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A checkout of the repository in a folder with a blank in its name, and a program instead of Python."""

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
# scripts that end with status 3, FAKE_IDLE scripts that write nothing, FAKE_CARDS the number of GPUs (-1: CPU build),
# FAKE_MISSING packages that are not installed. Called by the name cmake or segment it is that program.
FAKE_PYTHON = """\
#!{python} -IS
import json, os, pathlib, sys, time

words, program = sys.argv[1:], pathlib.Path(sys.argv[0]).name
with open(os.environ["FAKE_CALLS"], "a") as file:
    visible, backend = map(os.environ.get, ("CUDA_VISIBLE_DEVICES", "PADDLE_DISTRI_BACKEND"))
    call = {{"words": words, "program": program, "visible": visible, "backend": backend}}
    file.write(json.dumps(call) + "\\n")
if words[:3] == ["-W", "ignore", "-c"]:
    print("a warning of Paddle")
    print("3.3.1" if "version" in words[3] else os.environ.get("FAKE_CARDS", "-1"))
    sys.exit()
if words[0] == "-c":
    print(*(name for name in words[2:] if name in os.environ.get("FAKE_MISSING", "").split()))
    sys.exit()
if words[0] == "-":
    print(os.environ["FAKE_DOWNLOAD"])
    sys.exit()
if words[0].removeprefix("test_tipc/") in ("extract_loss.py", "compare_losses.py", "analysis.py", "filter_log.py"):
    os.execv(sys.executable, [sys.executable, *words])
script = next((word for word in words if word.endswith(".py")), program).removeprefix("tools/")
if "paddleseg.deploy.serve" in words:
    script = "serve"
flags = {{}}
for word, following in zip(words, [*words[1:], "--"]):
    if word.startswith("--"):
        key, equals, value = word.partition("=")
        flags[key] = value if equals or following.startswith("--") else following
print("output of", script)
if script in os.environ.get("FAKE_FAIL", "").split():
    sys.exit(3)
if script in os.environ.get("FAKE_IDLE", "").split():
    sys.exit()
if script in os.environ.get("FAKE_SLEEP", "").split():
    time.sleep(60)

def write(name, content="content", folder=None):
    path = pathlib.Path(folder or flags["--save_dir"], name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)

if "paddle.distributed.launch" in words:
    write("workerlog.0", "output of the first process", "log")
if script == "train.py":
    for step in range(1, 7):
        loss, speed = os.environ.get("FAKE_LOSS", "2.5") if "to_static_training=True" in words else "2.5", 10.0 + step
        print(f"[TRAIN] epoch: 1, iter: {{step}}/6, loss: {{loss}}, lr: 0.01, ips: {{speed}} samples/sec | ETA 0")
    folder = "best_model" if "--do_eval" in words else "iter_" + flags["--iters"]
    write(folder + "/model.pdparams")
if script in ("export.py", "deploy/slim/quant/ptq.py"):
    files = ["model.pdmodel", "model.pdiparams"]
    files += ["model.onnx"] if flags.get("--format") == "onnx" else []
    files += ["model_int8.xml"] if script != "export.py" else []
    for name in files:
        write(name)
    task = "classification" if "_cls" in flags["--config"] else "segmentation"
    write("deploy.yaml", f"Deploy:\\n  task: {{task}}\\n  files: {{files}}\\n")
if script in ("deploy/python/infer.py", "test_tipc/serving_python/pipeline_http_client.py"):
    pictures = pathlib.Path(flags.get("--image_path") or flags["--img_path"])
    names = [line.split()[0] for line in pictures.read_text().split("\\n") if line.strip()]
    config = pathlib.Path(flags.get("--config", ""))
    if config.is_file() and "classification" in config.read_text():
        write("predictions.txt", "\\n".join(names))
    else:
        for name in names:
            write(name)
if script == "serve":
    import signal

    def end(*ignored):
        sys.exit()
    signal.signal(signal.SIGTERM, end)
    print("serving it at http://127.0.0.1:1", flush=True)
    time.sleep(60)
if script == "make_roadscenes.py":
    for mode, count in (("train", 15), ("val", 5)):
        for i in range(count):
            for kind, ending in (("leftImg8bit", "leftImg8bit"), ("gtFine", "gtFine_labelTrainIds")):
                write(f"{{kind}}/{{mode}}/a/{{i}}_{{ending}}.png")
if script == "make_class_crops.py":
    for i in range(88):
        write(f"val/sky/{{i:03d}}.png")
if script == "test_tipc/rule_network.py":
    import shutil

    write("model.pdparams")
    shutil.copytree(flags["--pictures"], flags["--save_dir"], dirs_exist_ok=True)
if program == "cmake" and "--build" in words:
    write("segment", pathlib.Path(sys.argv[0]).read_text(), flags["--build"])
    pathlib.Path(flags["--build"], "segment").chmod(0o755)
if program == "segment":
    for path in pathlib.Path(flags["--image_path"]).rglob("*.png"):
        write(path.name)
"""


class Checkout:
    """The copy, and what was called in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.calls_file = folder.parent / "calls.jsonl"
        self.python = folder.parent / "fake python"
        self.python.write_text(FAKE_PYTHON.format(python=sys.executable))
        self.python.chmod(0o755)
        self.programs = folder.parent / "programs"
        self.programs.mkdir()
        for name in ("cmake", "c++"):
            (self.programs / name).symlink_to(self.python)

    def environment(self, python=None, **more) -> dict:
        """The environment in which scripts run; ``python`` is the fake one unless another is given."""
        return {
            **os.environ,
            "PATH": f"{self.programs}:{os.environ['PATH']}",
            "PYTHON": str(self.python if python is None else python),
            "FAKE_CALLS": str(self.calls_file),
            **more,
        }

    def run(self, script, *arguments, python=None, timeout=60, **environment):
        """Run one of the shell scripts."""
        return subprocess.run(
            ["bash", script, *map(str, arguments)],
            cwd=self.folder,
            env=self.environment(python, **environment),
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
        return [call for call in lines if call["words"][0] not in ("-W", "-c")]

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
        return self.write_chain_file("\n".join(lines) + "\n")

    def write_chain_file(self, text) -> Path:
        file = self.folder.parent / "chain file.txt"
        file.write_bytes(text.encode())
        return file

    def output(self, mode="lite_train_lite_infer", model="ddrnet23_slim") -> Path:
        return self.folder / "test_tipc" / "output" / model / mode


def make_checkout(beside: Path) -> Checkout:
    folder = beside / "my checkout"
    shutil.copytree(ROOT / "test_tipc", folder / "test_tipc", ignore=shutil.ignore_patterns("data", "output", "build"))
    for name in LINKED:
        (folder / name).symlink_to(ROOT / name)
    return Checkout(folder)


@pytest.fixture
def checkout(tmp_path) -> Checkout:
    return make_checkout(tmp_path)


@pytest.fixture(scope="module")
def shared_checkout(tmp_path_factory) -> Checkout:
    """One for all tests of a file, with what earlier ones have left."""
    return make_checkout(tmp_path_factory.mktemp("tipc"))
