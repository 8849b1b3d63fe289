# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The settings of a run, each defined once: name, type with bound, description and default.

A knob defines its top-level YAML key, its flag of train.py, its argument of ``paddleseg.core.train``, the check of its
value, and its row in docs/config.md. A new knob is one line here, and the code that uses it.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from typing import Any

from paddleseg.training.profiler_options import parse_profiler_options
from paddleseg.utils.choices import AmpLevel, CheckLevel, CpuBackend, Precision
from paddleseg.utils.cpus import default_num_workers
from paddleseg.utils.errors import ConfigError, raise_faults
from paddleseg.utils.extras import install_extra
from paddleseg.utils.type_hints import BelowOne, Count, CountOrZero, Seed, fault_of, resolve_hint

TENSORBOARD_PACKAGE = "tensorboardX"


@dataclass(frozen=True)
class Knob:
    """One setting of a run.

    Attributes:
        name: Its name everywhere.
        hint: Type and bound.
        default: Its value when not given.
        words: Its description for users.
        in_yaml: Whether it is a top-level key of a configuration.
        is_flag: Whether it is a flag of train.py, which overrides the key.
        is_argument: Whether ``paddleseg.core.train`` takes it.
        may_differ: Whether the processes of one run may have different values.
    """

    name: str
    hint: Any
    default: Any
    words: str
    in_yaml: bool
    is_flag: bool
    is_argument: bool
    may_differ: bool


def _knob(
    default: Any,
    words: str,
    *,
    in_yaml: bool = True,
    is_flag: bool = False,
    is_argument: bool = True,
    may_differ: bool = False,
) -> Any:
    surfaces = {"in_yaml": in_yaml, "is_flag": is_flag, "is_argument": is_argument, "may_differ": may_differ}
    return field(default=default, metadata={"words": words, **surfaces})


_FLAG = {"in_yaml": False, "is_flag": True}
_BOTH = {"in_yaml": True, "is_flag": True}


