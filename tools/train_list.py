# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Train a list of recipes one after the other, score the last checkpoint of each, and write a table.

    python tools/train_list.py benchmark/recipes/choose_600.yml --save_dir output/choose
    python tools/train_list.py benchmark/recipes/choose_600.yml --save_dir output/choose --table_only

Restarted after an interruption it goes on with --resume_model auto, and skips finished runs. Started several times at
once, on one core each, the programs share the list: each run is taken by only one. A run that fails is noted in the
table, and the list goes on; the exit status is then 1. A recipe that has changed since it was trained is refused.

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
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))

from benchmark.recipe_list import WEIGHTS, Run, prepare, read_list, words_of
from benchmark.recipe_table import table
from paddleseg.utils.atomic_file import write_atomically
from paddleseg.utils.cli import require_packages, run_command
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.logging import loud_environment, print_note
from paddleseg.utils.progress import tracked

_ARGUMENTS_OF_VAL = ("device", "cpu_backend", "cpu_threads", "num_workers")


def work_off(run: Run, scores: Mapping[str, Any]) -> bool:
    """Train to the end and score, skipping finished parts; returns whether all of it succeeded."""
    train = ["train.py", "--config", run.config, "--save_dir", run.save_dir, "--seed", run.seed]
    if not _succeeds([*train, "--resume_model", "auto", *words_of(run.arguments)], run.log):
        return False
    from paddleseg.training.checkpoint import latest_checkpoint

    last = latest_checkpoint(run.save_dir)
    common = words_of({name: run.arguments[name] for name in _ARGUMENTS_OF_VAL if name in run.arguments})
    return all(
        _succeeds(
            ["val.py", "--config", run.score_config(score), "--model_path", last.folder / WEIGHTS[kind],
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


def make_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("list", type=Path, help="the list (.yml)")
    parser.add_argument("--save_dir", type=Path, required=True, help="folder of all runs, and of table.md")
    parser.add_argument("--table_only", action="store_true", help="write the table of what is done, and train nothing")
    return parser


def main(options: argparse.Namespace) -> None:
    """Process the list, and write the table after each run."""
    require_packages("paddle", "cv2")
    values, runs = read_list(options.list, options.save_dir)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    failed = [] if options.table_only else train_all(options, values, runs)
    print(write_table(options.save_dir, values, runs), end="")
    if failed:
        raise ConfigError(f"failed: {'; '.join(failed)}. What happened stands at the end of its log")


def train_all(options: argparse.Namespace, values: Mapping[str, Any], runs: list[Run]) -> list[str]:
    """Work off the runs that nobody else has taken; returns those that failed."""
    prepare(options.list, values, runs)
    failed = []
    for run in tracked(runs, "training", "run"):
        with taken(run) as is_ours:
            if is_ours and not run.is_done(values["scores"]):
                print_note(f"{run.recipe}, seed {run.seed}: {run.log}")
                run.failure.unlink(missing_ok=True)
                if not work_off(run, values["scores"]):
                    run.failure.touch()
                    failed.append(f"{run.recipe}, seed {run.seed}")
        write_table(options.save_dir, values, runs)
    return failed


if __name__ == "__main__":
    run_command(main, make_parser())
