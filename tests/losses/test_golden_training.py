# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Eight optimiser steps of the authors' network, losses computed in float64 in PyTorch."""

import numpy as np
import paddle
import pytest

from paddleseg.losses import OhemCrossEntropyLoss
from paddleseg.models import DDRNet_23_slim
from paddleseg.optimizers import SGD


@pytest.fixture
def data():
    random = np.random.RandomState(77)
    pictures = random.uniform(-2, 2, (8, 2, 3, 64, 128)).astype("float32")
    labels = random.randint(0, 19, (8, 2, 64, 128))
    labels[random.rand(*labels.shape) < 0.1] = 255
    return pictures, labels.astype("int64")


@pytest.fixture
def model(official_names, rules):
    model = DDRNet_23_slim(num_classes=19, enable_auxiliary_loss=True)
    model.set_state_dict(rules.state(model, official_names["23_slim"]["keys"]))
    model.train()
    return model


def test_eight_training_steps_follow_the_official_losses(data, model, rules):
    golden = np.load(rules.golden / "train_steps_23_slim.npz")["losses"]  # total, main, auxiliary
    schedule = paddle.optimizer.lr.LambdaDecay(0.01, lambda step: (1 - step / 8) ** 0.9)
    optimizer = SGD(model, schedule, momentum=0.9, weight_decay=5e-4)
    loss = OhemCrossEntropyLoss(thresh=0.9, min_kept=2000)
    losses = []
    for pictures, labels in zip(*data):
        logits, aux_logits = model(paddle.to_tensor(pictures))
        label = paddle.to_tensor(labels)
        main, aux = loss(logits, label), loss(aux_logits, label)
        total = main + 0.4 * aux
        total.backward()
        optimizer.step()
        optimizer.clear_grad()
        schedule.step()
        losses.append([float(total), float(main), float(aux)])
    np.testing.assert_allclose(losses[0], golden[0], rtol=1e-5)
    # Later steps drift apart by rounding, as PyTorch's float32 does from its float64. How far is chance: with pictures
    # scaled by 1 and a few 1e-7, the largest difference was 0.3 to 1.2 per cent, and 0.07 in the second step.
    np.testing.assert_allclose(losses[1], golden[1], rtol=3e-3)
    np.testing.assert_allclose(losses, golden, rtol=3e-2)
