# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Checking the section ``distillation`` itself; the teacher is checked by ``config.teacher``."""

from __future__ import annotations

from typing import Any

from paddleseg.config.arguments import check_component, check_value
from paddleseg.config.load import Config
from paddleseg.config.problems import Problems
from paddleseg.config.task_sections import is_segmentation, tasks_of
from paddleseg.models.zoo import zoo_faults
from paddleseg.registry import DISTILLATION_LOSSES
from paddleseg.utils.near_miss import suggest
from paddleseg.utils.type_hints import PositiveFloat
from paddleseg.utils.weight_source import WeightSource, source_faults

SECTION = "distillation"
KEYS: dict[str, tuple[Any, str]] = {
    "teacher": (str, "folder of a run or a checkpoint, or the configuration of the teacher"),
    "teacher_weights": (WeightSource, "its weights, if `teacher` is a configuration or has different ones"),
    "losses": (
        list,
        "what the teacher teaches: `type` and arguments of a loss, `weight` (its factor), and `features` and "
        "`teacher_features` (names of the layers that are compared; not given: the logits)",
    ),
}
"""Key of the section to its type, and words for docs/config.md."""
OF_A_TERM: dict[str, Any] = {"weight": PositiveFloat, "features": str, "teacher_features": str}
"""What each entry of ``losses`` may say beside ``type`` and the arguments of the loss."""


def check_distillation(config: Config, problems: Problems) -> None:
    """Note the faults of the section that are visible without the teacher."""
    if not isinstance(config.data.get(SECTION), dict):
        return
    section = config.section(SECTION)
    for key in section:
        if key not in KEYS:
            problems.add(f"{SECTION}.{key}", f"there is no such key. {suggest(key, KEYS)}")
    if tasks_of(config) and not is_segmentation(config):
        problems.add(SECTION, f"it compares label maps with a teacher's, but {tasks_of(config)[-1]} learns none")
    teacher = section.get("teacher")
    if not isinstance(teacher, str) or not teacher:
        found = "missing" if teacher is None else f"found {teacher!r}"
        problems.add(
            f"{SECTION}.teacher", f"{found}; give the folder of a run or a checkpoint, or a configuration (.yml)"
        )
    weights = section.get("teacher_weights")
    if weights is not None:
        before = len(problems)
        check_value(weights, WeightSource, f"{SECTION}.teacher_weights", problems)
        for key, fault in (*source_faults(weights), *zoo_faults(weights)) if len(problems) == before else ():
            problems.add(".".join(filter(None, (f"{SECTION}.teacher_weights", key))), fault)
    _check_terms(config, section.get("losses"), problems)


def _check_terms(config: Config, terms: Any, problems: Problems) -> None:
    key = f"{SECTION}.losses"
    if not (isinstance(terms, list) and terms):
        found = "missing" if terms is None else f"found {terms!r}"
        problems.add(key, f"{found}; give a list of losses, e.g. [{{type: ChannelWiseKLLoss, weight: 3}}]")
        return
    for index, term in enumerate(terms):
        _check_term(term, f"{key}.{index}", problems)
        if isinstance(term, dict) and "features" in term and config.data.get("to_static_training") is True:
            problems.add(f"{key}.{index}.features", "a static graph does not show them; leave out to_static_training")


def _check_term(term: Any, key: str, problems: Problems) -> None:
    if not isinstance(term, dict):
        check_component(term, DISTILLATION_LOSSES, key, problems)
        return
    own = dict(term)
    for name, hint in OF_A_TERM.items():
        value = own.pop(name, None)
        if value is not None:
            check_value(value, hint, f"{key}.{name}", problems)
    if "weight" not in term:
        problems.add(
            f"{key}.weight", "missing; for ChannelWiseKLLoss, 3 on logits and 50 on features is a starting point"
        )
    if "teacher_features" in term and "features" not in term:
        problems.add(f"{key}.teacher_features", "has no effect without features, the layer of the student; add it")
    check_component(own, DISTILLATION_LOSSES, key, problems)
