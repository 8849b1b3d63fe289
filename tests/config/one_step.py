# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""One training step of a configuration."""

import numpy as np
import paddle

from paddleseg.config import build


def train_one_step(config):
    """One step on two pieces of a training sample; also the first picture that evaluation would see."""
    paddle.seed(0)
    model = build.build_model(config)
    model.train()
    schedule = build.build_lr_schedule(config, config.data["iters"])
    optimizer = build.build_optimizer(config, model, schedule)
    if config.section("val_dataset"):
        assert build.build_dataset(config, "val")[0]["img"].shape[0] == 3
    sample = build.build_dataset(config, "train")[0]
    pieces = [slice(0, 64), slice(-64, None)]
    images = paddle.to_tensor(np.stack([sample["img"][:, piece, piece] for piece in pieces]))
    labels = paddle.to_tensor(np.stack([sample["label"][piece, piece] for piece in pieces]))
    before = [parameter.numpy().copy() for parameter in model.parameters()[:3]]
    outputs = model(images)
    pairs = build.build_losses(config)
    assert len(outputs) == len(pairs)
    size = labels.shape[1:]
    total = sum(
        weight * loss(paddle.nn.functional.interpolate(output, size, mode="bilinear"), labels)
        for output, (loss, weight) in zip(outputs, pairs)
    )
    total.backward()
    optimizer.step()
    assert np.isfinite(float(total)) and float(total) > 0
    assert any((old != new.numpy()).any() for old, new in zip(before, model.parameters()[:3]))
