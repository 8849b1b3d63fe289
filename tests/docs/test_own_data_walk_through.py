# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""docs/own_data_in_15_minutes.md, word by word: its commands, in its order, in a folder that looks like a checkout."""

import json
import os
import re
import shlex
import subprocess
import sys

import cv2
import numpy as np
import pytest

from tests.conftest import REPOSITORY

PAGE = REPOSITORY / "docs" / "own_data_in_15_minutes.md"
WIDTH, HEIGHT = 160, 120
SHAPES = {"part": ((40, 40, 200), 40, 30), "scratch": ((220, 220, 60), 24, 10)}


def label_twelve_pictures(folder):
    """Pictures with a part and a scratch on it, and the JSON files that labelme would write for them."""
    folder.mkdir()
    random = np.random.default_rng(0)
    for number in range(12):
        picture = random.integers(90, 120, (HEIGHT, WIDTH, 3), np.uint8)
        shapes = []
        for label, (colour, width, height) in SHAPES.items():
            x, y = random.integers(10, WIDTH - width - 10), random.integers(10, HEIGHT - height - 10)
            corners = np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]])
            cv2.fillPoly(picture, [corners], colour)
            shapes.append({"label": label, "shape_type": "polygon", "points": corners.tolist(), "flags": {}})
        cv2.imwrite(str(folder / f"{number:02}.jpg"), picture)
        annotation = {
            "version": "5.4.1", "shapes": shapes, "imagePath": f"{number:02}.jpg", "imageData": None,
            "imageHeight": HEIGHT, "imageWidth": WIDTH,
        }  # fmt: skip
        (folder / f"{number:02}.json").write_text(json.dumps(annotation))


def blocks():
    return re.findall(r"```(bash|python)\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.mark.slow
def test_twelve_labelled_pictures_become_an_exported_network_by_the_commands_of_the_page(tmp_path):
    for name in ("train.py", "val.py", "export.py", "tools", "deploy", "configs", "paddleseg"):
        (tmp_path / name).symlink_to(REPOSITORY / name)
    label_twelve_pictures(tmp_path / "my_pictures")
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(REPOSITORY)}
    said = []
    for language, block in blocks():
        commands = (
            [shlex.split(line) for line in block.replace("\\\n", " ").splitlines()]
            if language == "bash"
            else [["python", "-c", block]]
        )
        for words in commands:
            assert words[0] == "python"
            done = subprocess.run(
                [sys.executable, *words[1:]], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300
            )
            assert done.returncode == 0, (words, done.stdout, done.stderr)
            said.append(done.stdout + done.stderr)
    assert "1 part, 2 scratch" in said[0]
    lists = {name: (tmp_path / "data/mine" / name).read_text().splitlines() for name in ("train.txt", "val.txt")}
    assert [len(lines) for lines in lists.values()] == [9, 3]
    assert (tmp_path / "data/mine/samples.png").is_file()
    assert (tmp_path / "output/mine/report/report.html").is_file()
    labels = list((tmp_path / "output/mine/predictions").rglob("*.png"))
    assert {path.stem for path in labels} == {f"{number:02}" for number in range(12)}
    assert "_background_" in said[-1]
