# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Prediction of picture files with a network of known answers."""

import numpy as np
import paddle
import pytest
from PIL import Image

from paddleseg.inference.prediction import predict
from paddleseg.inference.views import ViewOptions
from paddleseg.transforms.padding import Padding
from paddleseg.transforms.pipeline import Pipeline
from paddleseg.transforms.transforms import Normalize, Resize
from paddleseg.utils import distributed
from paddleseg.utils.errors import DataError
from paddleseg.utils.picture_files import IMAGE_SUFFIXES
from paddleseg.utils.result_paths import result_paths
from paddleseg.utils.visualize import default_palette, overlay
from paddleseg.utils.written_files import INDEX_NAME


class RedOrNot(paddle.nn.Layer):
    """Class 1 where a picture normalised to -1 .. 1 is red, else class 0."""

    def forward_stride8(self, x):
        red = paddle.nn.functional.avg_pool2d(x[:, :1], 8, 8, ceil_mode=True)
        return [paddle.concat([-red, red], axis=1)]


PIPELINE = Pipeline([Normalize()])


def save_picture(path, height=40, width=64):
    """Right half red."""
    image = np.zeros((height, width, 3), np.uint8)
    image[:, width // 2 :, 0] = 255
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path)
    return image


def files_below(folder):
    """All but the index of what was written."""
    names = (str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in names if not name.endswith(INDEX_NAME))


def test_three_files_appear_and_hold_ids_colours_and_overlay(tmp_path):
    image = save_picture(tmp_path / "in" / "street.png")
    predict(
        RedOrNot(),
        PIPELINE,
        [str(tmp_path / "in" / "street.png")],
        tmp_path / "out",
        root=str(tmp_path / "in"),
    )
    assert files_below(tmp_path / "out") == [
        "added_prediction/street.png",
        "label/street.png",
        "pseudo_color_prediction/street.png",
    ]
    labels = np.asarray(Image.open(tmp_path / "out" / "label" / "street.png"))
    assert labels.dtype == np.uint8
    assert (labels == np.repeat([0, 1], 32)).all()
    colors = Image.open(tmp_path / "out" / "pseudo_color_prediction" / "street.png")
    assert colors.mode == "P"
    assert (np.asarray(colors) == labels).all()
    assert (np.asarray(colors.convert("RGB")) == default_palette()[labels]).all()
    added = np.asarray(Image.open(tmp_path / "out" / "added_prediction" / "street.png"))
    assert (added[:40, :64] == overlay(image, labels, default_palette())).all()
    assert len(added) > 40


def test_results_have_the_size_of_the_picture_whatever_the_transforms_do(tmp_path):
    save_picture(tmp_path / "a.png", 37, 81)
    pipeline = Pipeline([Resize([160, 72]), Padding([192, 96]), Normalize()])
    predict(RedOrNot(), pipeline, [str(tmp_path / "a.png")], tmp_path / "out", root=str(tmp_path))
    labels = np.asarray(Image.open(tmp_path / "out" / "label" / "a.png"))
    assert labels.shape == (37, 81)
    assert (labels[:, :38] == 0).all()
    assert (labels[:, 43:] == 1).all()


def test_the_options_reach_the_network(tmp_path):
    save_picture(tmp_path / "a.png", 37, 81)
    sizes = []

    class Watched(RedOrNot):
        def forward_stride8(self, x):
            sizes.append(tuple(x.shape[2:]))
            return super().forward_stride8(x)

    options = ViewOptions(is_slide=True, crop_size=[41, 64], stride=[40, 64])
    predict(Watched(), PIPELINE, [str(tmp_path / "a.png")], tmp_path / "out", options, root=str(tmp_path))
    assert sizes == [(37, 41), (37, 41)]
    labels = np.asarray(Image.open(tmp_path / "out" / "label" / "a.png"))
    assert labels.shape == (37, 81)
    assert (labels[:, :34] == 0).all() and (labels[:, 46:] == 1).all()


