# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The words of a command line with flags of other kits replaced by ours.

They are rewritten before parsing, so that a command's parser and ``--help`` know only its own flags. Imports
nothing heavy.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Collection, Iterator, Sequence

from paddleseg.config.foreign_flags import FOREIGN_FLAGS, ForeignFlag, Given, is_number
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.logging import get_logger


def rewriter(command: str) -> Callable[[Sequence[str], Collection[str]], list[str]]:
    """The function that rewrites the words of a command, see :func:`own_words`."""
    return functools.partial(own_words, command)


def own_words(command: str, words: Sequence[str], own_flags: Collection[str] = ()) -> list[str]:
    """The words of a command line with foreign flags replaced by ours.

    A leading configuration, as in mmsegmentation, becomes ``--config``.

    Args:
        command: ``train.py``, ``val.py``, ``predict.py`` or ``export.py``.
        words: The words typed after it.
        own_flags: The command's own flags, ``--config`` and so on, which argparse also accepts abbreviated.

    Raises:
        ConfigError: A flag of another kit has no equivalent, or not for this value, or another flag gives the same
            setting a different value; the message says what to do.
    """
    words = list(words)
    is_positional = bool(words) and not words[0].startswith("-")
    if is_positional:
        words.insert(0, "--config")
    flags = FOREIGN_FLAGS[command]
    names = _Names(own_flags, flags)
    result = list(itertools.takewhile(lambda word: not word.startswith("--"), words))  # -h and mistakes
    given = {name: found for _, name, found in names.flags_of(words)}
    forms = _Forms(names)
    for typed, name, found in names.flags_of(words):
        shown = " ".join([typed[0].partition("=")[0], *found])
        flag = flags.get(name)
        if flag is None:
            if name == "device" and "device_id" in flags:
                typed = _with_number(typed, found, given)
            result += typed
            if is_positional:
                shown, name, is_positional = " ".join(found), "", False
            forms.add(shown, name, typed)
            continue
        _check_number_of_values(shown, flag, found)
        meaning = flag.meaning(found, given)
        if isinstance(meaning, str):
            raise ConfigError(f"{shown}: {meaning}")
        if flag.note:
            get_logger().warning("%s: has no effect; %s", shown, flag.note)
        result += meaning
        forms.add(shown, name, meaning)
    return result


def _with_number(typed: Sequence[str], found: Sequence[str], given: Given) -> list[str]:
    """Our ``--device`` with the number of ``--device_id``, if it has none and is not a CPU."""
    number = given.get("device_id", [])
    if len(found) != 1 or found[0] in ("", "cpu") or ":" in found[0] or not is_number(number):
        return list(typed)
    return ["--device", f"{found[0]}:{number[0]}"]


class _Forms:
    """The settings that a command line can give by several words, such as ``--work-dir`` and ``--save_dir``.

    If one word is given twice, the last counts, as everywhere; two words for one setting must agree.
    """

    def __init__(self, names: _Names) -> None:
        self._names = names
        self._given: dict[str, list[tuple[str, str, list[str]]]] = {}

    def add(self, shown: str, form: str, words: Sequence[str]) -> None:
        """Note one flag.

        Args:
            shown: The flag as typed.
            form: Its name, to distinguish it from others of the same meaning.
            words: Our words with the same meaning.

        Raises:
            ConfigError: Another flag gives one of its settings a different value.
        """
        for setting, value in self._settings_of(words):
            for other_shown, other_form, other_value in self._given.setdefault(setting, []):
                if other_form != form and other_value != value:
                    raise ConfigError(f"{shown}: contradicts {other_shown}, which is the same flag; give one of them")
            self._given[setting].append((shown, form, value))

    def _settings_of(self, words: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
        """The settings made by our words: a flag, or a key of ``--opts``, with the value."""
        for _, name, found in self._names.flags_of(words):
            if name == "opts":
                items = (item.partition("=") for item in found)
                yield from ((f"opts {key.strip()}", [value]) for key, _, value in items)
            elif name == "fp16":  # short form in train.py
                yield "precision", ["fp16"]
            else:
                yield name, found


class _Names:
    """The full names of a command's flags: argparse accepts unambiguous abbreviations of ours."""

    def __init__(self, own_flags: Collection[str], foreign: Collection[str]) -> None:
        self._own = [flag.removeprefix("--") for flag in own_flags]
        self._foreign = foreign

    def flags_of(self, words: Sequence[str]) -> Iterator[tuple[list[str], str, list[str]]]:
        """Each flag as its words, its name and its values."""
        starts = [index for index, word in enumerate(words) if word.startswith("--")]
        for start, end in zip(starts, [*starts[1:], len(words)]):
            name, equals, value = words[start].removeprefix("--").partition("=")
            typed = list(words[start:end])
            yield typed, self._in_full(name.replace("-", "_")), [*([value] if equals else []), *typed[1:]]

    def _in_full(self, name: str) -> str:
        if name in self._foreign or name in self._own:
            return name
        meant = [own for own in self._own if own.startswith(name)]
        return meant[0] if len(meant) == 1 else name


def _check_number_of_values(shown: str, flag: ForeignFlag, found: Sequence[str]) -> None:
    if flag.values in (1, "+") and not found:
        raise ConfigError(f"{shown}: give a value")
    most = {0: 0, 1: 1, "?": 1}.get(flag.values)
    if most is not None and len(found) > most:
        raise ConfigError(f"{shown}: takes {'one value' if most else 'no value'}")
