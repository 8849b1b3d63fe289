# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The label map against dense interpolation and against paddle."""

import cv2
import numpy as np
import paddle
import pytest

from paddleseg.datasets import CamVid
from paddleseg.datasets.road_scenes import RoadScenes
from paddleseg.inference.label_maps import predict_logits8
from paddleseg.metrics.confusion import ConfusionMatrix
from paddleseg.metrics.scores import mean_iou
from paddleseg.models.ddrnet import DDRNet_23_slim
from paddleseg.transforms import LimitLong, Padding, Pipeline, ResizeByLong, ScalePadding
from paddleseg.transforms.functional import resize
from paddleseg.utils.label_map import ignored_class_of, label_map, label_maps
from paddleseg.utils.way_back import restore_ids
from tests.plain_interpolation import linear_weights


def dense_logits(logits, size_hw):
    """Bilinear upsampling of (K, h, w) by two matrices in float64: the definition, written down."""
    rows, columns = linear_weights(logits.shape[1], size_hw[0]), linear_weights(logits.shape[2], size_hw[1])
    return rows @ logits.astype(np.float64) @ columns.T


def street_like_logits(seed, num_classes, height, width):
    """Smooth logits, so that regions of one class and borders both occur."""
    coarse = np.random.default_rng(seed).normal(size=(num_classes, 3, 4))
    return (10 * dense_logits(coarse, (height, width))).astype(np.float32)


