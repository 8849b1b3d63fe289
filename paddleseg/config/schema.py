# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""What a configuration may say, and the check of all of it before anything is built."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Union

from paddleseg.config.arguments import check_component, check_value, matches
from paddleseg.config.files import check_files_exist
from paddleseg.config.load import Config
from paddleseg.config.problems import Problems, suggest
from paddleseg.config.registry import (
    DATASETS,
    LOSSES,
    LR_SCHEDULERS,
    MODELS,
    OPTIMIZERS,
    import_components,
)
from paddleseg.config.shared_values import (
    DATASET_NAMES,
    DATASET_SECTIONS,
    SHARED_NUMBERS,
    shared_value,
    statements,
)
from paddleseg.config.transform_lists import check_normalization, check_transforms

Command = Literal["train", "val", "predict", "export"]

# Top-level keys. A mapping is a section, which is checked further below.
TOP_LEVEL: dict[str, Any] = {
    "batch_size": int,
    "iters": int,
    "epochs": int,
    "grad_accum_steps": int,
    "ema_decay": float,
    "seed": int,
    "to_static_training": bool,
    "model": dict,
    "loss": dict,
    "optimizer": dict,
    "lr_scheduler": dict,
    "train_dataset": dict,
    "val_dataset": dict,
    "test_config": dict,
    "export": dict,
}
_TEST_CONFIG: dict[str, Any] = {
    "is_slide": bool,
    "crop_size": Sequence[int],
    "stride": Sequence[int],
    "aug_eval": bool,
    "scales": Union[float, Sequence[float]],
    "flip_horizontal": bool,
    "flip_vertical": bool,
}
_NEEDED: dict[str, tuple[str, ...]] = {
    "train": ("batch_size", "model", "loss", "optimizer", "lr_scheduler", "train_dataset"),
    "val": ("model", "val_dataset"),
    "predict": ("model",),
    "export": ("model",),
}
# Keys of PaddleSeg that have no meaning here, and what to do instead.
_REFUSED = {
    "distill_loss": "there is no distillation here; remove it, and give the losses of the labels under loss",
    "uniform_output_enabled": "a run and an export always write the same file names here; remove it",
    "use_multilabel": "each pixel has exactly one class here; remove it, and give labels of class ids",
    "print_mem_info": "the training log does not show memory; remove it, and look with nvidia-smi",
    "log_ranks": "rank 0 logs, and paddle.distributed.launch keeps what each rank prints in log/workerlog.N; remove it",
    "learning_rate": "this is lr_scheduler.learning_rate here, e.g. lr_scheduler: {type: PolynomialDecay, "
    "learning_rate: 0.01, end_lr: 0, power: 0.9}",
}
_NOT_BUILT_IN = {
    "is_slide": "sliding-window evaluation is not built in, pictures are evaluated whole; set it to False",
    "aug_eval": "multi-scale and flipped evaluation is not built in; set it to False",
}


def check_config(
    config: Config, *, command: Command = "train", do_eval: bool = False, check_files: bool = True
) -> None:
    """Check a whole configuration: keys, types, ranges, files, and what must agree.

    Args:
        config: The loaded configuration.
        command: What it is for: ``train`` needs more sections than ``export``, and other files.
        do_eval: Whether training evaluates, and so needs ``val_dataset`` and its files too.
        check_files: Whether the data and pretrained weights that the command reads must be on this machine.

    Raises:
        ConfigError: Lists all problems, each with its file, line and key.
    """
    import_components()
    problems = Problems(config.path, config.sources)
    _check_top_level(config, command, do_eval, problems)
    _check_model(config, problems)
    _check_losses(config, command, problems)
    for section, registry, forbidden in (
        ("optimizer", OPTIMIZERS, _OPTIMIZER_FORBIDDEN),
        ("lr_scheduler", LR_SCHEDULERS, _SCHEDULE_FORBIDDEN),
    ):
        if config.section(section):
            check_component(config.section(section), registry, section, problems, forbidden=forbidden)
    for section in DATASET_SECTIONS:
        _check_dataset(config, section, problems)
    _check_test_config(config.section("test_config"), problems)
    _check_export(config.section("export"), problems)
    _check_agreement(config, problems)
    check_normalization(config, problems)
    if check_files:
        check_files_exist(config, command, do_eval, problems)
    problems.raise_if_any()


_OPTIMIZER_FORBIDDEN = {
    "parameters": "the parameters are the model's; remove it",
    "learning_rate": "the learning rate belongs under lr_scheduler; move it there",
}
_SCHEDULE_FORBIDDEN = {"total_steps": "the length of the training is iters or epochs at the top level; remove it"}


def _check_top_level(config: Config, command: Command, do_eval: bool, problems: Problems) -> None:
    for key, value in config.data.items():
        if key in _REFUSED:
            problems.add(key, _REFUSED[key])
        elif key not in TOP_LEVEL:
            problems.add(str(key), f"there is no such key. {suggest(key, TOP_LEVEL)}")
        elif TOP_LEVEL[key] is dict:
            if not isinstance(value, dict):
                problems.add(key, f"found {value!r}; it must be a mapping of keys to values")
        else:
            check_value(value, TOP_LEVEL[key], key, problems)
    needed = _NEEDED[command] + (("val_dataset",) if command == "train" and do_eval else ())
    for key in needed:
        if config.data.get(key) in (None, {}):
            problems.add(key, f"missing; {command}.py needs it" + (" with --do_eval" if key == "val_dataset" else ""))
    if command == "train" and not {"iters", "epochs"} & set(config.data):
        problems.add("iters", "missing; give the length of the training as iters or as epochs")


