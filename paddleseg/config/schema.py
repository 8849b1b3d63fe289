# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The allowed content of a configuration, and its check before anything is built."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, Literal

from paddleseg.config.arguments import check_component, check_value
from paddleseg.config.components import import_components
from paddleseg.config.custom_imports import import_custom_modules
from paddleseg.config.distillation import check_distillation
from paddleseg.config.files import check_files_exist
from paddleseg.config.load import Config
from paddleseg.config.loss_lists import check_losses
from paddleseg.config.paddleseg_names import REFUSED_KEYS
from paddleseg.config.problems import Problems
from paddleseg.config.shared_values import (
    DATASET_NAMES,
    DATASET_SECTIONS,
    MUST_AGREE,
    check_bounds,
    check_one_per_class,
    known_values,
    shared_value,
    statements,
)
from paddleseg.config.task_sections import (
    bounds_of_task,
    check_hooks,
    check_metric,
    check_sections_without_effect,
    check_task,
    dataset_type,
    is_segmentation,
    takes,
    tasks_of,
)
from paddleseg.config.transform_lists import check_normalization, check_transforms
from paddleseg.config.view_options import check_test_config
from paddleseg.models.zoo import other_network, zoo_faults
from paddleseg.registry import (
    BACKBONES,
    DATASETS,
    LR_SCHEDULERS,
    MODELS,
    OPTIMIZERS,
    is_built_in,
)
from paddleseg.training.run_settings import knobs, yaml_hints
from paddleseg.utils.near_miss import suggest
from paddleseg.utils.type_hints import matches

Command = Literal["train", "val", "predict", "export"]

# Top-level keys besides the settings of a run: type, and description for docs/config.md. A mapping is a section, which
# is checked further below.
SECTIONS: dict[str, tuple[Any, str]] = {
    "custom_imports": (list, "files (`my_parts.py`, relative to this file) or modules with your own parts"),
    "model": (dict, "the network: `type` and its arguments"),
    "task": (dict, "the task, if it is not the network's own"),
    "loss": (dict, "the losses of the network's outputs and their weights"),
    "distillation": (dict, "a trained network whose outputs the network learns in addition to the labels"),
    "optimizer": (dict, "`type` and its arguments"),
    "lr_scheduler": (dict, "the learning rate over the run: `type` and its arguments"),
    "train_dataset": (dict, "the training data: `type` and its arguments, `transforms` among them"),
    "val_dataset": (dict, "the evaluation data, likewise; prediction and export use its `transforms` too"),
    "test_config": (dict, "how evaluation and prediction look at a picture: windows, scales, flips"),
    "export": (dict, "`transforms` for prediction and export, if they differ from those of `val_dataset`"),
    "hooks": (list, "your own hooks, which are called around the training steps"),
}
TOP_LEVEL: dict[str, Any] = {**yaml_hints(), **{name: hint for name, (hint, _) in SECTIONS.items()}}
_NEEDED: dict[str, tuple[str, ...]] = {
    "train": ("batch_size", "model", "loss", "optimizer", "lr_scheduler", "train_dataset"),
    "val": ("model", "val_dataset"),
    "predict": ("model",),
    "export": ("model",),
}


