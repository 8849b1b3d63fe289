# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""val.py finds no error in predict.py's results, with windows, scales and flips, and however pictures are stored."""

import json
import shutil
from types import SimpleNamespace

import cv2
import numpy as np
import paddle
import pytest
from PIL import Image

import predict
from tests.commands.evaluating import run_here
from tests.conftest import TINY_CONFIG, make_dataset


def turned(picture, path, orientation):
    """Stored as a camera does that was held otherwise, with a note of it."""
    ways = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90}
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture.transpose(ways[orientation]).save(path, exif=exif)


def deep(picture, path, highest):
    """The same picture with as many levels of grey, on the scale of an instrument."""
    values = np.rint(np.asarray(picture).astype(np.float64) * (highest / 255)).astype(np.uint16)
    cv2.imwrite(str(path), values[:, :, ::-1])


STORED = {
    "upside down": (lambda *there: turned(*there, 3), [], ["apply_exif=False"]),
    "on its side": (lambda *there: turned(*there, 6), [], ["apply_exif=False"]),
    "16 bits": (lambda *there: deep(*there, 65535), [], ["value_range=[0, 255]"]),
    "12 bits": (lambda *there: deep(*there, 4095), ["value_range=[0, 4095]"], []),  # without it they are black
}


@pytest.fixture
def fitting(build_network, tmp_path):
    """A configuration, its data set, whose sizes do not tell which way is up, and weights that predict several classes.

    ``fitting.predict()`` makes label maps by predict.py, which become the labels; ``fitting.mean_iou()`` is val.py's.
    """
    root = make_dataset(tmp_path / "square", train=1, val=2, size_wh=(64, 64))
    config, weights = tmp_path / "square.yml", tmp_path / "fitting.pdparams"
    config.write_text(TINY_CONFIG.format(root=root))
    paddle.seed(1)
    network = build_network(config)
    pictures = sorted((root / "images").glob("val_*.png"))
    x = paddle.stack([paddle.vision.transforms.to_tensor(Image.open(path)) for path in pictures])
    for _ in range(5):
        network((x - 0.5) / 0.5)  # statistics of the pictures
    network.eval()
    with paddle.no_grad():  # no class is ahead of the others everywhere
        bias = network.head.conv.bias
        bias.set_value(bias - network((x - 0.5) / 0.5)[0].mean([0, 2, 3]))
    paddle.save(network.state_dict(), str(weights))
    given = ["--config", str(config), "--model_path", str(weights), "--device", "cpu"]

    def predict_here(*flags):
        source = ["--image_path", str(root / "images"), "--save_dir", str(tmp_path / "p")]
        predict.main(predict.make_parser().parse_args([*given, *source, *map(str, flags)]))
        for path in pictures:
            shutil.copy(tmp_path / "p" / "label" / path.name, root / "labels" / path.name)
        assert len(np.unique([np.asarray(Image.open(root / "labels" / path.name)) for path in pictures])) > 1

    def mean_iou(*flags):
        run_here(*given, "--json", tmp_path / "val.json", *flags)
        return json.loads((tmp_path / "val.json").read_text())["mean_iou"]

    return SimpleNamespace(pictures=pictures, predict=predict_here, mean_iou=mean_iou)


@pytest.mark.parametrize("way", STORED)
def test_pictures_that_are_stored_otherwise_have_the_scores_of_their_twins(way, fitting):
    store, right, wrong = STORED[way]

    def stated(lines):
        return ["--opts", *(f"{mode}_dataset.{line}" for line in lines for mode in ("train", "val"))] if lines else []

    fitting.predict()
    assert fitting.mean_iou() == 1
    for path in fitting.pictures:
        with Image.open(path) as picture:
            picture.load()
        store(picture, path)
    # A level of 8 bits lies between two of 12.
    assert fitting.mean_iou(*stated(right)) >= (0.98 if way == "12 bits" else 1)
    assert fitting.mean_iou(*stated(wrong)) < 0.6


RATIO_KEPT = "[{type: Resize, target_size: [90, 75], keep_ratio: True, size_divisor: 32}, {type: Normalize}]"
SLIDING = ["--is_slide", "--crop_size", 48, 40, "--stride", 30, 20]
PADDED = "[{type: LimitLong, max_long: 51}, {type: PaddingByAspectRatio, aspect_ratio: 1.5}, {type: Normalize}]"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("transforms", "flags"),
    [
        (PADDED, ["--flip_horizontal", "--flip_vertical"]),
        (RATIO_KEPT, ["--scales", 0.75, 1.25, "--flip_horizontal", *SLIDING]),
    ],
    ids=["flips", "all of it"],
)
def test_windows_scales_and_flips_give_what_predict_gives_at_the_pictures_size(transforms, flags, fitting):
    opts = ["--opts", f"val_dataset.transforms={transforms}"]
    views = any("flip" in str(flag) for flag in flags)
    fitting.predict(*(["--aug_pred"] if views else []), *flags, *opts)
    assert fitting.mean_iou(*(["--aug_eval"] if views else []), *flags, *opts) == 1
    assert fitting.mean_iou(*opts) < 1  # the flags have an effect
