# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Progress and remaining time of long work: a bar on a terminal, elsewhere a line now and then.

Both go to standard error, so that a command's output can be kept separately. With several processes the first shows
them. Log lines do not tear a bar: they are written within ``room_for_text``.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from paddleseg.utils.errors import printable_line

SECONDS_BETWEEN_LINES = 30.0
"""Where there is no terminal. What takes less time says nothing."""

T = TypeVar("T")
_is_wanted = True
_open: list[Progress] = []


class Progress:
    """The display of one piece of work, from its construction to ``close``; a context too.

    Args:
        what: The work: ``evaluating``.
        total: Number of items; None if unknown.
        unit: Their kind: ``picture``; ``B`` for bytes.
        done: How many are already done.
        shown: False shows nothing.
        lines: Whether to print lines without a terminal.
    """

    def __init__(
        self,
        what: str,
        total: int | None,
        unit: str = "picture",
        *,
        done: int = 0,
        shown: bool = True,
        lines: bool = True,
    ) -> None:
        self._meter = {"unit": unit, "unit_scale": unit == "B"}
        self._what = printable_line(what)  # may contain file names
        self._total, self._first, self._done = total, done, done
        self._bar: Any = None
        self._process = os.getpid()
        self._began = self._said = time.monotonic()
        is_shown = shown and _is_wanted and is_first_process()
        self._says_lines = is_shown and lines and not has_terminal()
        if is_shown and has_terminal():
            # miniters: checks the clock at every update, so that the bar of slowing work keeps moving.
            options = {"desc": self._what, "initial": done, "leave": False, "dynamic_ncols": True, "miniters": 1}
            self._bar = _bar_class()(total=total, file=sys.stderr, **options, **self._meter)
            _open.append(self)

    def update(self, count: int = 1) -> None:
        """``count`` more are done."""
        self._done += count
        if self._bar is not None:
            self._bar.update(count)
        elif self._says_lines and time.monotonic() - self._said >= SECONDS_BETWEEN_LINES:
            self._said = time.monotonic()
            print(self._line(), file=sys.stderr, flush=True)

    def leave_out(self, seconds: float) -> None:
        """``seconds`` of the time since the last update were spent on something else."""
        if self._bar is not None:
            self._bar.start_t += seconds
            self._bar.last_print_t += seconds

    def close(self) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
            _open.remove(self)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def is_drawn(self) -> bool:
        """Whether this process shows a bar on the terminal."""
        return self._bar is not None and self._process == os.getpid()

    def _line(self) -> str:
        seconds = time.monotonic() - self._began
        return _bar_class().format_meter(
            self._done, self._total, seconds, ncols=0, prefix=self._what, initial=self._first, **self._meter
        )


@functools.cache
def _bar_class() -> Any:
    from tqdm import tqdm  # tools/doctor.py runs without it

    class Bar(tqdm):
        # No monitor thread: if it holds tqdm's lock while a data process is forked, the lock stays locked there.
        monitor_interval = 0

    return Bar


def tracked(
    things: Iterable[T], what: str, unit: str = "picture", *, total: int | None = None, shown: bool = True
) -> Iterator[T]:
    """Yield the items, and show how many are done; see ``Progress``.

    Args:
        things: The items.
        what: The work on them.
        unit: Their kind.
        total: Their number; None: their length, if they have one.
        shown: False shows nothing.
    """
    if total is None and hasattr(things, "__len__"):
        total = len(things)
    with Progress(what, total, unit, shown=shown) as progress:
        for thing in things:
            yield thing
            progress.update()


def is_first_process() -> bool:
    """Whether this is the first of the processes that train together, or the only one."""
    return int(os.environ.get("PADDLE_TRAINER_ID", "0")) == 0


def has_terminal() -> bool:
    """Whether standard error is a terminal."""
    return sys.stderr is not None and sys.stderr.isatty()


def bar_is_drawn() -> bool:
    """Whether this process has a bar on the terminal, not counting those of the parent of a fork."""
    return any(progress.is_drawn for progress in _open)


def room_for_text() -> contextlib.AbstractContextManager[Any]:
    """A context in which output to the terminal appears above the bars."""
    return _bar_class().external_write_mode() if bar_is_drawn() else contextlib.nullcontext()


def close_all() -> None:
    """Remove the bars of work that ended with an error."""
    for progress in reversed(_open[:]):
        if progress.is_drawn:
            progress.close()


def show_no_progress() -> None:
    """Show neither bars nor lines from now on."""
    global _is_wanted
    _is_wanted = False
