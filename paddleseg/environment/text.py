# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The encoding in which Python reads and writes names and texts."""

from __future__ import annotations

import codecs
from collections.abc import Iterator

from paddleseg.environment.finding import Finding, note, ok
from paddleseg.environment.machine import Machine


def check_encoding(machine: Machine) -> Iterator[Finding]:
    """It must be UTF-8, or names of pictures and classes beyond ASCII come out wrong."""
    encoding = machine.survey["encoding"]
    if codecs.lookup(encoding).name == "utf-8":
        yield ok("encoding", encoding)
    else:
        found = f"{encoding}: names of files and classes with other letters fail"
        yield note("encoding", found, "export LC_ALL=C.UTF-8   (or PYTHONUTF8=1)")
