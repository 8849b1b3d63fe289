# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Mixup, cutmix and the loss of soft targets against plain numpy."""

import numpy as np
import paddle
import pytest

from paddleseg.datasets import ImageFolder
from paddleseg.losses import SoftTargetCrossEntropyLoss
from paddleseg.tasks import ClassificationTask
from paddleseg.tasks.mixing import BatchMixing, Mixture, mix
from paddleseg.transforms import Normalize
from paddleseg.utils.seeding import batch_rng

SIZE = (24, 32)


def plain_mix(pictures, classes, num_classes, mixture):
    """A loop over the batch."""
    mixed, target = pictures.copy(), np.zeros((len(classes), num_classes))
    for number in range(len(classes)):
        partner = len(classes) - 1 - number
        if mixture.window is None:
            mixed[number] = mixture.share * pictures[number] + (1 - mixture.share) * pictures[partner]
        else:
            top, bottom, left, right = mixture.window
            mixed[number, :, top:bottom, left:right] = pictures[partner, :, top:bottom, left:right]
        target[number, classes[number]] += mixture.share
        target[number, classes[partner]] += 1 - mixture.share
    return mixed, target


def plain_loss(logits, target, smoothing=0.0):
    target = target * (1 - smoothing) + smoothing / logits.shape[1]
    powers = np.exp(logits.astype(float))
    return -(target * np.log(powers / powers.sum(axis=1, keepdims=True))).sum(axis=1).mean()


@pytest.mark.parametrize("alphas", [(0.8, 0.0), (0.0, 1.0), (0.8, 1.0)])
def test_batches_are_mixed_as_a_loop_over_their_pictures_mixes_them(alphas):
    random = np.random.default_rng(0)
    for step in range(30):
        pictures = random.normal(size=(6, 3, *SIZE)).astype(np.float32)
        classes = random.integers(0, 5, 6)
        mixture = BatchMixing(*alphas).draw(SIZE, batch_rng(1, step, 0))
        mixed, target = mix(paddle.to_tensor(pictures), paddle.to_tensor(classes), 5, mixture)
        expected, expected_target = plain_mix(pictures, classes, 5, mixture)
        np.testing.assert_allclose(mixed.numpy(), expected, atol=1e-6)
        np.testing.assert_allclose(target.numpy(), expected_target, atol=1e-6)
        np.testing.assert_allclose(target.numpy().sum(axis=1), 1, atol=1e-6)
        if mixture.window is not None:
            top, bottom, left, right = mixture.window
            assert mixture.share == 1 - (bottom - top) * (right - left) / (SIZE[0] * SIZE[1])


def test_shares_follow_their_distribution_and_cutmix_its_probability():
    mixing = BatchMixing(0.8, 1.0, mix_prob=0.9, switch_prob=0.3)
    drawn = [mixing.draw((224, 224), batch_rng(0, step, 0)) for step in range(4000)]
    mixed = [one for one in drawn if one is not None]
    shares = np.array([one.share for one in mixed if one.window is None])
    cuts = [one for one in mixed if one.window is not None]
    assert len(mixed) / 4000 == pytest.approx(0.9, abs=0.02) and len(cuts) / len(mixed) == pytest.approx(0.3, abs=0.03)
    # Beta(a, a) has the mean 1/2 and the variance 1 / (8 a + 4).
    assert shares.mean() == pytest.approx(0.5, abs=0.02) and shares.var() == pytest.approx(1 / 10.4, rel=0.06)
    # A side of s about a uniform place keeps s - s^2 / 4 in the mean; the expectation of its square for s^2 uniform:
    assert np.mean([1 - one.share for one in cuts]) == pytest.approx(1 / 2 - 1 / 5 + 1 / 48, abs=0.02)
    assert {BatchMixing(0.8, 0).draw(SIZE, batch_rng(0, step, 0)).window for step in range(20)} == {None}


def test_what_is_drawn_depends_on_seed_step_rank_and_part_alone():
    mixing = BatchMixing(0.8, 1.0)
    keys = [(0, 0, 0, 0), (1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)]
    drawn = [mixing.draw(SIZE, batch_rng(*key)) for key in keys]
    assert drawn == [mixing.draw(SIZE, batch_rng(*key)) for key in keys]
    assert len({one.share for one in drawn}) == len(keys)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_loss_is_that_of_numpy_for_ids_and_for_mixed_targets(smoothing):
    random = np.random.default_rng(2)
    logits, classes = random.normal(size=(8, 5)).astype(np.float32) * 3, random.integers(0, 5, 8)
    loss = SoftTargetCrossEntropyLoss(label_smoothing=smoothing)
    hard = float(loss(paddle.to_tensor(logits), paddle.to_tensor(classes)))
    assert hard == pytest.approx(plain_loss(logits, np.eye(5)[classes], smoothing), rel=1e-5)
    target = random.dirichlet(np.ones(5), 8).astype(np.float32)
    soft = float(loss(paddle.to_tensor(logits), paddle.to_tensor(target)))
    assert soft == pytest.approx(plain_loss(logits, target, smoothing), rel=1e-5)


def test_a_step_trains_on_the_mixed_and_normalised_batch(class_folder):
    dataset = ImageFolder("train", str(class_folder), [Normalize()], 3)
    loss = SoftTargetCrossEntropyLoss(label_smoothing=0.1)
    task = ClassificationTask([(loss, 0.5)], dataset, mixup_alpha=0.8, cutmix_alpha=1.0)
    samples = [dataset.read(index) for index in (0, 9, 17, 23)]
    images = np.stack([sample["img"] for sample in samples])
    classes = np.array([int(sample["label"]) for sample in samples])
    batch = {"img": paddle.to_tensor(images), "label": paddle.to_tensor(classes), "paths": []}
    random = np.random.default_rng(4)
    weights = random.normal(size=(48 * 56, 3)).astype(np.float32) / 50

    def network(x):
        return paddle.matmul(x.mean(axis=1).flatten(1), paddle.to_tensor(weights))

    for step in range(4):
        [seen] = {float(task.loss_terms(network, {**batch, "rng": batch_rng(3, step, 1)})["loss"]) for _ in range(2)}
        pictures = (images.astype(np.float32) / 255 - 0.5).transpose(0, 3, 1, 2) / 0.5
        mixture = BatchMixing(0.8, 1.0).draw(images.shape[1:3], batch_rng(3, step, 1))
        mixed, target = plain_mix(pictures, classes, 3, mixture)
        logits = mixed.mean(axis=1).reshape(4, -1) @ weights
        assert seen == pytest.approx(0.5 * plain_loss(logits, target, 0.1), rel=1e-4)


def test_a_share_of_one_changes_nothing():
    pictures, classes = paddle.rand([2, 3, 4, 4]), paddle.to_tensor([0, 1])
    for mixture in (Mixture(1.0), Mixture(1.0, (2, 2, 0, 3))):
        mixed, target = mix(pictures, classes, 2, mixture)
        np.testing.assert_array_equal(mixed.numpy(), pictures.numpy())
        np.testing.assert_array_equal(target.numpy(), np.eye(2))
