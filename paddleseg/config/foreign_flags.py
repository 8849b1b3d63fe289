# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Flags of other kits, as typed by their users, and their equivalents here.

PaddleSeg's flags with a meaning here are the commands' own; here are those that are refused. Beside them:
mmsegmentation's (``--work-dir``), those of the DDRNet of PyTorch (``--cfg``) and of MindSpore (``--ddr_config``);
:mod:`paddleseg.config.foreign_words` puts ours in their place. Imports nothing heavy.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from paddleseg.config.paddleseg_names import REFUSED_IN_TEST_CONFIG
from paddleseg.utils.logging import get_logger

Given = Mapping[str, Sequence[str]]
"""The values of each flag of a command line by its name, written in full and with ``_``."""


@dataclass(frozen=True)
class ForeignFlag:
    """One flag of another kit.

    Attributes:
        meaning: Turns its values and those of the whole command line into our words; or, as text, says what to do
            instead: then it is refused.
        values: How many it takes: none, one, ``?`` for none or one, ``+`` for one and more, ``*`` for any number.
        note: Why it has no effect here, or a different one; logged.
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


def is_number(found: Sequence[str]) -> bool:
    """Whether the values of a flag are a single card number."""
    return len(found) == 1 and found[0].isascii() and found[0].isdigit()


def _card(found: Sequence[str], given: Given) -> list[str] | str:
    return ["--device", f"gpu:{found[0]}"] if is_number(found) else _SEVERAL_CARDS


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
    if given.get("device_target"):
        return []
    if not is_number(found):
        return _SEVERAL_CARDS
    kind = "".join(given.get("device", [])[:1]).partition(":")[0] or "gpu"
    return ["--device", f"{kind}:{found[0]}"]


def _no_validate(found: Sequence[str], given: Given) -> list[str] | str:
    return "it contradicts --do_eval; leave one of them out" if "do_eval" in given else []


def _launcher(found: Sequence[str], given: Given) -> list[str] | str:
    is_known = list(found) == ["none"] or "PADDLE_TRAINER_ID" in os.environ
    return [] if is_known else f"leave it out: {_SEVERAL_CARDS}"


def _resume(found: Sequence[str], given: Given) -> list[str] | str:
    return ["--resume_model", *(found or ["auto"])]


def _benchmark(found: Sequence[str], given: Given) -> list[str] | str:
    return _BENCHMARKS.get(found[0], "allowed are 1 (AMP), 2 (plain), 3 (channels last) and 4 (both)")


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
