# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Figures of a data set against plain numpy, and its charts."""

import json

import cv2
import numpy as np
import pytest
from PIL import Image

from paddleseg.datasets import Dataset
from paddleseg.datasets.dataset_statistics import collect_statistics, format_statistics
from paddleseg.datasets.sample_grid import draw_samples, show_label
from paddleseg.datasets.statistics_chart import draw_statistics
from paddleseg.losses.class_weights import class_weights
from paddleseg.transforms import RandomHorizontalFlip
from paddleseg.utils.errors import ConfigError, DataError
from paddleseg.utils.picture_output import check_png_flag, write_png
from paddleseg.utils.seeding import sample_rng
from paddleseg.utils.visualize import make_palette

NAMES = ["ground", "house", "tree", "wire"]


def a_data_set(root, mode="train", transforms=(), **others):
    lists = {f"{mode}_path": f"{mode}.txt"}
    return Dataset(mode, str(root), list(transforms), num_classes=4, class_names=NAMES, **lists, **others)


def files(root, kind):
    return [cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in sorted((root / kind).glob("train_*.png"))]


@pytest.mark.parametrize("num_workers", [0, 3])
def test_pixels_pictures_mean_and_weights_are_those_of_the_files(num_workers, tiny_dataset):
    found = collect_statistics(a_data_set(tiny_dataset), num_workers)
    labels, pictures = files(tiny_dataset, "labels"), np.stack(files(tiny_dataset, "images"))[..., ::-1] / 255
    counts = np.stack([np.bincount(label.ravel(), minlength=256) for label in labels])
    assert np.array_equal(found.pixels, counts[:, :4]) and found.ignored == counts[:, 255].sum()
    assert found.class_pictures.tolist() == (counts[:, :4] > 0).sum(axis=0).tolist()
    assert np.allclose(found.mean, pictures.mean(axis=(0, 1, 2))) and np.allclose(
        found.std, pictures.std(axis=(0, 1, 2))
    )
    assert found.sizes == {(64, 48): 8}
    assert found.weights()["enet"] == class_weights("enet", counts[:, :4])
    assert json.loads(json.dumps(found.to_dict()))["classes"][3]["pixels"] == counts[:, 3].sum()
    assert all(name in format_statistics(found) for name in (*NAMES, "enet", "median_frequency", "64x48 (8)"))


def test_pictures_of_16_bits_count_in_their_own_range(tiny_dataset):
    for number, path in enumerate(sorted((tiny_dataset / "images").glob("*.png"))):
        cv2.imwrite(str(path), np.full((48, 64), 1000 * number, np.uint16))
    found = collect_statistics(a_data_set(tiny_dataset, img_channels=1, value_range=[0, 10000]))
    assert found.mean == pytest.approx([0.35]) and found.std == pytest.approx([np.std(np.arange(8)) / 10])


def test_pictures_without_labels_are_refused(tiny_dataset):
    (tiny_dataset / "test.txt").write_text("images/val_0.png\n")
    with pytest.raises(DataError, match="val_0.png: has no label"):
        collect_statistics(a_data_set(tiny_dataset, "test"))


def test_the_chart_has_longer_bars_for_larger_shares(tiny_dataset):
    statistics = collect_statistics(a_data_set(tiny_dataset))
    colours = [[201, 1, 1], [2, 202, 2], [3, 3, 203], [204, 204, 4]]
    chart = draw_statistics(statistics, make_palette(4, colours), "title")
    lengths = [(chart == colour).all(axis=2).any(axis=0).sum() for colour in colours]
    assert min(lengths) > 0
    without = statistics.pixels.copy()
    without[:, 3] = 0
    statistics.pixels[:] = without
    chart = draw_statistics(statistics, make_palette(4, colours), "title")
    assert not (chart == colours[3]).all(axis=2).any()


def test_a_grid_shows_what_training_gets_to_see(tiny_dataset):
    dataset, palette = a_data_set(tiny_dataset, transforms=[RandomHorizontalFlip(prob=0.5)]), make_palette(4)
    grid = draw_samples(dataset, [1], palette=palette, epochs=range(4), cell_width=64)
    cells = [grid[25 : 25 + 48, left : left + 64] for left in range(6, 6 + 5 * 70, 70)]
    plain = dataset.read(1)
    assert np.array_equal(cells[0], show_label(plain["img"], plain["label"], palette, 255))
    seen = [dataset.sample(1, sample_rng(0, epoch, 1)) for epoch in range(4)]
    for cell, sample in zip(cells[1:], seen):
        assert np.array_equal(cell, show_label(sample["img"], sample["label"], palette, 255))
    assert len({sample["img"].tobytes() for sample in seen}) == 2  # as it is and mirrored


def test_large_samples_are_shown_smaller_and_several_rows_stand_below_each_other(tiny_dataset):
    dataset = a_data_set(tiny_dataset, "val")
    grid = draw_samples(dataset, [0, 2], palette=make_palette(4), epochs=[], cell_width=32)
    assert grid.shape[0] > 2 * 24 + 2 * 19 and grid.shape[1] >= 32


def test_regions_have_their_colours_white_outlines_and_dark_ignored_pixels():
    image = np.full((4, 6, 3), 100, np.uint8)
    label = np.repeat(np.array([[0, 0, 1, 1, 255, 255]], np.uint8), 4, axis=0)
    palette = make_palette(2, [[200, 0, 0], [0, 200, 0]])
    row = show_label(image, label, palette, 255)[0].tolist()
    assert row == [[145, 55, 55], [255] * 3, [55, 145, 55], [255] * 3, [35] * 3, [35] * 3]


def test_a_picture_is_replaced_by_the_command_that_drew_it_and_by_nobody_else(tmp_path):
    file = str(tmp_path / "chart.png")
    check_png_flag("--png", file)
    write_png(file, np.zeros((2, 3, 3), np.uint8))
    check_png_flag("--png", file)
    Image.new("RGB", (2, 2)).save(file)
    for wrong in (file, str(tmp_path / "chart.jpg"), str(tmp_path / "no/chart.png")):
        with pytest.raises(ConfigError, match=f"--png {wrong}"):
            check_png_flag("--png", wrong)