def test_the_overlay_keeps_the_format_of_the_picture(tmp_path):
    save_picture(tmp_path / "a.JPG")
    predict(RedOrNot(), PIPELINE, [str(tmp_path / "a.JPG")], tmp_path / "out", root=str(tmp_path))
    assert Image.open(tmp_path / "out" / "added_prediction" / "a.JPG").format == "JPEG"
    assert Image.open(tmp_path / "out" / "label" / "a.png").format == "PNG"


def test_damaged_and_empty_pictures_are_left_out_and_all_are_named_at_the_end(tmp_path, log):
    paths = [tmp_path / f"{name}.png" for name in "abcd"]
    for path in paths:
        save_picture(path)
    paths[1].write_bytes(paths[1].read_bytes()[:60])
    paths[2].write_bytes(b"")
    with pytest.raises(DataError) as info:
        predict(RedOrNot(), PIPELINE, [str(path) for path in paths], tmp_path / "out", root=str(tmp_path))
    headline, second, third = str(info.value).splitlines()
    assert "2 of 4 pictures could not be predicted" in headline
    assert "b.png: the picture is truncated" in second and "c.png: the picture is an empty file" in third
    assert [record.getMessage() for record in log.records if record.levelname == "ERROR"] == [
        f"{line.strip()}; left out" for line in (second, third)
    ]
    assert files_below(tmp_path / "out") == [
        f"{folder}/{name}.png" for folder in ("added_prediction", "label", "pseudo_color_prediction") for name in "ad"
    ]


def test_a_single_damaged_picture_is_one_line(tmp_path):
    (tmp_path / "b.png").write_bytes(b"")
    with pytest.raises(DataError, match=r"^[^\n]*b\.png: the picture is an empty file$"):
        predict(RedOrNot(), PIPELINE, [str(tmp_path / "b.png")], tmp_path / "out", root=str(tmp_path))
    assert files_below(tmp_path / "out") == []


@pytest.mark.parametrize("suffix", IMAGE_SUFFIXES)
def test_pictures_of_every_suffix_are_predicted_and_drawn(tmp_path, suffix):
    picture = Image.new("1" if suffix == ".pbm" else "RGB", (64, 40), 1)
    picture.save(tmp_path / f"a{suffix}")
    predict(RedOrNot(), PIPELINE, [str(tmp_path / f"a{suffix}")], tmp_path / "out", root=str(tmp_path))
    (overlay_file,) = (tmp_path / "out" / "added_prediction").iterdir()
    with Image.open(overlay_file) as drawn:
        assert drawn.width >= 64 and drawn.mode == "RGB"


def test_a_failure_while_saving_leaves_no_half_written_file(tmp_path, monkeypatch):
    save_picture(tmp_path / "a.png")

    def fail(*_, **__):
        raise OSError("disk full")

    monkeypatch.setattr("paddleseg.utils.visualize.add_legend", fail)
    with pytest.raises(OSError, match="disk full"):
        predict(RedOrNot(), PIPELINE, [str(tmp_path / "a.png")], tmp_path / "out", root=str(tmp_path))
    assert files_below(tmp_path) == ["a.png"]


def test_grey_pictures_of_one_channel_are_predicted_and_shown(tmp_path):
    save_picture(tmp_path / "a.png")
    model = RedOrNot()
    predict(model, PIPELINE, [str(tmp_path / "a.png")], tmp_path / "out", root=str(tmp_path), channels=1)
    assert np.asarray(Image.open(tmp_path / "out" / "added_prediction" / "a.png")).shape[2] == 3
    assert model.training  # as it came


def test_earlier_results_in_the_folder_of_the_pictures_are_not_predicted_again(tmp_path):
    save_picture(tmp_path / "a.png")
    for _ in range(2):
        images = [str(path) for path in sorted(tmp_path.rglob("*.png"))]
        predict(RedOrNot(), PIPELINE, images, tmp_path / "out", root=str(tmp_path))
    assert len(images) == 4
    assert len(files_below(tmp_path / "out")) == 3
    with pytest.raises(DataError, match="all pictures are earlier results"):
        predict(RedOrNot(), PIPELINE, images[1:], tmp_path / "out", root=str(tmp_path))


