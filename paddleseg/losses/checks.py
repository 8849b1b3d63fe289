# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""How a loss refuses its arguments, in Python and in YAML alike.

A loss whose arguments have limits that their types do not tell has a static method ``faults``. It takes all of them by
name, and ``num_classes`` where that is known, and yields each fault as (argument, what was found and what is allowed).
The constructor passes them to :func:`refuse`; the check of a configuration collects them before anything is built.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

Fault = tuple[str, str]


def refuse(faults: Iterable[Fault]) -> None:
    """Raise a ValueError about the first fault, if there is one."""
    for argument, message in faults:
        raise ValueError(f"{argument}: {message}")


def below_zero(**numbers: float) -> Iterator[Fault]:
    """Faults of the named numbers that may not be negative."""
    for name, number in numbers.items():
        if number < 0:
            yield name, f"found {number}; it must be 0 or more"
