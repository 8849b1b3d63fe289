# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The verdict on a graph's outcome: which limit decides when."""

from pathlib import Path

import numpy as np
import pytest

from paddleseg.deploy.graph_spec import GraphSpec
from paddleseg.export.verification.differences import gap_of_best
from paddleseg.export.verification.limits import Seen, judge, limits_of

ONNX = GraphSpec(Path("model.onnx"), None, "stride8", "onnx")
QDQ = GraphSpec(Path("int8.onnx"), None, "stride8", "onnx", "int8", calibrated_size=(64, 96))
NNCF = GraphSpec(Path("int8.xml"), Path("int8.bin"), "stride8", "openvino", "int8", calibrated_size=(64, 96))


def verdict(graph, precision, equal, change=None, labelled=100, difference=0.0, unit="pixels", size=(64, 96)):
    """``equal`` of 100,000 pixels, and an mIoU ``change`` points above the network's 50 %."""
    scores = (None, None) if change is None else (50 + change, 50)
    labelled = 0 if change is None else labelled
    seen = Seen(equal, 100_000, unit, difference, *scores, 100, labelled, [list(size)], 1.0, 1.0, "a library")
    return judge(seen, limits_of(graph, precision), graph)[0]


@pytest.mark.parametrize(
    ("graph", "precision", "least", "points"),
    [
        (ONNX, "fp32", 99_900, 0.05), (ONNX, "fp16", 99_800, 0.1), (ONNX, "bf16", 99_600, 0.3),
        (NNCF, "int8", 99_000, 1), (QDQ, "int8", 98_000, 1),
    ],
)  # fmt: skip
def test_each_precision_has_its_limits(graph, precision, least, points):
    assert verdict(graph, precision, least) == "passed"
    assert verdict(graph, precision, least - 1) == "failed"
    for sign in (-1, 1):
        assert verdict(graph, precision, 100_000, sign * points * 0.99) == "passed"
        assert verdict(graph, precision, 100_000, sign * points * 1.01) == "failed"


def test_in_float32_share_and_miou_both_have_to_hold():
    assert verdict(ONNX, "fp32", 99_800, 0) == "failed"
    assert verdict(ONNX, "fp32", 99_999, 0.1) == "failed"


@pytest.mark.parametrize(("graph", "precision"), [(ONNX, "bf16"), (QDQ, "int8")])
def test_in_lower_precisions_the_miou_decides_where_enough_pictures_are_labelled(graph, precision):
    assert verdict(graph, precision, 90_000, 0.1) == "passed"
    assert verdict(graph, precision, 90_000, 0.1, labelled=19) == "failed"
    assert verdict(graph, precision, 99_900, 2, labelled=19) == "passed"


def test_scores_count_in_float32_alone_and_no_number_is_never_near():
    assert verdict(ONNX, "fp32", 100_000, difference=2e-3) == "failed"
    assert verdict(ONNX, "fp32", 100_000, difference=float("nan")) == "failed"
    assert verdict(ONNX, "fp32", 100_000, float("nan")) == "failed"
    assert verdict(ONNX, "fp32", 100_000, difference=None) == "passed"
    assert verdict(ONNX, "bf16", 100_000, difference=2e-2) == "passed"


def test_int8_is_judged_at_the_size_of_its_calibration_alone():
    assert verdict(NNCF, "int8", 10, size=(64, 97)) == "not judged"
    assert verdict(NNCF, "int8", 10) == "failed"


def test_of_classifiers_the_share_of_pictures_decides():
    assert verdict(ONNX, "fp32", 99_950, -5, unit="pictures") == "passed"
    assert verdict(ONNX, "fp32", 99_800, 0, unit="pictures") == "failed"


def test_another_share_can_be_asked_for_in_float32_alone():
    assert [limits_of(ONNX, precision, 0.5).equal_share for precision in ("fp32", "bf16")] == [0.5, 0.996]


def test_a_class_is_behind_the_best_one_by_its_logit():
    logits = np.array([4.0, 3.0, -1.0])
    assert gap_of_best(np.array([0.2, 0.7, 0.1]), logits) == pytest.approx(0.25)
    assert gap_of_best(np.int32(0), logits) == 0