def _check_model(config: Config, problems: Problems) -> None:
    model = config.section("model")
    if not model:
        return
    check_component(model, MODELS, "model", problems, supplied=("num_classes", "in_channels"))
    component = MODELS[model["type"]] if model.get("type") in MODELS else None
    if inspect.isclass(component) and not hasattr(component, "forward_stride8"):
        segmenters = [name for name in MODELS if hasattr(MODELS[name], "forward_stride8")]
        problems.add("model.type", f"{model['type']} does no segmentation. {suggest(model['type'], segmenters)}")
    types = [config.section(section).get("type") for section in DATASET_SECTIONS if section in config.data]
    # A misspelt data set is reported by itself; it might have stated the number.
    if shared_value(config, "num_classes") is None and all(kind in DATASETS for kind in types):
        problems.add("model.num_classes", "missing; give the number of classes here or under train_dataset")


def _check_losses(config: Config, command: Command, problems: Problems) -> None:
    loss = config.section("loss")
    if not loss:
        return
    for key in loss:
        if key not in ("types", "coef"):
            problems.add(f"loss.{key}", f"there is no such key. {suggest(key, ('types', 'coef'))}")
    types, coef = loss.get("types"), loss.get("coef")
    if not (isinstance(types, list) and types):
        problems.add("loss.types", f"found {types!r}; it must be a list of losses, e.g. [{{type: CrossEntropyLoss}}]")
        types = []
    for index, item in enumerate(types):
        key = f"loss.types.{index}"
        check_component(item, LOSSES, key, problems, supplied=("ignore_index", "num_classes"))
        if isinstance(item, dict):
            _check_one_per_class(config, item.get("weight"), f"{key}.weight", problems)
    before = len(problems)
    check_value(coef, Sequence[float], "loss.coef", problems)
    # Only training has the auxiliary output, and only training has losses.
    if command == "train" and types and len(problems) == before:
        _check_output_weights(config, len(types), len(coef), problems)


def _check_one_per_class(config: Config, values: Any, key: str, problems: Problems) -> None:
    num_classes = shared_value(config, "num_classes")
    if isinstance(values, list) and num_classes is not None and len(values) != num_classes:
        problems.add(key, f"{len(values)} entries for {num_classes} classes; give one per class")


def _check_output_weights(config: Config, num_losses: int, num_weights: int, problems: Problems) -> None:
    """As many ``coef`` as the model has outputs, and one loss for all of them or one for each."""
    model = config.section("model")
    count = getattr(MODELS[model["type"]], "count_outputs", None) if model.get("type") in MODELS else None
    if count is not None and count(model) != num_weights:
        if count(model) == 1:
            advice = "1 model output; give 1, e.g. [1.0], or set model.enable_auxiliary_loss: True"
        else:
            advice = f"{count(model)} model outputs (main, auxiliary); give {count(model)}, e.g. [1.0, 0.4]"
        problems.add("loss.coef", f"{num_weights} weight{'s' * (num_weights != 1)} for {advice}")
    if num_losses not in (1, num_weights):
        problems.add(
            "loss.types",
            f"{num_losses} losses for {num_weights} weight{'s' * (num_weights != 1)} in coef; "
            "give one loss for all outputs or one for each",
        )


def _check_dataset(config: Config, section: str, problems: Problems) -> None:
    arguments = dict(config.section(section))
    if not arguments:
        return
    is_training = section == "train_dataset"
    if is_training and "shuffle" in arguments:
        check_value(arguments.pop("shuffle"), bool, f"{section}.shuffle", problems)
    if "transforms" in arguments:
        check_transforms(arguments["transforms"], f"{section}.transforms", problems, may_be_random=is_training)
        arguments["transforms"] = []  # checked; the constructor's hint could say less of it
    if "palette" in arguments:
        _check_palette(config, arguments["palette"], f"{section}.palette", problems)
        arguments["palette"] = []  # likewise
    _check_one_per_class(config, arguments.get("class_names"), f"{section}.class_names", problems)
    stated = [here for name, here in DATASET_NAMES.items() if shared_value(config, name) is not None]
    check_component(arguments, DATASETS, section, problems, supplied=("mode", *stated))


def _check_palette(config: Config, palette: Any, key: str, problems: Problems) -> None:
    if not isinstance(palette, list):
        problems.add(key, f"found {palette!r}; it must be a list of colours, e.g. [[128, 64, 128], [244, 35, 232]]")
        return
    _check_one_per_class(config, palette, key, problems)
    for index, colour in enumerate(palette):
        if not (matches(colour, tuple[int, int, int]) and all(0 <= value <= 255 for value in colour)):
            problems.add(f"{key}.{index}", f"found {colour!r}; it must be three integers from 0 to 255 (RGB)")
            return  # the rest is probably written in the same way


def _check_test_config(test_config: Mapping[str, Any], problems: Problems) -> None:
    for name, value in test_config.items():
        key = f"test_config.{name}"
        if name not in _TEST_CONFIG:
            problems.add(key, f"there is no such key. {suggest(name, _TEST_CONFIG)}")
            continue
        check_value(value, _TEST_CONFIG[name], key, problems)
        if value is True and name in _NOT_BUILT_IN:
            problems.add(key, _NOT_BUILT_IN[name])


def _check_export(export: Mapping[str, Any], problems: Problems) -> None:
    for name, value in export.items():
        if name == "transforms":
            check_transforms(value, "export.transforms", problems, may_be_random=False)
        else:
            problems.add(f"export.{name}", f"there is no such key. {suggest(name, ('transforms',))}")


def _check_agreement(config: Config, problems: Problems) -> None:
    for name in SHARED_NUMBERS:
        stated = list(statements(config, name))
        differing = [f"{key} is {value}" for key, value in stated[1:] if value != stated[0][1]]
        if differing:
            key, value = stated[0]
            problems.add(key, f"{value} here, but {' and '.join(differing)}; they must be equal")
