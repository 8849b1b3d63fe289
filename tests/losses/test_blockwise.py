# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Cross entropy in blocks of pixels against Paddle's kernel, and the losses built on it against their plain forms."""

import re

import numpy as np
import paddle
import pytest
from paddle.nn import functional as F

from benchmark.reference_losses import plain_cross_entropy, plain_ohem
from paddleseg.losses import (
    BootstrappedCrossEntropyLoss,
    CrossEntropyLoss,
    OhemCrossEntropyLoss,
    blockwise,
    logit_rows,
)
from paddleseg.losses.functional import pixel_cross_entropy

SHAPES = [(2, 19, 33, 17), (1, 2, 7, 5), (1, 150, 9, 8), (3, 4, 1, 1), (2, 3, 1, 40), (2, 3, 40, 1)]


def make_case(shape, ignored=0.2, scale=3.0, seed=0, dtype="float32"):
    random = np.random.default_rng(seed)
    logits = random.normal(0, scale, shape).astype(dtype)
    label = random.integers(0, shape[1], (shape[0], *shape[2:]))
    label[random.random(label.shape) < ignored] = 255
    return logits, label


def blocks(logits, label):
    return blockwise.BlockwiseCrossEntropy.apply(logits, label, 255)


def kernel(logits, label):
    return F.cross_entropy(logits, label.unsqueeze(1), ignore_index=255, reduction="none", axis=1).squeeze(1)


def run(loss, logits, label):
    """Value and gradient; losses of pixels are summed with random factors."""
    tensor = paddle.to_tensor(logits, stop_gradient=False)
    value = loss(tensor, paddle.to_tensor(label))
    factors = np.random.default_rng(1).normal(1, 1, value.shape).astype(logits.dtype)
    (value * paddle.to_tensor(factors)).sum().backward()
    return value.numpy(), tensor.grad.numpy()


def assert_equal_results(loss, plain, logits, label):
    for actual, expected in zip(run(loss, logits, label), run(plain, logits, label)):
        np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max() + 1e-12)


@pytest.fixture(autouse=True)
def small_pictures(monkeypatch):
    """The package's losses take the blocks for the tests' small pictures, too."""
    monkeypatch.setattr(blockwise, "_SMALLEST_PICTURE", 0)


@pytest.fixture(params=[1, 950, 1 << 17])
def block_logits(request, monkeypatch):
    """Blocks of one pixel, of a few with a shorter last one, and of whole pictures."""
    monkeypatch.setattr(logit_rows, "_BLOCK_LOGITS", request.param)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_losses_and_gradients_are_those_of_the_kernel(shape, block_logits):
    logits, label = make_case(shape)
    assert_equal_results(blocks, kernel, logits, label)


@pytest.mark.parametrize("offset", [0, 1e4, -1e4])
def test_large_logits_lose_no_digits(offset, block_logits):
    # Steps of 2^-6, so that the offset changes no difference of logits.
    logits, label = make_case(SHAPES[0])
    logits = np.round(logits * 64) / np.float32(64)
    for actual, expected in zip(run(blocks, logits + np.float32(offset), label), run(blocks, logits, label)):
        np.testing.assert_allclose(actual, expected, rtol=1e-6)


def test_a_pixel_that_is_wrong_by_far_has_its_full_loss():
    # Paddle's CPU kernel ends at 64.
    logits = paddle.to_tensor(np.array([[[[0.0]], [[2000.0]]]], "float32"))
    assert blocks(logits, paddle.zeros([1, 1, 1], "int64")).item() == 2000


