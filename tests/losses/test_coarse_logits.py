# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Losses of logits coarser than the label equal those of the logits resized by Paddle."""

import os
import subprocess
import sys
import textwrap

import numpy as np
import paddle
import pytest
from paddle.nn import functional as F

from paddleseg.losses import (
    BootstrappedCrossEntropyLoss,
    CrossEntropyLoss,
    DiceLoss,
    LovaszSoftmaxLoss,
    MixedLoss,
    MultiClassFocalLoss,
    OhemCrossEntropyLoss,
    blockwise,
    logit_rows,
)
from paddleseg.losses.functional import pixel_cross_entropy, takes_coarse_logits
from tests.plain_interpolation import linear_weights

# (h, w) of the logits, (H, W) of the label: eighths, sizes that are not multiples, one cell, one axis alone
SIZES = [((4, 6), (32, 48)), ((5, 3), (33, 17)), ((1, 1), (5, 7)), ((7, 5), (7, 40)), ((1, 9), (13, 9))]
LOSSES = {
    "cross entropy": CrossEntropyLoss(),
    "ohem": OhemCrossEntropyLoss(0.7, 20),
    "bootstrapped": BootstrappedCrossEntropyLoss(20, 0.5),
    "focal": MultiClassFocalLoss(),
    "lovasz": LovaszSoftmaxLoss(),
    "mixed": MixedLoss([CrossEntropyLoss(), LovaszSoftmaxLoss()], [1.0, 0.5]),
}


def make_case(coarse_hw, fine_hw, num_classes=5, dtype="float32", seed=0):
    random = np.random.default_rng(seed)
    logits = random.normal(0, 3, (2, num_classes, *coarse_hw)).astype(dtype)
    label = random.integers(0, num_classes, (2, *fine_hw))
    label[random.random(label.shape) < 0.2] = 255
    return logits, label


def resized(loss):
    """The loss of logits that Paddle has resized."""
    return lambda logits, label: loss(F.interpolate(logits, label.shape[1:], mode="bilinear"), label)


def exactly_resized(loss):
    def resized_loss(logits, label):
        # The positions of Paddle's own kernel have the digits of float32.
        down, across = (paddle.to_tensor(linear_weights(*pair)) for pair in zip(logits.shape[2:], label.shape[1:]))
        return loss(paddle.matmul(paddle.matmul(down, logits), across, transpose_y=True), label)

    return resized_loss


def pixel_losses(logits, label):
    """Weighted otherwise at each pixel."""
    losses = pixel_cross_entropy(logits, label, 255, coarse=True)[0]
    factors = np.random.default_rng(1).normal(1, 1, losses.shape)
    return (losses * paddle.to_tensor(factors.astype(str(losses.dtype).rpartition(".")[-1]))).sum()


def coarse(loss):
    return lambda logits, label: loss(logits, label, coarse=True)


def run(loss, logits, label):
    tensor = paddle.to_tensor(logits, stop_gradient=False)
    value = loss(tensor, paddle.to_tensor(label))
    value.backward()
    return value.numpy(), tensor.grad.numpy()


def assert_close(actual, expected, tolerance):
    for found, wanted in zip(actual, expected):
        np.testing.assert_allclose(found, wanted, rtol=0, atol=tolerance * np.abs(wanted).max())


@pytest.fixture(params=[0, 1 << 16], ids=["in blocks", "by the kernel"])
def smallest_picture(request, monkeypatch):
    monkeypatch.setattr(blockwise, "_SMALLEST_PICTURE", request.param)


@pytest.fixture(params=[1, 500], ids=["single rows", "some rows"])
def block_logits(request, monkeypatch):
    monkeypatch.setattr(blockwise, "_SMALLEST_PICTURE", 0)
    monkeypatch.setattr(logit_rows, "_BLOCK_LOGITS", request.param)


@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize("name", LOSSES)
def test_values_and_gradients_are_those_of_resized_logits(name, sizes, smallest_picture):
    logits, label = make_case(*sizes)
    assert_close(run(coarse(LOSSES[name]), logits, label), run(resized(LOSSES[name]), logits, label), 1e-5)


