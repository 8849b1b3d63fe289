# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""What a run's folder says about its network."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paddleseg.config.build import build_model, describe_optimizer
from paddleseg.config.load import Config, load_config
from paddleseg.config.schema import check_config
from paddleseg.inference.views import ViewOptions
from paddleseg.models.facts import ModelFacts
from paddleseg.models.weight_folder import MANIFEST, weight_file
from paddleseg.models.weights import read_weights
from paddleseg.profiling.cost import analyze
from paddleseg.reports.score_files import SCORES
from paddleseg.training import checkpoint
from paddleseg.training.run_facts import RUN_FILE, read_starts
from paddleseg.utils.checksum import sha256_of
from paddleseg.utils.errors import DataError, WeightsError
from paddleseg.utils.visualize import names_of_classes

_SIZES = [(1024, 2048)]  # as in the paper; the counts of other sizes are in proportion to their pixels


@dataclass(frozen=True)
class CardFacts:
    """The content of a card.

    Attributes:
        weights: The weight file.
        sha256: Its checksum.
        meta: What it says about itself, see ``models.weights.make_meta``.
        manifest: That of its checkpoint.
        config: The run's configuration.
        start: How the run began, see ``training.run_facts``; None for a run of an older version.
        classes: Class names by number.
        cost: Parameters, and GMACs by size.
        smallest_side: Least height and width of a picture, in pixels.
        optimizer: One line.
        views: How evaluation processes its pictures.
        scores: All figures of an evaluation of these weights, or None.
    """

    weights: Path
    sha256: str
    meta: Mapping[str, Any]
    manifest: Mapping[str, Any]
    config: Config
    start: Mapping[str, Any] | None
    classes: list[str]
    cost: Mapping[str, Any]
    smallest_side: int
    optimizer: str
    views: str
    scores: Mapping[str, Any] | None


def gather(run: str, scores_file: str | None = None) -> CardFacts:
    """Read a run's folder.

    Args:
        run: The folder of a run, whose best model is meant, else its newest checkpoint; or one of its checkpoints.
        scores_file: What ``val.py --json`` wrote for these weights; None: the file beside them, if there is one.

    Raises:
        UserError: The folder is not of this kind or damaged, or the scores are of other weights.
    """
    found = _find_checkpoint(run)
    weights = Path(weight_file(found.folder))
    _, meta = read_weights(weights)
    config = load_config(str(_config_of(found)))
    check_config(config, command="export", check_files=False, check_pretrained=False)
    scores = _read_scores(found.folder, scores_file)
    network = build_model(config, use_pretrained=False, use_auxiliary_head=False)
    facts = ModelFacts.of(network)
    meta = meta or {}
    return CardFacts(
        weights=weights,
        sha256=sha256_of(weights),
        meta=meta,
        manifest=found.manifest,
        config=config,
        start=_first_start(found.folder.parent),
        classes=names_of_classes(network.num_classes, meta.get("classes")),
        cost=analyze(network, _SIZES, in_channels=network.in_channels),
        smallest_side=facts.smallest_side,
        optimizer=describe_optimizer(config),
        views=ViewOptions.from_test_config(config.section("test_config")).describe(),
        scores=scores,
    )


def run_folder(run: str) -> Path:
    """The run's folder: this folder itself, or the one that contains this checkpoint."""
    return Path(run).parent if Path(run, MANIFEST).is_file() else Path(run)


def _find_checkpoint(run: str) -> checkpoint.Checkpoint:
    folder = Path(run)
    if folder.joinpath(MANIFEST).is_file():
        return checkpoint.open_checkpoint(folder)
    best = folder / checkpoint.BEST_MODEL
    found = checkpoint.open_checkpoint(best) if best.is_dir() else checkpoint.latest_checkpoint(folder)
    if found is None:
        raise WeightsError(f"{run} is not a run's folder: it has neither best_model nor iter_N")
    return found


def _config_of(found: checkpoint.Checkpoint) -> Path:
    if found.has(checkpoint.CONFIG):
        return found.folder / checkpoint.CONFIG
    raise WeightsError(
        f"{found.folder} has no {checkpoint.CONFIG}, as those of core.train; a card needs one of train.py"
    )


def _first_start(folder: Path) -> Mapping[str, Any] | None:
    return read_starts(folder)[0] if folder.joinpath(RUN_FILE).is_file() else None


def _read_scores(folder: Path, file: str | None) -> Mapping[str, Any] | None:
    beside = folder / SCORES
    if file is None and not beside.is_file():
        return None
    path = beside if file is None else Path(file)
    try:
        scores = json.loads(path.read_text(encoding="utf-8"))
        classes = scores["classes"]
        of_weights = scores.get("model_path")
        for one in classes:
            one["name"], one["iou"]
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from None
    except (ValueError, LookupError, TypeError, AttributeError):
        raise DataError(f"{path} holds no class scores; give what val.py --json writes") from None
    if of_weights is not None and folder.resolve() not in (_absolute(of_weights), _absolute(of_weights).parent):
        raise DataError(f"{path} is of {of_weights}, not of {folder}; evaluate that with val.py --json")
    return scores


def _absolute(path: str) -> Path:
    return Path(os.path.abspath(path)).resolve()
