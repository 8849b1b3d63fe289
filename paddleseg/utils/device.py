# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Choosing the device, and what it can do."""

from __future__ import annotations

import os

from paddleseg.utils.errors import DeviceError
from paddleseg.utils.logging import get_logger


def select_device(name: str | None = None) -> str:
    """Make ``name`` Paddle's current device.

    Args:
        name: ``cpu``, ``gpu``, ``gpu:1``, ``xpu``, ``npu``, ``mlu`` or the name of a custom-device plug-in.
            Not given: the first card if this Paddle is built for one and the machine has one, else the CPU.

    Returns:
        Paddle's name of the device: ``cpu``, ``gpu:0``.

    Raises:
        DeviceError: The device is not available here.
    """
    import paddle

    if name is None:
        name = "gpu" if _count_gpus() else "cpu"
    kind, _, number = name.partition(":")
    if kind == "gpu" and not paddle.is_compiled_with_cuda():
        raise DeviceError(
            "--device gpu: this Paddle is built for the CPU; install paddlepaddle-gpu, or give --device cpu"
        )
    if kind == "gpu" and _count_gpus() == 0:
        raise DeviceError("--device gpu: Paddle finds no card on this machine; give --device cpu")
    if kind == "gpu" and number.isascii() and number.isdigit() and int(number) >= _count_gpus():
        raise DeviceError(f"--device {name}: this machine has gpu:0 to gpu:{_count_gpus() - 1}")
    if kind == "gpu" and not number and "FLAGS_selected_gpus" in os.environ:
        # Set by paddle.distributed.launch: each process has its own card.
        name = f"gpu:{os.environ['FLAGS_selected_gpus'].split(',')[0]}"
    try:
        paddle.set_device(name)
    except Exception as error:  # Paddle raises ValueError, RuntimeError or its own types, depending on the build
        reason = str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__
        raise DeviceError(
            f"--device {name}: not available in this Paddle ({reason}); it has {', '.join(_available())}"
        ) from None
    chosen = paddle.device.get_device()
    get_logger().info("device: %s", chosen)
    return chosen


def check_precision(precision: str) -> None:
    """Refuse a precision that the current device cannot train in.

    Args:
        precision: ``fp32``, ``fp16`` or ``bf16``.

    Raises:
        DeviceError: The CPU has no half-precision kernels; or the card has no bfloat16.
    """
    import paddle

    if precision == "fp32":
        return
    device = paddle.device.get_device()
    if device == "cpu":
        raise DeviceError(
            f"--precision {precision}: the CPU trains in fp32 only, Paddle has no half-precision convolutions "
            "there; leave it out, or give --device gpu"
        )
    if precision == "bf16" and device.startswith("gpu") and not paddle.amp.is_bfloat16_supported():
        raise DeviceError("--precision bf16: this card has no bfloat16; give --precision fp16")


def _count_gpus() -> int:
    import paddle

    return paddle.device.cuda.device_count() if paddle.is_compiled_with_cuda() else 0


def _available() -> list[str]:
    import paddle

    found = paddle.device.get_available_device() or []
    return sorted({"cpu", *found, *(paddle.device.get_available_custom_device() or [])})
