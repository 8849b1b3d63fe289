# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""How a network computes on the CPU: backend and threads, which determine the last bits of its results."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Literal

import paddle

from paddleseg.onednn.accelerate import accelerated, not_accelerated, why_unavailable
from paddleseg.onednn.c_interface import opened_library
from paddleseg.onednn.threads import compute_with, default_threads
from paddleseg.utils.choices import CpuBackend
from paddleseg.utils.errors import ConfigError, raise_faults
from paddleseg.utils.logging import get_logger
from paddleseg.utils.omp_environment import given_threads
from paddleseg.utils.type_hints import Count, fault_of

ENVIRONMENT = "PADDLESEG_CPU_BACKEND"
"""The environment variable that names the backend where no flag does."""

MOST_THREADS = 1024
"""OpenMP ends the process when it cannot start as many as it is told."""

_ENTERED: list[CpuSettings] = []


@dataclass(frozen=True)
class CpuSettings:
    """Backend and threads; ``choose`` finds them.

    Attributes:
        backend: ``onednn``: convolutions go through the oneDNN in Paddle's wheel. ``paddle``: Paddle's own kernels.
        threads: How many threads share large work, or, with ``paddle``, all work that Paddle's kernels share.
    """

    backend: CpuBackend
    threads: int

    @classmethod
    def choose(cls, backend: CpuBackend | None = None, threads: int | None = None) -> CpuSettings | None:
        """The settings for this process; within ``entered()``, by default the ones entered there.

        Args:
            backend: The requested one; None: that of the environment variable, else oneDNN if available.
            threads: The requested number; None: ``OMP_NUM_THREADS``, else the process's share of the cores for oneDNN,
                and one for Paddle's kernels, most of which use no more.

        Returns:
            None if the network does not compute on the CPU.

        Raises:
            ConfigError: The request is not allowed, not available, or has no effect on the current device; or the
                environment variable names another backend.
        """
        _check_asked(backend, threads)
        if paddle.get_device() != "cpu":
            return None
        if _ENTERED and backend is None and threads is None:
            return _ENTERED[-1]
        asked = backend or _backend_of_environment()
        missing = why_unavailable() if asked != "paddle" else None
        if asked == "onednn" and missing is not None:
            raise ConfigError(f"cpu_backend: onednn: {missing}; leave it out, or give paddle")
        chosen = "paddle" if asked == "paddle" or missing is not None else "onednn"
        return cls(chosen, threads or given_threads() or (default_threads() if chosen == "onednn" else 1))

    @property
    def data_format(self) -> Literal["NCHW", "NHWC"]:
        """The order of the axes in which networks are faster."""
        return "NHWC" if self.backend == "onednn" else "NCHW"

    @contextmanager
    def entered(self, *, says_it: bool = True) -> Iterator[None]:
        """Compute with these settings within this context, which is logged (``says_it``); may be nested."""
        if says_it and not _ENTERED:
            get_logger().info("CPU: %s", self.describe())
        _ENTERED.append(self)
        try:
            is_accelerated = self.backend == "onednn"
            kernels = accelerated() if is_accelerated else not_accelerated()
            with compute_with(self.threads, only_large_work=is_accelerated), kernels:
                yield
        finally:
            _ENTERED.pop()

    def facts(self) -> dict[str, Any]:
        """What determines the bits of the results, for a checkpoint."""
        facts = {"backend": self.backend, "threads": self.threads, "paddle": paddle.__version__}
        if self.backend == "onednn":
            facts.update(version=opened_library().version, instruction_set=opened_library().instruction_set)
        return facts

    def describe(self) -> str:
        """For the log."""
        kernels = "Paddle's kernels" if self.backend == "paddle" else f"oneDNN {opened_library().version}"
        return f"{kernels}, {self.threads} thread{'s' if self.threads > 1 else ''}"


def entered(settings: CpuSettings | None, *, says_it: bool = True) -> AbstractContextManager[None]:
    """Compute with the result of ``choose``; None, off the CPU, changes nothing."""
    return nullcontext() if settings is None else settings.entered(says_it=says_it)


def _check_asked(backend: CpuBackend | None, threads: int | None) -> None:
    faults = [
        ("cpu_backend", fault_of(backend, CpuBackend | None)),
        ("cpu_threads", fault_of(threads, Count | None)),
    ]
    if threads is not None and faults[1][1] is None and threads > MOST_THREADS:
        faults.append(("cpu_threads", f"found {threads}; at most {MOST_THREADS} are allowed"))
    raise_faults("", [(name, fault) for name, fault in faults if fault is not None])
    device = paddle.get_device()
    asked = [f"cpu_{name}" for name, value in (("backend", backend), ("threads", threads)) if value is not None]
    if device != "cpu" and asked:
        raise ConfigError(f"{', '.join(asked)}: no effect on {device}; leave it out, or compute on the CPU")


def _backend_of_environment() -> CpuBackend | None:
    value = os.environ.get(ENVIRONMENT)
    if value not in (None, "", "onednn", "paddle"):
        raise ConfigError(f"{ENVIRONMENT}: found {value!r}; allowed are onednn, paddle")
    return value or None
