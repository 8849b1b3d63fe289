# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The flags of evaluation and prediction for computing on the CPU; in training they are settings of the run."""

from __future__ import annotations

import argparse

from paddleseg.utils.choices import CpuBackend
from paddleseg.utils.cli import add_flag
from paddleseg.utils.type_hints import Count


def add_cpu_flags(parser: argparse.ArgumentParser) -> None:
    """Add ``--cpu_backend`` and ``--cpu_threads``, for ``CpuSettings.choose``, to the parser of a command."""
    words = (
        "kernels used on the CPU: those of the oneDNN in Paddle's wheel (onednn) or Paddle's own "
        "(paddle); default: PADDLESEG_CPU_BACKEND, else onednn if available"
    )
    add_flag(parser, "cpu_backend", CpuBackend | None, None, words)
    words = (
        "threads for computing on the CPU; default: OMP_NUM_THREADS, else for onednn the cores divided by the "
        "processes, and for paddle 1"
    )
    add_flag(parser, "cpu_threads", Count | None, None, words)
