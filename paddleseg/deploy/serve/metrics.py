# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The figures at /metrics, by prometheus-client; with several workers they are sums over all of them."""

from __future__ import annotations

import os
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable by which prometheus-client knows where workers keep their counts; the command sets it."""
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """The counters of one service."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        self._requests = Counter("ddrnet_requests", "Answered requests.", ["path", "status"], registry=registry)
        self._seconds = Histogram(
            "ddrnet_request_seconds", "Time from a request's header to its answer.", ["path"],
            buckets=_SECONDS, registry=registry,
        )  # fmt: skip
        self._stages = Histogram(
            "ddrnet_stage_seconds", "Time of the stages of predictions.", ["stage"], buckets=_SECONDS, registry=registry
        )
        self._pixels = Counter("ddrnet_pixels", "Pixels of predicted pictures.", registry=registry)
        self._in_hand = Gauge(
            "ddrnet_requests_in_hand", "Requests that are received, wait or are worked on.",
            multiprocess_mode="livesum", registry=registry,
        )  # fmt: skip
        self.set_in_hand(0)

    def set_in_hand(self, count: int) -> None:
        """Set the number of requests that have a place."""
        self._in_hand.set(count)

    def count(self, path: str, status: int, seconds: float) -> None:
        """Count a request; the path is one of the service's own, or "other"."""
        self._requests.labels(path, str(status)).inc()
        self._seconds.labels(path).observe(seconds)

    def count_picture(self, pixels: int, seconds: dict[str, float]) -> None:
        """Count a prediction."""
        self._pixels.inc(pixels)
        for stage, value in seconds.items():
            self._stages.labels(stage).observe(value)

    def text(self) -> bytes:
        """The figures in Prometheus's text format, version 0.0.4."""
        folder = os.environ.get(SHARED_FOLDER)
        if not folder:
            return generate_latest(self._registry)
        _forget_killed_processes(Path(folder))
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
        return generate_latest(registry)

    @staticmethod
    def forget_this_process() -> None:
        """Remove the active requests of this ending worker from the sum."""
        if os.environ.get(SHARED_FOLDER):
            mark_process_dead(os.getpid())


def _forget_killed_processes(folder: Path) -> None:
    """The same for killed workers, for instance out of memory; their past counts stay."""
    for file in folder.glob("gauge_live*_*.db"):
        pid = int(file.stem.rpartition("_")[2])
        try:
            os.kill(pid, 0)  # checks whether it exists
        except ProcessLookupError:
            mark_process_dead(pid)
