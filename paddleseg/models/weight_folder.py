# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Which weight file of a checkpoint folder to use: with a moving average there are two, and either may be better.

The folder's manifest names the one with the better figure (``best_file``). Older versions had no such key; their
evaluation's result is in ``model.pdstates``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from paddleseg.utils.errors import WeightsError
from paddleseg.utils.logging import get_logger
from paddleseg.utils.safe_pickle import one_line, read_pickle
from paddleseg.utils.weight_source import local_path

MANIFEST = "manifest.json"
WEIGHTS, EMA_WEIGHTS, STATES = "model.pdparams", "ema_model.pdparams", "model.pdstates"


def weight_file(path: str | os.PathLike[str]) -> str:
    """The file that a path means: the file itself; in a folder the one with the better figure, or ``model.pdparams``.

    The log names it if it is the moving average, or if the user named the other file.

    Raises:
        WeightsError: The folder's manifest is damaged, or the folder is a run's, which has several checkpoints.
    """
    path = local_path(path)
    if os.path.isdir(path):
        _refuse_run_folder(path)
        best = best_file(path)
        if best == EMA_WEIGHTS:
            get_logger().info("%s: using %s, the moving average, which scored better", path, best)
        return os.path.join(path, best)
    folder, name = os.path.split(path)
    if name in (WEIGHTS, EMA_WEIGHTS) and os.path.isfile(path):
        best = _known_best(folder)
        if best is not None and best != name and os.path.isfile(os.path.join(folder, best)):
            get_logger().warning(
                "%s: used as named, though %s beside it scored better; give the folder to use that",
                path, best,
            )  # fmt: skip
    return path


def best_file(folder: str | os.PathLike[str]) -> str:
    """Name of the weight file with the better figure; ``model.pdparams`` if nothing was evaluated.

    Raises:
        WeightsError: The folder's manifest is damaged.
    """
    return _stated_best(folder) or WEIGHTS


def _refuse_run_folder(path: str) -> None:
    checkpoints = sorted((manifest.parent.name for manifest in Path(path).glob(f"*/{MANIFEST}")), key=_by_number)
    if checkpoints and not any(os.path.exists(os.path.join(path, name)) for name in (WEIGHTS, MANIFEST)):
        choice = "best_model" if "best_model" in checkpoints else checkpoints[-1]
        raise WeightsError(
            f"{path} holds no weights but the checkpoints of a run ({', '.join(checkpoints)}); give one of them, such "
            f"as {os.path.join(path, choice)}"
        )


def _by_number(name: str) -> tuple[str, int, str]:
    """Sorts iter_800 before iter_1600."""
    word, _, number = name.rpartition("_")
    return (word, int(number), name) if number.isascii() and number.isdigit() else (name, -1, name)


def _known_best(folder: str | os.PathLike[str]) -> str | None:
    """The same when the user named a file: None if nothing was evaluated or the manifest does not say it."""
    try:
        return _stated_best(folder)
    except WeightsError:
        return None


def _stated_best(folder: str | os.PathLike[str]) -> str | None:
    path = Path(folder, MANIFEST)
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        best = manifest["best_file"] if "best_file" in manifest else _best_of_states(Path(folder), manifest)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except WeightsError:
        raise  # of the state, which it names
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError, OSError) as error:
        reason = f"{type(error).__name__}: {one_line(error)}"
        raise WeightsError(f"{path} is damaged ({reason}); name the weight file instead of its folder") from None
    if best not in (None, WEIGHTS, EMA_WEIGHTS):
        raise WeightsError(f"{path}: best_file: found {one_line(best)}; it must be {WEIGHTS} or {EMA_WEIGHTS}")
    return best


def _best_of_states(folder: Path, manifest: Mapping[str, Any]) -> str | None:
    """The answer of an older version's state, if its best step is the one saved."""
    if EMA_WEIGHTS not in manifest["files"]:
        return None
    evaluation = read_pickle(folder / STATES)["hooks"].get("EvaluateHook", {})
    return evaluation.get("best_file") if evaluation.get("best_step") == manifest["step"] else None
