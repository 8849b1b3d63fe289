# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The C++ program, built once for all of its tests."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[3] / "deploy" / "cpp"
_LACKS = re.compile(r"Could not find.*?\.\n|Could NOT find.*", re.DOTALL)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        if "segment" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.extras)


@pytest.fixture(scope="session")
def program(tmp_path_factory) -> Path:
    """The program; ``SEGMENT_PROGRAM`` names one that is built already, which spares half a minute or more."""
    if os.environ.get("SEGMENT_PROGRAM"):
        return Path(os.environ["SEGMENT_PROGRAM"])
    pytest.importorskip("openvino", reason="needs pip install openvino")
    for tool in ("cmake", "make", "c++"):
        if shutil.which(tool) is None:
            pytest.skip(f"needs {tool} (packages of the system: see deploy/cpp/README.md)")
    folder = tmp_path_factory.mktemp("build")
    configure = ["cmake", SOURCE, "-G", "Unix Makefiles", f"-DPython3_EXECUTABLE={sys.executable}"]
    done = subprocess.run(configure, cwd=folder, capture_output=True, text=True)
    lacking = _LACKS.search(done.stderr)
    if done.returncode != 0 and lacking:
        pytest.skip(f"needs a library that CMake does not find: {' '.join(lacking[0].split())}")
    assert done.returncode == 0, done.stderr
    done = subprocess.run(["cmake", "--build", folder, "--parallel", "2"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "segment"


@pytest.fixture
def segment(program, tmp_path):
    """Run the program on one thread: ``segment(config, pictures, "--batch_size", 2)``; results go to ``out``.

    Errors have to be one line; the status is 0 unless ``status`` says what is expected.
    """

    def run(config, pictures, *arguments, save_dir=tmp_path / "out", status=0):
        given = ("--config", config, "--image_path", pictures, f"--save_dir={save_dir}", "--cpu_threads", 1, *arguments)
        done = subprocess.run([program, *map(str, given)], capture_output=True, text=True, timeout=120)
        assert done.returncode == status, done.stdout + done.stderr
        if status:
            assert done.stderr.splitlines()[-1].startswith("segment: error: ")
        return done

    return run
