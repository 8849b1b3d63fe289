# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Engines and other extras: which are there, and whether they load."""

from __future__ import annotations

from collections.abc import Iterator

from paddleseg.environment.extras import MEANINGS
from paddleseg.environment.finding import Finding, note, ok, wrong
from paddleseg.environment.machine import Machine
from paddleseg.environment.packages import check_package
from paddleseg.environment.requirements import Requirement, extra_requirements
from paddleseg.utils.extras import install_extra


def check_extras(machine: Machine) -> Iterator[Finding]:
    """Each extra of the package."""
    for extra, required in extra_requirements(machine).items():
        yield _check_extra(machine, extra, required)


def _check_extra(machine: Machine, extra: str, required: list[Requirement]) -> Finding:
    subject = f"{extra} ({MEANINGS[extra]})"
    install = install_extra(extra)
    absent = [one.name for one in required if machine.version_of(one.name) is None]
    if len(absent) == len(required):
        return ok(subject, f"not installed; {install} brings it")
    findings = [check_package(machine, one) for one in required if one.name not in absent]
    faults = [f"{one.subject} {one.found}" for one in findings if one.status == "wrong"]
    if faults:
        return wrong(subject, "; ".join(faults), install)
    found = ", ".join(f"{one.subject} {one.found}" for one in findings)
    if absent and extra != "quant":  # shares its packages with others
        return note(subject, f"{found}; {', '.join(absent)} is missing", install)
    return ok(subject, found if not absent else f"not installed; {install} brings it")
