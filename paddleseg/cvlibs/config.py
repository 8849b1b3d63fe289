# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A configuration, loaded the way programs written for PaddleSeg do it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from paddleseg.config.load import load_config
from paddleseg.config.schema import check_config
from paddleseg.utils.errors import ConfigError


class Config:
    """A loaded and checked configuration: ``Config("mine.yml", iters=100)``.

    Args:
        path: A .yml or .yaml file.
        learning_rate: Replaces ``lr_scheduler.learning_rate``.
        batch_size: Replaces ``batch_size``.
        iters: Replaces ``iters`` or ``epochs``.
        opts: ``key=value`` items that replace others.

    Attributes:
        loaded: The ``paddleseg.config.load.Config``, for the functions of ``paddleseg.config``.
        dic: The resolved values as plain dicts and lists; changes affect what is built later.

    Raises:
        ConfigError: Something in it is wrong; the message lists everything.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        learning_rate: float | None = None,
        batch_size: int | None = None,
        iters: int | None = None,
        opts: Sequence[str] | None = None,
    ) -> None:
        flags = {"lr_scheduler.learning_rate": learning_rate, "batch_size": batch_size, "iters": iters}
        self.loaded = load_config(path, opts=opts, flags=flags)
        check_config(self.loaded, command="export", check_files=False)

    @property
    def dic(self) -> dict[str, Any]:
        return self.loaded.data

    @property
    def batch_size(self) -> int:
        """Pictures per process and batch."""
        return self.dic["batch_size"]

    @property
    def iters(self) -> int:
        """Length of the training in optimiser steps.

        Raises:
            ConfigError: It is given in epochs, and so depends on the number of processes.
        """
        if "iters" not in self.dic:
            raise ConfigError(f"{self.loaded.path}: iters is missing; give it, or Config(path, iters=...)")
        return self.dic["iters"]

    @property
    def to_static_training(self) -> bool:
        """Whether training is on the static graph."""
        return self.dic.get("to_static_training", False)

    @property
    def test_config(self) -> dict[str, Any]:
        """How evaluation and prediction process a picture."""
        return self.loaded.section("test_config")

    def __str__(self) -> str:
        return self.loaded.to_text()
