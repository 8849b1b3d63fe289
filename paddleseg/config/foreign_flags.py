# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Flags of other kits, as their users type them, and what each is here.

Those of PaddleSeg that mean something here are the commands' own; here are those that are refused. Beside them:
mmsegmentation's (``--work-dir``), those of the DDRNet of PyTorch (``--cfg``) and of MindSpore (``--ddr_config``). A
command's words are rewritten before they are parsed, so that its parser and ``--help`` know its own flags alone.
Imports nothing heavy.
"""

from __future__ import annotations

import functools
import itertools
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from paddleseg.config.paddleseg_names import REFUSED_IN_TEST_CONFIG
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.logging import get_logger

Given = Mapping[str, Sequence[str]]
"""The values of each flag of a command line by its name, written with ``_``."""


@dataclass(frozen=True)
class ForeignFlag:
    """One flag of another kit.

    Attributes:
        meaning: From its values and those of the whole command line to words of ours; or to what to do instead, as
            text: then it is refused.
        values: How many it takes: none, one, ``?`` for none or one, ``+`` for one and more, ``*`` for any number.
        note: Why it has no effect here, or another than there; logged.
    """

    meaning: Callable[[Sequence[str], Given], list[str] | str]
    values: Literal[0, 1, "?", "+", "*"] = 1
    note: str = ""


def _same_as(name: str, values: Literal[0, 1, "?", "+", "*"] = 1) -> ForeignFlag:
    return ForeignFlag(lambda found, given: [f"--{name}", *found], values)


def _key(name: str) -> ForeignFlag:
    return ForeignFlag(lambda found, given: ["--opts", f"{name}={found[0]}"])


def _without_effect(note: str, values: Literal[0, 1] = 0) -> ForeignFlag:
    return ForeignFlag(lambda found, given: [], values, note)


def _refused(advice: str) -> ForeignFlag:
    return ForeignFlag(lambda found, given: [] if list(found) == ["False"] else advice, "*")


_SEVERAL_CARDS = (
    "one card is --device gpu:N; several are bash tools/dist_train.sh CONFIG NUM, or python -m "
    "paddle.distributed.launch --gpus 0,1 train.py ..."
)
_DEVICES = {"ascend": "npu", "gpu": "gpu", "cpu": "cpu"}
_BENCHMARKS = {
    "1": ["--precision", "fp16"],
    "2": [],
    "3": ["--data_format", "NHWC"],
    "4": ["--precision", "fp16", "--data_format", "NHWC"],
}


def _number_of_cards(found: Sequence[str], given: Given) -> list[str] | str:
    return ["--device", "gpu"] if list(found) == ["1"] else _SEVERAL_CARDS


def _card(found: Sequence[str], given: Given) -> list[str] | str:
    return ["--device", f"gpu:{found[0]}"] if len(found) == 1 and found[0].isdigit() else _SEVERAL_CARDS


def _device_target(found: Sequence[str], given: Given) -> list[str] | str:
    name = _DEVICES.get(found[0].lower())
    if name is None:
        return f"allowed are Ascend, GPU, CPU; here it is --device {', '.join(_DEVICES.values())}"
    number = given.get("device_id", [])
    return ["--device", name if name == "cpu" or not number else f"{name}:{number[0]}"]


def _device_id(found: Sequence[str], given: Given) -> list[str] | str:
    if "cpu" in [*map(str.lower, given.get("device_target", [])), *given.get("device", [])]:
        get_logger().warning("--device_id %s: has no effect; a CPU has no number", " ".join(found))
        return []
    return [] if given.get("device_target") else _card(found, given)


def _no_validate(found: Sequence[str], given: Given) -> list[str] | str:
    return "it contradicts --do_eval; leave one of them out" if "do_eval" in given else []


def _launcher(found: Sequence[str], given: Given) -> list[str] | str:
    is_known = list(found) == ["none"] or "PADDLE_TRAINER_ID" in os.environ
    return [] if is_known else f"leave it out: {_SEVERAL_CARDS}"


def _resume(found: Sequence[str], given: Given) -> list[str] | str:
    return ["--resume_model", *(found or ["auto"])]


def _benchmark(found: Sequence[str], given: Given) -> list[str] | str:
    return _BENCHMARKS.get(found[0], "allowed are 1 (AMP), 2 (plain), 3 (channels last) and 4 (both)")


_TARGETS = ("config", "save_dir", "resume_model", "precision", "data_format", "device", "model_path")
"""Flags of ours that others mean; argparse takes them by their first letters too."""

_ONE_CLASS_PER_PIXEL = REFUSED_IN_TEST_CONFIG["use_multilabel"]
_NO_CHOICE_OF_DEVICE = _without_effect("an export is made on the CPU, and runs on any device", 1)
_CONFIGURATION = {"cfg": _same_as("config"), "ddr_config": _same_as("config")}
_OPTIONS = {"options": _same_as("opts", "+"), "cfg_options": _same_as("opts", "+")}
_LOCAL_RANK = _without_effect("paddle.distributed.launch tells each process its number", 1)

FOREIGN_FLAGS: dict[str, dict[str, ForeignFlag]] = {
    "train.py": {
        **_CONFIGURATION,
        **_OPTIONS,
        # PaddleSeg's own that have no meaning here
        "use_multilabel": _refused("each pixel has exactly one class here; leave it out, and give labels of class ids"),
        "output_op": _refused("training exports nothing; give it to export.py"),
        "input_shape": _refused("training exports nothing; give it to export.py"),
        "for_fd": _refused("an export always has what deploy/python/infer.py needs; leave it out"),
        # mmsegmentation
        "work_dir": _same_as("save_dir"),
        "load_from": _key("model.pretrained"),
        "resume_from": _same_as("resume_model"),
        "resume": ForeignFlag(_resume, "?"),
        "auto_resume": ForeignFlag(_resume, 0),
        "no_validate": ForeignFlag(_no_validate, 0),
        "amp": ForeignFlag(lambda found, given: ["--precision", "fp16"], 0),
        "gpus": ForeignFlag(_number_of_cards),
        "gpu_ids": ForeignFlag(_card, "+"),
        "gpu_id": ForeignFlag(_card),
        "diff_seed": _without_effect("processes draw different samples and numbers from one seed anyway"),
        "deterministic": _refused(
            "on a CPU, runs of one --seed are equal as they are; on cards put FLAGS_cudnn_deterministic=1 before the "
            "command, and leave it out"
        ),
        "launcher": ForeignFlag(_launcher),
        "local_rank": _LOCAL_RANK,
        "dist_backend": _without_effect("processes on CPUs talk by gloo, cards by NCCL", 1),
        # DDRNet of PyTorch
        "benchmark": ForeignFlag(_benchmark),
        # MindSpore
        "device_target": ForeignFlag(_device_target),
        "device_id": ForeignFlag(_device_id),
        "pretrained": _key("model.pretrained"),
    },
    "val.py": {
        **_CONFIGURATION,
        **_OPTIONS,
        **{name: _refused(advice) for name, advice in REFUSED_IN_TEST_CONFIG.items()},
        "pretrained": _same_as("model_path"),
        "launcher": ForeignFlag(_launcher),
        "local_rank": _LOCAL_RANK,
        "device_target": ForeignFlag(_device_target),
        "device_id": ForeignFlag(_device_id),
    },
    "predict.py": {
        **_CONFIGURATION,
        **_OPTIONS,
        "use_multilabel": _refused(_ONE_CLASS_PER_PIXEL),
        "pretrained": _same_as("model_path"),
        "device_target": ForeignFlag(lambda found, given: _device_target(found, {})),  # --device_id is its own
    },
    "export.py": {
        **_CONFIGURATION,
        **_OPTIONS,
        "for_fd": _refused("FastDeploy is not supported; leave it out and use deploy/python/infer.py"),
        "pretrained": _same_as("model_path"),
        "device_target": _NO_CHOICE_OF_DEVICE,
        "device_id": _NO_CHOICE_OF_DEVICE,
    },
}
"""By the command that takes them, and by name, written with ``_``."""


def rewriter(command: str) -> Callable[[Sequence[str]], list[str]]:
    """What rewrites the words of a command, see :func:`own_words`."""
    return functools.partial(own_words, command)


def own_words(command: str, words: Sequence[str]) -> list[str]:
    """The words of a command line with flags of ours in the place of others'.

    A configuration that stands first, as mmsegmentation has it, is ``--config``.

    Args:
        command: ``train.py``, ``val.py``, ``predict.py`` or ``export.py``.
        words: What was typed after it.

    Raises:
        ConfigError: A flag of another kit has no equivalent, or not this value, or another flag gives what it means
            another value; the message says what to do.
    """
    words = list(words)
    is_positional = bool(words) and not words[0].startswith("-")
    if is_positional:
        words.insert(0, "--config")
    flags = FOREIGN_FLAGS[command]
    result = list(itertools.takewhile(lambda word: not word.startswith("--"), words))  # -h and what is a mistake
    given = {name: found for _, name, found in _flags_of(words)}
    forms = _Forms()
    for typed, name, found in _flags_of(words):
        shown = " ".join([typed[0].partition("=")[0], *found])
        flag = flags.get(name)
        if flag is None:
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


class _Forms:
    """The settings that a command line gives by several words, such as ``--work-dir`` and ``--save_dir``.

    Of one word that is given twice the last counts, as everywhere; of two words for one setting neither is the last
    by anybody's wish.
    """

    def __init__(self) -> None:
        self._given: dict[str, list[tuple[str, str, list[str]]]] = {}

    def add(self, shown: str, form: str, words: Sequence[str]) -> None:
        """Note one flag.

        Args:
            shown: As it was typed.
            form: Its name, by which it is told from others of the same meaning.
            words: Words of ours that mean the same.

        Raises:
            ConfigError: Another one gives one of its settings another value.
        """
        for setting, value in _settings_of(words):
            for other_shown, other_form, other_value in self._given.setdefault(setting, []):
                if other_form != form and other_value != value:
                    raise ConfigError(
                        f"{shown}: contradicts {other_shown}, which means the same flag; give one of them"
                    )
            self._given[setting].append((shown, form, value))


def _settings_of(words: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """What words of ours set: a flag, or a key of ``--opts``, and to what."""
    for _, name, found in _flags_of(words):
        if name == "opts":
            yield from ((f"opts {key.strip()}", [value]) for key, _, value in (item.partition("=") for item in found))
        elif name == "fp16":  # of train.py, short for it
            yield "precision", ["fp16"]
        else:
            yield next((target for target in _TARGETS if target.startswith(name)), name), found


def _flags_of(words: Sequence[str]) -> Iterator[tuple[list[str], str, list[str]]]:
    """Each flag as its words, its name and its values."""
    starts = [index for index, word in enumerate(words) if word.startswith("--")]
    for start, end in zip(starts, [*starts[1:], len(words)]):
        name, equals, value = words[start].removeprefix("--").partition("=")
        typed = list(words[start:end])
        yield typed, name.replace("-", "_"), [*([value] if equals else []), *typed[1:]]


def _check_number_of_values(shown: str, flag: ForeignFlag, found: Sequence[str]) -> None:
    if flag.values in (1, "+") and not found:
        raise ConfigError(f"{shown}: give a value")
    most = {0: 0, 1: 1, "?": 1}.get(flag.values)
    if most is not None and len(found) > most:
        raise ConfigError(f"{shown}: takes {'one value' if most else 'no value'}")
