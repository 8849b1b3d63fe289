# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""One data set of a configuration, for tools that inspect data without training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from paddleseg.config.build import build_dataset
from paddleseg.config.load import load_config
from paddleseg.config.schema import check_config
from paddleseg.datasets.segmentation import SegmentationDataset
from paddleseg.utils.errors import ConfigError


def open_label_dataset(
    config_file: str, section: Literal["train", "val"], opts: Sequence[str] | None = None
) -> SegmentationDataset:
    """Check a configuration and build ``train_dataset`` or ``val_dataset``.

    Args:
        config_file: The YAML file.
        section: One of the two.
        opts: Values that replace those of the file.

    Raises:
        ConfigError: The configuration is wrong, has no such section, or one without label maps.
        DataError: Its files are missing.
    """
    config = load_config(config_file, opts=opts)
    if not config.section(f"{section}_dataset"):
        raise ConfigError(f"{config_file}: {section}_dataset: there is no such section")
    check_config(config, command="train", do_eval=section == "val")
    dataset = build_dataset(config, section)
    if not isinstance(dataset, SegmentationDataset):
        raise ConfigError(
            f"{config_file}: {section}_dataset: {type(dataset).__name__} has no label maps; this tool needs them"
        )
    return dataset
