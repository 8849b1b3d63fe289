# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Checkpoint folders that appear whole or not at all.

A folder is written beside its place, every file is flushed to the disk, ``manifest.json`` with sizes and checksums
comes last, then the folder is renamed. ``model.pdparams``, ``model.pdopt`` and ``ema_model.pdparams`` are
PaddleSeg's names; ``model.pdstates`` holds the rest of a run's state.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import pickle
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

from paddleseg.models.weight_folder import EMA_WEIGHTS, MANIFEST, STATES, WEIGHTS
from paddleseg.reports.score_files import SCORES
from paddleseg.training.earlier_run import move_aside
from paddleseg.utils.atomic_file import REPLACED, WRITING, delete_folder, mend_folder, replace_folder, synced_file
from paddleseg.utils.checksum import sha256_of
from paddleseg.utils.errors import WeightsError
from paddleseg.utils.logging import get_logger
from paddleseg.utils.safe_pickle import read_pickle

OPTIMIZER, CONFIG = "model.pdopt", "config.yml"
BEST_MODEL = "best_model"
_FILES_OF_SYSTEMS = {".DS_Store", "Thumbs.db", "desktop.ini"}  # left by file managers
_ALL_FILES = {WEIGHTS, EMA_WEIGHTS, OPTIMIZER, STATES, CONFIG, SCORES, MANIFEST}
_ITERATION = re.compile(r"iter_(\d+)")


