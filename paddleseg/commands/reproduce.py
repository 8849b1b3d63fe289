# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Repeat a training from its run's folder, and compare losses and weights to the last bit.

    python tools/reproduce.py output
    python tools/reproduce.py output --save_dir again --num_workers 4 --until 200
    python tools/reproduce.py output --opts train_dataset.dataset_root=/data/here val_dataset.dataset_root=/data/here

Refuses if versions, code, data, instruction set or settings differ from those of the run; --force continues. Stops at
the first step whose loss differs. The exit status is 0 only if the weights (or, with --until before the first
checkpoint, the losses) have the same bytes. For a run in several processes: python -m paddle.distributed.launch ...
tools/reproduce.py
"""

from __future__ import annotations

import argparse
import os

from paddleseg.utils.cli import CommandParser, require_packages
from paddleseg.utils.cpus import check_num_workers


def make_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = CommandParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", metavar="RUN", help="the folder of a run (train.py --save_dir)")
    parser.add_argument("--save_dir", help="folder for the repeated training (default: RUN_again)")
    parser.add_argument("--num_workers", type=int, help="processes that read data (default: as in the run)")
    parser.add_argument("--until", type=int, metavar="ITER", help="repeat only the steps up to this one")
    parser.add_argument("--force", action="store_true", help="continue although something differs")
    words = "replace places of files: train_dataset.dataset_root=/data ..."
    parser.add_argument("--opts", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help=words)
    return parser


def main(args: argparse.Namespace) -> None:
    """Train and compare."""
    require_packages("paddle", "cv2")
    from paddleseg.config.reproduce import reproduce
    from paddleseg.training.repeat import as_text, compare_checkpoints
    from paddleseg.utils import distributed
    from paddleseg.utils.errors import TrainingError

    check_num_workers(args.num_workers)
    save_dir = args.save_dir or f"{os.path.abspath(args.run)}_again"
    hook = reproduce(
        args.run, save_dir, num_workers=args.num_workers, until=args.until, force=args.force, opts=args.opts
    )
    if distributed.rank() != 0:
        return
    print(f"losses: {hook.compared} steps have the same")
    if hook.first_difference is not None:
        raise TrainingError(f"the first loss that differs is of {hook.first_difference}")
    comparisons = compare_checkpoints(args.run, save_dir)
    for comparison in comparisons:
        print(as_text(comparison))
    if any(comparison.differing for comparison in comparisons):
        raise TrainingError(f"the weights of {save_dir} are not those of {args.run}")
    if not comparisons and not hook.compared:
        raise TrainingError(f"{args.run} has neither losses nor checkpoints of these steps, so nothing was compared")
    print(f"{save_dir} repeats {args.run}" + ("" if comparisons else "; no checkpoint of these steps is in both"))
