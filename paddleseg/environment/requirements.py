# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The packages that the toolkit requires, read from where they are listed."""

from __future__ import annotations

import re
from dataclasses import dataclass

from paddleseg.environment.extras import EXTRAS
from paddleseg.environment.machine import Machine, normal_name

_LINE = re.compile(r"([\w.-]+)(?:\[[\w,]*\])?\s*(?:(>=|==)\s*([\w.]+))?(?:\s*;\s*(.*))?")
_EXTRA = re.compile(r"extra\s*==\s*['\"]([\w-]+)['\"]")


@dataclass(frozen=True)
class Requirement:
    """A package and its working versions.

    Attributes:
        name: Its name on PyPI.
        least: The oldest version that works, or None.
        is_exact: Whether only this version is required.
    """

    name: str
    least: str | None
    is_exact: bool = False

    def is_met_by(self, version: str) -> bool:
        """Whether a version is new enough; also if an exact one is required, as newer ones are not known to fail."""
        return self.least is None or numbers_of(version) >= numbers_of(self.least)


def numbers_of(version: str) -> tuple[int, ...]:
    """The leading numbers of a version, for comparing: (3, 3, 1) of ``3.3.1.post120``."""
    return tuple(map(int, re.match(r"(\d+(?:\.\d+)*)?", version)[0].split("."))) if version[:1].isdigit() else ()


def parse_requirement(line: str) -> Requirement:
    """A line of a requirements file or of a package's description, such as ``numpy>=1.21``."""
    name, relation, version, _ = _LINE.match(line.strip()).groups()
    return Requirement(name, version, relation == "==")


def base_requirements(machine: Machine) -> list[Requirement]:
    """The toolkit's requirements in all uses, without Paddle and OpenCV, which come in several packages."""
    lines = _lines(machine, "requirements.txt", None)
    found = [parse_requirement(line) for line in lines]
    return [one for one in found if not normal_name(one.name).startswith(("paddlepaddle", "opencv"))]


def extra_requirements(machine: Machine) -> dict[str, list[Requirement]]:
    """The requirements of each extra, by its name."""
    lines = {**EXTRAS, "serving": _lines(machine, "requirements-serving.txt", "serving")}
    return {extra: [parse_requirement(line) for line in own] for extra, own in lines.items()}


def _lines(machine: Machine, file: str, extra: str | None) -> list[str]:
    """The lines of a file of the checkout; without a checkout, those of the installed package's metadata."""
    path = machine.toolkit / file
    if path.is_file():
        lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
        return [line for line in lines if line and not line.startswith(("#", "-"))]
    described = [line for one in machine.distributions("ddrnet-toolkit") for line in one["requires"]]
    extras = [_EXTRA.search(line) for line in described]
    return [line for line, found in zip(described, extras) if (found and found[1]) == extra]
