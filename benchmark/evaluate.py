# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Evaluation without the network, from the logits at 1/8 to the counts of a 1024 x 2048 picture; and with it.

    python benchmark/evaluate.py [--json FILE]

The first reference is the obvious way: upsample the logits of all classes, take the argmax, and count the
pixels of each class in turn. With the network, DDRNet-23-slim on a picture of CamVid's size on the CPU, the reference
is the same evaluation with Paddle's own kernels.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from benchmark import common

arguments = common.start(__doc__.splitlines()[0])

import cv2
import numpy as np
import paddle
from paddle.nn import functional as F

from paddleseg.datasets.road_scenes import RoadScenes
from paddleseg.metrics.confusion import ConfusionMatrix
from paddleseg.models import DDRNet_23_slim
from paddleseg.onednn import CpuSettings
from paddleseg.utils.allocator import keep_freed_memory
from paddleseg.utils.label_map import label_map
from paddleseg.utils.logging import get_logger

SIZE_HW = (1024, 2048)
NUM_CLASSES = 19
CAMVID_HW = (360, 480)
ROUNDS = 15


def street_logits() -> tuple[np.ndarray, np.ndarray]:
    """Logits (1, K, 128, 256) of a network that is right about most of a drawn scene, and its label.

    About 5 % of the cells are at the borders of classes, as in street pictures.
    """
    rng = np.random.default_rng(0)
    scenes = RoadScenes([], mode="val", num_samples=1, size=[SIZE_HW[1], SIZE_HW[0]])
    label = scenes.sample(0, rng)["label"]
    coarse = label[4::8, 4::8]
    shares = [cv2.GaussianBlur((coarse == i).astype(np.float32), (0, 0), 0.7) for i in range(NUM_CLASSES)]
    logits = 2 * np.log(np.stack(shares) + 1e-3) + 0.5 * rng.standard_normal((NUM_CLASSES, *coarse.shape))
    return logits.astype(np.float32)[None], label


def count(logits: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Return the counts as evaluation does."""
    confusion = ConfusionMatrix(NUM_CLASSES)
    confusion.update(label_map(logits, SIZE_HW)[0], label)
    return confusion.matrix


def count_plainly(logits: paddle.Tensor, label: paddle.Tensor) -> np.ndarray:
    """Return right, predicted and labelled pixels of each class, (3, K)."""
    upsampled = F.interpolate(logits, SIZE_HW, mode="bilinear", align_corners=False)
    prediction = upsampled.argmax(axis=1, dtype="int32")[0]
    valid = label != 255
    areas = []
    for class_id in range(NUM_CLASSES):
        predicted, labelled = (prediction == class_id) & valid, label == class_id
        areas.append([(predicted & labelled).sum(), predicted.sum(), labelled.sum()])
    return np.array([[int(area) for area in row] for row in areas]).T


def evaluate_with(backend: str) -> Callable[[], np.ndarray]:
    """Return the evaluation of a picture, network and counts, with a backend of the CPU."""
    settings = CpuSettings(backend, arguments.threads)
    paddle.seed(0)
    model = DDRNet_23_slim(NUM_CLASSES, data_format=settings.data_format)
    model.eval()
    rng = np.random.default_rng(1)
    picture = paddle.to_tensor(rng.standard_normal((1, 3, *CAMVID_HW)).astype(np.float32))
    label = rng.integers(0, NUM_CLASSES, CAMVID_HW, dtype=np.uint8)

    @paddle.no_grad()
    def run() -> np.ndarray:
        with settings.entered():
            [logits] = model.forward_stride8(picture)
        confusion = ConfusionMatrix(NUM_CLASSES)
        confusion.update(label_map(logits.numpy(), CAMVID_HW)[0], label)
        return confusion.matrix

    return run


def main() -> None:
    keep_freed_memory()  # as val.py does
    get_logger().setLevel("WARNING")  # it names the backend whenever it is another
    logits, label = street_logits()
    tensors = paddle.to_tensor(logits), paddle.to_tensor(label.astype(np.int32))
    matrix, areas = count(logits, label), count_plainly(*tensors)
    # A pixel whose best classes are equal up to rounding may go either way.
    difference = np.abs(np.stack([matrix.diagonal(), matrix.sum(axis=0), matrix.sum(axis=1)]) - areas).max()
    assert difference <= 1e-5 * label.size, f"the two ways count differently, by {difference} pixels"
    seconds = common.median_seconds(
        {"ours": lambda: count(logits, label), "plain": lambda: count_plainly(*tensors)}, arguments.repeats or ROUNDS
    )
    lines = [common.compare("evaluation_tail", "ms", 1e3 * seconds["ours"], 1e3 * seconds["plain"])]
    ways = {backend: evaluate_with(backend) for backend in ("onednn", "paddle")}
    ours, paddles = (way() for way in ways.values())
    difference = np.abs(ours - paddles).sum() / paddles.sum()
    assert difference <= 1e-3, f"the two backends give other classes, {difference:.1%} of the pixels"
    seconds = common.median_seconds(ways, arguments.repeats or ROUNDS)
    lines.append(common.compare("evaluation", "ms", 1e3 * seconds["onednn"], 1e3 * seconds["paddle"]))
    common.report(lines, arguments)


if __name__ == "__main__":
    main()
