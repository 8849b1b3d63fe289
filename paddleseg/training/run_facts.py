# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""``run.json``: for each start of a run, what must be equal for another run to give the same bytes.

The configuration is beside it in ``config.yml``, the loss of each step in ``losses.jsonl``.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import paddle
from paddle import nn

from paddleseg.reports.run_records import read_metrics
from paddleseg.training.cpu import CPU, DATA_FORMAT
from paddleseg.training.run_settings import RunSettings, knobs
from paddleseg.training.versions import versions
from paddleseg.utils.atomic_file import write_atomically
from paddleseg.utils.checksum import sha256_of
from paddleseg.utils.errors import UserError
from paddleseg.utils.logging import get_logger
from paddleseg.utils.nested import describe_changes
from paddleseg.utils.tensors import to_arrays
from paddleseg.utils.yaml_text import parse_yaml

RUN_FILE, LOSSES = "run.json", "losses.jsonl"
LOSS = "loss"
"""Its name in each line of ``losses.jsonl``, whose form is that of ``reports.run_records``."""
_PACKAGE = Path(__file__).resolve().parents[1]
# Of large data sets only this many samples, evenly spread, have their files' sizes taken and contents read; of large
# files, such as satellite pictures, only this many bytes.
_SIZES, _CONTENTS, _MOST_BYTES = 2000, 64, 16 << 20
# Settings that do not change the bytes of a run, besides those that may differ between its processes.
_NO_MATTER = {
    "save_dir", "num_workers", "resume_model", "keep_checkpoint_max", "check_labels", "failure_capsules", "use_vdl",
    "use_tensorboard", "cpu_backend", "cpu_threads",  # the chosen ones are under "cpu"
}  # fmt: skip


def facts_of_start(
    settings: RunSettings, identity: Mapping[str, Any], weights: str, files: Sequence, config_text: str | None
) -> dict[str, Any]:
    """The facts of a run at its start, as plain values.

    Args:
        settings: The run's, with ``iters`` and ``seed`` chosen.
        identity: See ``trainer_state.RunRecord``.
        weights: The result of ``weights_checksum`` before the first step.
        files: ``file_list`` of the training data.
        config_text: The resolved configuration, or None.
    """
    return {
        "settings": asdict(settings),
        "identity": dict(identity),
        "versions": versions(),
        "code (checksum)": code_checksum(config_text),
        "data (checksum)": data_checksum(files),
        "device": paddle.device.get_device().partition(":")[0],
        "weights (checksum)": weights,
    }


def changes_between(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """The differences between two starts that change the bytes of a run: ``name was value, now it is value``."""
    return describe_changes(_what_matters(before), _what_matters(now))


def _what_matters(start: Mapping[str, Any]) -> dict[str, Any]:
    no_matter = _NO_MATTER | {knob.name for knob in knobs() if knob.may_differ}
    cpu = start["identity"].get(CPU) or {}
    return {
        "setting": {name: value for name, value in start["settings"].items() if name not in no_matter},
        "run": {name: value for name, value in start["identity"].items() if name != CPU},
        CPU: {name: value for name, value in cpu.items() if name != DATA_FORMAT},
        # The revision is for people; the code's checksum is more precise.
        "version": {name: value for name, value in start["versions"].items() if name != "revision"},
        **{name: start[name] for name in ("code (checksum)", "data (checksum)", "device")},
    }


def note_start(save_dir: str, start: Mapping[str, Any], step: int, goes_on: bool) -> None:
    """Write a start into the run's folder, after earlier ones if the run goes on there.

    Args:
        save_dir: The run's folder.
        start: The result of ``facts_of_start``.
        step: Steps done before it.
        goes_on: Whether the run goes on from a checkpoint of this folder.
    """
    path = Path(save_dir, RUN_FILE)
    before: list[Any] = []
    if goes_on and path.exists():
        try:
            before = read_starts(save_dir)
        except UserError as error:
            get_logger().warning("%s; it starts afresh, and tools/reproduce.py will refuse this run", error)
    text = json.dumps({"starts": [*before, {"step": step, **start}]}, indent=1, default=str)
    write_atomically(path, text.encode("utf-8"))


def read_starts(folder: str | os.PathLike[str]) -> list[dict[str, Any]]:
    """The starts of a run, oldest first.

    Raises:
        UserError: The folder is not that of a run, or the file is damaged.
    """
    path = Path(folder, RUN_FILE)
    try:
        starts = json.loads(path.read_text(encoding="utf-8"))["starts"]
        for start in starts:
            _check_start(start)
    except (FileNotFoundError, NotADirectoryError):
        raise UserError(f"{folder} is not a run's folder, or is from an older version: it has no {RUN_FILE}") from None
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise UserError(f"{path} is damaged ({type(error).__name__}: {error})") from None
    if not starts:
        raise UserError(f"{path} is damaged: it has no start")
    return starts


def _check_start(start: Mapping[str, Any]) -> None:
    """Raise a KeyError, TypeError or the like if an entry is missing or of the wrong type."""
    _what_matters(start)
    numbers = (start["step"], start["settings"]["iters"])
    texts = (start["weights (checksum)"], start["code (checksum)"], start["data (checksum)"], start["device"])
    if not (all(isinstance(one, int) for one in numbers) and all(isinstance(one, str) for one in texts)):
        raise TypeError("a number or a checksum is something else")


def read_losses(folder: str | os.PathLike[str]) -> dict[int, float]:
    """The loss of each step in the first process, by the step's number; NaN for one that was not finite.

    Raises:
        OSError: The file exists and cannot be read.
    """
    path = Path(folder, LOSSES)
    return read_metrics(path, path.parent.name).series.get(LOSS, {}) if path.is_file() else {}


def code_checksum(config_text: str | None) -> str:
    """Checksum of the package's own files, and of those named by ``custom_imports``."""
    files = sorted(_PACKAGE.rglob("*.py"))
    names = [path.relative_to(_PACKAGE).as_posix() for path in files]
    own = [] if config_text is None else parse_yaml(config_text, "configuration")[0].get("custom_imports", [])
    modules = (sys.modules.get(name.removesuffix(".py").rpartition("/")[2]) for name in own)
    files += [Path(module.__file__) for module in modules if getattr(module, "__file__", None)]
    return _digest_of([*names, *map(sha256_of, files)])


def data_checksum(files: Sequence) -> str:
    """Checksum of sizes and contents of evenly spread files; names are in the run's identity."""
    values: list[str] = [str(len(files))]
    looks = {_SIZES: lambda path: str(path.stat().st_size), _CONTENTS: partial(sha256_of, most=_MOST_BYTES)}
    for count, look in looks.items():
        places = np.unique(np.linspace(0, max(len(files) - 1, 0), count).astype(int)) if len(files) else []
        paths = [Path(path) for place in places for path in files[int(place)] if path is not None]
        values += [look(path) for path in paths if path.is_file()]  # drawn pictures have no file
    return _digest_of(values)


def weights_checksum(model: nn.Layer) -> str:
    """Checksum of the bytes of all weights."""
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode("utf-8"))
        digest.update(np.ascontiguousarray(to_arrays(tensor)).tobytes())
    return digest.hexdigest()


def _digest_of(values: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(values).encode("utf-8", "surrogateescape")).hexdigest()
