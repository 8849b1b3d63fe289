# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Collecting what is wrong with a configuration, so that the user hears all of it at once."""

from __future__ import annotations

from collections.abc import Mapping

from paddleseg.utils.errors import ConfigError


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

    def add(self, key: str, message: str) -> None:
        """Note that ``key`` (dotted) is wrong, and how."""
        line = _as_line(f"{place_of(key, self.sources, self.path)}: {key}: {message}")
        if line not in self._lines:
            self._lines.append(line)

    def __len__(self) -> int:
        return len(self._lines)

    def raise_if_any(self) -> None:
        """Raise one ConfigError that lists everything noted; one problem makes one line."""
        if len(self._lines) == 1:
            raise ConfigError(self._lines[0])
        if self._lines:
            raise ConfigError("\n  ".join([f"{self.path} has {len(self._lines)} problems:", *self._lines]))


_LONGEST_LINE, _END_OF_LINE = 1500, 400


def _as_line(text: str) -> str:
    """The text without line breaks and control characters that a key may have; of a very long one both ends."""
    line = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)
    if len(line) <= _LONGEST_LINE:
        return line
    return f"{line[: _LONGEST_LINE - _END_OF_LINE]} ... {line[-_END_OF_LINE:]}"


def place_of(key: str, sources: Mapping[str, str], default: str) -> str:
    """The place of a dotted key, or of the nearest part around it that is written somewhere."""
    while key:
        if key in sources:
            return sources[key]
        key = key.rpartition(".")[0]
    return default
