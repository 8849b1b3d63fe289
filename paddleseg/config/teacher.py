# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The teacher of a distillation: its configuration and weights, and whether it fits the student."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from paddleseg.config.build import build_model
from paddleseg.config.distillation import SECTION
from paddleseg.config.load import Config, load_config
from paddleseg.config.problems import Problems, place_of
from paddleseg.config.schema import check_config
from paddleseg.config.shared_values import shared_value
from paddleseg.config.task_sections import is_segmentation, tasks_of
from paddleseg.config.teacher_place import TeacherPlace, find_place
from paddleseg.config.transform_lists import stated_normalizations
from paddleseg.models.class_rows import are_names, key_of
from paddleseg.models.pretrained import classes_of, local_file
from paddleseg.models.weights import describe_model, load_weights
from paddleseg.models.zoo import is_there, other_network
from paddleseg.registry import MODELS
from paddleseg.training.checkpoint import BEST_MODEL, iteration_folders
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.logging import get_logger
from paddleseg.utils.safe_pickle import one_line
from paddleseg.utils.type_hints import is_number
from paddleseg.utils.weight_source import is_url, local_path, places_of, zoo_name

_KEY = f"{SECTION}.teacher"


@dataclass(frozen=True)
class Teacher:
    """A teacher that fits, as far as its configuration says.

    Attributes:
        config: Its configuration.
        weights: A file, a checkpoint folder, an address, or ``{url: .., sha256: ..}``.
    """

    config: Config
    weights: Any


def find_teacher(config: Config, save_dir: str) -> Teacher | None:
    """Find the teacher that a checked configuration names, and compare it with the student.

    Args:
        config: The student's.
        save_dir: The folder of the student's run, which must not be the teacher's.

    Returns:
        None if the configuration has no ``distillation``. No network is built and nothing is downloaded.

    Raises:
        ConfigError: The teacher does not exist, has no weights, has other classes or pictures, or is the student
            itself; lists all faults.
    """
    section = config.section(SECTION)
    if not section:
        return None
    problems = Problems(config.path, config.sources)
    place = find_place(section["teacher"], section.get("teacher_weights"), problems)
    problems.raise_if_any()
    circle = _circle(config.path, place.config) if section.get("teacher_weights") is None else []
    if circle:
        problems.add(_KEY, f"the teachers form a cycle: {' -> '.join(circle)}; use weights without one")
    problems.raise_if_any()
    teacher = load_config(place.config)
    check_config(teacher, command="export", check_files=False)
    weights = _weights_of(place, teacher, problems)
    for named in () if weights is None or zoo_name(weights) is not None else places_of(weights)[0]:
        if not is_url(named) and _is_of_run(named, save_dir):
            problems.add(_KEY, f"{named} is a checkpoint in the folder of this run; give another --save_dir")
    _compare(config, teacher, weights, problems)
    problems.raise_if_any()
    return Teacher(teacher, weights)


def load_teacher(
    teacher: Teacher, config: Config, class_names: list[str] | None, data_format: Literal["NCHW", "NHWC"] | None
) -> Any:
    """Build the teacher and load its weights, all of which must fit.

    Args:
        teacher: The result of ``find_teacher``.
        config: The student's configuration, for the place in messages.
        class_names: Those of the student's data, or None.
        data_format: That of the toolkit's networks if the teacher does not state it.

    Returns:
        The ``paddle.nn.Layer``.

    Raises:
        ConfigError: The weights are of other classes.
        WeightsError: The weights cannot be obtained, or do not fit the teacher.
    """
    network = build_model(
        teacher.config, use_pretrained=False, use_auxiliary_head=False, default_data_format=data_format
    )
    path = local_file(teacher.weights)
    meta = load_weights(network, path) or {}
    stated = classes_of(teacher.weights, meta)
    known = stated if are_names(stated, network.num_classes) else shared_value(teacher.config, "class_names")
    difference = _first_other_name(class_names, known)
    if difference is not None:
        raise ConfigError(f"{place_of(_KEY, config.sources, config.path)}: {_KEY}: {difference}")
    figures = _figures(meta.get("metric"))
    get_logger().info("teacher: %s, %s%s", describe_model(network), path, f" ({figures})" if figures else "")
    return network