def check_config(
    config: Config,
    *,
    command: Command = "train",
    do_eval: bool = False,
    check_files: bool = True,
    check_pretrained: bool = True,
) -> None:
    """Check a whole configuration: keys, types, ranges, files, and consistency.

    No network, loss or schedule is built and no random number drawn, so that the check has no effect on later results.

    Args:
        config: The loaded configuration.
        command: The command that uses it: ``train`` needs more sections than ``export``, and other files.
        do_eval: Whether training evaluates, and so needs ``val_dataset`` and its files too.
        check_files: Whether the data and pretrained weights that the command reads must be on this machine.
        check_pretrained: Whether this includes the pretrained weights: a resumed run reads none.

    Raises:
        ConfigError: Lists all problems, each with its file, line and key.
    """
    import_components()
    import_custom_modules(config)
    problems = Problems(config.path, config.sources)
    _check_top_level(config, command, do_eval, problems)
    _check_model(config, command, problems)
    before = len(problems)
    check_task(config, command, problems)
    if len(problems) == before:
        check_sections_without_effect(config, problems)
    check_hooks(config, problems)
    check_losses(config, problems, has_auxiliary_output=command == "train")
    check_distillation(config, problems)
    if config.section("optimizer"):
        check_component(config.section("optimizer"), OPTIMIZERS, "optimizer", problems)
    if config.section("lr_scheduler"):
        check_component(config.section("lr_scheduler"), LR_SCHEDULERS, "lr_scheduler", problems)
        evaluates = do_eval or command != "train"
        check_metric(config, config.section("lr_scheduler"), evaluates=evaluates, problems=problems)
    for section in DATASET_SECTIONS:
        _check_dataset(config, section, problems)
    check_test_config(config.section("test_config"), problems)
    _check_export(config.section("export"), problems)
    check_bounds(config, problems, bounds_of_task(config))
    _check_agreement(config, problems)
    check_normalization(config, problems)
    if check_files:
        check_files_exist(config, command, do_eval, problems, pretrained=check_pretrained)
    problems.raise_if_any()


def _check_top_level(config: Config, command: Command, do_eval: bool, problems: Problems) -> None:
    for key, value in config.data.items():
        if key in REFUSED_KEYS:
            problems.add(key, REFUSED_KEYS[key])
        elif key not in TOP_LEVEL:
            problems.add(str(key), f"there is no such key. {_advice_on_key(config, key)}")
        elif TOP_LEVEL[key] is dict:
            if not isinstance(value, dict):
                problems.add(key, f"found {value!r}; it must be a mapping of keys to values")
        else:
            check_value(value, TOP_LEVEL[key], key, problems)
    needed = _NEEDED[command] + (("val_dataset",) if command == "train" and do_eval else ())
    if tasks_of(config) and not takes(config, "losses"):
        needed = tuple(key for key in needed if key != "loss")
    for key in needed:
        if config.data.get(key) in (None, {}):
            only_with = " with --do_eval" if (command, key) == ("train", "val_dataset") else ""
            problems.add(key, f"missing; {command}.py needs it{only_with}")
    if command == "train" and not {"iters", "epochs"} & set(config.data):
        problems.add("iters", "missing; give the length of the training as iters or as epochs")


def _advice_on_key(config: Config, key: Any) -> str:
    """What to do with an unknown key at the top level."""
    if key in {knob.name for knob in knobs() if knob.is_flag}:
        return f"It is a flag of train.py: remove it, and give --{key}"
    value = config.data[key]
    rest = {name: section for name, section in config.data.items() if name in TOP_LEVEL}
    if isinstance(value, (list, dict)) and value and _occurs(value, rest):
        return (
            "Where it only holds an anchor of YAML (&name), put that at the first use of the value, and remove the key"
        )
    return suggest(key, TOP_LEVEL)


def _occurs(value: Any, data: Any) -> bool:
    """Whether a value occurs anywhere in mappings and lists."""
    inner = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    return any(item == value or _occurs(value, item) for item in inner)


