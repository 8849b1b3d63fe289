# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The parts that a configuration describes, built the way programs written for PaddleSeg do it."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from paddleseg.config import build
from paddleseg.config.shared_values import shared_value
from paddleseg.cvlibs.config import Config
from paddleseg.utils.errors import ConfigError

_OF_TRAIN_PY = {
    "freeze": "remove it, and give paddleseg.core.train freeze=[...]",
    "distillation": "remove it, or train with train.py",
    "task": "remove it, and give paddleseg.core.train task=...",
    "hooks": "remove it, and give paddleseg.core.train hooks=[...]",
}


class SegBuilder:
    """The parts of a configuration, each built on first use.

    Args:
        config: A ``Config`` of PaddleSeg's form.

    Example:
        >>> parts = SegBuilder(Config("mine.yml"))
        >>> train(parts.model, parts.train_dataset, optimizer=parts.optimizer, losses=parts.loss, iters=100)
    """

    def __init__(self, config: Config) -> None:
        self.config = config

    @cached_property
    def model(self) -> Any:
        """The network, with the weights of ``model.pretrained``."""
        return build.build_model(self.config.loaded, class_names=shared_value(self.config.loaded, "class_names"))

    @cached_property
    def train_dataset(self) -> Any:
        """The data set that ``train_dataset`` describes."""
        self._require("train_dataset")
        return build.build_dataset(self.config.loaded, "train")

    @cached_property
    def val_dataset(self) -> Any:
        """The data set that ``val_dataset`` describes."""
        self._require("val_dataset")
        return build.build_dataset(self.config.loaded, "val")

    @cached_property
    def loss(self) -> dict[str, list[Any]]:
        """``losses`` of ``paddleseg.core.train``: one loss and one weight for each output."""
        self._require("loss")
        counts_classes = self.config.loaded.section("loss").get("class_weights") is not None
        pairs = build.build_losses(self.config.loaded, self.train_dataset if counts_classes else None)
        return {"types": [loss for loss, _ in pairs], "coef": [weight for _, weight in pairs]}

    @cached_property
    def lr_scheduler(self) -> Any:
        """The schedule over ``iters`` steps.

        Raises:
            ConfigError: The length is given in epochs, and so depends on the number of processes.
        """
        self._require("lr_scheduler")
        return build.build_lr_schedule(self.config.loaded, self.config.iters)

    @cached_property
    def optimizer(self) -> Any:
        """The optimiser of the network's parameters.

        Raises:
            ConfigError: The configuration has parts frozen, a teacher, a task or hooks, which would be ignored.
        """
        self._require("optimizer")
        for section, advice in _OF_TRAIN_PY.items():
            if self.config.dic.get(section):
                raise ConfigError(f"{self.config.loaded.path}: {section}: SegBuilder does not know it; {advice}")
        return build.build_optimizer(self.config.loaded, self.model, self.lr_scheduler)

    def _require(self, section: str) -> None:
        if not self.config.dic.get(section):
            raise ConfigError(f"{self.config.loaded.path}: {section} is missing, which SegBuilder needs for this part")