def _figures(metric: Any) -> str:
    """The score stored in a file, such as ``Acc 0.7712``; anything but names with numbers is left out."""
    found = metric.items() if isinstance(metric, dict) else ()
    # Compared, because JSON has integers beyond the range of floats.
    known = [(name, value) for name, value in found if is_number(value) and abs(value) < 1e9]
    return one_line(", ".join(f"{name} {value:.4f}" for name, value in known))


def _weights_of(place: TeacherPlace, teacher: Config, problems: Problems) -> Any:
    if place.weights is not None:
        return place.weights
    weights = teacher.section("model").get("pretrained")
    if weights is None:
        problems.add(_KEY, f"{place.config} names no weights; give teacher_weights, or the folder of the teacher's run")
    elif not is_there(weights):
        problems.add(_KEY, f"{place.config} names weights that do not exist: {weights!r}")
    return weights


def _compare(config: Config, teacher: Config, weights: Any, problems: Problems) -> None:
    """Note contradictions between the configurations, and with the zoo's entry for the teacher's weights."""
    if not is_segmentation(teacher):
        problems.add(_KEY, f"{teacher.path} learns {tasks_of(teacher)[-1]}; a teacher gives label maps")
        return
    for name, default in (("num_classes", None), ("in_channels", 3), ("value_range", None)):
        own, other = (shared_value(one, name) for one in (config, teacher))
        own, other = (default if value is None else value for value in (own, other))
        if own != other:
            problems.add(_KEY, f"{name} of {teacher.path} is {other}, here it is {own}; they must be equal")
    if len(problems) == 0:
        fault = other_network(weights, MODELS[teacher.section("model")["type"]])
        if fault is not None:
            problems.add(_KEY, f"{teacher.path}: {fault}")
    names = classes_of(weights, None) or shared_value(teacher, "class_names")
    difference = _first_other_name(shared_value(config, "class_names"), names) if len(problems) == 0 else None
    if difference is not None:
        problems.add(_KEY, difference)
    own, other = (next(iter(stated_normalizations(one)), None) for one in (config, teacher))
    if other is None:
        problems.add(_KEY, f"{teacher.path} has no transforms, so it is not known how its pictures are normalised")
    elif own is not None and own[2] != other[2]:
        problems.add(
            _KEY,
            f"pictures are normalised by {other[1]} in {teacher.path}, and by {own[1]} here ({own[0]}); they must be "
            "equal, because both see the same pictures",
        )


def _first_other_name(own: Any, others: Any) -> str | None:
    """The first difference in class names; None if there is none, or if one side has no names."""
    if not own or not others:
        return None
    if len(own) != len(others):
        return f"the teacher has {len(others)} classes, here there are {len(own)}; they must be equal"
    differing = [index for index, names in enumerate(zip(own, others)) if len(set(map(key_of, names))) > 1]
    if not differing:
        return None
    first = differing[0]
    return (
        f"class {first} of the teacher is {one_line(repr(others[first]))}, here it is {own[first]!r}; both need the "
        "same names in the same order (class_names of the data set)"
    )


def _is_of_run(weights: str, save_dir: str) -> bool:
    """Whether weights belong to a run in ``save_dir``, which a new run there would move aside and overwrite."""
    path, run = Path(local_path(weights)).resolve(), Path(save_dir).resolve()
    folder = path if path.is_dir() else path.parent
    return folder in (run, run / BEST_MODEL, *iteration_folders(run))


def _circle(student: str, teacher: str) -> list[str]:
    """The files from a configuration over its teachers back to one of them; empty without such a circle."""
    chain = [os.path.realpath(student)]
    for path in _teachers_from(teacher):
        if path in chain:
            return [os.path.basename(one) for one in (*chain[chain.index(path) :], path)]
        chain.append(path)
    return []


def _teachers_from(path: str | None) -> Iterator[str]:
    """A teacher's configuration, that of its own teacher and so on, as far as they are on this machine.

    Weights given directly exist, whatever the configuration beside them says about teachers.
    """
    while path is not None:
        yield os.path.realpath(path)
        section = load_config(path).section(SECTION)
        named = section.get("teacher") if section.get("teacher_weights") is None else None
        place = find_place(named, None, Problems(path, {})) if isinstance(named, str) else None
        path = None if place is None else place.config
