# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Broken pictures and labels on every way into the toolkit: a correct sample, or one line that names the file."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import paddle
import pytest
from PIL import Image

from paddleseg.datasets import Dataset
from paddleseg.datasets.data_check import examine
from paddleseg.deploy.deploy_config import read_deploy_config
from paddleseg.deploy.segmenter import Segmenter
from paddleseg.export.folder import export_model
from paddleseg.inference.prediction import predict
from paddleseg.transforms import Normalize, Pipeline, RandomHorizontalFlip, RandomPaddingCrop
from paddleseg.utils.errors import DataError
from paddleseg.utils.image_io import read_image
from tests.faults.broken_pictures import BREAKS, SIZE_WH, flip_bits, huge_png, whole_files
from tests.faults.limits import CASES, SEED, no_hang

BLOCKS = 10
FAST_BLOCKS = 2
CROP = 64
REPOSITORY = Path(__file__).resolve().parents[2]


class OneLayer(paddle.nn.Layer):
    """The smallest network that can be exported."""

    arch, num_classes, in_channels = "OneLayer", 2, 3

    def __init__(self):
        super().__init__()
        self.layer = paddle.nn.Conv2D(3, 2, 9, stride=8, padding=4)

    def forward_stride8(self, x):
        return [self.layer(x)]

    def forward(self, x):
        return [paddle.nn.functional.interpolate(y, size=x.shape[2:]) for y in self.forward_stride8(x)]


@pytest.fixture(scope="module")
def whole():
    return whole_files()


