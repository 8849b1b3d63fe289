# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The figures of int8: scores against counts in plain numpy, and whether it is an improvement."""

from types import SimpleNamespace

import numpy as np
import pytest

from paddleseg.export.int8.scores import Scorer, Scores
from paddleseg.export.int8.speed import Measured, table, verdict
from tests.export.int8.exports import SIZE_HW, Unlabelled, scenes


class Guesser:
    """In the place of a segmenter: label maps by rule."""

    pipeline = staticmethod(lambda sample, rng: sample)
    graph = SimpleNamespace(precision="fp32")

    def __init__(self, change: int) -> None:
        self.change = change

    def prepare(self, picture, name):
        return picture

    def label_maps(self, pictures):
        labels = pictures[0][..., 0] // 16
        labels[: self.change] = 18
        return [labels]


def iou_in_numpy(found, labels) -> float:
    ratios = []
    for class_id in range(19):
        union = ((found == class_id) | (labels == class_id)) & (labels != 255)
        if union.any():
            ratios.append(((found == class_id) & (labels == class_id)).sum() / union.sum())
    return np.mean(ratios)


def test_scores_are_those_of_the_label_maps_of_all_pictures():
    pictures = scenes("val", 3)
    scorer = Scorer(pictures, SIZE_HW)
    samples = list(pictures.read())
    labels = np.stack([sample["label"] for sample in samples])
    for change in (0, 16):
        scores = scorer.score(Guesser(change))
        found = np.stack([Guesser(change).label_maps([sample["img"].copy()])[0] for sample in samples])
        reference = np.stack([Guesser(0).label_maps([sample["img"].copy()])[0] for sample in samples])
        assert scores.mean_iou == pytest.approx(iou_in_numpy(found, labels))
        assert scores.equal_share == pytest.approx((found == reference).mean())
    assert Scorer(scenes("val", 3, Unlabelled), SIZE_HW).score(Guesser(0)) == Scores(None, 1)


def test_the_loss_is_of_iou_where_there_is_one_and_else_of_equal_pixels():
    assert Scores(0.51, 0.9).loss(Scores(0.53, 1)) == pytest.approx(2)
    assert Scores(None, 0.9).loss(Scores(None, 1)) == pytest.approx(10)


def rows(fp32: float, bf16: float, int8: float) -> list[Measured]:
    times = {"fp32": fp32, "bf16": bf16, "int8": int8}
    return [Measured("openvino", name, Scores(0.5, 1), time, 10**6) for name, time in times.items()]


def test_int8_that_is_not_faster_than_all_else_is_no_improvement_and_it_is_said_what_to_run():
    is_faster, words = verdict(rows(40, 20, 10))
    assert is_faster and "openvino int8 is 2.00 times as fast here as the next best, without a loss" in words
    for int8 in (21, 19.9):  # slower than bf16, and as fast but for noise
        is_faster, words = verdict(rows(40, 20, int8))
        assert not is_faster and "NO improvement on this machine" in words
        assert "--backend openvino --precision bf16" in words
    lines = table(rows(40, 20, 10), (360, 480), 1).splitlines()
    assert [line.split()[:3] for line in lines[1:]] == [
        ["fp32", "40.00", "1.00"], ["bf16", "20.00", "2.00"], ["int8", "10.00", "4.00"],
    ]  # fmt: skip
