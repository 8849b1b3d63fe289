# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Limits of the deviation of a graph from its network, by its precision, and the verdict.

Two figures are checked: the share of the pixels with the network's class, and the mIoU against that of the network. In
float32 both must hold: only the order of sums differs, so neither may move. In a lower precision pixels at which the
network is undecided change their class without harm, more of them the less a network is trained: there the mIoU
decides, if enough pictures are labelled, and otherwise the share.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from paddleseg.deploy.graph_spec import GraphSpec

FP32_SHARE = 0.999
"""Seen of float32 on other kernels: one pixel in 10^5."""
FEWEST_LABELLED = 20
"""Pictures from which on the mIoU is looked at: in fewer, a class of few pixels moves it by more than is allowed."""
PASSED, FAILED, NOT_JUDGED, NOT_RUN = "passed", "failed", "not judged", "not run here"


@dataclass(frozen=True)
class Limits:
    """The allowed cost of one precision.

    Attributes:
        equal_share: Share of the pixels, or of a classifier's pictures, that get the same class, 0 to 1.
        miou_points: Difference of the mIoU in points (hundredths), in either direction.
        score_difference: Largest difference of scores, in units of the largest logit; None: any.
        tie: Classes of a picture this close count as the same, in that unit.
        both: Whether share and mIoU must both hold; otherwise the mIoU decides if it is checked.
    """

    equal_share: float
    miou_points: float
    score_difference: float | None = None
    tie: float = 2e-2
    both: bool = False


# A wrong padding, resize or normalisation changes scores by more than 1e-2.
_FP32 = Limits(FP32_SHARE, 0.05, 1e-3, 1e-3, both=True)
_FP16 = Limits(0.998, 0.1)
_BF16 = Limits(0.996, 0.3)
_INT8_OF_OPENVINO = Limits(0.99, 1.0)
_INT8 = Limits(0.98, 1.0)


def limits_of(graph: GraphSpec, precision: str, fp32_share: float = FP32_SHARE) -> Limits:
    """The limits of a graph that runs in a precision.

    Args:
        graph: Its format tells the quantiser: NNCF for OpenVINO graphs, ONNX Runtime for ONNX models.
        precision: The precision in which it runs.
        fp32_share: Replaces the share of fp32.
    """
    if precision == "fp32":
        return dataclasses.replace(_FP32, equal_share=fp32_share)
    if precision == "int8":
        return _INT8_OF_OPENVINO if graph.format == "openvino" else _INT8
    return {"bf16": _BF16, "fp16": _FP16}[precision]


@dataclass(frozen=True)
class Seen:
    """The outcome of one run of a graph on the pictures.

    Attributes:
        equal: Pixels, or pictures of a classifier, with the network's class.
        total: All of them.
        unit: Their kind: ``pixels`` or ``pictures``.
        difference: Largest difference of scores, in units of the largest logit; None: no scores were compared.
        score: mIoU of the label maps, or top-1 of a classifier, in per cent; None: there are no labels.
        network_score: The network's.
        num_pictures: Pictures.
        num_labelled: Labelled ones.
        sizes_hw: Heights and widths at which the graph ran.
        network_ms: Median time of the graph for a picture, in milliseconds.
        tail_ms: Median time from its output to the label map.
        about: The library that computed.
    """

    equal: int
    total: int
    unit: str
    difference: float | None
    score: float | None
    network_score: float | None
    num_pictures: int
    num_labelled: int
    sizes_hw: list[list[int]]
    network_ms: float
    tail_ms: float
    about: str

    @property
    def equal_share(self) -> float:
        """0 to 1."""
        return self.equal / self.total


def judge(seen: Seen, limits: Limits, graph: GraphSpec) -> tuple[str, str | None]:
    """The verdict on a run, ``PASSED``, ``FAILED`` or ``NOT_JUDGED``, and its reasons, or None.

    Top-1 accuracies are not checked: the share of pictures with the same class bounds what they can lose.
    """
    calibrated = graph.calibrated_size
    others = [size for size in seen.sizes_hw if calibrated is not None and tuple(size) != tuple(calibrated)]
    if others:
        return NOT_JUDGED, (
            f"calibrated at (height, width) = {tuple(calibrated)} and compared at {tuple(others[0])}; its limits hold "
            "where it was calibrated"
        )
    faults = []
    # Written so that NaN fails, too.
    if None not in (limits.score_difference, seen.difference) and not seen.difference <= limits.score_difference:
        faults.append(
            f"scores differ by {seen.difference:.1e} of the largest logit, at most {limits.score_difference:g} is "
            "allowed"
        )
    looks_at_miou = seen.unit == "pixels" and seen.num_labelled >= FEWEST_LABELLED
    if looks_at_miou and not abs(seen.score - seen.network_score) <= limits.miou_points:
        faults.append(
            f"the mIoU is {seen.score:.2f} % and the network's {seen.network_score:.2f} %, a difference of "
            f"{limits.miou_points:g} points is allowed"
        )
    is_low = seen.equal_share < limits.equal_share
    share = (
        f"{100 * seen.equal_share:.4f} % of the {seen.unit} are equal, at least {100 * limits.equal_share:g} % are "
        "asked for"
    )
    if is_low and (limits.both or not looks_at_miou):
        faults.append(share)
    if faults:
        return FAILED, "; ".join(faults)
    return PASSED, f"{share}, but the mIoU decides" if is_low else None