@pytest.fixture(scope="module")
def segmenter(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exported") / "out"
    return Segmenter(read_deploy_config(export_model(OneLayer(), folder, transforms=[{"type": "Normalize"}])))


@pytest.fixture
def pair(tmp_path):
    """A picture and a label that are right, and the list that names them."""
    pixels = np.random.default_rng(0).integers(0, 256, (*SIZE_WH[::-1], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "picture.png")
    Image.fromarray(pixels[:, :, 0] % 4).save(tmp_path / "label.png")
    return tmp_path


def dataset_of(folder, picture="picture.png", label="label.png") -> Dataset:
    (folder / "list.txt").write_text(f"{picture} {label}\n")
    transforms = [RandomPaddingCrop([CROP, CROP]), RandomHorizontalFlip(), Normalize()]
    return Dataset("train", str(folder), transforms, num_classes=4, train_path=str(folder / "list.txt"))


def outcome(file, action) -> str:
    """``"fine"``, or the message, which has to be one line that names the file."""
    with no_hang():
        try:
            action()
        except DataError as error:
            message = str(error)
            assert str(file) in message and message.isprintable(), message
            return message
    return "fine"


def train_on(dataset) -> None:
    sample = dataset.sample(0, np.random.default_rng(1))
    assert sample["img"].shape == (CROP, CROP, 3) and sample["img"].dtype in (np.uint8, np.float32)
    assert sample["label"].shape == (CROP, CROP) and sample["label"].dtype == np.uint8
    assert set(np.unique(sample["label"])) <= {0, 1, 2, 3, 255}


def segment(segmenter, file) -> None:
    item = segmenter.read(file)
    assert item.image.shape[0] == 3 and item.image.dtype == np.float32 and np.isfinite(item.image).all()
    [labels] = segmenter.label_maps([item])
    assert labels.shape == item.image.shape[1:]


def predict_file(file, save_dir) -> None:
    predict(OneLayer(), Pipeline([Normalize()]), [str(file)], save_dir, root=str(file.parent), progress=False)
    assert Image.open(save_dir / "label" / f"{file.stem}.png").size == read_image(file).shape[1::-1]


def read_channels(file) -> None:
    for channels in (1, 4):
        image = read_image(file, channels)
        assert image.ndim == 3 and image.shape[2] == channels


@pytest.mark.parametrize(
    "block", [pytest.param(block, marks=pytest.mark.slow if block >= FAST_BLOCKS else ()) for block in range(BLOCKS)]
)
def test_a_broken_file_gives_a_right_sample_or_one_line_that_names_it(block, whole, pair, segmenter):
    names = sorted(whole)
    for case in range(block, CASES, BLOCKS):
        random = np.random.default_rng((SEED, case))
        name = names[random.integers(len(names))]
        harm = BREAKS[random.integers(len(BREAKS))]
        as_label = random.random() < 0.4
        file = pair / f"{'label' if as_label else 'picture'}_{case}.{name.rpartition('.')[2]}"
        file.write_bytes(harm(whole[name], random))
        try:
            dataset = dataset_of(pair, **{"label" if as_label else "picture": file.name})
            trained = outcome(file, lambda: train_on(dataset))  # noqa: B023 (called at once)
            [fault, *rest] = examine(dataset).statistics[0].unusable or ["fine"]
            is_value = "the label has the values" in trained  # counted, see data_report.py
            assert not rest and (fault == trained or is_value), (fault, trained)
            if not as_label:
                outcome(file, lambda: read_channels(file))  # noqa: B023
                deployed = outcome(file, lambda: segment(segmenter, file))  # noqa: B023
                predicted = outcome(file, lambda: predict_file(file, pair / "out"))  # noqa: B023
                assert deployed == predicted
        except BaseException as error:
            error.args = (f"case {case}, {name}, {harm.__name__}, seed {SEED}: {error}",)
            raise
        file.unlink()


def test_whole_files_of_every_kind_are_read_or_refused_by_name(whole, pair, segmenter):
    read = set()
    for name, data in whole.items():
        file = pair / name
        file.write_bytes(data)
        pictures = outcome(file, lambda: train_on(dataset_of(pair, picture=name)))  # noqa: B023
        labels = outcome(file, lambda: train_on(dataset_of(pair, label=name)))  # noqa: B023
        read |= {("picture", name)} if pictures == "fine" else set()
        read |= {("label", name)} if labels == "fine" else set()
        assert "several channels" not in pictures
    for name in ("RGB.png", "RGBA.png", "L.png", "LA.png", "P.png", "1.png", "RGB.jpg", "CMYK.jpg", "RGB.webp"):
        assert ("picture", name) in read
    for name in ("L.png", "P.png", "1.png", "I-16.png", "L.bmp", "L.tif", "grey16.png"):
        assert ("label", name) in read
    for name in ("RGB.png", "RGBA.png", "LA.png", "CMYK.jpg", "F.tif", "GIF.png"):
        assert ("label", name) not in read


@pytest.mark.parametrize("kind", ["picture", "label"])
def test_folders_and_links_to_nothing_are_named(kind, pair):
    dataset = dataset_of(pair)
    file = pair / f"{kind}.png"
    file.unlink()
    for make in (file.mkdir, lambda: file.symlink_to("nowhere.png"), lambda: file.symlink_to(file)):
        make()
        assert "cannot be read" in (message := outcome(file, lambda: train_on(dataset))) or "not exist" in message
        file.rmdir() if file.is_dir() else file.unlink()


HUGE = """
import json, resource, sys, time
from pathlib import Path
from paddleseg.utils.errors import DataError
from paddleseg.utils.image_io import read_image, read_label
figures = {}
for path in sorted(Path(sys.argv[1]).iterdir()):
    for read in (read_image, read_label):
        before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
        try:
            message = str(read(path).shape)
        except DataError as error:
            message = str(error)
        memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
        figures[f"{read.__name__} {path.name}"] = message, memory, time.monotonic() - started
print(json.dumps(figures))
"""


def test_a_small_file_that_claims_to_be_huge_takes_neither_memory_nor_time(whole, tmp_path):
    for side in (2**31 - 1, 2**20, 30000):
        for colour_type, bit_depth in ((0, 1), (0, 8), (2, 16), (3, 8), (6, 8)):
            data = huge_png(side, colour_type=colour_type, bit_depth=bit_depth)
            (tmp_path / f"{side}_{colour_type}_{bit_depth}.png").write_bytes(data)
    for name, marker in (("RGB.jpg", b"\xff\xc0"), ("RGB-progressive.jpg", b"\xff\xc2")):
        place = whole[name].find(marker) + 5
        (tmp_path / name).write_bytes(whole[name][:place] + b"\x75\x30\x75\x30" + whole[name][place + 4 :])
    gif = whole["GIF.png"]
    (tmp_path / "gif.png").write_bytes(gif[:6] + b"\x30\x75\x30\x75" + gif[10:])
    result = subprocess.run(  # a process of its own, whose memory nobody else has used
        [sys.executable, "-c", HUGE, tmp_path], cwd=REPOSITORY, capture_output=True, text=True, timeout=120
    )
    assert result.returncode == 0, result.stderr
    for what, (message, megabytes, seconds) in json.loads(result.stdout.splitlines()[-1]).items():
        assert what.split()[1] in message and ": the " in message, (what, message)
        assert megabytes < 50 and seconds < 5, (what, megabytes, seconds)


def test_the_breaks_do_break(whole):
    """Most of the damage must be seen, or the fuzz would say little."""
    random = np.random.default_rng(0)
    for harm in BREAKS:
        changed = sum(harm(data, random) != data for data in whole.values())
        assert changed > 0.8 * len(whole), harm.__name__
    assert len(flip_bits(whole["L.png"], random)) == len(whole["L.png"])