def _check_model(config: Config, command: Command, problems: Problems) -> None:
    model = config.section("model")
    if not model:
        return
    has_backbone = isinstance(model.get("backbone"), dict) and _takes_backbone(model.get("type"))
    if has_backbone:
        check_component(model["backbone"], BACKBONES, "model.backbone", problems, supplied=("in_channels",))
    check_component(
        model,
        MODELS,
        "model",
        problems,
        supplied=("num_classes", "in_channels"),
        looked_at=("backbone",) if has_backbone else (),
        known=known_values(config, "num_classes"),
    )
    fault = _other_network(model) if not problems.is_noted("model.pretrained") else None
    if fault is not None:
        problems.add("model.pretrained", fault)
    if command == "train" and is_segmentation(config) and shared_value(config, "num_classes") == 1:
        key, _ = next(statements(config, "num_classes"))
        problems.add(key, "found 1; then every prediction is right and the loss 0. Give 2: the rest is a class too")
    types = [config.section(section).get("type") for section in DATASET_SECTIONS if section in config.data]
    # A misspelt data set is reported separately; it might have stated the number.
    is_missing = is_segmentation(config) and shared_value(config, "num_classes") is None
    if is_missing and all(kind in DATASETS for kind in types):
        problems.add("model.num_classes", "missing; give the number of classes here or under train_dataset")


def _other_network(model: Mapping[str, Any]) -> str | None:
    """Why a name of the zoo does not fit the network; unknown names and networks are reported elsewhere."""
    if model.get("type") not in MODELS or any(zoo_faults(model.get("pretrained"))):
        return None
    return other_network(model.get("pretrained"), MODELS[model["type"]])


def _takes_backbone(kind: Any) -> bool:
    """Whether a network has a backbone of its own; False for unknown networks."""
    if kind not in MODELS:
        return False
    parameters = inspect.signature(MODELS[kind]).parameters
    return "backbone" in parameters or any(item.kind is item.VAR_KEYWORD for item in parameters.values())


def _check_dataset(config: Config, section: str, problems: Problems) -> None:
    arguments = dict(config.section(section))
    if not arguments:
        return
    since = len(problems)
    is_training = section == "train_dataset"
    if is_training and "shuffle" in arguments:
        check_value(arguments.pop("shuffle"), bool, f"{section}.shuffle", problems)
    if "transforms" in arguments:
        check_transforms(arguments["transforms"], f"{section}.transforms", problems, may_be_random=is_training)
    if "palette" in arguments:
        _check_palette(config, arguments["palette"], f"{section}.palette", problems)
    check_one_per_class(config, arguments.get("class_names"), f"{section}.class_names", problems)
    stated = [here for name, here in DATASET_NAMES.items() if shared_value(config, name) is not None]
    is_known = check_component(
        arguments,
        DATASETS,
        section,
        problems,
        supplied=("mode", *stated),
        looked_at=("transforms", "palette"),
        known=known_values(config, "num_classes"),
        since=since,
        kind=dataset_type(config),
    )
    component = DATASETS[arguments["type"]] if is_known else None
    if is_known and is_built_in(component) and "cache_dir" in arguments and "cache" not in arguments:
        problems.add(f"{section}.cache_dir", "has no effect without cache; add cache: disk (cache: none for none)")


def _check_palette(config: Config, palette: Any, key: str, problems: Problems) -> None:
    if not isinstance(palette, list):
        problems.add(key, f"found {palette!r}; it must be a list of colours, e.g. [[128, 64, 128], [244, 35, 232]]")
        return
    check_one_per_class(config, palette, key, problems)
    for index, colour in enumerate(palette):
        if not (matches(colour, tuple[int, int, int]) and all(0 <= value <= 255 for value in colour)):
            problems.add(f"{key}.{index}", f"found {colour!r}; it must be three integers from 0 to 255 (RGB)")
            return  # the rest is probably written in the same way


def _check_export(export: Mapping[str, Any], problems: Problems) -> None:
    for name, value in export.items():
        if name == "transforms":
            check_transforms(value, "export.transforms", problems, may_be_random=False)
        else:
            problems.add(f"export.{name}", f"there is no such key. {suggest(name, ('transforms',))}")


def _check_agreement(config: Config, problems: Problems) -> None:
    for name in MUST_AGREE:
        stated = list(statements(config, name))
        differing = [f"{key} is {value}" for key, value in stated[1:] if value != stated[0][1]]
        if differing:
            key, value = stated[0]
            problems.add(key, f"{value} here, but {' and '.join(differing)}; they must be equal")
