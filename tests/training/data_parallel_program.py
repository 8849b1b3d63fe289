# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Trains DDRNet-23-slim for some steps with fixed statistics of batch normalisation.

In float64, with Paddle's kernels; and one step in float32, with oneDNN, accumulated gradients and a moving average. In
float32 one process and two diverge after a few steps: sums in another order differ in the last digit, which now and
then moves an activation to the other side of a ReLU's kink.
"""

import sys
import zlib  # noqa: F401 - before Paddle 2.6.2, see paddleseg/utils/system_zlib.py

import numpy as np
import paddle
from paddle import nn

from paddleseg.core import train
from paddleseg.datasets import RoadScenes
from paddleseg.inference.preprocess import to_network_input
from paddleseg.losses import CrossEntropyLoss
from paddleseg.models import DDRNet_23_slim
from paddleseg.transforms import Normalize, RandomHorizontalFlip

STEPS = {"float64": 20, "float32": 1}


class FixedStatistics(DDRNet_23_slim):
    """Batch normalisation stays in evaluation mode: with batch statistics a picture depends on its neighbours."""

    def train(self):
        super().train()
        for layer in self.sublayers():
            if isinstance(layer, nn.BatchNorm2D):
                layer.eval()

    def measure_statistics(self, images):
        """Without statistics that fit, activations explode, and rounding with them."""
        super().train()
        for _ in range(20):
            self(images)


class InFloat64(FixedStatistics):
    def forward(self, x):
        return super().forward(x.astype("float64"))  # the trainer gives float32


class LabelledThroughout(RoadScenes):
    """No pixel is ignored: the mean over a batch is the mean of its parts' means."""

    def read(self, index):
        sample = super().read(index)
        sample["label"][sample["label"] == self.ignore_index] = 0
        return sample


def main(save_dir, batch_size, dtype):
    paddle.set_device("cpu")
    paddle.set_default_dtype(dtype)
    paddle.seed(11)
    model = (InFloat64 if dtype == "float64" else FixedStatistics)(num_classes=19)
    dataset = LabelledThroughout([RandomHorizontalFlip(), Normalize()], mode="train", num_samples=12, size=(64, 64))
    pictures = np.stack([dataset.read(index)["img"] for index in range(4)])
    model.measure_statistics(to_network_input(pictures, Normalize()))
    rate = paddle.optimizer.lr.PolynomialDecay(5e-4, STEPS[dtype])
    train(
        model,
        dataset,
        optimizer=paddle.optimizer.Momentum(rate, 0.9, model.parameters(), weight_decay=5e-4),
        losses={"types": [CrossEntropyLoss()], "coef": [1.0]},
        save_dir=save_dir,
        iters=STEPS[dtype],
        batch_size=batch_size,
        grad_accum_steps=2 if dtype == "float32" else 1,
        use_ema=dtype == "float32",
        ema_decay=0.9,
        seed=3,
        save_interval=STEPS[dtype],
        log_iters=1,
        num_workers=0,
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
