# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""How a run computes on the CPU: as its settings say, as it began, or the fastest way.

Backend, threads and order of the axes decide the last bits of the results, so a checkpoint records them and a resumed
run goes on with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import paddle

from paddleseg.onednn import CpuSettings, why_unavailable
from paddleseg.training.checkpoint import Checkpoint
from paddleseg.training.run_settings import RunSettings
from paddleseg.utils import distributed as dist
from paddleseg.utils.logging import get_logger
from paddleseg.utils.nested import describe_changes

CPU = "cpu"
"""Its key in what a run is known by; None where the run computes on another device."""
DATA_FORMAT = "data_format"
"""The key in it of the order of the axes, which is the network's."""
_OF_OLDER_VERSIONS = {"backend": "paddle", "threads": 1}
# May differ between the machines of one run: no setting can make it equal.
_OWN_OF_A_MACHINE = "instruction_set"


def choose_cpu(settings: RunSettings, start: Checkpoint | None) -> CpuSettings | None:
    """Backend and threads of a run, the same in all of its processes.

    Args:
        settings: The run's; explicit values take precedence.
        start: The checkpoint to go on from, whose backend and threads are the defaults, or None.

    Returns:
        None if the run does not compute on the CPU.

    Raises:
        ConfigError: The requested backend is missing, or a setting has no effect on the current device.
    """
    if paddle.get_device() != "cpu":
        return CpuSettings.choose(settings.cpu_backend, settings.cpu_threads)
    before = _recorded(start) or {}
    backend = settings.cpu_backend or before.get("backend")
    if settings.to_static_training:
        get_logger().info("oneDNN does not compute static graphs here; without to_static_training steps are faster")
        backend = "paddle"
    elif settings.cpu_backend is None and backend == "onednn" and why_unavailable() is not None:
        backend = "paddle"
    threads = settings.cpu_threads
    if threads is None and before.get("backend") == backend:
        threads = before.get("threads")
    chosen = CpuSettings.choose(backend, threads)
    if dist.world_size() > 1:
        # The machines of a run may have different numbers of cores; all processes take part, whatever each has found.
        fewest = -dist.maximum_over_processes(paddle.to_tensor(-chosen.threads, dtype="int32"))
        chosen = replace(chosen, threads=int(fewest))
    if start is not None and _is_of_older_version(start) and chosen.backend == "paddle":
        _advise(start, settings)
    return chosen


def data_format_of(cpu: CpuSettings | None, start: Checkpoint | None) -> Literal["NCHW", "NHWC"] | None:
    """The order of the axes for a network that leaves it open: that of the resumed run, else the faster one.

    Args:
        cpu: The result of ``choose_cpu``.
        start: As for ``choose_cpu``.

    Returns:
        None if nothing is known to be better than the network's own choice.
    """
    if cpu is None:
        return None
    before = _recorded(start) or {}
    same_backend = before.get("backend") == cpu.backend
    return (before.get(DATA_FORMAT) if same_backend else None) or cpu.data_format


def cpu_facts(cpu: CpuSettings | None, model: paddle.nn.Layer) -> dict[str, Any] | None:
    """The facts for a checkpoint."""
    if cpu is None:
        return None
    return {**cpu.facts(), DATA_FORMAT: getattr(model, "data_format", None)}


def shared_facts(facts: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The facts that all processes of a run must share."""
    return None if facts is None else {key: value for key, value in facts.items() if key != _OWN_OF_A_MACHINE}


def warn_of_other_bytes(folder: Path, saved: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Warn that a resumed run will not give the bytes that it would have given, and say why.

    Args:
        folder: The checkpoint, for the message.
        saved: The identifying facts of its run.
        now: The same for this run.
    """
    if CPU not in now or (CPU not in saved and now[CPU] is None):
        return
    before, present = saved.get(CPU, _OF_OLDER_VERSIONS), now[CPU]
    if before is None or present is None:
        names = {True: "another one than the CPU", False: "the CPU"}
        changes = describe_changes({"device": names[before is None]}, {"device": names[present is None]})
    else:
        both = before.keys() & present.keys()  # other backends differ by name alone
        shared = ({key: facts[key] for key in facts if key in both} for facts in (before, present))
        changes = describe_changes(*({CPU: facts} for facts in shared))
    if changes:
        get_logger().warning(
            "the run continues from %s, but its last digits will differ from those of an uninterrupted run: %s",
            folder,
            "; ".join(changes),
        )


def _recorded(start: Checkpoint | None) -> Mapping[str, Any] | None:
    return None if start is None else start.states["run"].get(CPU, _OF_OLDER_VERSIONS)


def _is_of_older_version(start: Checkpoint) -> bool:
    return CPU not in start.states["run"]


def _advise(start: Checkpoint, settings: RunSettings) -> None:
    if settings.cpu_backend is None and not settings.to_static_training and why_unavailable() is None:
        get_logger().info(
            "%s is from a version that had only Paddle's kernels, and the run continues with them; "
            "--cpu_backend onednn is faster, and differs in the last digits",
            start.folder,
        )
