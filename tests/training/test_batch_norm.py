# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Batch normalisation with too few values is reported once, with their number."""

import paddle
import pytest

from paddleseg.models import DDRNet_23_slim
from paddleseg.optimizers import SGD
from paddleseg.training.hooks.batch_norm import BatchNormHook
from paddleseg.training.run_settings import RunSettings
from paddleseg.training.trainer import Trainer
from tests.training.small_trainer import InMemory, Toy


def first_steps(model, batch, side):
    """Train a network for two steps on squares."""

    def batches_from(step):
        for _ in range(2):
            image = paddle.randint(0, 256, [batch, side, side, 3]).astype("uint8")
            yield {"img": image, "label": paddle.zeros([batch, side, side], "uint8"), "paths": ["x.png"]}

    settings = RunSettings(iters=2, batch_size=batch, seed=0)
    Trainer(model, Toy(), SGD(model, 0.01), InMemory(batches_from), settings, hooks=[BatchNormHook()]).train()


@pytest.mark.parametrize(
    ("batch", "side", "said"),
    [
        (1, 32, "has 1 value(s) per channel in"),  # all that is at 1/32 or less
        (2, 128, "has 2 value(s) per channel in 4 of its"),  # DAPPM's pools leave one pixel of 2 x 2
        (3, 128, None),
    ],
)
@pytest.mark.parametrize("data_format", ["NCHW", "NHWC"])
def test_one_or_two_values_of_a_channel_are_warned_about_once(batch, side, said, data_format, log):
    model = DDRNet_23_slim(num_classes=2, data_format=data_format)
    first_steps(model, batch, side)
    warnings = [record.getMessage() for record in log.records if "batch normalisation" in record.getMessage()]
    assert len(warnings) == (said is not None)
    assert said is None or said in warnings[0]
