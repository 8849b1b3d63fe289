# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A bounded number of places for requests, and the threads that work on them."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import anyio

from paddleseg.deploy.serve.refusals import BUSY, Refusal

_Result = TypeVar("_Result")
_THREADS = 2
"""One picture is decoded and another encoded while the network works, which does so for one at a time."""
_NEWEST_SHARE = 0.1  # weight of the newest request in the mean time


class Gone(Exception):
    """The caller hung up before its turn."""


class Desk:
    """Accepts requests, and processes them in the order of their arrival.

    A request has a place from before its body is read until its answer is ready, so that the memory of all of them is
    bounded by places times bytes, and that of decoded pictures by threads times pixels.

    Args:
        places: Most requests at once.
        wait_seconds: Most time that one waits for a thread.
        on_change: Called with the number of taken places whenever it changes.

    Attributes:
        taken: Requests that have a place now.
    """

    def __init__(
        self, places: int, wait_seconds: float, on_change: Callable[[int], object] = lambda taken: None
    ) -> None:
        self.taken = 0
        self._on_change = on_change
        self._places, self._wait_seconds = places, wait_seconds
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="picture")
        self._free_threads = anyio.Semaphore(_THREADS)
        self._mean_seconds = 0.0

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Hold a place.

        Raises:
            Refusal: There is none; it says when to retry.
        """
        if self.taken >= self._places:
            raise self._busy(f"{self.taken} requests are in progress, the most that this service takes at once")
        self._take(1)
        try:
            yield
        finally:
            self._take(-1)

    async def work(
        self, function: Callable[..., _Result], *arguments: Any, is_gone: Callable[[], Awaitable[bool]]
    ) -> _Result:
        """Call a function in a thread, when it is its turn.

        Args:
            function: The function to call.
            arguments: Its arguments.
            is_gone: Whether the caller has hung up, checked before the work begins.

        Raises:
            Refusal: Its turn did not come in time.
            Gone: The caller hung up meanwhile.
        """
        try:
            with anyio.fail_after(self._wait_seconds):
                await self._free_threads.acquire()
        except TimeoutError:
            raise self._busy(f"waited {self._wait_seconds:g} seconds for its turn") from None
        start = time.monotonic()
        try:
            if await is_gone():
                raise Gone
            return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)
        finally:
            self._free_threads.release()
            self._mean_seconds += _NEWEST_SHARE * (time.monotonic() - start - self._mean_seconds)

    def _take(self, places: int) -> None:
        self.taken += places
        self._on_change(self.taken)

    def close(self) -> None:
        """End the threads after their current work."""
        self._threads.shutdown()

    def _busy(self, reason: str) -> Refusal:
        seconds = max(1, math.ceil(self.taken * self._mean_seconds / _THREADS))
        return Refusal(BUSY, f"{reason}; try again in {seconds} seconds", {"Retry-After": str(seconds)})