def write_checkpoint(folder: str | os.PathLike[str], contents: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
    """Publish a checkpoint folder; one that exists under this name is replaced once the new one is complete.

    Args:
        folder: Where to write it.
        contents: For each file name a text, or a table of arrays and plain values to be pickled.
        facts: The manifest's entries besides the files: step, metric and best_file (None if the step was not
            evaluated), versions.

    Raises:
        WeightsError: The disk is full or the folder cannot be written; an existing checkpoint is untouched.
    """

    def write_into(writing: Path) -> None:
        files = {name: _write_file(writing / name, content) for name, content in contents.items()}
        manifest = json.dumps({**facts, "files": files}, indent=2)
        _write_file(writing / MANIFEST, manifest)

    _publish(Path(folder), write_into)


def copy_checkpoint(source: Checkpoint, folder: str | os.PathLike[str]) -> None:
    """Publish a copy of a complete checkpoint as ``folder``, as ``write_checkpoint`` does; only its own files.

    Raises:
        WeightsError: The copy cannot be written.
    """

    def copy_into(writing: Path) -> None:
        for name in (*source.manifest["files"], MANIFEST):
            with open(source.folder / name, "rb") as original, synced_file(writing / name) as copy:
                shutil.copyfileobj(original, copy)

    _publish(Path(folder), copy_into)


def _publish(folder: Path, write_into: Callable[[Path], None]) -> None:
    try:
        replace_folder(folder, write_into, _delete)
    except OSError as error:
        raise WeightsError(
            f"cannot write checkpoint {folder}: {error.strerror or error}. Earlier ones are untouched; "
            "--resume_model auto continues from the newest"
        ) from None


def recover(save_dir: str | os.PathLike[str]) -> None:
    """Clean up after a killed run: half-written folders are removed, a replaced one is restored if needed.

    Raises:
        WeightsError: The folder cannot be written.
    """
    save_dir = Path(save_dir)
    for left in [*_leftovers(save_dir, REPLACED), *_leftovers(save_dir, WRITING)]:
        try:
            mend_folder(left.with_suffix(""), _delete)
        except OSError as error:
            raise WeightsError(f"{left}, left by a killed run, cannot be removed: {error.strerror or error}") from None


def _leftovers(save_dir: Path, suffix: str) -> list[Path]:
    """The folders that saving creates beside a checkpoint; others with such names are not ours."""
    ours = (path for path in save_dir.glob(f"*{suffix}") if path.is_dir())
    return [path for path in ours if path.stem == BEST_MODEL or _ITERATION.fullmatch(path.stem)]


def iteration_folders(save_dir: str | os.PathLike[str]) -> list[Path]:
    """The ``iter_N`` folders, oldest first."""
    found = [path for path in Path(save_dir).glob("iter_*") if _ITERATION.fullmatch(path.name) and path.is_dir()]
    return sorted(found, key=_iteration)


@dataclass(frozen=True)
class Checkpoint:
    """A complete checkpoint; ``open_checkpoint`` has compared all of its files with their checksums.

    Attributes:
        folder: Where it is.
        manifest: The content of its manifest.
    """

    folder: Path
    manifest: Mapping[str, Any]

    @property
    def step(self) -> int:
        """The optimiser step it was saved at."""
        return self.manifest["step"]

    def has(self, name: str) -> bool:
        """Whether a file of this name belongs to it."""
        return name in self.manifest["files"]

    def read(self, name: str) -> dict[str, Any]:
        """The content of one of its pickled files."""
        return read_pickle(self.folder / name)

    @cached_property
    def states(self) -> dict[str, Any]:
        """The state of its run besides weights and optimiser.

        Raises:
            WeightsError: It is not a checkpoint of this toolkit.
        """
        states = self.read(STATES) if self.has(STATES) else None
        if not isinstance(states, dict) or "run" not in states:
            raise WeightsError(f"{self.folder} has no {STATES} of this toolkit; give its {WEIGHTS} as model.pretrained")
        return states


def open_checkpoint(folder: str | os.PathLike[str]) -> Checkpoint:
    """Compare all files of a checkpoint with its manifest.

    Raises:
        WeightsError: There is no manifest, or a file is missing or damaged.
    """
    folder = Path(folder)
    manifest = _read_manifest(folder)
    for name, facts in manifest["files"].items():
        path = folder / name
        try:
            is_whole = path.is_file() and path.stat().st_size == facts["size"] and sha256_of(path) == facts["sha256"]
        except OSError as error:
            raise WeightsError(f"{path} cannot be read: {error.strerror or error}") from None
        if not is_whole:
            raise WeightsError(f"{path} is missing or damaged")
    return Checkpoint(folder, manifest)


def latest_checkpoint(save_dir: str | os.PathLike[str]) -> Checkpoint | None:
    """The newest complete checkpoint; damaged ones are reported and skipped.

    That is ``best_model`` if a run was killed between it and the ``iter_N`` of the same step, or if the later ones are
    damaged.
    """
    best = Path(save_dir) / BEST_MODEL
    folders = [*iteration_folders(save_dir), *([best] if best.is_dir() else [])]
    # At equal steps ``iter_N`` comes first, as sorting is stable.
    for folder in sorted(folders, key=lambda one: step_of(one) if one == best else _iteration(one), reverse=True):
        try:
            return open_checkpoint(folder)
        except WeightsError as error:
            get_logger().warning("%s; trying the previous one", error)
    return None


def find_checkpoint(folder: str | os.PathLike[str], step: int) -> Checkpoint | None:
    """The checkpoint in a folder if it is complete and of this step, else None."""
    try:
        found = open_checkpoint(folder) if step_of(folder) == step else None
    except WeightsError:
        found = None
    return found


def _read_manifest(folder: Path) -> dict[str, Any]:
    try:
        text = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        files = {name: {"size": facts["size"], "sha256": facts["sha256"]} for name, facts in text["files"].items()}
        return {**text, "step": int(text["step"]), "files": files}
    except (FileNotFoundError, NotADirectoryError):
        reason = "it has no manifest" if folder.is_dir() else "it is a file" if folder.exists() else "no such folder"
        weights = folder / WEIGHTS if folder.is_dir() else folder
        new_run = f". Weights of PaddleSeg begin a new run: --opts model.pretrained={weights}"
        raise WeightsError(
            f"{folder} is not a complete checkpoint: {reason}; give an iter_N or best_model folder, or auto"
            f"{new_run if weights.is_file() else ''}"
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OSError) as error:
        raise WeightsError(f"{folder / MANIFEST} is damaged ({type(error).__name__}: {error})") from None


def step_of(folder: str | os.PathLike[str]) -> float:
    """The step that a checkpoint's manifest names; infinity if there is none or it is damaged."""
    try:
        return _read_manifest(Path(folder))["step"]
    except WeightsError:
        return math.inf


def newer_than(save_dir: str | os.PathLike[str], step: int) -> list[Path]:
    """The checkpoints in ``save_dir``, ``best_model`` among them, of a later step than ``step``."""
    newer = [folder for folder in iteration_folders(save_dir) if _iteration(folder) > step]
    best = Path(save_dir) / BEST_MODEL
    if best.is_dir() and step_of(best) > step:
        newer.append(best)
    return newer


def prune(save_dir: str | os.PathLike[str], keep: int) -> None:
    """Delete the oldest ``iter_N`` folders so that ``keep`` remain; 0 or less keeps all."""
    folders = iteration_folders(save_dir)
    if keep > 0:
        for folder in folders[:-keep]:
            delete_folder(folder, _delete)


def _delete(folder: Path) -> None:
    """Delete a checkpoint; one with additional files of a user, such as an export, is moved aside whole.

    Raises:
        OSError: It cannot be deleted or moved.
    """
    if not _holds_something_else(folder):
        shutil.rmtree(folder)
        return
    name = folder.stem if folder.suffix == REPLACED else folder.name
    aside = move_aside(folder.parent, {folder: name})
    get_logger().warning(
        "%s held files that do not belong to a checkpoint; it was moved to %s", folder.parent / name, aside
    )


def _holds_something_else(folder: Path) -> bool:
    try:
        own = {*_read_manifest(folder)["files"], MANIFEST}
    except WeightsError:  # a half-deleted one may have lost its manifest first
        own = _ALL_FILES
    own |= _FILES_OF_SYSTEMS
    return any(path.name not in own or path.is_dir() for path in folder.iterdir())


def fault_of_content(content: Any) -> str | None:
    """Why a content cannot be written into a checkpoint and read back; None if it can."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, STATES)
            path.write_bytes(pickle.dumps(content, protocol=4))
            read_pickle(path)
    except WeightsError as error:
        return str(error).partition(": ")[2]
    except Exception as error:  # pickling a user's object may raise anything
        return f"{type(error).__name__}: {error}"
    return None


class _HashingWriter:
    """Passes bytes on to a file and computes their checksum on the way."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.sha256 = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        self.sha256.update(data)
        self.size += memoryview(data).nbytes
        return self._file.write(data)


def _write_file(path: Path, content: Any) -> dict[str, Any]:
    with synced_file(path) as file:
        writer = _HashingWriter(file)
        if isinstance(content, str):
            writer.write(content.encode("utf-8"))
        else:
            # The format of paddle.save: a pickle of arrays by name. Ours does not depend on Paddle's version.
            pickle.dump(content, writer, protocol=4)
    return {"size": writer.size, "sha256": writer.sha256.hexdigest()}


def _iteration(folder: Path) -> int:
    return int(_ITERATION.fullmatch(folder.name).group(1))
