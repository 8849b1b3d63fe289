# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Checking the section ``loss``: its losses, those inside them, and their weights.

A loss composed of others takes them as its argument ``losses``, a list like ``loss.types``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from paddleseg.config.arguments import check_component, check_value
from paddleseg.config.counted_weights import check_class_weights
from paddleseg.config.load import Config
from paddleseg.config.paddleseg_names import advice_for
from paddleseg.config.problems import Problems
from paddleseg.config.shared_values import check_one_per_class, known_values, loss_sections
from paddleseg.config.task_sections import is_segmentation, tasks_of
from paddleseg.losses.soft_target_cross_entropy import takes_picture_classes
from paddleseg.models.facts import output_names
from paddleseg.registry import LOSSES, MODELS, TASKS
from paddleseg.tasks import ClassificationTask
from paddleseg.utils.choices import ClassWeights
from paddleseg.utils.near_miss import suggest
from paddleseg.utils.type_hints import NonNegativeFloat

KEYS: dict[str, tuple[Any, str]] = {
    "types": (list, "a loss for each output of the network, the main one first, or one loss for all outputs"),
    "coef": (Sequence[NonNegativeFloat], "the weight of each output's loss"),
    "class_weights": (ClassWeights, "count the labels of `train_dataset`, and give rare classes more weight"),
}
"""Key of the section to its type, and words for docs/config.md."""


def check_losses(config: Config, problems: Problems, *, has_auxiliary_output: bool) -> None:
    """Note what is wrong with ``loss``; its weights must fit the outputs that the model has in training.

    Args:
        config: The whole configuration.
        problems: Collects the faults.
        has_auxiliary_output: Whether the command builds all outputs, as only training does.
    """
    loss = config.section("loss")
    if not loss:
        return
    for key in loss:
        if key not in KEYS:
            problems.add(f"loss.{key}", f"there is no such key. {suggest(key, KEYS)}")
    types, coef = loss.get("types"), loss.get("coef")
    _check_list(config, types, "loss.types", problems)
    _check_kinds(config, problems)
    check_class_weights(config, problems)
    before = len(problems)
    check_value(coef, Sequence[NonNegativeFloat], "loss.coef", problems)
    if has_auxiliary_output and isinstance(types, list) and types and len(problems) == before:
        _check_output_weights(config, len(types), len(coef), problems)


def _check_list(config: Config, losses: Any, key: str, problems: Problems) -> None:
    if not (isinstance(losses, list) and losses):
        problems.add(key, f"found {losses!r}; it must be a list of losses, e.g. [{{type: CrossEntropyLoss}}]")
        return
    for index, item in enumerate(losses):
        _check_loss(config, item, f"{key}.{index}", problems)


def _check_loss(config: Config, loss: Any, key: str, problems: Problems) -> None:
    since = len(problems)
    if isinstance(loss, dict):
        check_one_per_class(config, loss.get("weight"), f"{key}.weight", problems)
        if "losses" in loss:
            _check_list(config, loss["losses"], f"{key}.losses", problems)
    check_component(
        loss,
        LOSSES,
        key,
        problems,
        supplied=("ignore_index", "num_classes"),
        looked_at=("losses",),
        known=known_values(config, "num_classes"),
        since=since,
    )


def _check_kinds(config: Config, problems: Problems) -> None:
    """Check that losses of pixels have label maps, losses of pictures classes; a user's own task may take either."""
    is_classification = [TASKS[name] for name in tasks_of(config)] == [ClassificationTask]
    if not (is_classification or is_segmentation(config)):
        return
    usable = [name for name in LOSSES if takes_picture_classes(LOSSES[name]) == is_classification]
    for key, section in loss_sections(config.section("loss").get("types"), "loss.types"):
        name = section.get("type")
        if name in LOSSES and takes_picture_classes(LOSSES[name]) != is_classification:
            here, there = ("whole pictures", "pixels") if is_classification else ("pixels", "whole pictures")
            problems.add(
                f"{key}.type", f"{name} is a loss for {there}, but this network learns {here}. {suggest(name, usable)}"
            )


def _check_output_weights(config: Config, num_losses: int, num_weights: int, problems: Problems) -> None:
    """Check for as many ``coef`` as the model has outputs, and one loss for all of them or one for each."""
    model = config.section("model")
    names = output_names(MODELS[model["type"]], model) if model.get("type") in MODELS else None
    if names is None and num_weights != 1 and advice_for(MODELS.role, model.get("type")):
        problems.add(
            "loss.coef",
            f"{num_weights} weights; DDRNet has 1 output, and 2 with model.enable_auxiliary_loss: True; give a weight "
            "for each, e.g. [1.0] or [1.0, 0.4], and as many losses, or one",
        )
    if names is not None and len(names) != num_weights:
        if len(names) == 1:
            more = output_names(MODELS[model["type"]], {**model, "enable_auxiliary_loss": True})
            other = ", or set model.enable_auxiliary_loss: True" if len(more) > 1 else ""
            advice = f"1 model output; give 1, e.g. [1.0]{other}"
        else:
            example = [1.0, *[0.4] * (len(names) - 1)]
            advice = f"{len(names)} model outputs ({', '.join(names)}); give {len(names)}, e.g. {example}"
        problems.add("loss.coef", f"{num_weights} weight{'s' * (num_weights != 1)} for {advice}")
    if num_losses not in (1, num_weights):
        problems.add(
            "loss.types",
            f"{num_losses} losses for {num_weights} weight{'s' * (num_weights != 1)} in coef; "
            "give one loss for all outputs or one for each",
        )
