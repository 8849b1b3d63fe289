# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence as AbstractSequence
from typing import TYPE_CHECKING, Any, Literal, Optional, Sequence  # noqa: UP035 (both kinds are used)

import pytest

from paddleseg.config.arguments import check_arguments
from paddleseg.config.problems import Problems
from paddleseg.transforms import RandomAffine
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.type_hints import describe_hint, matches, resolve_hint

if TYPE_CHECKING:
    from somewhere import Something

Mode = Literal["train", "val"]


class Part:
    """Has every kind of annotation that components use."""

    def __init__(
        self,
        size: Sequence[int],
        factor: float = 1.0,
        count: int = 1,
        flag: bool = False,
        mode: Mode = "train",
        path: str | None = None,
        scales: float | AbstractSequence[float] = 1.0,
        pair: Optional[tuple[int, int]] = None,  # noqa: UP045
        settings: dict[str, Any] | None = None,
        parts: AbstractSequence[Callable] = (),
        unknown_here: Something | None = None,
        free=None,
    ) -> None:
        raise AssertionError("checking must not call the component")


def problems_of(arguments, component=Part, **options) -> str:
    problems = Problems("c.yml", {"part": "c.yml:1", "part.type": "c.yml:2"})
    check_arguments(component, arguments, "part", problems, **options)
    try:
        problems.raise_if_any()
    except ConfigError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    "arguments",
    [
        {"factor": 2},
        {"factor": 1e-3, "count": 3, "flag": True, "mode": "val", "path": "x"},
        {"path": None, "pair": [1, 2], "settings": {"a": [1]}},
        {"scales": [0.5, 1]},
        {"scales": 2},
        {"factor": 10**300, "free": object(), "unknown_here": "anything"},
    ],
)
def test_fitting_arguments_are_accepted(arguments):
    assert problems_of({"size": [1, 2], **arguments}) == ""


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("size", 512, "a list of integers"),
        ("size", [512, 0.5], "a list of integers"),
        ("size", "512", "a list of integers"),
        ("factor", "0.1", "a number"),
        ("factor", True, "a number"),
        ("factor", float("nan"), "a number"),
        ("factor", None, "a number"),
        ("factor", float("inf"), "a finite number"),
        ("factor", 10**400, "a finite number"),
        ("scales", [1.0, float("-inf")], "a finite number"),
        ("parts", [{"type": "X"}], "a list of entries"),
        ("count", 1.0, "an integer"),
        ("count", True, "an integer"),
        ("flag", 1, "True or False"),
        ("flag", "False", "True or False"),
        ("mode", "test", "one of train, val"),
        ("path", 3, "text or null"),
        ("scales", "1,2", "a number or a list of numbers"),
        ("pair", [1], "a list of 2 (an integer, an integer) or null"),
        ("settings", [1], "a mapping of keys to values or null"),
    ],
)
def test_mistyped_arguments_are_told_with_what_is_allowed(name, value, allowed):
    assert problems_of({"size": [1, 2], name: value}) == f"c.yml:1: part.{name}: found {value!r}; it must be {allowed}"


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("size", [0, 5], "1 or more, at most 65536"),
        ("size", [5, 65537], "1 or more, at most 65536"),
        ("min_scale_factor", 0, "above 0, at most 100"),
        ("min_scale_factor", -1, "above 0, at most 100"),
        ("min_scale_factor", 1e300, "above 0, at most 100"),
    ],
)
def test_numbers_out_of_range_are_told(name, value, allowed):
    message = problems_of({name: value}, RandomAffine)
    assert message == f"c.yml:1: part.{name}: found {value!r}; it must be {allowed}"


def test_unknown_arguments_bring_the_nearest_known_one():
    message = problems_of({"size": [1, 2], "fatcor": 2})
    assert message.startswith("c.yml:1: part.fatcor: Part has no such argument. Did you mean 'factor'? Known: size,")
    assert "_inherited_" not in message


def test_missing_arguments_are_told_unless_the_builder_fills_them_in():
    assert problems_of({}) == "c.yml:1: part.size: missing; Part needs it"
    assert problems_of({}, supplied=("size",)) == ""


def test_arguments_of_the_builder_alone_are_neither_missed_nor_suggested():
    assert "Did you mean" not in problems_of({"sizes": [1]}, reserved=("size",))
    assert "size: missing" not in problems_of({"sizes": [1]}, reserved=("size",))


def test_functions_and_free_keywords_are_components_too():
    def build(size: int, **more):
        raise AssertionError("checking must not call the component")

    assert problems_of({"size": 1, "anything": 2}, build) == ""
    assert "size" in problems_of({"size": "x"}, build)


def test_an_argument_inherited_from_another_file_than_the_type_names_both_and_the_way_out():
    places = {
        "part": "child.yml:3",
        "part.type": "child.yml:4",
        "part.size": "child.yml:5",
        "part.old": "base.yml:9",
    }
    problems = Problems("child.yml", places)
    check_arguments(Part, {"size": [1], "old": 1}, "part", problems)
    with pytest.raises(ConfigError) as caught:
        problems.raise_if_any()
    assert str(caught.value).startswith("base.yml:9: part.old: Part has no such argument.")
    assert "inherited from base.yml, while the type is from child.yml" in str(caught.value)
    assert "write `_inherited_: False` under part" in str(caught.value)


def test_an_argument_added_by_the_child_to_an_inherited_type_is_a_plain_unknown_one():
    places = {
        "part": "child.yml:3",
        "part.type": "base.yml:4",
        "part.size": "base.yml:5",
        "part.new": "child.yml:4",
    }
    problems = Problems("child.yml", places)
    check_arguments(Part, {"size": [1], "new": 1}, "part", problems)
    with pytest.raises(ConfigError) as caught:
        problems.raise_if_any()
    assert "_inherited_" not in str(caught.value)


def test_what_a_flag_gave_is_not_called_inherited():
    places = {"part": "child.yml:3", "part.type": "child.yml:4", "part.size": "child.yml:5", "part.new": "--opts"}
    problems = Problems("child.yml", places)
    check_arguments(Part, {"size": [1], "new": 1}, "part", problems)
    with pytest.raises(ConfigError) as caught:
        problems.raise_if_any()
    assert str(caught.value).startswith("--opts: part.new: Part has no such argument.")
    assert "inherited" not in str(caught.value)


def test_postponed_annotations_are_resolved():
    assert resolve_hint(Part, "int | str | None") == int | str | None
    assert resolve_hint(Part, "Something") is Any
    assert matches(3, resolve_hint(Part, "AbstractSequence[int] | int"))
    assert describe_hint(resolve_hint(Part, "Mode | None")) == "one of train, val or null"
