# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""DDRNet beyond the contract of ``test_networks.py``: last resize, paddings, initial weights, layouts."""

import numpy as np
import paddle
import pytest

from paddleseg import models


@pytest.fixture(scope="module")
def slim():
    paddle.seed(0)
    model = models.DDRNet_23_slim(num_classes=5, enable_auxiliary_loss=True)
    model.eval()
    return model


def test_forward_is_the_bilinear_upsampling_of_the_logits_at_one_eighth(slim):
    x = paddle.randn([1, 3, 48, 40])
    with paddle.no_grad():
        full, small = slim(x)[0].numpy(), slim.forward_stride8(x)[0].numpy()
    assert small.shape[2:] == (6, 5)

    def axis(out, size):
        """Lower neighbour, upper neighbour, share of the upper one (half-pixel centres)."""
        place = np.clip((np.arange(out) + 0.5) * size / out - 0.5, 0, None)
        low = np.floor(place).astype(int)
        return low, np.minimum(low + 1, size - 1), place - low

    (y0, y1, ty), (x0, x1, tx) = axis(48, 6), axis(40, 5)
    rows = small[:, :, y0] * (1 - ty)[:, None] + small[:, :, y1] * ty[:, None]
    expected = rows[..., x0] * (1 - tx) + rows[..., x1] * tx
    np.testing.assert_allclose(full, expected, atol=1e-5)


def test_without_the_auxiliary_head_there_is_one_output():
    model = models.DDRNet_23_slim(num_classes=2)
    model.eval()
    assert len(model(paddle.zeros([1, 3, 32, 32]))) == 1


def test_paddleseg_padding_changes_exactly_the_pools_and_down3():
    official, other = (models.DDRNet_23_slim(num_classes=2, padding_mode=mode) for mode in ("official", "paddleseg"))
    other.set_state_dict(official.state_dict())
    x = paddle.randn([1, 64, 16, 16])
    # "SAME" with stride 2 on an even side pads the right and lower border only: it sees the picture one pixel on.
    ours = official.down3._conv(paddle.nn.functional.pad(x, [0, 1, 0, 1])[:, :, 1:, 1:])
    theirs = other.down3._conv(x)
    np.testing.assert_allclose(ours.numpy()[:, :, 1:-1, 1:-1], theirs.numpy()[:, :, 1:-1, 1:-1], atol=1e-5)
    ones = paddle.ones([1, 512, 6, 6])
    assert float(official.spp.scale1[0](ones)[0, 0, 0, 0]) == pytest.approx(9 / 25)
    assert float(other.spp.scale1[0](ones)[0, 0, 0, 0]) == pytest.approx(1.0)


@pytest.mark.parametrize("name", ["DDRNet_23_slim", pytest.param("DDRNet_39", marks=pytest.mark.slow)])
@pytest.mark.parametrize("data_format", ["NCHW", "NHWC"])
def test_a_padding_mode_set_afterwards_gives_the_network_that_is_built_with_it(name, data_format):
    networks = []
    for padding_mode in ("paddleseg", None, "official"):
        paddle.seed(3)
        network = getattr(models, name)(num_classes=2, padding_mode=padding_mode, data_format=data_format)
        network.eval()
        networks.append(network)
    built, switched, official = networks
    assert all((a == b).all() for a, b in zip(built.state_dict().values(), switched.state_dict().values()))
    assert list(built.state_dict()) == list(switched.state_dict())
    x = paddle.randn([1, 3, 40, 56])
    assert (switched(x)[0] == official(x)[0]).all()
    switched.set_padding_mode("paddleseg")
    assert (switched(x)[0] == built(x)[0]).all() and not (built(x)[0] == official(x)[0]).all()
    switched.set_padding_mode("official")
    assert (switched(x)[0] == official(x)[0]).all()


def test_an_unknown_padding_mode_is_refused():
    with pytest.raises(ValueError, match="official, paddleseg"):
        models.DDRNet_23_slim(num_classes=2, padding_mode="same")


def test_convolutions_start_with_the_spread_of_he_initialisation():
    paddle.seed(0)
    weight = models.DDRNet_23_slim(num_classes=2).layer4[1].conv_bn._conv.weight  # 256 x 256 x 3 x 3
    assert float(weight.std()) == pytest.approx((2 / (256 * 9)) ** 0.5, rel=0.01)
    assert float(weight.mean()) == pytest.approx(0, abs=1e-4)


def test_channels_last_gives_the_same_gradients_from_the_same_weights():
    paddle.seed(0)
    first = models.DDRNet_23_slim(num_classes=5, enable_auxiliary_loss=True)
    last = models.DDRNet_23_slim(num_classes=5, enable_auxiliary_loss=True, data_format="NHWC")
    last.set_state_dict(first.state_dict())
    pictures = paddle.randn([2, 3, 90, 123])
    for model in (first, last):
        model.eval()  # normalised by constants: statistics of a few values would blow rounding up
        sum((logits * logits).mean() for logits in model(pictures)).backward()
    for (name, ours), (_, theirs) in zip(first.named_parameters(), last.named_parameters()):
        if ours.grad is not None:
            limit = 1e-4 * float(ours.grad.abs().max())
            assert float((ours.grad - theirs.grad).abs().max()) <= limit, name


def test_a_layout_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="data_format: found 'NCWH'; it must be one of NCHW, NHWC"):
        models.DDRNet_23_slim(num_classes=5, data_format="NCWH")
