# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Time and memory of the losses, forward and backward, against PaddleSeg's plain order of work.

    python benchmark/loss.py --json loss.json

* ohem, cross_entropy, lovasz: milliseconds
* ohem_memory, cross_entropy_memory, lovasz_memory: peak MiB in addition to logits and label, including the gradient of
  the logits; each measured in a separate process, from /proc, so only on Linux

The logits are 2 x 19 x 1024 x 1024 float32, and 5 % of the pixels are ignored.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from benchmark import common

_SHAPE = (2, 19, 1024, 1024)
_THRESH, _MIN_KEPT = 0.9, 131072  # the official DDRNet recipe
_ROUNDS = 5
_NAMES = ("ohem", "cross_entropy", "lovasz")
_STATUS = Path("/proc/self/status")


def losses() -> dict[str, Callable]:
    """Both ways of each loss, ``plain_ohem`` beside ``ohem``; called with logits and label."""
    from benchmark.reference_losses import plain_cross_entropy, plain_lovasz, plain_ohem
    from paddleseg.losses import CrossEntropyLoss, LovaszSoftmaxLoss, OhemCrossEntropyLoss

    return {
        "ohem": OhemCrossEntropyLoss(_THRESH, _MIN_KEPT),
        "plain_ohem": lambda logits, label: plain_ohem(logits, label, _THRESH, _MIN_KEPT),
        "cross_entropy": CrossEntropyLoss(),
        "plain_cross_entropy": plain_cross_entropy,
        "lovasz": LovaszSoftmaxLoss(),
        "plain_lovasz": plain_lovasz,
    }


def steps(shape: tuple[int, int, int, int]) -> dict[str, Callable[[], None]]:
    """Forward and backward of each loss on the same random logits and label."""
    import paddle

    paddle.seed(0)
    logits = paddle.uniform(shape, min=-6.0, max=6.0)
    logits.stop_gradient = False
    label = paddle.randint(0, shape[1], [shape[0], *shape[2:]])
    label[:, : shape[2] // 20] = 255

    def step(loss: Callable) -> None:
        logits.clear_gradient(set_to_zero=False)
        loss(logits, label).backward()

    return {name: lambda loss=loss: step(loss) for name, loss in losses().items()}


def mebibytes(field: str) -> float:
    """A size of this process from the kernel: ``VmRSS`` at present, ``VmHWM`` at its peak."""
    lines = _STATUS.read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024


def extra_memory(name: str) -> float:
    """Peak MiB of the first step of a loss in this process."""
    steps((1, _SHAPE[1], 8, 8))[name]()  # loads the kernels' libraries
    step = steps(_SHAPE)[name]
    before = mebibytes("VmRSS")
    step()
    return mebibytes("VmHWM") - before


def extra_memory_elsewhere(name: str, threads: int) -> float:
    """:func:`extra_memory` in a process of its own."""
    command = [sys.executable, __file__, "--memory_of", name, "--threads", str(threads)]
    return float(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.split()[-1])


def main() -> None:
    """Measure the losses and report."""

    def add_flags(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--memory_of", help=argparse.SUPPRESS)  # used by this script to call itself

    arguments = common.start(__doc__.splitlines()[0], add_flags)
    if arguments.memory_of:
        print(extra_memory(arguments.memory_of))
        return
    measurements = []
    if _STATUS.exists():
        for name in _NAMES:
            memory = [extra_memory_elsewhere(way, arguments.threads) for way in (name, f"plain_{name}")]
            measurements.append(common.compare(f"{name}_memory", "MiB", *memory))
    else:
        print("Memory is not measured here: it needs Linux.")
    seconds = common.median_seconds(steps(_SHAPE), arguments.repeats or _ROUNDS)
    for name in _NAMES:
        measurements.append(common.compare(name, "ms", seconds[name] * 1e3, seconds[f"plain_{name}"] * 1e3))
    common.report(sorted(measurements, key=lambda line: line.name), arguments)


if __name__ == "__main__":
    main()
