# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""SIGTERM and SIGINT (Ctrl-C) end a training cleanly: after a step, with a checkpoint."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping
from types import FrameType
from typing import TYPE_CHECKING, Any

import paddle
from paddle import Tensor

from paddleseg.training.hooks.base import Hook
from paddleseg.utils import distributed as dist
from paddleseg.utils.progress import bar_is_drawn

if TYPE_CHECKING:
    from paddleseg.training.trainer import Trainer

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
# paddle.distributed.launch sends SIGTERM three times within 0.6 seconds; that is one request, not two.
_ONE_WISH_SECONDS = 2.0


class StopSignals:
    """Within this context the first SIGTERM or SIGINT is noted, and a second one ends the process at once.

    In a thread other than the main one Python sets no handlers; there the context changes nothing.

    Attributes:
        received: Number of the first signal, 0 before.
    """

    def __init__(self) -> None:
        self.received = 0
        self._first_at = 0.0
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> StopSignals:
        if threading.current_thread() is threading.main_thread():
            self._previous = {number: signal.signal(number, self._note) for number in _SIGNALS}
        return self

    def __exit__(self, *error: object) -> None:
        if self.received and dist.world_size() > 1:
            # The launcher ends all processes when it sees the first one leave; with the handlers in place each
            # of them still leaves with its own status.
            return
        for number, handler in self._previous.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if not self.received:
            self.received, self._first_at = number, now
            # os.write, because the signal may arrive in the middle of a print. The reader may be gone: Ctrl-C ends the
            # ``tee`` of ``train.py 2>&1 | tee log`` too.
            name = ("\n" if bar_is_drawn() else "") + signal.Signals(number).name
            with contextlib.suppress(OSError):
                os.write(2, f"{name}: saving after this step; a second signal ends the run at once\n".encode())
        elif now - self._first_at > _ONE_WISH_SECONDS:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)


class StopHook(Hook):
    """Stops the training after a step when one of the processes got a signal; it comes before all other hooks.

    A signal may reach only one process, but all must stop after the same step, or the others would wait for ever. So
    the signal's number is reduced over all processes in each step. The result is read one step later, when the device
    already has it, so that no step waits for it.

    Args:
        signals: What this process has received.

    Attributes:
        number: The signal for which the run was stopped, 0 if it was not.
    """

    def __init__(self, signals: StopSignals) -> None:
        self._signals = signals
        self._reduced: Tensor | None = None
        self.number = 0

    def after_step(self, trainer: Trainer, losses: Mapping[str, Tensor]) -> None:
        self.number = self._agree() if dist.world_size() > 1 else self._signals.received
        if self.number:
            trainer.stop(f"{signal.Signals(self.number).name} was received; --resume_model auto continues from here")

    def ends_evaluations(self) -> bool:
        """Whether to end an evaluation now. Never with several processes: they would have to agree all the time."""
        if dist.world_size() > 1:
            return False
        self.number = self._signals.received
        return bool(self.number)

    def leave(self) -> None:
        """End the program as the signal would have, if one stopped the run.

        Raises:
            KeyboardInterrupt: It was SIGINT; the commands turn it into status 130.
            SystemExit: It was SIGTERM, with status 143.
        """
        if self.number == signal.SIGINT:
            raise KeyboardInterrupt
        if self.number:
            sys.exit(128 + self.number)

    def _agree(self) -> int:
        before = self._reduced
        self._reduced = dist.maximum_over_processes(paddle.to_tensor([self._signals.received], dtype="int32"))
        return 0 if before is None else int(before[0])
