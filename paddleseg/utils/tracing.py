# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Whether Paddle computes or records: some methods are faster on a CPU, but impossible in a static graph."""

from __future__ import annotations

import paddle
from paddle.jit.sot import psdb  # imported here, because an import inside the function would hide it from SOT


def computes_eagerly_on_cpu() -> bool:
    """Whether operations run at once, on the CPU.

    It checks the current device, not a tensor's place, which makes Paddle 3.3.1 fail to build a static graph.
    """
    # Bytecode translation for to_static (SOT) is dynamic mode, too.
    return paddle.in_dynamic_mode() and not psdb.in_sot() and paddle.get_device() == "cpu"
