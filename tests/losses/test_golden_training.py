# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Eight optimiser steps of the authors' network, losses computed in float64 in PyTorch."""

import numpy as np
import paddle
import pytest

from paddleseg.losses import OhemCrossEntropyLoss
from paddleseg.models import DDRNet_23_slim
from paddleseg.optimizers import SGD

GOLDEN = "train_steps_23_slim.npz"  # losses (8 steps, [total, main, auxiliary])


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


def compute_losses(model, pictures, label):
    """Total, main and auxiliary loss of one step."""
    loss = OhemCrossEntropyLoss(thresh=0.9, min_kept=2000)
    main, aux = (loss(logits, label) for logits in model(paddle.to_tensor(pictures)))
    return main + 0.4 * aux, main, aux


def test_the_first_loss_is_the_official_one_in_float32(data, model, rules):
    pictures, labels = data
    losses = compute_losses(model, pictures[0], paddle.to_tensor(labels[0]))
    np.testing.assert_allclose([float(loss) for loss in losses], np.load(rules.golden / GOLDEN)["losses"][0], rtol=1e-5)


def test_eight_training_steps_follow_the_official_losses(data, model, rules):
    model.to(dtype="float64")
    schedule = paddle.optimizer.lr.LambdaDecay(0.01, lambda step: (1 - step / 8) ** 0.9)
    optimizer = SGD(model, schedule, momentum=0.9, weight_decay=5e-4)
    differences = []
    for pictures, labels, golden in zip(*data, np.load(rules.golden / GOLDEN)["losses"]):
        losses = compute_losses(model, pictures.astype("float64"), paddle.to_tensor(labels))
        losses[0].backward()
        optimizer.step()
        optimizer.clear_grad()
        schedule.step()
        differences.append(max(abs(float(loss) / expected - 1) for loss, expected in zip(losses, golden)))
    # Paddle's optimiser keeps its learning rate in float32, and each step multiplies a difference by up to a thousand:
    # seen were 5e-11, 7e-10, 4e-7, 7e-6, and 1e-3 to 4e-3 from the fifth on (PyTorch's own float32: 1e-2).
    assert max(differences[:2]) < 1e-8
    assert differences[2] < 1e-5
    assert differences[3] < 1e-4
    assert max(differences) < 1e-2
