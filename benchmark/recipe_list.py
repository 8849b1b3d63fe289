# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The lists of tools/train_list.py: their runs, and the files that belong to each."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paddleseg.commands.train import make_parser
from paddleseg.training.run_settings import knobs
from paddleseg.utils.atomic_file import write_atomically
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.near_miss import suggest
from paddleseg.utils.type_hints import Seed, fault_of
from paddleseg.utils.yaml_text import read_yaml, to_yaml

_TABLE = dict[str, Any]
_CLASSES = dict[str, list[str]]
_KEYS = {"config": str, "common": _TABLE, "arguments": _TABLE, "scores": _TABLE, "classes": _CLASSES, "runs": _TABLE}
_RUN_KEYS = {"seeds": list[Seed], "config": _TABLE, "arguments": _TABLE}
_OF_THE_LIST = ("config", "save_dir", "seed", "resume_model")
_AVERAGE = "average"
WEIGHTS = {"": "model.pdparams", _AVERAGE: "ema_model.pdparams"}
"""The file of each kind of weights: the trained ones, and their moving average."""


@dataclass(frozen=True)
class Run:
    """A recipe with a seed, and its files.

    Attributes:
        recipe: Its name in the list.
        seed: Of weights, order and augmentations.
        arguments: Flags of train.py by name.
        folder: The recipe's: with its configurations, and for each seed the run's folder, log and scores.
    """

    recipe: str
    seed: int
    arguments: Mapping[str, Any]
    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "train.yml"

    @property
    def save_dir(self) -> Path:
        return self.folder / f"seed_{self.seed}"

    @property
    def log(self) -> Path:
        return self.folder / f"seed_{self.seed}.log"

    @property
    def failure(self) -> Path:
        """Exists after a failed start, until the next one."""
        return self.folder / f"seed_{self.seed}.failed"

    def score_config(self, score: str) -> Path:
        return self.folder / f"val_{score}.yml"

    def score_file(self, score: str, weights: str) -> Path:
        return self.folder / f"seed_{self.seed}.{score}{weights and '.'}{weights}.json"

    def kinds_of_weights(self) -> list[str]:
        """The trained weights, and the average if there is one."""
        return ["", _AVERAGE] if self.arguments.get("use_ema") else [""]

    def is_done(self, scores: Mapping[str, Any]) -> bool:
        return all(self.score_file(score, kind).exists() for score in scores for kind in self.kinds_of_weights())


def read_list(path: Path, save_dir: Path) -> tuple[dict[str, Any], list[Run]]:
    """Read a list file.

    Returns:
        The file's values, and the runs in its order.

    Raises:
        ConfigError: Names the key, what was found and what is allowed.
    """
    values, _ = read_yaml(str(path))
    values = {"common": {}, "arguments": {}, "scores": {"val": {}}, "classes": {}, **values}
    _check(path, "", values, _KEYS)
    for column, names in values["classes"].items():
        if not names:
            raise ConfigError(f"{path}: classes.{column}: the list is empty; give at least one class")
    runs = []
    for name, recipe in values["runs"].items():
        if not isinstance(name, str) or "/" in name:
            raise ConfigError(f"{path}: runs.{name}: it becomes the name of a folder; give a text without /, in quotes")
        recipe = {"config": {}, "arguments": {}, **recipe} if isinstance(recipe, dict) else {}
        _check(path, f"runs.{name}.", recipe, _RUN_KEYS)
        if not recipe["seeds"]:
            raise ConfigError(f"{path}: runs.{name}.seeds: the list is empty; give at least one")
        arguments = {"device": "cpu", **values["arguments"], **recipe["arguments"]}
        _check_arguments(f"{path}: arguments of {name}", arguments)
        runs += [Run(name, seed, arguments, save_dir / name) for seed in recipe["seeds"]]
    if not (path.parent / values["config"]).is_file():
        raise ConfigError(f"{path}: config: {path.parent / values['config']} is not a file")
    return values, runs


