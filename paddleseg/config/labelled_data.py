# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A data set to score an exported folder on: a section of YAML, without a network and without Paddle."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paddleseg.config.custom_imports import import_custom_modules
from paddleseg.config.load import load_config
from paddleseg.datasets import ClassDataset, PictureDataset, SegmentationDataset
from paddleseg.deploy.deploy_config import CLASSIFICATION, DeployConfig
from paddleseg.registry import DATASETS
from paddleseg.utils.arguments import faults_of, relation_faults_of
from paddleseg.utils.errors import ConfigError, raise_faults
from paddleseg.utils.logging import get_logger
from paddleseg.utils.near_miss import suggest

_SECTION = "val_dataset"


@dataclass(frozen=True)
class LabelledData:
    """The content of a file of ``--data``.

    Attributes:
        dataset: Pictures and labels, without transforms, since those of the export count.
        crop: Crop size of the training configuration, ``1024x512`` (width x height); None: unknown.
        schedule: Its length, ``2000 x 8`` (iterations x pictures); None: unknown.
    """

    dataset: PictureDataset
    crop: str | None = None
    schedule: str | None = None


def read_labelled_data(path: str | Path, deploy: DeployConfig, opts: Sequence[str] | None = None) -> LabelledData:
    """Read the data set of a training configuration (``val_dataset``), or of a file with just such a section.

    Args:
        path: The YAML file.
        deploy: The export, whose classes and channels are the section's defaults.
        opts: ``key=value`` items, as for ``load_config``.

    Raises:
        ConfigError: The file or the section is wrong, or does not fit the export.
        DataError: Files of the data set are missing.
    """
    config = load_config(path, opts=opts)
    import_custom_modules(config)
    if config.section(_SECTION):
        section, key = config.section(_SECTION), f"{_SECTION}."
    elif "type" in config.data:
        given = {name: value for name, value in config.data.items() if name in config.sources}
        section, key = given, ""
    else:
        raise ConfigError(f"{path}: there is neither a section {_SECTION} nor, for a data set alone, a 'type'")
    dataset = build_labelled_dataset(section, deploy, place=str(path), key=key)
    return LabelledData(dataset, _crop_of(config.section("train_dataset")), _schedule_of(config))


def build_labelled_dataset(
    section: Mapping[str, Any], deploy: DeployConfig, *, place: str, key: str = ""
) -> PictureDataset:
    """Build a data set to score an export on.

    Args:
        section: ``type`` and arguments.
        deploy: The export.
        place: Its place, for messages.
        key: The prefix of its keys there.

    Raises:
        ConfigError: An argument is wrong, or the data set does not fit the export.
        DataError: Files are missing.
    """
    kind = section.get("type")
    if kind not in DATASETS:
        raise ConfigError(f"{place}: {key}type: no data set {kind!r}. {suggest(kind, DATASETS)}")
    component = DATASETS[kind]
    arguments = {name: value for name, value in section.items() if name not in ("type", "transforms", "shuffle")}
    known = {"mode": "val", "num_classes": deploy.num_classes, "img_channels": deploy.input_shape[1]}
    taken = inspect.signature(component).parameters
    arguments = {**{n: v for n, v in known.items() if n in taken and v is not None}, **arguments}
    faults = list(faults_of(component, arguments, supplied=("transforms",)))
    raise_faults(place, [(f"{key}{name}", words) for name, words in faults or relation_faults_of(component, arguments)])
    dataset = component(**arguments, transforms=[])
    if hasattr(dataset, "use_for"):
        dataset.use_for("val")
    _check_fit(dataset, deploy, place)
    return dataset


def _check_fit(dataset: PictureDataset, deploy: DeployConfig, place: str) -> None:
    wanted = ClassDataset if deploy.task == CLASSIFICATION else SegmentationDataset
    if not isinstance(dataset, wanted):
        raise ConfigError(
            f"{place}: {deploy.path} is for {deploy.task}, and {type(dataset).__name__} is not a data set for that; "
            f"give a {wanted.__name__}"
        )
    if deploy.num_classes not in (None, dataset.num_classes):
        raise ConfigError(
            f"{place}: the data set has {dataset.num_classes} classes, but {deploy.num_classes} are in {deploy.path}"
        )
    ours, theirs = dataset.class_names, deploy.class_names
    if None in (ours, theirs) or list(ours) == list(theirs):
        return
    index = next(i for i, pair in enumerate(zip(ours, theirs)) if pair[0] != pair[1])
    words = f"{place}: class {index} is {ours[index]!r}, but {theirs[index]!r} in {deploy.path}"
    if sorted(ours) == sorted(theirs):
        raise ConfigError(f"{words}: the same classes in another order; give class_names in the order of the export")
    get_logger().warning("%s", words)


def _crop_of(train_section: Mapping[str, Any]) -> str | None:
    """The first ``crop_size`` of a training's transforms."""
    items = [item for item in train_section.get("transforms") or () if isinstance(item, dict)]
    crop = next((item["crop_size"] for item in items if "crop_size" in item), None)
    return "x".join(map(str, crop)) if isinstance(crop, list) else None if crop is None else f"{crop}x{crop}"


def _schedule_of(config: Any) -> str | None:
    for name, unit in (("iters", ""), ("epochs", " epochs")):
        if config.names(name):
            batch = f" x {config.data['batch_size']}" if config.names("batch_size") else ""
            return f"{config.data[name]}{unit}{batch}"
    return None