@dataclass(frozen=True)
class RunSettings:
    """How a run proceeds, apart from what it trains; names and defaults are PaddleSeg's if it has them.

    Where PaddleSeg's default hurts, ours is None: ``device`` (first card, else CPU), ``num_workers`` (from the
    machine) and ``seed`` (drawn and logged).
    """

    device: str | None = _knob(
        None,
        "cpu, gpu, gpu:1, xpu, npu, ...; not given: the first GPU, else the CPU",
        **_FLAG,
        is_argument=False,
        may_differ=True,
    )
    cpu_backend: CpuBackend | None = _knob(
        None,
        "kernels used on the CPU: those of the oneDNN in Paddle's wheel (onednn) or Paddle's own "
        "(paddle); not given: as in the resumed run, else PADDLESEG_CPU_BACKEND, else onednn if available",
        **_FLAG,
    )
    cpu_threads: Count | None = _knob(
        None,
        "threads for computing on the CPU; not given: as in the resumed run, else OMP_NUM_THREADS, else for onednn the "
        "cores divided by the processes, and for paddle 1",
        **_FLAG,
    )
    save_dir: str = _knob("./output", "folder of the run", **_FLAG, may_differ=True)
    num_workers: CountOrZero | None = _knob(
        None,
        "processes that read data; 0 reads in the main one; not given: chosen from the machine",
        **_FLAG,
        may_differ=True,
    )
    do_eval: bool = _knob(
        False, "evaluate every save_interval steps and keep the best model", **_FLAG, is_argument=False
    )
    use_vdl: bool = _knob(False, "write VisualDL records into save_dir", **_FLAG)
    use_tensorboard: bool = _knob(
        False, "write TensorBoard records into save_dir/tensorboard; needs tensorboardX", **_FLAG
    )
    use_ema: bool = _knob(False, "keep a moving average of the weights, see ema_decay", **_FLAG)
    ema_decay: BelowOne = _knob(
        0.999,
        "decay of the moving average of the weights that use_ema keeps; at most (1 + step)/(10 + step), so that in "
        "short trainings it spans the last ninth",
    )
    resume_model: str | None = _knob(
        None, "checkpoint folder to resume from, or auto for the newest in save_dir", **_FLAG, may_differ=True
    )
    iters: Count | None = _knob(
        None, "length of the training in optimiser steps; a configuration has either this or epochs", **_BOTH
    )
    epochs: Count | None = _knob(None, "length of the training in passes over the data", is_argument=False)
    batch_size: Count = _knob(2, "pictures per process and batch", **_BOTH)
    grad_accum_steps: Count = _knob(1, "batches whose gradients are averaged for one optimiser step")
    repeats: Count = _knob(1, "how often an epoch goes through the data", **_FLAG, is_argument=False)
    save_interval: Count = _knob(1000, "steps between checkpoints, and between evaluations", **_FLAG)
    log_iters: Count = _knob(10, "steps between log lines", **_FLAG, may_differ=True)
    keep_checkpoint_max: int = _knob(5, "checkpoints kept; 0 keeps all", **_FLAG)
    early_stop_intervals: Count | None = _knob(None, "stop after this many evaluations without improvement", **_FLAG)
    seed: Seed | None = _knob(None, "seed of weights, order and augmentations; not given: drawn and logged", **_BOTH)
    precision: Precision = _knob("fp32", "floating-point precision of the network", **_FLAG)
    amp_level: AmpLevel = _knob("O1", "mixed precision level: O2 also keeps the weights in half precision", **_FLAG)
    freeze: list[str] | None = _knob(
        None,
        "parts of the network to freeze, such as [conv1, layer1]: none of their bytes change; not given: none",
    )
    to_static_training: bool = _knob(False, "train on the static graph", **_BOTH)
    check_labels: CheckLevel = _knob(
        "sample", "how much of the data is checked before the first step; see docs/config.md"
    )
    max_skipped_steps: CountOrZero = _knob(
        0,
        "how many steps of a run may have a non-finite loss or gradient: each is skipped with a warning that names "
        "its pictures; one more ends the run (0: the first ends it). Above 0, each step waits for its loss",
    )
    failure_capsules: CountOrZero = _knob(
        1,
        "how many steps with a non-finite loss or gradient the run's folder keeps for "
        "tools/replay_step.py (0: none); on a GPU only skipped steps, see docs/trust.md",
    )
    profiler_options: str | None = _knob(
        None,
        "profile some steps: 'batch_range=[10,20];profile_path=model.profile'; see docs/config.md",
        **_FLAG,
        may_differ=True,
    )

    @property
    def workers(self) -> int:
        """Processes that read data."""
        return default_num_workers() if self.num_workers is None else self.num_workers

    def with_values(self, **values: Any) -> RunSettings:
        """A copy with these values replaced."""
        return replace(self, **values)

    def check(self, spell: Callable[[str], str] = str) -> None:
        """Refuse values that no run can use.

        Args:
            spell: Gives a name as the user writes it: ``"--{}".format`` for flags.

        Raises:
            ConfigError: Names everything wrong, with what is allowed.
        """
        raise_faults("", [(spell(name), message) for name, message in self._find_faults(spell)])

    def _find_faults(self, spell: Callable[[str], str]) -> Iterator[tuple[str, str]]:
        faults = [(knob.name, fault_of(getattr(self, knob.name), knob.hint)) for knob in knobs()]
        wrong = {name: fault for name, fault in faults if fault is not None}
        yield from wrong.items()
        if self.early_stop_intervals is not None and not self.do_eval:
            yield "early_stop_intervals", f"counts evaluations; give {spell('do_eval')} too"
        if self.use_tensorboard and importlib.util.find_spec(TENSORBOARD_PACKAGE) is None:
            yield "use_tensorboard", f"needs {TENSORBOARD_PACKAGE}: {install_extra('tensorboard')}"
        if self.cpu_backend == "onednn" and self.to_static_training:
            yield "cpu_backend", f"onednn cannot be combined with {spell('to_static_training')}; leave one of them out"
        if "save_dir" not in wrong and Path(self.save_dir).exists() and not Path(self.save_dir).is_dir():
            yield "save_dir", f"{self.save_dir} is a file; give a folder"
        if "profiler_options" not in wrong and self.profiler_options is not None:
            try:
                parse_profiler_options(self.profiler_options)
            except ConfigError as error:
                yield "profiler_options", str(error)

    def common(self) -> dict[str, Any]:
        """The values that all processes of a run must share."""
        return {knob.name: getattr(self, knob.name) for knob in knobs() if not knob.may_differ}


@cache
def knobs() -> tuple[Knob, ...]:
    """All knobs, in the order of their definition."""
    return tuple(
        Knob(one.name, resolve_hint(RunSettings, one.type), one.default, **one.metadata) for one in fields(RunSettings)
    )


def yaml_hints() -> dict[str, Any]:
    """Type and bound of each top-level YAML key that is a knob."""
    return {knob.name: knob.hint for knob in knobs() if knob.in_yaml}


def resolved_defaults() -> dict[str, Any]:
    """The values in a resolved configuration of knobs that only YAML can set and that it does not give."""
    return {one.name: one.default for one in knobs() if one.in_yaml and not one.is_flag and one.default is not None}
