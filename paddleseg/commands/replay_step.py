# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Repeat the step of a failure capsule, and name the first layer whose output is not finite.

    python tools/replay_step.py output/capsule_1200

A training keeps a step whose loss or gradients are not finite in its folder. This repeats the step and compares its
loss and gradients with the capsule's checksums; the exit status is 1 if their bytes differ. For a training in several
processes: python -m paddle.distributed.launch --nproc_per_node 2 tools/replay_step.py output/capsule_1200
"""

from __future__ import annotations

import argparse
import os
from typing import Any

from paddleseg.utils.cli import CommandParser, require_packages


def make_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = CommandParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("capsule", metavar="CAPSULE", help="a capsule_N folder of a run")
    parser.add_argument("--device", help="cpu, gpu, ... (default: the first GPU, else cpu)")
    return parser


def main(args: argparse.Namespace) -> None:
    """Replay, compare, and look for the layer."""
    require_packages("paddle", "cv2")
    from paddleseg.config.replay import trainer_maker
    from paddleseg.onednn import entered
    from paddleseg.training.capsule import open_capsule
    from paddleseg.training.cpu import choose_cpu
    from paddleseg.training.replay import changes_since, find_first_bad_layer, take_step
    from paddleseg.utils import distributed
    from paddleseg.utils.device import select_device
    from paddleseg.utils.errors import TrainingError, count_of

    select_device(args.device)
    distributed.init()
    capsule = open_capsule(args.capsule)
    say(f"{args.capsule}: step {capsule.facts['step'] + 1}; pictures: {', '.join(capsule.facts['pictures'])}")
    cpu = choose_cpu(capsule.settings, capsule.state)
    changes = changes_since(capsule, cpu)
    if changes:
        say(f"this differs from the run, so bytes may differ: {'; '.join(changes)}")
    make_trainer = trainer_maker(capsule, cpu)
    with entered(cpu):
        found = take_step(capsule, make_trainer)
        if found is None:
            raise TrainingError(f"{args.capsule}: the step is finite here, so this is not the step that was kept")
        report(capsule, found)
        watch = find_first_bad_layer(capsule, make_trainer)
    say(f"first not finite: {first_place(found, watch)}")
    differing = found.differences(capsule.digests)
    if differing:
        what = f"{count_of(len(differing), 'value')} with different bytes"
        raise TrainingError(f"{args.capsule}: {what}, first {differing[0]}")


def report(capsule: Any, found: Any) -> None:
    """The loss, and how many values have the same bytes."""
    differing = set(found.differences(capsule.digests))
    terms = [f"{name} {value:g}" for name, value in found.terms.items()]
    same = "other bytes than" if any(one.startswith("loss term") for one in differing) else "the same bytes as"
    say(f"loss: {', '.join(terms)}, {same} in the capsule")
    total = len(capsule.digests.gradients)
    say(f"gradients: {total - sum(one.startswith('gradient') for one in differing)} of {total} have the same bytes")


def first_place(found: Any, watch: Any) -> str:
    """Forward, the loss, backward, or only the gradients of weights."""
    if watch.forward is not None:
        return f"forward, {watch.forward}"
    bad_terms = [name for name, value in found.terms.items() if value - value != 0]
    if bad_terms:
        return f"the loss ({', '.join(bad_terms)}); what the network gives is finite"
    if watch.backward is not None:
        return f"backward, {watch.backward}"
    return f"the gradients of {', '.join(found.bad_gradients[:5]) or 'another process'}"


def say(line: str) -> None:
    """Print only in the first process."""
    if os.environ.get("PADDLE_TRAINER_ID", "0") == "0":
        print(line, flush=True)
