# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Repeating a training from the folder of its run alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from paddleseg.config.load import load_config
from paddleseg.config.training import train_from_config
from paddleseg.training.checkpoint import CONFIG
from paddleseg.training.cpu import CPU
from paddleseg.training.repeat import DifferentRun, RepeatHook, check_repeatable, forget_start
from paddleseg.training.run_settings import knobs
from paddleseg.training.run_start import OWN_OF_A_PROCESS
from paddleseg.utils import distributed as dist
from paddleseg.utils.errors import ConfigError


def reproduce(
    run: str,
    save_dir: str,
    *,
    num_workers: int | None = None,
    until: int | None = None,
    force: bool = False,
    opts: Sequence[str] = (),
) -> RepeatHook:
    """Train as a run did, in another folder.

    Args:
        run: The folder of the run.
        save_dir: A new or empty folder.
        num_workers: Processes that read data; None: as many as in the run.
        until: Stop after this step.
        force: Go on if versions, code, data or machine differ.
        opts: ``key=value`` items that replace places of files.

    Returns:
        The outcome of comparing the steps.

    Raises:
        UserError: The run cannot be repeated here, or ``opts`` would change it; one line says why.
    """
    first = check_repeatable(run, dist.world_size())
    _check_opts(opts)
    if Path(save_dir).resolve() == Path(run).resolve() or (Path(save_dir).is_dir() and any(Path(save_dir).iterdir())):
        raise ConfigError(f"--save_dir {save_dir}: is not empty; give a new folder")
    total = first["settings"]["iters"]
    if until is not None and not 0 < until <= total:
        raise ConfigError(f"--until {until}: the run has {total} steps; give one from 1 to {total}")
    cpu = first["identity"].get(CPU) or {}
    changed = {
        "save_dir": save_dir,
        "resume_model": None,
        "use_vdl": False,
        "use_tensorboard": False,
        "profiler_options": None,  # its file may be the run's
        "device": first["device"],
        "num_workers": first["settings"]["num_workers"] if num_workers is None else num_workers,
        # Their defaults depend on the machine's cores.
        "cpu_backend": cpu.get("backend"),
        "cpu_threads": cpu.get("threads"),
    }
    # With --force, another version may have settings that the run's lacked.
    settings = {**{knob.name: knob.default for knob in knobs()}, **first["settings"], **changed}
    config = load_config(str(Path(run, CONFIG)), opts=opts)
    config.data.update({knob.name: settings[knob.name] for knob in knobs() if knob.in_yaml and knob.name in changed})
    hook = RepeatHook(run, save_dir, until=until, force=force)
    flags = {knob.name: settings[knob.name] for knob in knobs() if knob.is_flag and not knob.in_yaml}
    try:
        train_from_config(config, more_hooks=[hook], **flags)
    except DifferentRun:
        dist.barrier()
        if dist.rank() == 0:
            forget_start(save_dir)
        raise
    return hook


def _check_opts(opts: Sequence[str]) -> None:
    """Refuse other keys than places: most changes would show only in later losses, and ``until`` may end before."""
    for item in opts:
        key = item.partition("=")[0]
        if key.rpartition(".")[2] not in OWN_OF_A_PROCESS:
            allowed = ", ".join(sorted(OWN_OF_A_PROCESS))
            raise ConfigError(f"--opts {key}: would be another run; only places of files may be others ({allowed})")
