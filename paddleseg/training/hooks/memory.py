# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The memory of a training, reported once, after its first step."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

import paddle
from paddle import Tensor

from paddleseg.datasets.memory_cache import memory_bytes
from paddleseg.training.hooks.base import Hook
from paddleseg.utils.logging import get_logger

if TYPE_CHECKING:
    from paddleseg.training.trainer import Trainer

try:
    import resource
except ImportError:  # Windows
    resource = None


class MemoryHook(Hook):
    """Logs the peak after the first step of a run; later steps take the same, evaluation may take more."""

    def __init__(self) -> None:
        self._is_reported = False

    def after_step(self, trainer: Trainer, losses: Mapping[str, Tensor]) -> None:
        if not self._is_reported:
            self._is_reported = True
            get_logger().info("memory after the first step: %s", describe_memory())


def describe_memory() -> str:
    """Peak memory of the card, if training uses one, and of this process, each with the total."""
    parts = []
    device = paddle.device.get_device()
    if device.startswith("gpu"):
        peak, total = paddle.device.cuda.max_memory_reserved(), paddle.device.cuda.get_device_properties().total_memory
        parts.append(f"{_gigabytes(peak)} of {_gigabytes(total)} on {device}")
    peak = host_peak_bytes()
    if peak is not None:
        parts.append(f"{_gigabytes(peak)} of {_gigabytes(_host_total_bytes())} in this process (peak, without workers)")
    return ", ".join(parts) or "unknown on this system"


def host_peak_bytes() -> int | None:
    """The most main memory that this process has had so far; None if the system does not say."""
    if resource is None:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # Linux counts in KiB, macOS in bytes


def _host_total_bytes() -> int:
    with contextlib.suppress(OSError, KeyError, ValueError):  # not Linux, or one that reports it differently
        return memory_bytes()[1]  # a container may allow less than the machine has
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.2f} GB"
