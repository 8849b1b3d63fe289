# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Label maps alone: their paths, and that they neither replace pictures nor are taken for pictures."""

import pytest

from paddleseg.utils.errors import DataError
from paddleseg.utils.result_paths import label_paths, result_paths
from tests.messages import naming


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def targets(images, root, save_dir):
    return {image: str(path) for image, path in label_paths(images, root, save_dir).items()}


def test_they_are_directly_in_the_folder_below_the_path_of_the_picture(here):
    assert targets(["in/x/a.jpg", "in/b.png"], "in", "out") == {"in/x/a.jpg": "out/x/a.png", "in/b.png": "out/b.png"}


def test_the_folder_of_the_results_may_lie_in_that_of_the_pictures(here):
    assert targets(["in/a.jpg", "in/out/a.png", "in/output.png"], "in", "in/out") == {
        "in/a.jpg": "in/out/a.png",
        "in/output.png": "in/out/output.png",
    }
    with pytest.raises(DataError, match=naming("in/out", "another folder")):
        label_paths(["in/out/a.png"], "in", "in/out")


def test_pictures_in_a_folder_in_that_of_the_results_are_no_results(here):
    assert targets(["in/a.png"], "in", ".") == {"in/a.png": "a.png"}


@pytest.mark.parametrize("save_dir", ["in", "./in/../in"])
@pytest.mark.parametrize("images", [["in/a.png"], ["in/a.jpg", "in/a.png"], ["in/b.jpg", "in/c/a.jpg", "in/c/a.png"]])
def test_a_picture_that_would_be_replaced_is_named(here, images, save_dir):
    with pytest.raises(DataError, match=f"^{images[-1]}: .*save in another"):
        label_paths(images, "in", save_dir)


def test_a_picture_that_another_name_would_replace_is_named(here):
    (here / "in").mkdir()
    (here / "link").symlink_to("in")
    with pytest.raises(DataError, match="^in/a.png: the label map"):
        label_paths(["in/a.png"], "in", "link")


def test_jpegs_may_have_their_label_maps_beside_them(here):
    assert targets(["in/a.jpg", "in/b.jpg"], "in", "in") == {"in/a.jpg": "in/a.png", "in/b.jpg": "in/b.png"}


# Pillow reads Sun's .ras and does not write it; of .hdr it knows nothing.
@pytest.mark.parametrize(("picture", "overlay"), [("a.jpg", "a.jpg"), ("a.ras", "a.ras.png"), ("a.hdr", "a.hdr.png")])
def test_the_overlay_has_a_format_that_can_be_written(here, picture, overlay):
    assert result_paths([f"in/{picture}"], "in", "out")[f"in/{picture}"].overlay.name == overlay
