# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Whether Paddle computes or records: some ways are faster on a CPU, but not as part of a static graph."""

from __future__ import annotations

import paddle
from paddle.jit.sot import psdb  # imported here, for an import inside the function would hide it from SOT


def computes_eagerly_on_cpu() -> bool:
    """Whether operations run at once, on the CPU.

    It asks for the current device, not for a tensor's place, at which Paddle 3.3.1 fails to build a static graph.
    """
    # Translating bytecode for to_static (SOT) is dynamic mode, too.
    return paddle.in_dynamic_mode() and not psdb.in_sot() and paddle.get_device() == "cpu"
