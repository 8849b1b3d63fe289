# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Mixed precision: the one place that turns ``precision`` and ``amp_level`` into Paddle's ``auto_cast``."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import paddle

DTYPES = {"fp16": "float16", "bf16": "bfloat16"}


def mixed_precision(precision: str, amp_level: str) -> AbstractContextManager[Any]:
    """Within this context networks compute in ``precision``; with ``fp32`` nothing changes."""
    if precision == "fp32":
        return nullcontext()
    return paddle.amp.auto_cast(level=amp_level, dtype=DTYPES[precision])


class MixedPrecisionNetwork:
    """A network for inference in mixed precision; further work on its logits stays in float32.

    Args:
        network: Returns a list of logits; one with ``forward_stride8`` keeps it, and its facts apply here too.
        precision: ``fp16`` or ``bf16``.
        amp_level: ``O1``, or ``O2`` for a network whose own weights are in half precision.
    """

    def __init__(self, network: paddle.nn.Layer, precision: str, amp_level: str) -> None:
        self._network, self._context = network, partial(mixed_precision, precision, amp_level)
        if hasattr(network, "forward_stride8"):
            self.forward_stride8 = partial(self._run, network.forward_stride8)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._network, name)

    def __call__(self, x: paddle.Tensor) -> list[paddle.Tensor]:
        return self._run(self._network, x)

    def _run(self, forward: Callable[[paddle.Tensor], list[paddle.Tensor]], x: paddle.Tensor) -> list[paddle.Tensor]:
        with self._context():
            return forward(x)
