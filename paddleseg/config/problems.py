# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Collecting the faults of a configuration, so that the user sees all of them at once."""

from __future__ import annotations

from collections.abc import Mapping

from paddleseg.utils.errors import ConfigError, join_lines, printable_line


class Problems:
    """The faults of one configuration.

    Args:
        path: The configuration file, for the headline.
        sources: The place (``file:line`` or ``--opts``) of each dotted key.
    """

    def __init__(self, path: str, sources: Mapping[str, str]) -> None:
        self.path = path
        self.sources = sources
        self._lines: list[str] = []
        self._keys: set[str] = set()

    def add(self, key: str, message: str) -> None:
        """Note that ``key`` (dotted) is wrong, and how."""
        self._keys.add(key)
        line = printable_line(f"{place_of(key, self.sources, self.path)}: {key}: {message}")
        if line not in self._lines:
            self._lines.append(line)

    def is_noted(self, key: str) -> bool:
        """Whether a fault of ``key`` is noted."""
        return key in self._keys

    def __len__(self) -> int:
        return len(self._lines)

    def raise_if_any(self) -> None:
        """Raise one ConfigError that lists everything noted; one problem makes one line."""
        if self._lines:
            raise ConfigError(join_lines(self.path, self._lines))


def place_of(key: str, sources: Mapping[str, str], default: str) -> str:
    """The place of a dotted key, or of the nearest enclosing key that has one."""
    while key:
        if key in sources:
            return sources[key]
        key = key.rpartition(".")[0]
    return default
