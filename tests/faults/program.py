# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Trains a network of one layer with the toolkit: steps take milliseconds, and many runs fit into a test."""

import argparse
import contextlib
import os
import signal
import time

import paddle
from paddle import nn

from paddleseg.core import train
from paddleseg.datasets import RoadScenes
from paddleseg.losses import CrossEntropyLoss
from paddleseg.transforms import Normalize
from paddleseg.utils import atomic_file
from paddleseg.utils.cli import run_command
from paddleseg.utils.errors import DataError

RANK = int(os.environ.get("PADDLE_TRAINER_ID", "0"))


class OneLayer(nn.Layer):
    """Sleeps in each pass, longer in evaluation, and fails in the seventh pass of process 1 if it shall."""

    def __init__(self, seconds, fail, evaluation_seconds):
        super().__init__()
        self.conv = nn.Conv2D(3, 19, 3, padding=1)
        self.bn = nn.BatchNorm2D(19)
        self.seconds, self.fail, self.passes = seconds, fail, 0
        self.evaluation_seconds = evaluation_seconds

    def forward(self, x):
        with contextlib.suppress(BrokenPipeError):
            print("forward" if self.training else "evaluating", flush=True)
        self.passes += 1
        if self.fail and RANK == 1 and self.passes == 7:  # in the fourth step, for each has two batches
            if self.fail == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            if self.fail == "nan":
                return [self.bn(self.conv(x)) * float("nan")]
            raise DataError("picture_7.png is damaged") if self.fail == "error" else IndexError("a bug")
        time.sleep(self.seconds if self.training else self.evaluation_seconds)
        return [self.bn(self.conv(x))]


class SlowFile:
    """Writes a kilobyte at a time, with pauses."""

    def __init__(self, file, pause):
        self.file, self.pause = file, pause

    def __getattr__(self, name):
        return getattr(self.file, name)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.file.close()

    def write(self, data):
        for start in range(0, len(data), 1024):
            self.file.write(data[start : start + 1024])
            time.sleep(self.pause)
        return len(data)


def main(arguments):
    paddle.set_device("cpu")
    pause = arguments.slow_write
    if pause:
        atomic_file.open = lambda path, mode: SlowFile(open(path, mode), pause)
    paddle.seed(7)
    model = OneLayer(arguments.slow_step, arguments.fail, arguments.slow_evaluation)
    rate = paddle.optimizer.lr.PolynomialDecay(0.1, 40)
    parameters = [p for p in model.parameters() if not p.stop_gradient]
    train(
        model,
        RoadScenes([Normalize()], mode="train", num_samples=6, size=(64, 32)),
        RoadScenes([Normalize()], mode="val", num_samples=20, size=(64, 32)) if arguments.evaluate else None,
        optimizer=paddle.optimizer.Momentum(rate, 0.9, parameters),
        losses={"types": [CrossEntropyLoss()], "coef": [1.0]},
        save_dir=arguments.save_dir,
        iters=arguments.steps,
        batch_size=3 if arguments.differ and RANK == 1 else 2,
        seed=3,
        save_interval=arguments.save_interval,
        log_iters=1,
        num_workers=arguments.workers,
        resume_model="auto",
        use_ema=True,
        grad_accum_steps=2,
        keep_checkpoint_max=3,
        max_skipped_steps=int(arguments.fail == "nan"),
    )


def make_parser():
    parser = argparse.ArgumentParser(prog="program.py")
    parser.add_argument("--save_dir", required=True)
    for name, default in (("steps", 8), ("workers", 0), ("save_interval", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--slow_step", type=float, default=0.0, help="seconds that each pass takes more")
    parser.add_argument("--evaluate", action="store_true", help="evaluate 20 pictures every save_interval steps")
    parser.add_argument("--slow_evaluation", type=float, default=0.0, help="seconds that each picture takes more")
    parser.add_argument("--slow_write", type=float, default=0.0, help="seconds that each kilobyte takes more")
    parser.add_argument("--fail", choices=["error", "bug", "kill", "nan"], help="how process 1 fails in step 4")
    parser.add_argument("--differ", action="store_true", help="process 1 has another batch size")
    return parser


if __name__ == "__main__":
    run_command(main, make_parser())
