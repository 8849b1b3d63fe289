# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The doctor's findings on environments with one fault each."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from paddleseg.environment import cards, engines, own_package, packages, processor, storage, text
from paddleseg.environment.examination import examine, has_fault, table
from paddleseg.environment.machine import Machine
from tests.environment.staged import GB, Stage
from tests.messages import assert_names

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def stage(tmp_path):
    return Stage(tmp_path)


def two_opencvs(stage):
    stage.install("opencv-python-headless", "4.12.0")


def paddleseg_beside(stage):
    stage.install("paddleseg", "2.8.0")
    stage.variables["PYTHONPATH"] = str(stage.toolkit)


def paddleseg_over(stage):
    """Of the toolkit's own record, the file has other content now."""
    stage.install("paddleseg", "2.8.0")
    stage.describe(
        "ddrnet-toolkit", "0.1.0", "paddleseg/__init__.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\n"
    )


def small_shared_memory(stage):
    stage.shared = (64 * 2**20, 64 * 2**20)


def cuda_build_without_card(stage):
    stage.install_paddle("2.6.2", cuda="11.8")


def card_that_does_not_reach_the_container(stage):
    stage.install_paddle("3.3.1", cuda="12.6")
    stage.write("proc/driver/nvidia/version", "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15\n")


def card_without_cuda_build(stage):
    stage.install_card("NVIDIA A100", "8.0", "550.54.15")


def old_driver(stage):
    stage.install_paddle("3.3.1", cuda="12.6", cards=1)
    stage.install_card("Tesla T4", "7.5", "470.82.01")


def card_newer_than_paddle(stage):
    stage.install_paddle("2.6.2", cuda="11.8", cards=1)
    stage.install_card("NVIDIA H100", "9.0", "550.54.15")


def hidden_card(stage):
    stage.install_paddle("3.3.1", cuda="12.6")
    stage.install_card("Tesla T4", "7.5", "550.54.15")
    stage.variables["CUDA_VISIBLE_DEVICES"] = ""


def read_only_home(stage):
    stage.write_fault = lambda folder: "Read-only file system" if folder.name == "home" else None


def full_disk(stage):
    stage.disk = (100 * GB, 5 * 2**20)


def no_paddle(stage):
    stage.uninstall("paddlepaddle")
    (stage.site / "paddle" / "__init__.py").unlink()
    (stage.site / "paddle").rmdir()


def paddle_that_crashes(stage):
    stage.install("paddlepaddle", "3.3.1", "import os\nos.abort()\n", "paddle")


def paddle_that_hangs(stage):
    stage.seconds = 2
    stage.install("paddlepaddle", "3.3.1", "import time\ntime.sleep(600)\n", "paddle")


def two_paddles(stage):
    stage.describe("paddlepaddle-gpu", "2.6.2")


def opencv_without_libraries(stage):
    text = "raise ImportError('libGL.so.1: cannot open shared object file: No such file or directory')\n"
    stage.install("opencv-python", "4.10.0", text)


def opencv_of_another_numpy(stage):
    stage.install("opencv-python", "4.5.0", "raise AttributeError('_ARRAY_API not found')\n")


def old_engine(stage):
    stage.install("onnxruntime", "1.9.0")


def broken_engine(stage):
    stage.install("openvino", "2024.4.0", "raise ImportError('libtbb.so.12: cannot open shared object file')\n")


def half_an_extra(stage):
    stage.uninstall("uvicorn")


def small_container(stage):
    stage.write("sys/fs/cgroup/memory.max", f"{GB}\n")


def few_cores_in_a_container(stage):
    stage.cores = 64
    stage.write("sys/fs/cgroup/cpu.max", "200000 100000\n")


def one_thread(stage):
    stage.variables["OMP_NUM_THREADS"] = "1"


def old_cpu(stage):
    stage.write("proc/cpuinfo", "model name : Old\nflags : fpu sse4_2\n")


