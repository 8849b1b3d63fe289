# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The folder of a run before its first step: finding the checkpoint to resume, and moving files of other runs aside."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from paddleseg.reports.run_pictures import CONFUSION, CURVES
from paddleseg.reports.run_records import METRICS, keep_records
from paddleseg.training import checkpoint
from paddleseg.training.capsule import capsules_in
from paddleseg.training.cpu import CPU, warn_of_other_bytes
from paddleseg.training.earlier_run import move_aside
from paddleseg.training.older_runs import UNRECORDED, complete_settings
from paddleseg.training.run_facts import LOSSES, RUN_FILE
from paddleseg.training.run_settings import resolved_defaults
from paddleseg.utils import distributed as dist
from paddleseg.utils.atomic_file import write_atomically
from paddleseg.utils.errors import ConfigError, UserError
from paddleseg.utils.logging import get_logger
from paddleseg.utils.nested import describe_changes
from paddleseg.utils.yaml_text import parse_yaml, read_yaml

# Files of a run besides its checkpoints; an earlier run's are moved with them.
_OF_A_RUN = (checkpoint.CONFIG, RUN_FILE, LOSSES, METRICS, CURVES, CONFUSION)
_RECORDS = (METRICS, LOSSES)
READER = "version of the picture reader"
"""Its key in what a run is known by."""


def find_start(save_dir: str, resume_model: str | None) -> checkpoint.Checkpoint | None:
    """The checkpoint to go on from: the requested one, with ``auto`` the newest in ``save_dir``, or none.

    Raises:
        WeightsError: The requested one is not complete.
    """
    if dist.rank() == 0:
        checkpoint.recover(save_dir)
    dist.barrier()
    if resume_model is None:
        return None
    if resume_model != "auto":
        return checkpoint.open_checkpoint(resume_model)
    start = checkpoint.latest_checkpoint(save_dir)
    if start is None:
        get_logger().info("--resume_model auto: no complete checkpoint in %s, starting from scratch", save_dir)
    return start


def goes_on_in(save_dir: str, start: checkpoint.Checkpoint | None) -> bool:
    """Whether a run goes on in the folder of the run that it resumes."""
    return start is not None and start.folder.resolve().parent == Path(save_dir).resolve()


def prepare_folder(save_dir: str, start: checkpoint.Checkpoint | None, config_text: str | None) -> None:
    """Make the run's folder and write its configuration; files of other runs are moved aside, never lost.

    A resumed run keeps its starting point. Checkpoints of later steps belong to an abandoned branch: if kept in place,
    ``auto`` and pruning would take them for this run's.

    Args:
        save_dir: The folder.
        start: The checkpoint that the run goes on from, or None.
        config_text: The resolved configuration, or None for a run without one.

    Raises:
        ConfigError: The folder cannot be written.
    """
    folder = Path(save_dir)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        goes_on_here = goes_on_in(save_dir, start)
        if goes_on_here:
            other = checkpoint.newer_than(save_dir, start.step)
        else:
            other = checkpoint.newer_than(save_dir, -1)
            own = [*(folder / name for name in _OF_A_RUN), *capsules_in(save_dir)]
            other += [path for path in own if path.exists()]
        if other:
            aside = move_aside(folder, {path: path.name for path in other})
            get_logger().warning("%s held checkpoints of another run; they were moved to %s", save_dir, aside)
            for name in _RECORDS if goes_on_here else ():
                if (folder / name).is_file():
                    shutil.copyfile(folder / name, aside / name)
        if start is not None:
            _take_up_records(start, folder)
        if config_text is not None:
            _write_config(folder / checkpoint.CONFIG, config_text)
    except OSError as error:
        raise ConfigError(f"--save_dir {save_dir} cannot be written: {error.strerror}") from None


def _take_up_records(start: checkpoint.Checkpoint, folder: Path) -> None:
    """Begin with the figures of the completed steps, without those of steps that are repeated."""
    for name in _RECORDS:
        source = start.folder.parent / name
        if not source.is_file():
            continue
        later = keep_records(source, folder / name, start.step)
        if later:
            get_logger().info(
                "%s: %d lines of steps after %d dropped; those steps are repeated", source, later, start.step
            )


def _write_config(path: Path, text: str) -> None:
    try:
        write_atomically(path, text.encode("utf-8"))
    except UserError as error:
        raise ConfigError(f"--save_dir: {error}") from None


def check_same_run(checkpoint_folder: Path, saved: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Refuse to go on from a checkpoint if samples or steps would differ.

    Args:
        checkpoint_folder: The checkpoint, for the message.
        saved: Its seed, batch size and so on.
        now: The same for this run.

    Raises:
        ConfigError: Names what differs.
    """
    if READER in now and READER not in saved:
        get_logger().warning(
            "%s is from an older version, which ignored EXIF orientation and read 16 bits as 8: if there are such "
            "pictures, its steps saw them differently from those to come (apply_exif: False takes them as stored)",
            checkpoint_folder,
        )
    saved = {**UNRECORDED, **saved}
    both = [name for name in now if name in saved and name != CPU]  # older versions saved less
    differing = describe_changes({name: saved[name] for name in both}, {name: now[name] for name in both})
    if differing:
        raise ConfigError(
            f"{checkpoint_folder} cannot be resumed, because the samples or steps would differ: "
            f"{'; '.join(differing)}. Restore the former values, or start a new run with model.pretrained"
        )
    warn_of_other_bytes(checkpoint_folder, saved, now)


def log_changed_settings(checkpoint_folder: Path, config_text: str) -> None:
    """Log how a resumed run's configuration differs from its checkpoint's, if that has one."""
    path = checkpoint_folder / checkpoint.CONFIG
    if not path.is_file():
        return
    before, now = read_yaml(str(path))[0], parse_yaml(config_text, "configuration")[0]
    defaults = resolved_defaults()  # an older version may lack the key
    changes = describe_changes({**defaults, **complete_settings(before)}, {**defaults, **now})
    if changes:
        get_logger().warning("settings differ from those of %s: %s", checkpoint_folder, "; ".join(changes))