def test_labels_of_a_data_set_are_refused_by_name_before_anything_is_predicted(tmp_path):
    for name in "abcde":
        save_picture(tmp_path / f"images/{name}.png")
        save_picture(tmp_path / f"label/{name}.png")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.png")}
    images = [str(tmp_path / f"images/{name}.png") for name in "abcde"]
    with pytest.raises(DataError, match=r"^\S+/label/a\.png, .*, \S+/label/c\.png and 2 more: ") as caught:
        predict(RedOrNot(), PIPELINE, images, tmp_path, root=str(tmp_path / "images"))
    assert "another folder" in str(caught.value)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.*")} == before


def test_a_second_prediction_replaces_its_own_results_and_not_one_that_was_corrected_by_hand(tmp_path):
    save_picture(tmp_path / "in" / "a.png")
    arguments = (RedOrNot(), PIPELINE, [str(tmp_path / "in" / "a.png")], tmp_path / "out")
    predict(*arguments)
    save_picture(tmp_path / "in" / "a.png", 48, 72)
    predict(*arguments)
    label = tmp_path / "out" / "label" / "a.png"
    assert Image.open(label).size == (72, 48)
    corrected = np.asarray(Image.open(label)).copy()
    corrected[0] = 1
    Image.fromarray(corrected).save(label)
    with pytest.raises(DataError, match=f"^{label}: would be replaced"):
        predict(*arguments)
    assert (np.asarray(Image.open(label)) == corrected).all()


def label_names(images, root):
    return [str(paths.label) for paths in result_paths(images, root, "out").values()]


def test_sub_folders_below_the_root_are_kept():
    images = ["data/x/a.png", "data/y/a.png", "data/b.png"]
    assert label_names(images, "data") == ["out/label/x/a.png", "out/label/y/a.png", "out/label/b.png"]


def test_pictures_that_differ_only_in_the_suffix_get_files_of_their_own():
    images = ["d/a.jpg", "d/a.png", "d/b.jpg", "d/A.bmp"]
    assert label_names(images, "d") == [
        "out/label/a.jpg.png",
        "out/label/a.png.png",
        "out/label/b.png",
        "out/label/A.bmp.png",
    ]


def test_no_two_pictures_share_a_file_even_with_malicious_names():
    images = ["d/a.jpg", "d/a.png", "d/a.jpg.png", "d/a.jpg.png.bmp"]
    for kind in zip(*result_paths(images, "d", "out").values()):
        assert len(set(kind)) == 4


def test_pictures_outside_the_root_are_named_from_their_common_folder():
    assert label_names(["/data/x/a.png", "/data/y/a.png"], "/lists") == [
        "out/label/x/a.png",
        "out/label/y/a.png",
    ]


def test_a_picture_named_twice_is_predicted_once():
    assert list(result_paths(["d/a.png", "d/../d/a.png"], "d", "out")) == ["d/../d/a.png"]


def test_results_never_leave_the_folder():
    for root in ("", "d", "elsewhere"):
        paths = result_paths(["d/a.png", "../b.png"], root, "out")
        assert all(".." not in str(path) for results in paths.values() for path in results)


def test_two_processes_share_the_pictures(tmp_path, monkeypatch):
    images = [str(tmp_path / f"in/{name}.png") for name in "abc"]
    for image in images:
        save_picture(tmp_path / image)
    monkeypatch.setattr(distributed, "world_size", lambda: 2)
    seen = []
    for rank in range(2):
        monkeypatch.setattr(distributed, "rank", lambda rank=rank: rank)
        predict(RedOrNot(), PIPELINE, images, tmp_path / f"out{rank}", root=str(tmp_path / "in"))
        seen.append([name for name in files_below(tmp_path / f"out{rank}") if name.startswith("label/")])
    assert seen == [["label/a.png", "label/c.png"], ["label/b.png"]]
