# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The names of the classes that the network is given and those of the data it is trained on: they are the same."""

from __future__ import annotations

from typing import Any

from paddleseg.config.load import Config
from paddleseg.config.problems import Problems
from paddleseg.models.class_rows import key_of
from paddleseg.registry import MODELS, is_built_in

_KEY = "model.class_names"


def check_class_names(config: Config, dataset: Any) -> None:
    """Refuse ``model.class_names`` where it is not what the data set says, or does nothing.

    Args:
        config: A checked configuration.
        dataset: What is trained on; folders of classes, too, are names.

    Raises:
        ConfigError: Names the class.
    """
    model = config.section("model")
    names, others = model.get("class_names"), getattr(dataset, "class_names", None)
    if names is None:
        return
    problems = Problems(config.path, config.sources)
    differing = [pair for pair in zip(names, others or ()) if key_of(pair[0]) != key_of(pair[1])]
    if differing:
        here, there = differing[0]
        problems.add(
            _KEY, f"found {here!r}, the class is {there!r} in train_dataset; remove it here, and name the classes there"
        )
    elif model.get("pretrained") is None and is_built_in(MODELS[model["type"]]):
        problems.add(_KEY, "has no effect without model.pretrained, in whose weights the classes are found; remove it")
    problems.raise_if_any()
