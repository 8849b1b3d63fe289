# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The peak of a core in a precision: matrix products of the most suitable shape, on OpenVINO.

They are convolutions, 3 x 3 with 256 channels at 64 x 64, that is, products of 4096 x 2304 by 2304 x 256 without the
copies: on a core with AMX, OpenVINO's own matrix product reaches a third of their speed.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from paddleseg.utils.errors import DeviceError
from paddleseg.utils.quiet_import import import_quietly

_CHANNELS, _SIDE, _LAYERS = 256, 64, 3
_GFLOP = 2e-9 * _LAYERS * 9 * (_CHANNELS * _SIDE) ** 2


def make_peak(precision: str, threads: int) -> tuple[Callable[[], object], float]:
    """Three such convolutions, one after the other.

    Args:
        precision: fp32, bf16 or int8.
        threads: Of the engine.

    Returns:
        The function that computes them, and its 10^9 multiplications and additions.

    Raises:
        DeviceError: The CPU does not have the precision.
    """
    openvino = import_quietly("openvino")
    from openvino import opset13 as ops

    core = openvino.Core()
    has_bf16 = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    if precision == "bf16" and not has_bf16:
        raise DeviceError("bf16: OpenVINO has none on this CPU")

    def to_8_bits(x, low, high, levels: int = 256):
        return ops.fake_quantize(x, low, high, low, high, levels) if precision == "int8" else x

    rng = np.random.default_rng(0)
    x = picture = ops.parameter([1, _CHANNELS, _SIDE, _SIDE], np.float32)
    for _ in range(_LAYERS):
        weight = rng.standard_normal((_CHANNELS, _CHANNELS, 3, 3)).astype(np.float32) / 48  # 48^2 products in a sum
        bound = np.abs(weight).max((1, 2, 3), keepdims=True)
        weight = to_8_bits(ops.constant(weight), -bound, bound, 255)
        x = to_8_bits(x, np.float32(0), np.float32(4))
        x = ops.relu(ops.convolution(x, weight, [1, 1], [1, 1], [1, 1], [1, 1]))
    x = ops.reduce_mean(to_8_bits(x, np.float32(0), np.float32(4)), np.array([2, 3]), True)
    settings = {
        "INFERENCE_PRECISION_HINT": "f32" if precision == "fp32" or not has_bf16 else "bf16",
        "INFERENCE_NUM_THREADS": threads,
        "PERFORMANCE_HINT": "LATENCY",
    }
    request = core.compile_model(openvino.Model([x], [picture]), "CPU", settings).create_infer_request()
    numbers = rng.standard_normal((1, _CHANNELS, _SIDE, _SIDE)).astype(np.float32)
    return lambda: request.infer([numbers], share_inputs=True, share_outputs=True), _GFLOP
