# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import paddle
import pytest

from paddleseg.utils.arguments import checks_arguments, faults_of, relation_faults_of
from paddleseg.utils.errors import ArgumentError, ConfigError
from paddleseg.utils.type_hints import Count, Probability, Size


class Window:
    """Has a bound, a size, and two arguments that depend on each other."""

    @checks_arguments
    def __init__(
        self, low: Count, high: Count = 5, *, prob: Probability | None = None, size: Size = (1, 2), call: Any = None
    ) -> None:
        self.low, self.size, self.call = low, size, call

    @staticmethod
    def faults(low: int, high: int, most: int = 100, **_: Any) -> Iterator[tuple[str, str]]:
        if not low <= high <= most:
            yield "high", f"found {high}; it must be from {low} to {most}"


class Open:
    """Takes arguments that have no parameter of their own."""

    @checks_arguments
    def __init__(this, first: Count = 1, *rest: str, **limits: int) -> None:
        this.first, this.rest, this.limits = first, rest, limits

    @staticmethod
    def faults(first: int, most: int = 100, **_: Any) -> Iterator[tuple[str, str]]:
        if first > most:
            yield "first", f"found {first}; it must be at most {most}"


class NarrowWindow(Window):
    """Calls the constructor of its base with arguments of its own."""

    def __init__(self, width: int) -> None:
        super().__init__(width, width)


def build_window(low: int, high: int = 5) -> None: ...


build = checks_arguments(build_window, faults=Window.faults)


@pytest.mark.parametrize(
    ("arguments", "messages"),
    [
        ({"low": 0}, ["low: found 0; it must be 1 or more"]),
        ({"low": 9, "high": 3}, ["high: found 3; it must be from 9 to 100"]),
        ({"low": 9}, ["high: found 5; it must be from 9 to 100"]),
        ({"low": 1.5, "prob": 2}, ["low: found 1.5; it must be an integer", "prob: found 2; it must be from 0 to 1"]),
        ({"low": 1, "size": 3}, [r"size: found 3; it must be [width, height] in whole pixels"]),
        ({"low": 1, "size": (0, 3)}, ["size: found [0, 3]; it must be 1 or more"]),
    ],
)
def test_a_constructor_refuses_all_that_is_wrong_at_once(arguments, messages):
    with pytest.raises(ConfigError) as caught:
        Window(**arguments)
    assert all(f"Window: {message}" in str(caught.value) for message in messages)
    assert [name for name, _ in caught.value.faults] == [message.partition(":")[0] for message in messages]


@pytest.mark.parametrize("size", [(3, 4), [3, 4], np.array([3, 4]), range(3, 5), [np.int64(3), np.uint8(4)]], ids=repr)
def test_sequences_and_arrays_count_as_lists_and_arrive_as_they_were_given(size):
    assert Window(2, size=size).size is size


@pytest.mark.parametrize("low", [np.int32(2), np.array(2), paddle.to_tensor(2)], ids=repr)
def test_numbers_of_numpy_and_paddle_are_plain_ones_and_arrive_as_such(low):
    assert type(Window(low).low) is int
    assert type(Open(most=low).limits["most"]) is int
    assert Window(1, call=low).call is low  # the hint is Any
    with pytest.raises(ConfigError, match="Window: low: found 0; it must be 1 or more"):
        Window(low * 0)


def test_what_yaml_cannot_express_is_left_to_the_constructor():
    assert Window(1, call=len).call is len
    entries = iter([3, 4])
    assert list(Window(1, size=entries).size) == [3, 4]


def test_python_says_what_does_not_fit_a_signature():
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'low'"):
        Window()
    assert list(inspect.signature(Window).parameters) == ["low", "high", "prob", "size", "call"]


def test_a_subclass_is_asked_only_for_what_it_gives_its_base():
    assert NarrowWindow(3).low == 3
    with pytest.raises(ConfigError, match="Window: high: found 101; it must be from 101 to 100"):
        NarrowWindow(101)
    assert list(relation_faults_of(NarrowWindow, {"width": 101})) == []


def test_arguments_without_a_parameter_of_their_own_are_known_by_their_names():
    opened = Open(1, "a", 2, most=3)
    assert (opened.rest, opened.limits) == (("a", 2), {"most": 3})
    with pytest.raises(ConfigError, match="Open: first: found 5; it must be at most 3"):
        Open(5, most=3)


def test_the_object_itself_may_be_given_by_name_and_be_called_otherwise_than_self():
    opened = Open.__new__(Open)
    Open.__init__(this=opened, first=2)
    assert opened.first == 2
    with pytest.raises(ConfigError, match="Open: first: found 0"):
        Open.__init__(this=opened, first=0)


def test_a_constructor_that_was_wrapped_or_replaced_refuses_as_before(monkeypatch):
    original = Window.__init__

    def told(self, *args, **kwargs):
        return original(self, *args, **kwargs)

    for replaced in (told, functools.wraps(original)(told)):
        monkeypatch.setattr(Window, "__init__", replaced)
        assert Window(2).low == 2
        with pytest.raises(ConfigError, match="Window: high: found 3; it must be from 9 to 100"):
            Window(9, 3)


def test_what_goes_together_is_not_asked_of_what_could_not_be_judged():
    assert isinstance(Window(object(), 3).low, object)


class Folder:
    @checks_arguments
    def __init__(self, root: str, table: np.ndarray | None = None, settings: dict[str, Count] | None = None) -> None:
        self.root, self.table = root, table


def test_a_path_counts_as_text_and_an_array_as_itself_where_the_hint_names_it(tmp_path):
    table = np.array([[1, 2]])
    folder = Folder(tmp_path, table)
    assert folder.root is tmp_path and folder.table is table
    with pytest.raises(ConfigError, match="Folder: root: found 3; it must be text"):
        Folder(np.int64(3))


def test_entries_of_mappings_are_looked_at_and_what_is_no_mapping_is_refused():
    Folder("", settings={"a": np.int64(1)})
    with pytest.raises(ConfigError, match="found {'a': 0}; it must be 1 or more"):
        Folder("", settings={"a": np.int64(0)})
    with pytest.raises(
        ConfigError, match="settings: found <object object at .*>; it must be a mapping of keys to value"
    ):
        Folder("", settings=object())


def test_functions_refuse_as_classes_do():
    build(1, 3)
    with pytest.raises(ArgumentError, match="build_window: high: found 3; it must be from 4 to 100"):
        build(4, 3)
    assert dict(faults_of(build, {"low": "x", "hihg": 1}))["hihg"].startswith("build_window has no such argument. Did")


def test_what_is_known_of_the_surroundings_reaches_the_relations():
    assert list(relation_faults_of(Window, {"low": 1, "most": 4})) == [("high", "found 5; it must be from 1 to 4")]


class Labelled:
    def __init__(self, weight: Sequence[Probability]) -> None: ...


def test_bounds_of_a_users_own_hints_are_obeyed():
    assert list(faults_of(Labelled, {"weight": [0.5, 2]})) == [("weight", "found [0.5, 2]; it must be from 0 to 1")]
    assert list(faults_of(Labelled, {}, supplied=("weight",))) == []