def ascii_names(stage):
    stage.variables.update(LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")


def paddle_26(stage):
    stage.install_paddle("2.6.2")


def unknown_paddle(stage):
    stage.install_paddle("3.4.0")


def ancient_paddle(stage):
    stage.install_paddle("2.4.1")


def new_python(stage):
    (stage.site / "sitecustomize.py").write_text("import sys\nsys.version_info = (3, 15, 0, 'final', 0)\n")


def slow_convolutions(stage):
    text = "def why_unavailable(): return 'no library of a known version'\n"
    (stage.toolkit / "paddleseg" / "onednn" / "__init__.py").write_text(text)


STAGES = [
    (
        two_opencvs,
        packages.check_opencv,
        "wrong",
        "OpenCV",
        ("opencv-python", "opencv-python-headless 4.12.0"),
        "pip uninstall -y",
    ),
    (
        paddleseg_beside,
        own_package.check_toolkit,
        "note",
        "import paddleseg",
        ("2.8.0", "beside"),
        "pip uninstall -y paddleseg",
    ),
    (
        paddleseg_over,
        own_package.check_toolkit,
        "wrong",
        "import paddleseg",
        ("installed over",),
        "pip uninstall -y paddleseg ddrnet-toolkit",
    ),
    (small_shared_memory, storage.check_shared_memory, "wrong", "/dev/shm", ("64 MB", "bus error"), "--shm-size"),
    (
        cuda_build_without_card,
        cards.check_cards,
        "note",
        "cards",
        ("CUDA 11.8", "no card"),
        "pip install paddlepaddle==3.3.1",
    ),
    (
        card_that_does_not_reach_the_container,
        cards.check_cards,
        "wrong",
        "cards",
        ("CUDA 12.6", "no card"),
        "docker run --gpus all",
    ),
    (card_without_cuda_build, cards.check_cards, "note", "cards", ("NVIDIA A100", "built for the CPU"), "Installation"),
    (old_driver, cards.check_cards, "wrong", "driver", ("470.82.01", "CUDA 12.6", "525.60.13"), "driver 525.60.13"),
    (
        card_newer_than_paddle,
        cards.check_cards,
        "wrong",
        "cards",
        ("NVIDIA H100", "9.0", "2.6.2 ends at 8.6"),
        "3.x GPU wheel",
    ),
    (
        hidden_card,
        cards.check_cards,
        "wrong",
        "cards",
        ("Tesla T4", "CUDA_VISIBLE_DEVICES= hides"),
        "unset CUDA_VISIBLE_DEVICES",
    ),
    (
        read_only_home,
        storage.check_folders,
        "wrong",
        "downloads",
        (".paddleseg", "Read-only file system"),
        "PADDLESEG_HOME=",
    ),
    (full_disk, storage.check_folders, "wrong", "temporary files", ("5 MB free", "full"), "TMPDIR="),
    (no_paddle, packages.check_paddle, "wrong", "Paddle", ("not installed",), "pip install paddlepaddle==3.3.1"),
    (
        paddle_that_crashes,
        packages.check_paddle,
        "wrong",
        "Paddle",
        ("paddlepaddle 3.3.1", "crashed (signal 6)"),
        "--force-reinstall",
    ),
    (
        paddle_that_hangs,
        packages.check_paddle,
        "wrong",
        "Paddle",
        ("paddlepaddle 3.3.1", "2 seconds"),
        "--force-reinstall",
    ),
    (
        two_paddles,
        packages.check_paddle,
        "wrong",
        "Paddle",
        ("paddlepaddle 3.3.1", "paddlepaddle-gpu 2.6.2"),
        "pip uninstall -y",
    ),
    (opencv_without_libraries, packages.check_opencv, "wrong", "OpenCV", ("libGL.so.1",), "opencv-python-headless"),
    (
        opencv_of_another_numpy,
        packages.check_opencv,
        "wrong",
        "OpenCV",
        ("_ARRAY_API",),
        "--upgrade opencv-python numpy",
    ),
    (old_engine, engines.check_extras, "wrong", "onnx", ("onnxruntime 1.9.0", "1.18"), "pip install -e '.[onnx]'"),
    (
        broken_engine,
        engines.check_extras,
        "wrong",
        "openvino",
        ("2024.4.0", "libtbb.so.12"),
        "pip install -e '.[openvino]'",
    ),
    (
        half_an_extra,
        engines.check_extras,
        "note",
        "serving",
        ("starlette", "uvicorn is missing"),
        "pip install -e '.[serving]'",
    ),
    (small_container, storage.check_memory, "wrong", "memory", ("1.0 GB", "container"), "docker run --memory"),
    (
        few_cores_in_a_container,
        processor.check_threads,
        "note",
        "threads",
        ("2 cores of 64", "container"),
        "export OMP_NUM_THREADS=2",
    ),
    (one_thread, processor.check_threads, "note", "threads", ("4 cores", "OMP_NUM_THREADS=1"), "unset OMP_NUM_THREADS"),
    (old_cpu, processor.check_instructions, "note", "CPU", ("Old", "avx2"), "another machine"),
    (ascii_names, text.check_encoding, "note", "encoding", ("letters",), "LC_ALL=C.UTF-8"),
    (paddle_26, packages.check_paddle, "note", "Paddle", ("2.6.2", ".pdmodel"), "pip install paddlepaddle==3.3.1"),
    (unknown_paddle, packages.check_paddle, "note", "Paddle", ("3.4.0", "tested"), "pip install paddlepaddle==3.3.1"),
    (ancient_paddle, packages.check_paddle, "wrong", "Paddle", ("2.4.1", "too old"), "pip install paddlepaddle==3.3.1"),
    (new_python, packages.check_python, "wrong", "Python", ("3.15.0", "3.10 to 3.13"), "python3.11 -m venv"),
    (
        slow_convolutions,
        processor.check_convolutions,
        "note",
        "convolutions on the CPU",
        ("slower", "no library of a known version"),
        "3.3.1",
    ),
]


@pytest.mark.parametrize(
    ("spoil", "check", "status", "subject", "words", "mend"), STAGES, ids=[row[0].__name__ for row in STAGES]
)
def test_each_broken_environment_is_told_by_its_row(stage, spoil, check, status, subject, words, mend):
    spoil(stage)
    findings = examine(stage.machine(), [check])
    finding = next(one for one in findings if one.subject.split(" (")[0] == subject)
    assert finding.status == status, finding
    assert_names(finding.found, *words)
    assert mend in finding.mend and mend in table(findings)
    assert has_fault(findings) == (status == "wrong")


def test_of_a_clean_environment_all_is_well(stage):
    findings = examine(stage.machine())
    assert {one.status for one in findings} == {"ok"}, table(findings)
    assert {"Paddle", "OpenCV", "cards", "/dev/shm", "encoding"} <= {one.subject for one in findings}
    assert table(findings).endswith("nothing wrong, 0 notes")


def test_the_tool_runs_where_nothing_is_installed(tmp_path):
    python = Stage(tmp_path).python
    site = next((tmp_path / "python").glob("lib/python*/site-packages"))
    site.rename(tmp_path / "gone")
    report = tmp_path / "report.json"
    done = subprocess.run([python, ROOT / "tools" / "doctor.py", "--json", report], capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr == "", done.stderr
    rows = {row["subject"]: row for row in json.loads(report.read_text())}
    assert rows["Paddle"]["status"] == rows["numpy"]["status"] == rows["OpenCV"]["status"] == "wrong"
    assert all(row["found"] in done.stdout for row in rows.values())


def test_a_check_that_fails_is_a_row_and_the_others_go_on(stage):
    def check_something(machine):
        raise RuntimeError("what nobody has thought of")
        yield

    def check_other(machine):
        yield from ()

    (finding,) = examine(stage.machine(), [check_something, check_other])
    assert finding.status == "note" and "what nobody has thought of" in finding.found


@pytest.mark.parametrize("python", ["/nowhere/python"])
def test_a_python_that_does_not_run_is_said(python):
    (first, *_) = examine(Machine(python))
    assert "cannot be run" in first.found


def test_the_doctor_of_ddrnet_comes_where_nothing_is_installed():
    command = [sys.executable, "-S", "-m", "paddleseg", "doctor", "--seconds", "0"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "ddrnet doctor: error: --seconds 0: must be above 0\n")