@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_in_float64_they_are_equal_to_the_last_digits_in_blocks_of_any_size(sizes, block_logits):
    logits, label = make_case(*sizes, dtype="float64")
    assert_close(run(pixel_losses, logits, label), run(exactly_resized(pixel_losses), logits, label), 1e-13)


def test_coarse_logits_are_never_there_at_the_size_of_the_label(monkeypatch):
    numbers = []  # in each array that is read, written or kept
    for kind in (logit_rows._CoarseRows, logit_rows._StoredRows):
        for name in ("read", "write_gradient"):
            method = getattr(kind, name)

            def noting(self, picture, first, block, method=method):
                numbers.append(max(value.size for value in (block, *arrays_of(self))))
                return method(self, picture, first, block)

            monkeypatch.setattr(kind, name, noting)
    logits, label = make_case((32, 64), (256, 512), num_classes=100)
    CrossEntropyLoss()(paddle.to_tensor(logits, stop_gradient=False), paddle.to_tensor(label), coarse=True).backward()
    assert numbers and max(numbers) <= 2 * 100 * 256 * 512 / 8


def arrays_of(rows):
    found = [value for value in vars(rows).values() if hasattr(value, "size") and value is not None]
    return [np.asarray(value) for value in found]


@pytest.mark.slow
@pytest.mark.parametrize("classes", [2, 19])
@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux, where a thread's own time is known")
def test_the_loss_computes_in_the_thread_that_asks_for_it(classes):
    # A process of its own: numpy's library for products chooses its threads when it is loaded.
    program = f"""
        import time
        import numpy as np
        import paddle
        from paddleseg.losses import CrossEntropyLoss

        logits = paddle.rand([2, {classes}, 64, 64])
        logits.stop_gradient = False
        label = paddle.zeros([2, 512, 512], "int64")
        for measured in (False, True):
            whole, own = time.process_time(), time.thread_time()
            for _ in range(4):
                CrossEntropyLoss()(logits, label, coarse=True).backward()
        print((time.process_time() - whole) / (time.thread_time() - own))
    """
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    words = [sys.executable, "-c", textwrap.dedent(program)]
    done = subprocess.run(words, env=environment, capture_output=True, text=True)
    assert float(done.stdout.split()[-1]) < 1.1, done.stderr


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_what_is_not_finite_among_coarse_logits_reaches_the_loss(value, smallest_picture):
    logits, label = make_case(*SIZES[0])
    logits[1, 3, 2, 2] = value
    tensor = paddle.to_tensor(logits, stop_gradient=False)
    loss = CrossEntropyLoss()(tensor, paddle.to_tensor(label), coarse=True)
    loss.backward()
    assert np.isnan(float(loss))


@pytest.mark.parametrize("shape", [(2, 3, 48), (2, 32, 5), (1, 32, 48), (2, 1, 32, 48)], ids=str)
def test_a_label_that_coarse_logits_do_not_belong_to_is_refused(shape, smallest_picture):
    logits, _ = make_case(*SIZES[0])
    with pytest.raises(ValueError, match="do not match"):
        CrossEntropyLoss()(paddle.to_tensor(logits), paddle.zeros(shape, "int64"), coarse=True)


@pytest.mark.parametrize("loss", [CrossEntropyLoss(), LOSSES["mixed"]])
def test_coarse_logits_are_taken_only_from_who_says_so(loss, smallest_picture):
    logits, label = make_case(*SIZES[0])
    with pytest.raises(ValueError):
        loss(paddle.to_tensor(logits), paddle.to_tensor(label))


class Derived(CrossEntropyLoss):
    def forward(self, logits, label):
        return super().forward(logits, label) + logits.mean()


def watched(loss):
    loss.register_forward_pre_hook(lambda layer, inputs: None)
    return loss


@pytest.mark.parametrize(
    ("loss", "takes"),
    [
        *((loss, True) for loss in LOSSES.values()),
        (DiceLoss(), False),
        (MixedLoss([CrossEntropyLoss(), DiceLoss()], [1.0, 1.0]), False),
        (Derived(), False),
        (watched(CrossEntropyLoss()), False),
        (lambda logits, label: logits.mean(), False),
    ],
)
def test_a_loss_takes_coarse_logits_if_its_own_class_says_so(loss, takes):
    assert takes_coarse_logits(loss) == takes