@pytest.mark.parametrize("size_hw", [(128, 192), (127, 185), (121, 192), (8, 8), (1, 1), (33, 300)])
def test_label_map_is_the_argmax_of_the_dense_upsampled_logits(size_hw):
    grid = tuple(-(-side // 8) for side in size_hw)
    logits = np.stack([street_like_logits(seed, 7, *grid) for seed in (0, 1)])
    labels = label_map(logits, size_hw)
    assert labels.dtype == np.uint8
    assert labels.shape == (2, *size_hw)
    for one, found in zip(logits, labels):
        dense = dense_logits(one, size_hw)
        best = dense.max(axis=0)
        chosen = np.take_along_axis(dense, found[None].astype(np.intp), axis=0)[0]
        # Engines may differ only where the best two classes are as good as equal.
        assert (best - chosen <= 1e-5 * np.abs(dense).max()).all()
        assert (found == dense.argmax(axis=0)).mean() > 0.999


def test_white_noise_where_every_cell_is_a_border_gives_the_same():
    logits = np.random.default_rng(2).normal(size=(1, 5, 40, 40)).astype(np.float32)
    labels = label_map(logits, (320, 320))  # more pixels than one chunk
    assert (labels[0] == dense_logits(logits[0], (320, 320)).argmax(axis=0)).mean() > 0.9999


def test_label_map_equals_paddle_interpolate_and_argmax():
    logits = street_like_logits(3, 11, 45, 60)[None]
    full = paddle.nn.functional.interpolate(paddle.to_tensor(logits), [360, 480], mode="bilinear")
    expected = full.argmax(axis=1).numpy()
    assert (label_map(logits, (360, 480)) == expected).mean() > 0.9999


def test_ties_go_to_the_lowest_class():
    logits = np.zeros((1, 4, 3, 3), np.float32)
    logits[:, 1:3] = 1.0 / 3.0
    assert (label_map(logits, (24, 24)) == 1).all()


def test_a_single_class_gives_zeros():
    assert (label_map(np.ones((1, 1, 2, 2), np.float32), (16, 16)) == 0).all()


def test_a_class_that_wins_only_between_grid_points_is_found():
    # Class 2 is second at both points and beats both in the middle.
    logits = np.array([9.0, 0.0, 0.0, 9.0, 8.0, 8.0], np.float32).reshape(1, 3, 1, 2)
    assert label_map(logits, (1, 16)).tolist() == [[[0, 0, 0, 0, 0] + [2] * 6 + [1, 1, 1, 1, 1]]]


def dense_label_map(logits, size_hw):
    """The label map without short cuts: every class at every pixel, in the float32 arithmetic of the fast one."""
    grid = np.pad(logits, ((0, 0), (1, 1), (1, 1)), mode="edge")
    (i, down), (j, across) = (_cells_and_weights(source, target) for source, target in zip(logits.shape[1:], size_hw))
    down = down[:, None]
    best = winner = None
    for number, plane in enumerate(grid):
        left = plane[i][:, j] * (1 - down) + plane[i + 1][:, j] * down
        right = plane[i][:, j + 1] * (1 - down) + plane[i + 1][:, j + 1] * down
        full = left * (1 - across) + right * across
        if best is None:
            best, winner = full, np.zeros(full.shape, np.uint8)
        winner[full > best] = number
        best = np.maximum(best, full)
    return winner


def _cells_and_weights(source, target):
    position = (np.arange(target) + 0.5) * (source / target) + 0.5
    cell = np.floor(position).astype(int)
    return cell, (position - cell).astype(np.float32)


def random_logits(rng):
    return rng.normal(size=(5, 100, 100)).astype(np.float32)


def logits_with_a_winner_one_ulp_ahead(rng):
    logits = np.repeat(rng.normal(size=(1, 100, 100)), 5, axis=0).astype(np.float32)
    winner = rng.integers(0, 5, (1, 25, 25)).repeat(4, axis=1).repeat(4, axis=2)
    ahead = np.nextafter(np.take_along_axis(logits, winner, axis=0), np.float32(np.inf))
    np.put_along_axis(logits, winner, ahead, axis=0)
    return logits


def logits_with_exact_ties(rng):
    # Thirds are not exact in float32, and few values make many ties between all numbers of classes.
    return (rng.integers(0, 3, (5, 100, 100)) / 3).astype(np.float32)


def logits_of_a_network_on_a_street_scene(rng):
    paddle.seed(1)
    network = DDRNet_23_slim(num_classes=5)
    network.eval()
    scene = RoadScenes([], mode="val", num_samples=1, size=[512, 512]).sample(0, rng)["img"]
    scene = resize(scene, (800, 800))
    picture = paddle.to_tensor(scene.transpose(2, 0, 1)[None].astype(np.float32) / 128 - 1)
    return predict_logits8(network, picture).numpy()[0]


@pytest.mark.parametrize(
    "make_logits",
    [
        random_logits,
        logits_with_a_winner_one_ulp_ahead,
        logits_with_exact_ties,
        logits_of_a_network_on_a_street_scene,
    ],
)
def test_no_pixel_of_10000_cells_differs_from_dense_float32_arithmetic(make_logits):
    logits = make_logits(np.random.default_rng(4))
    assert logits.shape == (5, 100, 100)
    assert (label_map(logits[None], (800, 800))[0] == dense_label_map(logits, (800, 800))).all()


def test_sizes_that_are_no_multiple_of_the_stride_equal_dense_float32_arithmetic_too():
    logits = street_like_logits(5, 7, 46, 61)
    for size_hw in ((361, 481), (365, 483), (362, 485)):
        assert (label_map(logits[None], size_hw)[0] == dense_label_map(logits, size_hw)).all()


def test_a_network_that_gives_nan_still_has_a_label_map():
    for logits in (np.full((1, 3, 2, 2), np.nan, np.float32), np.float32([1, np.nan, 3, 4]).reshape(1, 1, 2, 2)):
        labels = label_map(np.concatenate([logits, logits], axis=1), (16, 16))
        assert (labels.shape, labels.dtype) == ((1, 16, 16), np.uint8)


def dense_logits_of_the_picture(logits, size_hw, trans_info):
    """The definition with all its steps: to the input, then backwards through what the transforms did."""
    planes = dense_logits(logits, size_hw)
    for kind, (height, width) in reversed(trans_info):
        if kind == "resize":
            planes = dense_logits(planes, (height, width))
        else:
            centred = kind == "center_padding"
            top, left = ((planes.shape[1] - height) // 2, (planes.shape[2] - width) // 2) if centred else (0, 0)
            planes = planes[:, top : top + height, left : left + width]
    return planes


TRANSFORMED = {
    "512 to 360 x 480": ((512, 512), [("resize", (360, 480))]),
    "twice": ((64, 96), [("resize", (128, 192))]),
    "half": ((128, 192), [("resize", (64, 96))]),
    "odd sizes": ((65, 99), [("resize", (131, 47))]),
    "padded": ((96, 96), [("padding", (90, 67))]),
    "resized and padded": ((96, 96), [("resize", (200, 150)), ("padding", (90, 67))]),
    "padded and resized": ((96, 96), [("center_padding", (100, 151)), ("resize", (151, 151))]),
    "resized twice": ((64, 64), [("resize", (301, 200)), ("resize", (120, 80)), ("padding", (60, 40))]),
    "to a strip": ((40, 40), [("resize", (3, 500))]),
    "to a pixel": ((64, 80), [("resize", (1, 1))]),
    "to the same size": ((64, 64), [("resize", (64, 64))]),
}
LOGITS = {
    "smooth": lambda grid: street_like_logits(6, 5, *grid),
    "random": lambda grid: np.random.default_rng(7).normal(size=(5, *grid)).astype(np.float32),
    "ties": lambda grid: (np.random.default_rng(8).integers(0, 3, (5, *grid)) / 3).astype(np.float32),
}


@pytest.mark.parametrize("case", TRANSFORMED)
@pytest.mark.parametrize("kind", LOGITS)
@pytest.mark.parametrize("stride", [8, 1])
def test_a_transformed_picture_gets_the_argmax_of_logits_that_went_each_step_back(case, kind, stride):
    size_hw, trans_info = TRANSFORMED[case]
    logits = LOGITS[kind](tuple(-(-side // stride) for side in size_hw))
    (found,) = label_maps(logits[None], size_hw, [trans_info])
    dense = dense_logits_of_the_picture(logits, size_hw, trans_info)
    assert (found.dtype, found.shape) == (np.uint8, dense.shape[1:])
    chosen = np.take_along_axis(dense, found[None].astype(np.intp), axis=0)[0]
    assert (dense.max(axis=0) - chosen <= 1e-6 * np.abs(dense).max()).all()
    if kind != "ties":
        assert (found == dense.argmax(axis=0)).mean() > 0.9999


@pytest.mark.parametrize("trans_info", [[("resize", (61, 90))], [("padding", (50, 60))], []])
def test_ties_of_resized_logits_go_to_the_lowest_class(trans_info):
    logits = np.zeros((1, 4, 8, 12), np.float32)
    logits[:, 1:3] = 1.0 / 3.0
    assert (label_maps(logits, (64, 96), [trans_info])[0] == 1).all()


def test_pictures_of_a_batch_go_back_to_their_own_sizes():
    logits = np.stack([street_like_logits(seed, 5, 8, 8) for seed in (0, 1)])
    first, second = label_maps(logits, (64, 64), [[("resize", (30, 40))], [("padding", (50, 20))]])
    assert first.shape == (30, 40)
    np.testing.assert_array_equal(second, label_map(logits[1:], (64, 64))[0, :50, :20])


@pytest.mark.parametrize("transforms", [
    [ResizeByLong(96), Padding([128, 96])], [LimitLong(max_long=70)], [ScalePadding([64, 64])],
    [LimitLong(max_long=90), ScalePadding([128, 128]), ResizeByLong(72)],
])  # fmt: skip
@pytest.mark.parametrize("size_hw", [(100, 140), (75, 61)])
def test_what_the_transforms_record_is_undone(transforms, size_hw):
    picture = np.zeros((*size_hw, 3), np.uint8)
    sample = Pipeline(transforms)({"img": picture, "path": "p", "trans_info": []}, np.random.default_rng(0))
    input_hw = sample["img"].shape[:2]
    logits = street_like_logits(9, 6, *(-(-side // 8) for side in input_hw))
    (found,) = label_maps(logits[None], input_hw, [sample["trans_info"]])
    assert found.shape == size_hw
    expected = dense_logits_of_the_picture(logits, input_hw, sample["trans_info"]).argmax(axis=0)
    assert (found == expected).mean() > 0.9999


@pytest.mark.parametrize("trans_info", [[("resize", (61, 90))], []])
@pytest.mark.parametrize("ignored", [0, 2, 4])
def test_an_ignored_class_leaves_its_pixels_to_the_best_of_the_others(ignored, trans_info):
    logits = street_like_logits(3, 5, 8, 12)
    logits[ignored] += 5
    (found,) = label_maps(logits[None], (64, 96), [trans_info], ignored_class=ignored)
    dense = dense_logits_of_the_picture(logits, (64, 96), trans_info)
    dense[ignored] = -np.inf
    assert (found == dense.argmax(axis=0)).mean() > 0.9999


def test_the_class_that_is_ignored_is_ignore_index_where_that_is_a_class():
    assert [ignored_class_of(19, index) for index in (0, 18, 19, 255, -1, None)] == [0, 18, None, None, None, None]
    assert ignored_class_of(1, 0) is None


@pytest.mark.slow
def test_oracle_logits_on_camvid_lose_nothing_to_paddlesegs_order(camvid_root):
    # The logits know the share of each class in each cell; the square root stands for a network, which is sure of a
    # class early. Before, with ids brought back by floor(i * source / target): 0.8599; at pixel centres 0.8677.
    dataset = CamVid([], str(camvid_root), mode="val")
    counts = {name: ConfusionMatrix(dataset.num_classes) for name in ("ours", "at pixel centres", "dense")}
    for index in range(len(dataset)):
        label = dataset.read(index)["label"]
        shares = [
            cv2.resize((label == k).astype(np.float32), (64, 64), interpolation=cv2.INTER_AREA) for k in range(11)
        ]
        logits, trans_info = np.sqrt(np.stack(shares)), [("resize", label.shape)]
        found = {
            "ours": label_maps(logits[None], (512, 512), [trans_info])[0],
            "at pixel centres": restore_ids(label_map(logits[None], (512, 512))[0], trans_info),
            "dense": dense_logits_of_the_picture(logits, (512, 512), trans_info).argmax(axis=0),
        }
        for name, ids in found.items():
            counts[name].update(ids, label)
    scores = {name: round(mean_iou(count.matrix), 4) for name, count in counts.items()}
    assert scores["at pixel centres"] >= 0.8671
    assert scores["ours"] >= 0.8684
    assert scores["ours"] >= scores["dense"]
