# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Errors that a user can act on.

Each message names the file or key, what was found, what is allowed and what to do. The commands print it as
one line and exit with status 1; every other exception is a bug of ours and keeps its traceback.
"""

from __future__ import annotations

from collections.abc import Sequence


class UserError(Exception):
    """Base of all errors that the user, not the code, has to correct."""


class ConfigError(UserError, ValueError):
    """A configuration file, a key in it or a command-line value is wrong."""


class ArgumentError(ConfigError):
    """Arguments of a class or function are wrong.

    Attributes:
        faults: Name of each wrong argument, and what was found and is allowed.
    """

    def __init__(self, message: str, faults: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(message)
        self.faults = tuple(faults)


class DataError(UserError, ValueError):
    """A picture, a label or a list file is missing, damaged or does not fit."""


class UnknownFormatError(DataError):
    """A file has no image format that is read here."""


class TooLargeError(DataError):
    """A picture has more bytes or pixels than allowed, in its file or on its way to the network."""


class WeightsError(UserError, ValueError):
    """A weight file or a checkpoint is missing, damaged or does not fit the network."""


class DeviceError(UserError, ValueError):
    """The requested device or precision is not available on this machine."""


class TrainingError(UserError, RuntimeError):
    """Training cannot go on, for instance because a loss is not finite."""


def raise_faults(about: str, faults: Sequence[tuple[str, str]]) -> None:
    """Raise one ArgumentError that lists (name, what is wrong with it), unless the list is empty.

    Args:
        about: The owner of the faults, for the beginning of the message; may be empty.
        faults: Name of an argument or key, and what was found and is allowed.
    """
    if faults:
        prefix = f"{about}: " if about else ""
        lines = [printable_line(f"{prefix}{name}: {message}") for name, message in faults]
        raise ArgumentError(join_lines(about, lines), faults)


def join_lines(about: str, lines: Sequence[str]) -> str:
    """One problem as its line, several below a headline that counts them."""
    headline = f"{about} has {len(lines)} problems:" if about else f"{len(lines)} problems:"
    return lines[0] if len(lines) == 1 else "\n  ".join([headline, *lines])


def count_of(number: int, noun: str) -> str:
    """A number with its noun, such as ``1 class`` and ``3 classes``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}{'es' if noun.endswith('s') else 's'}"


_LONGEST_LINE, _END_OF_LINE = 1500, 400


def printable(text: str) -> str:
    """The text with line breaks and control characters, which keys may have, escaped."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def printable_line(text: str) -> str:
    """``printable``, shortened to both ends if very long."""
    line = printable(text)
    if len(line) <= _LONGEST_LINE:
        return line
    return f"{line[: _LONGEST_LINE - _END_OF_LINE]} ... {line[-_END_OF_LINE:]}"