def _check(path: Path, place: str, found: Mapping[str, Any], hints: Mapping[str, Any]) -> None:
    for key in found:
        if key not in hints:
            raise ConfigError(f"{path}: {place}{key}: there is no such key. {suggest(key, list(hints))}")
    for key, hint in hints.items():
        fault = fault_of(found[key], hint) if key in found else "there is no such key; give it"
        if fault is not None:
            raise ConfigError(f"{path}: {place}{key}: {fault}")


def _check_arguments(place: str, arguments: Mapping[str, Any]) -> None:
    for name in _OF_THE_LIST:
        if name in arguments:
            raise ConfigError(f"{place}: {name}: the list sets it; remove it")
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            make_parser().parse_args(["--config", "train.yml", *words_of(arguments)])
    except SystemExit:
        raise ConfigError(f"{place}: {said.getvalue().strip()}") from None


def words_of(arguments: Mapping[str, Any]) -> list[str]:
    """The flags as typed: a switch that is on by its name, one that is off not at all."""
    given = {name: value for name, value in arguments.items() if value not in (False, None)}
    return [f"--{name}" if value is True else f"--{name}={value}" for name, value in given.items()]


def prepare(path: Path, values: Mapping[str, Any], runs: list[Run]) -> None:
    """Write and check the configurations of all runs, and the classes of the list.

    Raises:
        ConfigError: Something is wrong, or a recipe has changed since it was trained.
        DataError: The data of an evaluation are missing.
    """
    for run in {run.recipe: run for run in runs}.values():
        write_configs(path, values, run)
    for run in runs[:1]:
        _check_classes(path, values, run)


def write_configs(path: Path, values: Mapping[str, Any], run: Run) -> None:
    """Check and write the configurations of the run's recipe; once it was trained, they must stay the same.

    Raises:
        ConfigError: One of them is wrong, or the recipe has changed since it was trained.
    """
    from paddleseg.config.load import load_config
    from paddleseg.config.schema import check_config

    run.folder.mkdir(parents=True, exist_ok=True)
    common = {"_base_": str((path.parent / values["config"]).resolve()), **values["common"]}
    _write_layer(run.folder / "common.yml", common)
    recipe = _write_layer(
        run.folder / "recipe.yml", {"_base_": "common.yml", **values["runs"][run.recipe].get("config", {})}
    )
    layers = {run.config: (recipe, "train")}
    for score, changes in values["scores"].items():
        layer = _write_layer(run.folder / f"recipe_{score}.yml", {"_base_": recipe.name, **changes})
        layers[run.score_config(score)] = (layer, "val")
    texts = {}
    for file, (layer, command) in layers.items():
        config = load_config(layer)
        # Files may come from an earlier run, such as a teacher's.
        check_config(config, command=command, check_files=False)
        texts[file] = config.to_text()  # without bases, so that a change in one of them shows
    may_differ = {knob.name for knob in knobs() if knob.may_differ}
    lasting = {name: value for name, value in run.arguments.items() if name not in may_differ}
    texts[run.folder / "arguments.json"] = json.dumps(lasting, indent=2, sort_keys=True) + "\n"
    was_trained = any(run.folder.glob("seed_*.log"))  # else a mistake is being corrected
    for file, text in texts.items():
        if was_trained and file.exists() and file.read_text(encoding="utf-8") != text:
            raise ConfigError(f"{path}: runs.{run.recipe}: {file} has another recipe; give this one another name")
    for file, text in texts.items():
        write_atomically(file, text.encode())


def _write_layer(file: Path, content: Mapping[str, Any]) -> Path:
    write_atomically(file, to_yaml(content).encode())
    return file


def _check_classes(path: Path, values: Mapping[str, Any], run: Run) -> None:
    from paddleseg.config.build import build_dataset
    from paddleseg.config.load import load_config
    from paddleseg.utils.visualize import names_of_classes

    for score in values["scores"]:
        dataset = build_dataset(load_config(run.score_config(score)), "val")
        names = names_of_classes(dataset.num_classes, dataset.class_names)
        for column, wanted in values["classes"].items():
            for name in wanted:
                if name not in names:
                    raise ConfigError(f"{path}: classes.{column}: there is no class {name}. {suggest(name, names)}")
