# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Train a list of recipes one after the other, score the last checkpoint of each, and write a table.

    python tools/train_list.py benchmark/recipes/choose_600.yml --save_dir output/choose
    python tools/train_list.py benchmark/recipes/choose_600.yml --save_dir output/choose --table_only

Restarted after an interruption it goes on with --resume_model auto, and skips finished runs. Started several times at
once, on one core each, the programs share the list: each run is taken by only one. A run that fails is noted in the
table, and the list goes on; the exit status is then 1.

The list is a YAML file:

    config: ../ddrnet23_slim_camvid_cpu.yml   # base of all recipes, relative to this file
    common: {iters: 600}                      # changes for all of them
    arguments: {cpu_threads: 1}               # flags of train.py for all; val.py gets those it has, too
    scores: {val: {}, other street: {val_dataset: {drives: [0006R0]}}}  # each an evaluation: changes for val.py
    classes: {rare: [pole, pedestrian]}       # columns with the mean IoU of some classes
    runs:
      adamw:
        seeds: [1, 2, 3]
        config: {optimizer: {_inherited_: False, type: AdamW}}   # over the common one, by the rules of _base_
        arguments: {use_ema: true}            # beside the common ones; with an average both weights are scored
"""

from __future__ import annotations

import argparse
import fcntl
import json
import re
import signal
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))

from paddleseg.utils.atomic_file import write_atomically
from paddleseg.utils.cli import run_command
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.logging import loud_environment, print_note
from paddleseg.utils.near_miss import suggest
from paddleseg.utils.progress import tracked
from paddleseg.utils.type_hints import Seed, fault_of
from paddleseg.utils.yaml_text import read_yaml, to_yaml

_TABLE = dict[str, Any]
_CLASSES = dict[str, list[str]]
_KEYS = {"config": str, "common": _TABLE, "arguments": _TABLE, "scores": _TABLE, "classes": _CLASSES, "runs": _TABLE}
_RUN_KEYS = {"seeds": list[Seed], "config": _TABLE, "arguments": _TABLE}
_ARGUMENTS_OF_VAL = ("device", "cpu_backend", "cpu_threads", "num_workers")
_WEIGHTS = {"": "model.pdparams", "average": "ema_model.pdparams"}


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

    def score_config(self, score: str) -> Path:
        return self.folder / f"val_{score}.yml"

    def score_file(self, score: str, weights: str) -> Path:
        return self.folder / f"seed_{self.seed}.{score}{weights and '.'}{weights}.json"

    def kinds_of_weights(self) -> list[str]:
        """The trained weights, and the average if there is one."""
        return ["", "average"] if self.arguments.get("use_ema") else [""]

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
    runs = []
    for name, recipe in values["runs"].items():
        if "/" in str(name):
            raise ConfigError(f"{path}: runs.{name}: found a name with /; it becomes the name of a folder")
        recipe = {"config": {}, "arguments": {}, **recipe} if isinstance(recipe, dict) else {}
        _check(path, f"runs.{name}.", recipe, _RUN_KEYS)
        if not recipe["seeds"]:
            raise ConfigError(f"{path}: runs.{name}.seeds: the list is empty; give at least one")
        arguments = {"device": "cpu", **values["arguments"], **recipe["arguments"]}
        runs += [Run(str(name), seed, arguments, save_dir / str(name)) for seed in recipe["seeds"]]
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


def write_configs(path: Path, values: Mapping[str, Any], run: Run) -> None:
    """Write the configurations of the run's recipe; those of an earlier start must be the same.

    Raises:
        ConfigError: The recipe has changed since it was trained.
    """
    run.folder.mkdir(parents=True, exist_ok=True)
    base = {"_base_": str((path.parent / values["config"]).resolve()), **values["common"]}
    changes = values["runs"][run.recipe].get("config", {})
    texts = {run.folder / "common.yml": to_yaml(base), run.config: to_yaml({"_base_": "common.yml", **changes})}
    for score, changes in values["scores"].items():
        texts[run.score_config(score)] = to_yaml({"_base_": run.config.name, **changes})
    for file, text in texts.items():
        if file.exists() and file.read_text(encoding="utf-8") != text:
            raise ConfigError(f"{path}: runs.{run.recipe}: {file} has another recipe; give this one another name")
        write_atomically(file, text.encode())


def work_off(run: Run, scores: Mapping[str, Any]) -> bool:
    """Train to the end and score, skipping finished parts; returns whether all of it succeeded."""
    arguments = [f"--{name}" if value is True else f"--{name}={value}" for name, value in run.arguments.items()]
    train = ["train.py", "--config", run.config, "--save_dir", run.save_dir, "--seed", run.seed]
    if not _succeeds([*train, "--resume_model", "auto", *arguments], run.log):
        return False
    from paddleseg.training.checkpoint import latest_checkpoint

    last = latest_checkpoint(run.save_dir)
    common = [f"--{name}={run.arguments[name]}" for name in _ARGUMENTS_OF_VAL if name in run.arguments]
    return all(
        _succeeds(
            ["val.py", "--config", run.score_config(score), "--model_path", last.folder / _WEIGHTS[kind],
             "--json", run.score_file(score, kind), *common],
            run.log,
        )
        for score in scores
        for kind in run.kinds_of_weights()
    )  # fmt: skip


def _succeeds(command: list[Any], log: Path) -> bool:
    script, *words = map(str, command)
    with open(log, "a", encoding="utf-8") as file:
        process = subprocess.Popen(
            [sys.executable, str(REPOSITORY / script), *words],
            stdout=file,
            stderr=subprocess.STDOUT,
            env=loud_environment(),
        )
        try:
            return process.wait() == 0
        finally:  # asked to stop, it saves before it ends
            process.terminate()
            process.wait()


@contextmanager
def taken(run: Run) -> Iterator[bool]:
    """Whether this program alone has the run within this context; the system frees it with the process."""
    with open(run.folder / f"seed_{run.seed}.lock", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def write_table(save_dir: Path, values: Mapping[str, Any], runs: list[Run]) -> str:
    """Write ``table.md`` of the finished runs, and return it."""
    text = table(values, runs)
    save_dir.mkdir(parents=True, exist_ok=True)
    write_atomically(save_dir / "table.md", text.encode())
    return text


def table(values: Mapping[str, Any], runs: list[Run]) -> str:
    """The Markdown table: a line for each recipe and kind of weights, with means over its finished seeds in percent."""
    columns = ["mIoU", "accuracy", *values["classes"]]
    heads = [f"{score} {column}" for score in values["scores"] for column in columns]
    lines = [f"| recipe | seeds | s/step | {' | '.join(heads)} |", f"|{'-|' * (3 + len(heads))}"]
    for recipe in values["runs"]:
        own = [run for run in runs if run.recipe == recipe]
        for kind in own[0].kinds_of_weights():
            cells = [f"{recipe}{kind and ', '}{kind}", _describe_seeds(own, values["scores"]), _seconds_per_step(own)]
            for score in values["scores"]:
                files = [run.score_file(score, kind) for run in own]
                results = [json.loads(file.read_text()) for file in files if file.exists()]
                cells += [_mean([_figure(result, values, column) for result in results]) for column in columns]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _describe_seeds(runs: list[Run], scores: Mapping[str, Any]) -> str:
    done = [str(run.seed) for run in runs if run.is_done(scores)]
    open_runs = len(runs) - len(done)
    return ", ".join([*done, *([f"{open_runs} open"] if open_runs else [])])


def _figure(result: Mapping[str, Any], values: Mapping[str, Any], column: str) -> float:
    if column in ("mIoU", "accuracy"):
        return result[{"mIoU": "mean_iou", "accuracy": "pixel_accuracy"}[column]]
    iou = {one["name"]: one["iou"] or 0.0 for one in result["classes"]}
    unknown = [name for name in values["classes"][column] if name not in iou]
    if unknown:
        raise ConfigError(f"classes.{column}: there is no class {unknown[0]}; there are {', '.join(iou)}")
    return statistics.mean(iou[name] for name in values["classes"][column])


def _mean(figures: list[float]) -> str:
    if not figures:
        return ""
    single = f" ({', '.join(f'{100 * figure:.1f}' for figure in figures)})" if len(figures) > 1 else ""
    return f"{100 * statistics.mean(figures):.1f}{single}"


def _seconds_per_step(runs: list[Run]) -> str:
    logs = "".join(run.log.read_text(encoding="utf-8") for run in runs if run.log.exists())
    costs = [float(cost) for cost in re.findall(r"batch_cost: ([\d.]+)", logs)]
    return f"{statistics.median(costs):.2f}" if costs else ""


def make_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("list", type=Path, help="the list (.yml)")
    parser.add_argument("--save_dir", type=Path, required=True, help="folder of all runs, and of table.md")
    parser.add_argument("--table_only", action="store_true", help="write the table of what is done, and train nothing")
    return parser


def main(options: argparse.Namespace) -> None:
    """Process the list, and write the table after each run."""
    values, runs = read_list(options.list, options.save_dir)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    failed = []
    for run in tracked([] if options.table_only else runs, "training", "run"):
        write_configs(options.list, values, run)
        with taken(run) as is_ours:
            if is_ours and not run.is_done(values["scores"]):
                print_note(f"{run.recipe}, seed {run.seed}: {run.log}")
                if not work_off(run, values["scores"]):
                    failed.append(f"{run.recipe}, seed {run.seed}")
        write_table(options.save_dir, values, runs)
    print(write_table(options.save_dir, values, runs), end="")
    if failed:
        raise ConfigError(f"failed: {'; '.join(failed)}. What happened stands at the end of its log")


if __name__ == "__main__":
    run_command(main, make_parser())
