# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Errors that a user can act on.

Each message names the file or key, what was found, what is allowed and what to do. The commands print it as
one line and exit with status 1; every other exception is a bug of ours and keeps its traceback.
"""

from __future__ import annotations

from collections.abc import Sequence


class UserError(Exception):
    """Base of all errors that the user, and not the code, has to correct."""


class ConfigError(UserError, ValueError):
    """A configuration file, a key in it or a command-line value is wrong."""


class DataError(UserError, ValueError):
    """A picture, a label or a list file is missing, damaged or does not fit."""


class WeightsError(UserError, ValueError):
    """A weight file or a checkpoint is missing, damaged or does not fit the network."""


class DeviceError(UserError, ValueError):
    """The wished device or precision is not to be had on this machine."""


class TrainingError(UserError, RuntimeError):
    """Training cannot go on, for instance because a loss is not finite."""


def raise_faults(about: str, faults: Sequence[tuple[str, str]]) -> None:
    """Raise one ConfigError that lists (name, what is wrong with it); nothing where the list is empty.

    Args:
        about: Whose faults they are, for the beginning of the message; may be empty.
        faults: Name of an argument or key, and what was found and is allowed.
    """
    prefix = f"{about}: " if about else ""
    lines = [f"{prefix}{name}: {message}" for name, message in faults]
    if len(lines) == 1:
        raise ConfigError(lines[0])
    if lines:
        raise ConfigError("\n  ".join([f"{prefix}{len(lines)} problems:", *lines]))
