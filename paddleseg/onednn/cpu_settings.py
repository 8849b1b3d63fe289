# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""With what a network computes on the CPU: backend and threads, which decide the last bits of its results."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import paddle

from paddleseg.onednn.accelerate import accelerated, why_unavailable
from paddleseg.onednn.library import library
from paddleseg.onednn.threads import compute_with, default_threads
from paddleseg.utils.errors import ConfigError

Backend = Literal["onednn", "paddle"]
ENVIRONMENT = "PADDLESEG_CPU_BACKEND"
"""The environment variable that names the backend where no flag does."""


@dataclass(frozen=True)
class CpuSettings:
    """Backend and threads; ``choose`` finds them.

    Attributes:
        backend: ``onednn``: convolutions go through the oneDNN in Paddle's wheel. ``paddle``: Paddle's own kernels.
        threads: How many threads compute.
    """

    backend: Backend
    threads: int

    @classmethod
    def choose(cls, backend: Backend | None = None, threads: int | None = None) -> CpuSettings | None:
        """What holds in this process.

        Args:
            backend: That asked for; None: that of the environment variable, else oneDNN where it is there.
            threads: Those asked for; None: ``OMP_NUM_THREADS``, else the process's share of the cores for oneDNN, and
                one for Paddle's kernels, which use no more.

        Returns:
            None where the network does not compute on the CPU.

        Raises:
            ConfigError: The environment variable names another backend, or oneDNN was asked for and is not there.
        """
        if paddle.get_device() != "cpu":
            return None
        asked = backend or _backend_of_environment()
        missing = why_unavailable() if asked != "paddle" else None
        if asked == "onednn" and missing is not None:
            raise ConfigError(f"cpu_backend: onednn: {missing}; leave it out, or give paddle")
        chosen = "paddle" if asked == "paddle" or missing is not None else "onednn"
        return cls(chosen, threads or (default_threads() if chosen == "onednn" else 1))

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Compute so within this context."""
        with compute_with(self.threads):
            if self.backend == "paddle":
                yield
                return
            with accelerated():
                yield

    def facts(self) -> dict[str, Any]:
        """What decides the bits of the results, for a checkpoint."""
        if self.backend == "paddle":
            return {"backend": "paddle", "threads": self.threads}
        found = library()
        return {
            "backend": "onednn",
            "version": found.version,
            "instruction_set": found.instruction_set,
            "threads": self.threads,
        }

    def describe(self) -> str:
        """For the log."""
        kernels = "Paddle's kernels" if self.backend == "paddle" else f"oneDNN {library().version}"
        return f"{kernels}, {self.threads} thread{'s' if self.threads > 1 else ''}"


def _backend_of_environment() -> Backend | None:
    value = os.environ.get(ENVIRONMENT)
    if value not in (None, "", "onednn", "paddle"):
        raise ConfigError(f"{ENVIRONMENT}: found {value!r}; allowed are onednn, paddle")
    return value or None
