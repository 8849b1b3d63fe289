# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Errors that a user can act on.

Each message names the file or key, what was found, what is allowed and what to do. The commands print it as
one line and exit with status 1; every other exception is a bug of ours and keeps its traceback.
"""


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
