# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The service's settings with their bounds, from which the command's flags are made."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from paddleseg.utils.errors import raise_faults

SMALLEST_SIDE = 32
"""Pixels that both sides of a picture must have: on less the networks give labels that mean nothing."""
LARGEST_HEADER = 16384
"""Bytes of a request's first line and headers together."""
_MIB = 1 << 20


def _number(default: Any, words: str, low: float, high: float) -> Any:
    return field(default=default, metadata={"words": words, "low": low, "high": high})


@dataclass(frozen=True)
class Settings:
    """How the service runs.

    Attributes:
        model: The exported folder.
        backend: A name in ``engines.ENGINES``; None: the first that can.
        precision: See ``EngineOptions``.
        device: See ``engines.engine_device``.
        cpu_threads: Threads of each worker's network on the CPU; None: the cores, shared among the workers.
        host: The address to listen at.
    """

    model: str
    backend: str | None = None
    precision: str = "fp32"
    device: str | None = None
    cpu_threads: int | None = None
    host: str = "127.0.0.1"
    port: int = _number(8000, "port to listen at; 0: any free one, which the log names", 0, 65535)
    workers: int = _number(1, "processes, each with a network of its own", 1, 256)
    queue: int = _number(32, "requests in hand at once, for each worker; further ones get 503", 1, 100_000)
    max_megabytes: int = _number(16, "most MiB of a request's body", 1, 4096)
    max_megapixels: int = _number(34, "most million pixels of a picture, by its header", 1, 4096)
    max_network_megapixels: int = _number(13, "most million pixels that reach the network of a picture", 1, 4096)
    receive_seconds: float = _number(10.0, "time to send a request's header, and its body", 0.1, 3600)
    wait_seconds: float = _number(30.0, "time that a request may wait for its turn; then it gets 503", 0.1, 3600)
    shutdown_seconds: float = _number(30.0, "time for running requests after SIGTERM", 0.1, 3600)

    def __post_init__(self) -> None:
        faults = [
            (one.name, f"found {value!r}; it must be from {one.metadata['low']} to {one.metadata['high']}")
            for one in fields(self)
            if one.metadata and not (one.metadata["low"] <= (value := getattr(self, one.name)) <= one.metadata["high"])
        ]
        raise_faults("", faults)

    @property
    def max_bytes(self) -> int:
        """Most bytes of a body."""
        return self.max_megabytes * _MIB

    @property
    def max_pixels(self) -> int:
        """Most pixels of a picture."""
        return self.max_megapixels * 1_000_000

    @property
    def max_network_pixels(self) -> int:
        """Most pixels of a picture after the export's transforms."""
        return self.max_network_megapixels * 1_000_000
