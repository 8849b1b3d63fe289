# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""All queries to the machine under examination; tests substitute another one."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from paddleseg.utils.cpus import usable_cpus

_HERE = Path(__file__).resolve().parent
_RESULT = "RESULT "


@dataclass(frozen=True)
class Imported:
    """The outcome of importing a module.

    Attributes:
        fault: Why it cannot be imported, in one line; None if it can.
        facts: What ``import_package`` says of it.
    """

    fault: str | None
    facts: Mapping[str, Any] = field(default_factory=dict)


def disk_space(folder: Path) -> tuple[int, int]:
    """Total and free bytes of the disk that a folder is on."""
    usage = shutil.disk_usage(folder)
    return usage.total, usage.free


def why_not_writable(folder: Path) -> str | None:
    """Why no file can be created in a folder; None if one can."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return None
    except OSError as error:
        return error.strerror or str(error)


@dataclass(frozen=True)
class Machine:
    """A machine with the Python that runs the toolkit.

    Attributes:
        python: Its Python executable.
        variables: Its environment variables.
        root: Where ``/proc``, ``/sys`` and ``/dev`` are.
        cores: The number this process may use.
        seconds: How long an import may take.
        space: Gives total and free bytes of a folder's disk.
        write_fault: Says why a folder cannot be written; None if it can.
        toolkit: The folder that this package ``paddleseg`` is in.
    """

    python: str = sys.executable
    variables: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    root: Path = Path("/")
    cores: int = field(default_factory=usable_cpus)
    seconds: float = 120
    space: Callable[[Path], tuple[int, int]] = disk_space
    write_fault: Callable[[Path], str | None] = why_not_writable
    toolkit: Path = _HERE.parents[1]
    _imports: dict[str, Imported] = field(default_factory=dict, repr=False)

    @cached_property
    def survey(self) -> dict[str, Any]:
        """What its Python is and has, see ``survey.py``."""
        done = self._run("survey.py")
        if done.facts:
            return dict(done.facts)
        raise OSError(f"{self.python} cannot be run: {done.fault}")

    def version_of(self, distribution: str) -> str | None:
        """The version of an installed package by its name on PyPI; None if it is not installed."""
        found = self.distributions(distribution)
        return found[0]["version"] if found else None

    def distributions(self, *names: str) -> list[dict[str, Any]]:
        """Packages installed under these names, sorted by name; equal names in Python's search order."""
        wanted = {normal_name(name) for name in names}
        found = [one for one in self.survey["distributions"] if normal_name(one["name"]) in wanted]
        return sorted(found, key=lambda one: one["name"])

    def imported(self, module: str) -> Imported:
        """Import a module in a process of its own, only once."""
        if module not in self._imports:
            folders = [str(self.toolkit)] if module.startswith("paddleseg.") else []
            self._imports[module] = self._run("import_package.py", module, *folders)
        return self._imports[module]

    def read(self, path: str) -> str | None:
        """The text of a file of the system, by its path below the root; None if it cannot be read."""
        try:
            return (self.root / path).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None

    def output_of(self, *command: str) -> str | None:
        """The output of a program of the machine; None if it is missing or fails."""
        program = shutil.which(command[0], path=self.variables.get("PATH", ""))
        if program is None:
            return None
        try:
            done = subprocess.run([program, *command[1:]], capture_output=True, text=True, timeout=self.seconds)
        except (OSError, subprocess.SubprocessError):
            return None
        return done.stdout if done.returncode == 0 else None

    def _run(self, program: str, *arguments: str) -> Imported:
        """Run a program of this folder in an empty folder, because Python imports what lies where it starts."""
        text = (_HERE / program).read_text(encoding="utf-8")
        with tempfile.TemporaryDirectory() as folder:
            try:
                done = subprocess.run(
                    [self.python, "-c", text, *arguments],
                    cwd=folder, env=dict(self.variables), capture_output=True, text=True, errors="replace",
                    stdin=subprocess.DEVNULL, timeout=self.seconds,
                )  # fmt: skip
            except subprocess.TimeoutExpired:
                return Imported(f"has not come back within {self.seconds:g} seconds")
            except OSError as error:
                return Imported(error.strerror or str(error))
        results = [line for line in done.stdout.splitlines() if line.startswith(_RESULT)]
        # If a library crashes while the process ends, the result has been printed all the same.
        if results:
            return Imported(None, json.loads(results[-1][len(_RESULT) :]))
        return Imported(_fault_of(done))


def normal_name(distribution: str) -> str:
    """A package's name as PyPI compares it."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def _fault_of(done: subprocess.CompletedProcess[str]) -> str:
    if done.returncode < 0:
        return f"the process crashed (signal {-done.returncode})"
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    # The exception's own line: what follows is indented or a hint of several lines, like numpy's.
    errors = [line for line in lines if re.match(r"[\w.]*(Error|Exception|Warning|Interrupt|Exit)\b", line)]
    return (errors or lines or [f"status {done.returncode}"])[-1]
