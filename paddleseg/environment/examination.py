# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""All checks in the order of their rows, and the table."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from paddleseg.environment import cards, engines, own_package, packages, processor, storage, text
from paddleseg.environment.finding import Finding, note
from paddleseg.environment.machine import Machine
from paddleseg.utils.errors import count_of

Check = Callable[[Machine], Iterator[Finding]]

CHECKS: tuple[Check, ...] = (
    packages.check_python,
    own_package.check_toolkit,
    packages.check_paddle,
    packages.check_numpy,
    packages.check_opencv,
    packages.check_others,
    cards.check_cards,
    processor.check_instructions,
    processor.check_convolutions,
    processor.check_threads,
    storage.check_memory,
    storage.check_shared_memory,
    storage.check_folders,
    text.check_encoding,
    engines.check_extras,
)


def examine(machine: Machine, checks: Sequence[Check] = CHECKS) -> list[Finding]:
    """Run all checks; one that fails becomes a row of its own and does not stop the others."""
    return [finding for check in checks for finding in _isolated(check, machine)]


def _isolated(check: Check, machine: Machine) -> list[Finding]:
    try:
        return list(check(machine))
    except Exception as error:  # a machine may be broken in ways nobody has thought of
        subject = check.__name__.removeprefix("check_").replace("_", " ")
        fault = f"could not be examined ({type(error).__name__}: {error})"
        return [note(subject, fault, "run tools/doctor.py with another Python, and report this line")]


def has_fault(findings: Sequence[Finding]) -> bool:
    """Whether something will fail."""
    return any(finding.status == "wrong" for finding in findings)


def table(findings: Sequence[Finding]) -> str:
    """A row for each finding with its remedy below, and a summary."""
    width = max(len(finding.subject) for finding in findings)
    lines = []
    for finding in findings:
        lines.append(f"{finding.status:<5}  {finding.subject:<{width}}  {finding.found}")
        if finding.mend:
            lines.append(f"{'':<5}  {'':<{width}}  -> {finding.mend}")
    notes, faults = (sum(one.status == status for one in findings) for status in ("note", "wrong"))
    lines.append(f"\n{faults or 'nothing'} wrong, {count_of(notes, 'note')}")
    return "\n".join(lines)


def as_json(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """The rows as plain values."""
    return [dataclasses.asdict(finding) for finding in findings]
