# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""One optimiser step of DDRNet-23-slim with its auxiliary head, as the trainer takes it.

    python benchmark/train_step.py [--json FILE] [--device gpu]

Four ways: plain, channels last (--data_format NHWC), mixed precision (--precision fp16), and both; a CPU has no mixed
precision. The reference is a step in PaddleSeg's order of work: full-size logits by F.interpolate, hard examples by
softmax, one-hot coding and a sort, and every loss fetched from the device in every step.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from benchmark import common

BATCH_SIZE, CROP, NUM_CLASSES = 2, 512, 19
THRESH, MIN_KEPT = 0.9, 131072  # the official DDRNet recipe, auxiliary loss 0.4
COEFFICIENTS = (1.0, 0.4)
RATE = {"learning_rate": 0.01, "momentum": 0.9, "weight_decay": 5e-4}
ROUNDS = 5
# name -> (data_format, precision)
WAYS = {
    "train_step": ("NCHW", "fp32"),
    "train_step_channels_last": ("NHWC", "fp32"),
    "train_step_amp": ("NCHW", "fp16"),
    "train_step_amp_channels_last": ("NHWC", "fp16"),
}


def add_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", help="cpu, gpu, ... (default: the first card if there is one, else the CPU)")


def make_batch() -> dict:
    """A batch as the data loader gives it."""
    import numpy as np
    import paddle

    rng = np.random.default_rng(0)
    label = rng.integers(0, NUM_CLASSES, (BATCH_SIZE, CROP, CROP), dtype=np.uint8)
    label[:, : CROP // 20] = 255
    return {
        "img": paddle.to_tensor(rng.integers(0, 256, (BATCH_SIZE, CROP, CROP, 3), dtype=np.uint8)),
        "label": paddle.to_tensor(label),
        "paths": [f"picture {i}" for i in range(BATCH_SIZE)],
    }


def plain_step(batch: dict) -> Callable[[], None]:
    """Return a step in PaddleSeg's order of work; pictures come normalised, as from its data loader."""
    import paddle

    from benchmark.reference_losses import plain_ohem
    from paddleseg.inference.preprocess import to_network_input
    from paddleseg.transforms.transforms import Normalize

    model = make_model("NCHW")
    optimizer = paddle.optimizer.Momentum(parameters=trained(model), **RATE)
    pictures = to_network_input(batch["img"], Normalize())
    label = batch["label"].astype("int64")
    size_hw = [CROP, CROP]

    def step() -> None:
        outputs = [
            paddle.nn.functional.interpolate(logits, size_hw, mode="bilinear")
            for logits in model.forward_stride8(pictures)
        ]
        losses = [plain_ohem(logits, label, THRESH, MIN_KEPT) for logits in outputs]
        total = sum(loss * coefficient for loss, coefficient in zip(losses, COEFFICIENTS))
        total.backward()
        optimizer.step()
        optimizer.clear_grad()
        for loss in (total, *losses):
            float(loss)

    return step


def trainer_step(batch: dict, data_format: str, precision: str) -> Callable[[], None]:
    """Return a step of this toolkit's trainer; ends when the device has done it."""
    import paddle

    from paddleseg.datasets import RoadScenes
    from paddleseg.losses import OhemCrossEntropyLoss
    from paddleseg.tasks import SegmentationTask
    from paddleseg.training.run_settings import RunSettings
    from paddleseg.training.trainer import Trainer
    from paddleseg.transforms.transforms import Normalize

    model = make_model(data_format)
    parameters = trained(model)
    optimizer = paddle.optimizer.Momentum(parameters=parameters, **RATE)
    losses = [(OhemCrossEntropyLoss(THRESH, MIN_KEPT), coefficient) for coefficient in COEFFICIENTS]
    dataset = RoadScenes([Normalize()], mode="train", num_samples=1)  # says only how pictures are normalised
    settings = RunSettings(iters=1000, batch_size=BATCH_SIZE, seed=0, precision=precision)
    trainer = Trainer(model, SegmentationTask(losses, dataset), optimizer, None, settings)

    def step() -> None:
        trainer.train_step(iter([batch]))
        float(parameters[0].sum())  # the last to be ready

    return step


def make_model(data_format: str):
    import paddle

    from paddleseg.models import DDRNet_23_slim

    paddle.seed(1)
    model = DDRNet_23_slim(NUM_CLASSES, enable_auxiliary_loss=True, data_format=data_format)
    model.train()
    return model


def trained(model) -> list:
    return [parameter for parameter in model.parameters() if not parameter.stop_gradient]


def main() -> None:
    arguments = common.start(__doc__.splitlines()[0], add_flags)
    from paddleseg.utils.device import select_device

    device = select_device(arguments.device)
    batch = make_batch()
    candidates = {"plain": plain_step(batch)}
    for name, (data_format, precision) in WAYS.items():
        if precision != "fp32" and device == "cpu":
            print(f"{name}: not run here, a CPU has no mixed precision")
            continue
        candidates[name] = trainer_step(batch, data_format, precision)
    seconds = common.median_seconds(candidates, arguments.repeats or ROUNDS)
    plain = 1e3 * seconds.pop("plain")
    common.report([common.compare(name, "ms", 1e3 * value, plain) for name, value in seconds.items()], arguments)


if __name__ == "__main__":
    main()