def test_float64_logits_stay_float64(block_logits):
    logits, label = make_case(SHAPES[0], dtype="float64")
    losses, gradient = run(blocks, logits, label)
    expected, expected_gradient = run(kernel, logits, label)
    np.testing.assert_allclose(losses, expected, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(gradient, expected_gradient, rtol=1e-12, atol=1e-14)


def test_losses_are_never_negative():
    # hard_pixels tells ignored pixels by that.
    logits, label = make_case((2, 19, 64, 64), scale=20, ignored=0)
    label[0] = logits[0].argmax(0)
    losses = blocks(paddle.to_tensor(logits), paddle.to_tensor(label)).numpy()
    assert losses.min() == 0


def test_strided_logits_and_label_are_read_rightly(block_logits):
    logits, label = make_case((2, 5, 12, 20))
    expected = run(kernel, logits, label)
    for order, back in (([0, 2, 3, 1], [0, 3, 1, 2]), ([0, 1, 3, 2], [0, 1, 3, 2]), ([1, 0, 2, 3], [1, 0, 2, 3])):
        stored = paddle.to_tensor(np.ascontiguousarray(logits.transpose(order)), stop_gradient=False)
        flipped = paddle.to_tensor(np.ascontiguousarray(label.transpose(0, 2, 1))).transpose([0, 2, 1])
        assert not flipped.is_contiguous()
        losses = blocks(stored.transpose(back), flipped)
        np.testing.assert_allclose(losses.numpy(), expected[0], rtol=1e-5, atol=1e-6)
        factors = np.random.default_rng(1).normal(1, 1, losses.shape).astype("float32")
        (losses * paddle.to_tensor(factors)).sum().backward()
        np.testing.assert_allclose(stored.grad.numpy().transpose(back), expected[1], rtol=1e-5, atol=1e-6)


def test_logits_label_and_upstream_gradient_are_left_as_they_are():
    logits, label = make_case(SHAPES[0])
    tensor, label_tensor = paddle.to_tensor(logits, stop_gradient=False), paddle.to_tensor(label)
    losses = blocks(tensor, label_tensor)
    upstream = paddle.ones_like(losses)
    paddle.autograd.backward([losses], [upstream])
    np.testing.assert_array_equal(tensor.numpy(), logits)
    np.testing.assert_array_equal(label_tensor.numpy(), label)
    assert (upstream.numpy() == 1).all()


def test_a_kept_graph_gives_the_same_gradient_again():
    logits, label = make_case(SHAPES[0])
    tensor = paddle.to_tensor(logits, stop_gradient=False)
    loss = OhemCrossEntropyLoss(0.7, 100)(tensor, paddle.to_tensor(label))
    [first] = paddle.grad(loss, tensor, retain_graph=True)
    [second] = paddle.grad(loss, tensor)
    np.testing.assert_array_equal(first.numpy(), second.numpy())
    assert np.abs(first.numpy()).max() > 0


def test_second_derivatives_are_refused_as_by_the_kernel():
    logits, label = make_case(SHAPES[1])
    tensor = paddle.to_tensor(logits, stop_gradient=False)
    [gradient] = paddle.grad(CrossEntropyLoss()(tensor, paddle.to_tensor(label)), tensor, create_graph=True)
    with pytest.raises((ValueError, RuntimeError)):
        paddle.grad((gradient * gradient).sum(), tensor)


def test_a_nan_among_the_logits_reaches_the_loss():
    logits, label = make_case(SHAPES[0], ignored=0)
    logits[1, 3, 2, 2] = np.nan
    for loss in (CrossEntropyLoss(), OhemCrossEntropyLoss(0.9, 10)):
        assert np.isnan(float(loss(paddle.to_tensor(logits), paddle.to_tensor(label))))


INF, NAN = np.inf, np.nan


@pytest.mark.parametrize(
    ("logits", "losses", "gradients"),
    [
        ((1e4, -1e4, 0), (0, 2e4, 0), ((0, 0, 0), (1, -1, 0))),
        ((3e38, -3e38, 0), (0, INF, 0), ((0, 0, 0), (1, -1, 0))),
        ((-INF, 0, 0), (INF, np.log(2), 0), ((-1, 0.5, 0.5), (0, -0.5, 0.5))),
        ((INF, 0, 0), (NAN, NAN, NAN), ((NAN,) * 3, (NAN,) * 3)),
        ((-INF, -INF, -INF), (NAN, NAN, NAN), ((NAN,) * 3, (NAN,) * 3)),
        ((0, NAN, 0), (NAN, NAN, NAN), ((NAN,) * 3, (NAN,) * 3)),
    ],
    ids=str,
)
@pytest.mark.filterwarnings("error")
def test_extreme_logits_have_the_losses_and_gradients_of_their_limits_and_others_end_in_nan(logits, losses, gradients):
    # One picture of class 0, one of class 1, one ignored, which is 0 only where its loss would be finite.
    tensor = paddle.to_tensor(np.tile(np.array(logits, "float32").reshape(1, 3, 1, 1), (3, 1, 1, 1)))
    tensor.stop_gradient = False
    actual = blocks(tensor, paddle.to_tensor([0, 1, 255]).reshape([3, 1, 1]))
    actual.sum().backward()
    np.testing.assert_allclose(actual.numpy().ravel(), np.array(losses, "float32"), rtol=1e-6)
    ignored = (NAN,) * 3 if np.isnan(losses[2]) else (0, 0, 0)
    np.testing.assert_allclose(tensor.grad.numpy()[..., 0, 0], [*gradients, ignored], atol=1e-38)


@pytest.mark.parametrize("wrong", [19, -1, 254, 2**62])
def test_a_label_out_of_range_is_refused(wrong):
    logits, label = make_case(SHAPES[0])
    label[1, 4, 4] = wrong
    with pytest.raises(ValueError, match=f"the label has a pixel of {wrong}; allowed are 0 to 18, and 255, which is"):
        blocks(paddle.to_tensor(logits), paddle.to_tensor(label))


@pytest.mark.parametrize("shape", [(1, 33, 17), (2, 17, 33), (2, 66, 34), (2, 33), (2, 1, 33, 17)], ids=str)
def test_a_label_of_another_size_is_refused(shape):
    logits, _ = make_case(SHAPES[0])
    with pytest.raises(ValueError, match=re.escape(f"logits [2, 19, 33, 17] and label {list(shape)}")):
        pixel_cross_entropy(paddle.to_tensor(logits), paddle.zeros(shape, "int64"), 255)


@pytest.mark.parametrize("ignore_index", [0, 4, -1, -100])
def test_any_number_can_be_the_ignored_one(ignore_index):
    logits, label = make_case(SHAPES[0])
    label[label == 255] = ignore_index
    assert_equal_results(
        lambda logits, label: blockwise.BlockwiseCrossEntropy.apply(logits, label, ignore_index),
        lambda logits, label: F.cross_entropy(
            logits, label.unsqueeze(1), ignore_index=ignore_index, reduction="none", axis=1
        ).squeeze(1),
        logits,
        label,
    )


def test_no_pictures_have_no_losses():
    logits = paddle.zeros([0, 3, 4, 4])
    logits.stop_gradient = False
    losses = blocks(logits, paddle.zeros([0, 4, 4], "int64"))
    assert list(losses.shape) == [0, 4, 4]


def test_losses_take_the_blocks_for_large_pictures_only(monkeypatch):
    taken = []
    monkeypatch.setattr(blockwise, "_SMALLEST_PICTURE", 3 * 16 * 12)
    monkeypatch.setattr(blockwise.BlockwiseCrossEntropy, "apply", lambda *args: taken.append(args) or kernel(*args[:2]))
    for height, expected in ((15, 0), (16, 1)):
        logits, label = make_case((2, 3, height, 12))
        OhemCrossEntropyLoss()(paddle.to_tensor(logits), paddle.to_tensor(label))
        assert len(taken) == expected


@pytest.mark.parametrize(("dtype", "is_taken"), [("float32", True), ("float64", True), ("float16", False)])
def test_logits_of_half_precision_are_left_to_the_kernel(dtype, is_taken):
    assert blockwise.is_faster(paddle.zeros([1, 2, 3, 3], dtype), paddle.zeros([1, 3, 3], "int64")) == is_taken


def test_where_slices_are_copies_results_are_the_same():
    logits, label = make_case(SHAPES[0])
    expected = run(kernel, logits, label)
    flag = "FLAGS_use_stride_kernel"
    paddle.set_flags({flag: False})
    try:
        actual = run(lambda logits, label: pixel_cross_entropy(logits, label, 255)[0], logits, label)
    finally:
        paddle.set_flags({flag: True})
    np.testing.assert_allclose(actual[0], expected[0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(actual[1], expected[1], rtol=1e-5, atol=1e-6)


LOSSES = {
    "cross entropy": CrossEntropyLoss(),
    "ohem": OhemCrossEntropyLoss(0.7, 100),
    "weights": OhemCrossEntropyLoss(0.7, 100, weight=[0.5, 2.0, 1.0]),
    "bootstrapped": BootstrappedCrossEntropyLoss(20, 0.5),
}


@pytest.mark.parametrize("full_graph", [True, False], ids=["translated source", "translated bytecode"])
@pytest.mark.parametrize("name", LOSSES)
def test_a_static_graph_of_the_loss_has_the_same_value_and_gradient(name, full_graph):
    logits, label = make_case((2, 3, 16, 12))
    static = paddle.jit.to_static(LOSSES[name].forward, full_graph=full_graph)
    assert_equal_results(LOSSES[name], static, logits, label)


WEIGHT = np.linspace(0.2, 3, 19).tolist()


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["plain", "weighted"])
@pytest.mark.parametrize(
    ("thresh", "min_kept"),
    [(0.3, 0), (0.3, 200), (0.9, 50), (1.0, 700), (0.2, 10**6)],
    ids=["thresh alone", "place decides", "thresh decides", "nearly all", "more than there are"],
)
def test_ohem_equals_its_plain_form(thresh, min_kept, weight, block_logits):
    logits, label = make_case((2, 19, 33, 17))
    assert_equal_results(
        OhemCrossEntropyLoss(thresh, min_kept, weight=weight),
        lambda logits, label: plain_ohem(logits, label, thresh, min_kept, weight),
        logits,
        label,
    )


def tied(logits, label):
    logits[:] = logits[:, :, :1, :1]
    label[label != 255] = 1


def all_ignored(logits, label):
    label[:] = 255


def one_valid(logits, label):
    label[:] = 255
    label[1, 2, 3] = 4


def all_right(logits, label):
    label[:] = logits.argmax(1)
    logits *= 10


@pytest.mark.parametrize("spoil", [tied, all_ignored, one_valid, all_right])
@pytest.mark.parametrize("min_kept", [0, 1, 60, 10**6])
def test_ohem_equals_its_plain_form_at_the_edges(spoil, min_kept):
    logits, label = make_case((2, 6, 12, 11))
    spoil(logits, label)
    assert_equal_results(
        OhemCrossEntropyLoss(0.5, min_kept),
        lambda logits, label: plain_ohem(logits, label, 0.5, min_kept),
        logits,
        label,
    )


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_mean_cross_entropy_equals_its_plain_form(shape):
    assert_equal_results(CrossEntropyLoss(), plain_cross_entropy, *make_case(shape))
