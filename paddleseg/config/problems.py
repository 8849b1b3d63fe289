# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Collecting what is wrong with a configuration, so that the user hears all of it at once."""

from __future__ import annotations

from collections.abc import Mapping

from paddleseg.utils.errors import ConfigError, join_lines, printable_line


class Problems:
    """What is wrong with one configuration.

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
        """Whether something is known to be wrong with ``key``."""
        return key in self._keys

    def __len__(self) -> int:
        return len(self._lines)

    def raise_if_any(self) -> None:
        """Raise one ConfigError that lists everything noted; one problem makes one line."""
        if self._lines:
            raise ConfigError(join_lines(self.path, self._lines))


def place_of(key: str, sources: Mapping[str, str], default: str) -> str:
    """The place of a dotted key, or of the nearest part around it that is written somewhere."""
    while key:
        if key in sources:
            return sources[key]
        key = key.rpartition(".")[0]
    return default
