# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The ratios of benchmark/deploy.py, from the medians of its ways."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from benchmark.common import Measurement
from paddleseg.export.verification.report import JSON_NAME

Medians = Mapping[str, Mapping[str, float]]
_PAIRS = {
    "bf16_over_ingraph": ("openvino_bf16", "openvino_bf16_ingraph"),
    "int8_over_ingraph": ("openvino_int8", "openvino_int8_ingraph"),
    "paddle_fp32_over_onednn": ("paddle_fp32", "onednn_fp32"),
    "paddle_bf16_over_onednn": ("paddle_bf16", "onednn_bf16"),
    "int8_over_bf16": ("openvino_int8", "openvino_bf16"),
}


def ratios(medians: Medians) -> list[Measurement]:
    """The ratios whose ways were measured, in the order of their definition.

    ``value`` and ``ratio`` are the same number: the tail's share of the network's time (less is better), or how many
    times as fast the first way is as the second (more is better).
    """
    found: dict[str, float] = {}
    fastest = {precision: _fastest(medians, precision) for precision in ("fp32", "bf16", "int8")}
    for precision, name in fastest.items():
        if name is not None:
            found[f"tail_{precision}"] = medians[name]["tail"] / medians[name]["network"]
    pairs = dict(_PAIRS)
    if fastest["fp32"] is not None:
        pairs["best_fp32_over_onnxruntime"] = fastest["fp32"], "onnxruntime_fp32_ingraph"
    for ratio, (ours, other) in pairs.items():
        if _is_measured(medians, ours) and _is_measured(medians, other):
            found[ratio] = medians[other]["whole"] / medians[ours]["whole"]
    for precision in ("bf16", "fp32"):
        if f"cpp_{precision}" in medians:
            python = medians[f"openvino_{precision}"]["wall_beside_cpp"]
            found["cpp_over_python"] = python / medians[f"cpp_{precision}"]["wall"]
    return [Measurement(name, "ratio", value, ratio=value) for name, value in found.items()]


def accuracy(folder: Path) -> list[Measurement]:
    """The mIoU on OpenVINO, in per cent, from the report of tools/verify_export.py, if there is one."""
    path = folder / JSON_NAME
    if not path.is_file():
        return []
    lines = []
    for run in json.loads(path.read_text(encoding="utf-8"))["runs"]:
        is_ours = run["engine"] == "openvino" and run["graph"] in ("stride8_openvino", "stride8_openvino_int8")
        if is_ours and run.get("score") is not None:
            lines.append(Measurement(f"openvino_{run['precision']}_miou", "%", run["score"]))
    return lines


def _is_measured(medians: Medians, name: str) -> bool:
    return "whole" in medians.get(name, {})


def _fastest(medians: Medians, precision: str) -> str | None:
    """The fastest way whose label map is made from logits at 1/8."""
    names = [name for name in medians if name.endswith(f"_{precision}") and _is_measured(medians, name)]
    return min(names, key=lambda name: medians[name]["whole"], default=None)
