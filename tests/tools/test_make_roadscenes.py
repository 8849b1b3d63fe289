# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""``tools/make_roadscenes.py`` as a user runs it."""

import numpy as np
import pytest

from paddleseg.datasets import Cityscapes, RoadScenes

COMMAND = "tools/make_roadscenes.py"


def test_the_folder_reads_back_as_cityscapes_with_the_scenes_of_the_dataset(run_command, tmp_path):
    folder = tmp_path / "scenes"
    process = run_command(COMMAND, "--out", folder, "--train", 3, "--val", 2, "--size", 96, 48, "--seed", 7)
    assert process.returncode == 0, process.stderr
    for mode, count in (("train", 3), ("val", 2)):
        from_disk = Cityscapes([], dataset_root=str(folder), mode=mode)
        drawn = RoadScenes([], mode=mode, num_samples=count, size=[96, 48], seed=7)
        assert len(from_disk) == count
        for index in range(count):
            for key in ("img", "label"):
                np.testing.assert_array_equal(from_disk.read(index)[key], drawn.read(index)[key])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["scenes"]


def test_an_empty_folder_may_be_filled(run_command, tmp_path):
    process = run_command(COMMAND, "--save_dir", tmp_path / "new", "--train", 0, "--val", 1, "--size", 64, 32)
    assert process.returncode == 0, process.stderr
    (tmp_path / "empty").mkdir()
    process = run_command(COMMAND, "--save_dir", tmp_path / "empty", "--train", 1, "--val", 0, "--size", 64, 32)
    assert process.returncode == 0, process.stderr
    assert len(list((tmp_path / "empty").rglob("*.png"))) == 2


def test_a_folder_with_files_is_refused_and_left_as_it_is(run_command, tmp_path):
    (tmp_path / "mine.txt").write_text("precious")
    process = run_command(COMMAND, "--save_dir", tmp_path)
    assert process.returncode == 1
    assert process.stderr.splitlines() == [
        f"make_roadscenes.py: error: --save_dir: {tmp_path} is not empty; name a new folder, or remove it first"
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--size", 32, 32), "RoadScenes: size: found 32x32; it must be width 64 to 2048, height 32 to 1024"),
        (("--seed", -1), "RoadScenes: seed: found -1; it must be 0 or more, at most 2147483647"),
        (("--train", -3), "--train -3, --val 50: give numbers of 0 or more, not both 0"),
        (("--train", 0, "--val", 0), "--train 0, --val 0: give numbers of 0 or more, not both 0"),
    ],
)
def test_a_wrong_number_ends_with_one_line(run_command, tmp_path, arguments, message):
    process = run_command(COMMAND, "--save_dir", tmp_path / "scenes", *arguments)
    assert process.returncode == 1
    assert process.stderr.splitlines() == [f"make_roadscenes.py: error: {message}"]
    assert not any(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_ends_with_one_line(run_command, tmp_path):
    (tmp_path / "file").write_text("")
    process = run_command(COMMAND, "--save_dir", tmp_path / "file" / "scenes", "--train", 1, "--val", 0)
    assert process.returncode == 1
    assert len(process.stderr.splitlines()) == 1
    assert "scenes cannot be written" in process.stderr
