# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Trains a small network with a teacher for two steps, in one process or in several."""

import sys
import zlib  # noqa: F401 - before Paddle 2.6.2, see paddleseg/utils/system_zlib.py

import paddle

from paddleseg.core import train
from paddleseg.losses import ChannelWiseKLLoss, CrossEntropyLoss
from paddleseg.tasks import Distance, DistillationTask, SegmentationTask
from paddleseg.transforms import Normalize, RandomHorizontalFlip
from tests.distillation.small_networks import Eighth
from tests.training.data_parallel_program import LabelledThroughout


def main(save_dir, batch_size):
    paddle.set_device("cpu")
    paddle.seed(1)
    teacher = Eighth(6, 19)
    paddle.seed(2 + paddle.distributed.get_rank())  # each process makes its own; those of the first hold
    student = Eighth(4, 19)
    dataset = LabelledThroughout([RandomHorizontalFlip(), Normalize()], mode="train", num_samples=12, size=(64, 64))
    distances = [Distance(ChannelWiseKLLoss(), 3.0), Distance(ChannelWiseKLLoss(1.0), 50.0, "trunk")]
    task = DistillationTask(SegmentationTask([(CrossEntropyLoss(), 1.0)], dataset), student, teacher, distances)
    train(
        student,
        dataset,
        optimizer=paddle.optimizer.Momentum(0.05, 0.9, [*student.parameters(), *task.extra_layers.parameters()]),
        task=task,
        save_dir=save_dir,
        iters=2,
        batch_size=batch_size,
        grad_accum_steps=2,
        seed=3,
        save_interval=1,
        log_iters=1,
        num_workers=0,
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
