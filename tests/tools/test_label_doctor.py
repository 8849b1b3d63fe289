# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The label doctor's commands as a user runs them."""

import json
import shutil

import cv2
import numpy as np
import pytest

from paddleseg.utils.errors import ConfigError, UserError
from tests.conftest import REPOSITORY
from tests.scripts import load_script


def count_from_one(folder):
    for path in (folder / "labels").glob("*.png"):
        label = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        cv2.imwrite(str(path), np.where(label == 255, 255, label + 1).astype(np.uint8))


def test_the_check_proposes_a_map_and_writes_a_page(run_command, tiny_config, tiny_dataset, tmp_path):
    count_from_one(tiny_dataset)
    before = {path: path.read_bytes() for path in tiny_dataset.rglob("*") if path.is_file()}
    page, figures = tmp_path / "data.html", tmp_path / "data.json"
    command = ("tools/check_dataset.py", "--config", tiny_config, "--num_workers", 1, "--fix_map")
    result = run_command(*command, "--report", page, "--json", figures)
    assert result.returncode == 1 and "Traceback" not in result.stderr  # training would stop
    assert "label_map: {1: 0, 2: 1, 3: 2, 4: 3}" in result.stdout
    assert "<section>" in page.read_text() and "://" not in page.read_text()
    found = json.loads(figures.read_text())["doctor"]
    assert [(entry["kind"], entry["section"]) for entry in found if entry["kind"] == "off_by_one"] == [
        ("off_by_one", "train_dataset"),
        ("off_by_one", "val_dataset"),
    ]
    assert {path: path.read_bytes() for path in before} == before
    mended = run_command(*command, "--report", page, "--opts", "train_dataset.label_map={1: 0, 2: 1, 3: 2, 4: 3}")
    assert mended.returncode == 0, mended.stderr


def test_regions_are_printed_written_and_shown(run_command, tiny_config, tmp_path):
    run = ("train.py", "--config", tiny_config, "--iters", 2, "--save_dir", tmp_path / "run", "--num_workers", 0)
    assert run_command(*run, "--device", "cpu").returncode == 0
    page, figures = tmp_path / "errors.html", tmp_path / "errors.json"
    weights = tmp_path / "run/iter_2/model.pdparams"
    result = run_command(
        "tools/find_label_errors.py", "--config", tiny_config, "--model_path", weights, "--part", "train",
        "--top", 3, "--report", page, "--json", figures, "--device", "cpu",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    found = json.loads(figures.read_text())
    assert found["num_pictures"] == 8 and 0 < len(found["regions"]) <= 3
    assert page.read_text().count("<img") == len(found["regions"])
    assert "more probable by" in result.stdout


@pytest.fixture
def mend(tmp_path, monkeypatch):
    """Run tools/mend_labels.py in a folder with the label a/1.png; gives what is written."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a").mkdir()
    cv2.imwrite("a/1.png", np.array([[1, 2, 3], [4, 5, 6]], np.uint8))
    tool = load_script(REPOSITORY / "tools/mend_labels.py")

    def run(*words):
        tool.main(tool.make_parser().parse_args([*words, "--save_dir", "new"]))
        return cv2.imread("new/1.png", cv2.IMREAD_UNCHANGED).tolist()

    return run


@pytest.mark.parametrize(
    ("flags", "mended"),
    [
        (["--flip", "horizontal"], [[3, 2, 1], [6, 5, 4]]),
        (["--flip", "vertical"], [[4, 5, 6], [1, 2, 3]]),
        (["--flip", "both"], [[6, 5, 4], [3, 2, 1]]),
        (["--shift", "1", "-1"], [[255, 4, 5], [255, 255, 255]]),
        (["--shift", "-1", "0", "--fill", "0"], [[2, 3, 0], [5, 6, 0]]),
        (["--label_map", "{1: 0, 6: 255}"], [[0, 2, 3], [4, 5, 255]]),
    ],
)
def test_labels_are_mended_in_a_new_folder(mend, flags, mended):
    assert mend("a/1.png", *flags) == mended
    assert cv2.imread("a/1.png", cv2.IMREAD_UNCHANGED).tolist() == [[1, 2, 3], [4, 5, 6]]


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["a/1.png"], "nothing to do; give --label_map, --flip or --shift"),
        (["a/2.png", "--flip", "both"], r"a/2.png: there is no such label \(1 of 1"),
        (["a", "--flip", "both"], "a: is a folder; give its label files, such as a/"),
        (["a/1.png", "--label_map", "{1: 300}"], "--label_map: found 300"),
        (["a/1.png", "--label_map", "{1 0"], "--label_map"),
        (["a/1.png", "--label_map", "7"], "give pairs such as"),
        (["a/1.png", "--shift", "1", "1", "--fill", "256"], "--fill 256"),
    ],
)
def test_what_cannot_be_mended_is_refused(mend, words, parts):
    with pytest.raises(UserError, match=parts):
        mend(*words)


def test_two_labels_do_not_become_one(mend, tmp_path):
    cv2.imwrite("a/1.bmp", np.zeros((2, 3), np.uint8))
    with pytest.raises(ConfigError, match=r"a/1.png and a/1.bmp: both copies would be new/1.png"):
        mend("a/1.png", "a/1.bmp", "--flip", "both")
    assert not (tmp_path / "new").exists()


def test_foreign_files_and_the_labels_themselves_are_not_replaced(mend, tmp_path):
    (tmp_path / "new").mkdir()
    shutil.copy("a/1.png", "new/1.png")
    with pytest.raises(UserError, match="would be replaced"):
        mend("a/1.png", "--flip", "both")
    with pytest.raises(ConfigError, match="would replace itself"):
        mend("new/1.png", "--flip", "both")


@pytest.mark.parametrize("name", ["data.txt", "missing/data.html", "mine.html"])
def test_a_page_that_cannot_be_written_is_refused_before_anything_is_read(name, tmp_path):
    (tmp_path / "mine.html").write_text("<p>mine</p>")
    for script in ("check_dataset", "find_label_errors"):
        tool = load_script(REPOSITORY / f"tools/{script}.py")
        words = ["--config", "no.yml", "--report", str(tmp_path / name)]
        words += ["--model_path", "no"] if script == "find_label_errors" else []
        with pytest.raises(ConfigError, match="--report"):
            tool.main(tool.make_parser().parse_args(words))
