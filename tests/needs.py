# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Requirements on the machine of tests in several folders, with the reason that pytest prints if they are skipped."""

import os
from pathlib import Path

import paddle
import pytest

from paddleseg import onednn

_WHY_NO_ONEDNN = onednn.why_unavailable()
_NEEDS_ONEDNN = f"needs a oneDNN that the toolkit knows: {_WHY_NO_ONEDNN}"

needs_onednn = pytest.mark.skipif(_WHY_NO_ONEDNN is not None, reason=_NEEDS_ONEDNN)
needs_posix_rights = pytest.mark.skipif(
    os.name != "posix", reason="needs a POSIX system, where a folder can deny a user the right to write"
)
needs_proc = pytest.mark.skipif(
    not Path("/proc/self/task").is_dir(), reason="needs Linux's /proc, to see the processes that a run has started"
)
needs_paddle_for_cpu = pytest.mark.skipif(
    paddle.is_compiled_with_cuda(), reason="needs a Paddle that is built for the CPU alone; this one is built for GPUs"
)
CPU_BACKENDS = [pytest.param("onednn", marks=needs_onednn), "paddle"]


def skip_without_onednn() -> None:
    """For fixtures; in a test it would hide which one is skipped, for pytest prints the place of the call."""
    if _WHY_NO_ONEDNN is not None:
        pytest.skip(_NEEDS_ONEDNN)
