# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""How a process makes its application while Paddle, when imported, replaces the handler of SIGTERM by its own.

That handler would end the process in the middle of a request, so a signal that arrives meanwhile waits for uvicorn's. A
worker unpickles its ``AppFactory`` before it imports anything else. So nothing here may import numpy: its threads would
take the signal, because threads inherit the mask of blocked signals from the one that starts them.
"""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import Any

from paddleseg.deploy.serve.settings import Settings


def make_app(settings: Settings) -> Any:
    """The application; afterwards SIGTERM goes to the handler that it had before."""
    handler = signal.getsignal(signal.SIGTERM)
    _block_sigterm()
    try:
        from paddleseg.deploy.serve.app import create_app

        return create_app(settings)
    finally:
        signal.signal(signal.SIGTERM, handler)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})


@dataclass(frozen=True)
class AppFactory:
    """What uvicorn calls in each worker for the application."""

    settings: Settings

    def __call__(self) -> Any:
        return make_app(self.settings)

    def __reduce__(self) -> tuple[Any, ...]:
        return _factory_in_worker, (self.settings,)


def _factory_in_worker(settings: Settings) -> AppFactory:
    """The unpickled factory; SIGTERM is blocked before uvicorn starts its thread for health checks."""
    _block_sigterm()
    return AppFactory(settings)


def _block_sigterm() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
