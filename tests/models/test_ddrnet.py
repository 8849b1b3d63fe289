# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""What every size of the network promises: shapes, sizes, gradients, names."""

import numpy as np
import paddle
import pytest

from paddleseg import models

PARAMETERS = {  # without and with the auxiliary head, 19 classes (paper: 5.7, 20.1 and 32.3 million)
    "DDRNet_23_slim": (5_695_987, 5_734_342),
    "DDRNet_23": (20_148_947, 20_299_366),
    "DDRNet_39": (32_360_275, 32_660_838),
}
CLASSIFIER_PARAMETERS = {"DDRNet_23_slim_cls": 7_574_664, "DDRNet_23_cls": 28_216_616, "DDRNet_39_cls": 40_130_344}
ARCHS = list(PARAMETERS)


def count_parameters(model) -> int:
    return sum(p.size for p in model.parameters() if not p.stop_gradient)


@pytest.fixture(scope="module")
def slim():
    paddle.seed(0)
    model = models.DDRNet_23_slim(num_classes=5, enable_auxiliary_loss=True)
    model.eval()
    return model


@pytest.mark.parametrize("arch", ARCHS)
def test_parameters_and_tensors_are_as_many_as_the_official_ones(arch, official_names):
    model = getattr(models, arch)(num_classes=19, enable_auxiliary_loss=True)
    without_aux, with_aux = PARAMETERS[arch]
    assert count_parameters(model) == with_aux
    assert count_parameters(model) - count_parameters(model.aux_head) == without_aux
    assert len(model.state_dict()) == len(official_names[arch.replace("DDRNet_", "")]["keys"])


@pytest.mark.parametrize("arch", list(CLASSIFIER_PARAMETERS))
def test_classifier_parameter_counts_are_the_official_ones(arch):
    assert count_parameters(getattr(models, arch)()) == CLASSIFIER_PARAMETERS[arch]


@pytest.mark.parametrize("size_hw", [(32, 32), (33, 47), (64, 65), (97, 128), (101, 203), (40, 200)])
def test_any_size_from_32_up_gives_logits_of_that_size(slim, size_hw):
    with paddle.no_grad():
        main, aux = slim(paddle.randn([1, 3, *size_hw]))
        main8, aux8 = slim.forward_stride8(paddle.randn([1, 3, *size_hw]))
    assert tuple(main.shape) == tuple(aux.shape) == (1, 5, *size_hw)
    eighth = tuple(-(-side // 8) for side in size_hw)
    assert tuple(main8.shape) == tuple(aux8.shape) == (1, 5, *eighth)


def test_sizes_off_multiples_of_eight_work_in_training_as_well():
    model = models.DDRNet_39(num_classes=3, enable_auxiliary_loss=True)
    for logits in model(paddle.randn([2, 3, 71, 99])):
        assert tuple(logits.shape) == (2, 3, 71, 99)


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


@pytest.mark.parametrize("arch", ARCHS)
def test_every_parameter_receives_a_gradient(arch):
    paddle.seed(0)
    model = getattr(models, arch)(num_classes=4, in_channels=4, enable_auxiliary_loss=True)
    main, aux = model(paddle.randn([2, 4, 128, 128]))
    (main.square().mean() + aux.square().mean()).backward()
    without = [
        name
        for name, p in model.named_parameters()
        if not p.stop_gradient and (p.grad is None or float(p.grad.abs().sum()) == 0)
    ]
    # A bias before batch normalisation is subtracted again, so its gradient is rounding only.
    assert not [name for name in without if "conv1." not in name]


def test_batch_of_one_is_evaluated_like_a_batch_of_two(slim):
    x = paddle.randn([2, 3, 64, 96])
    with paddle.no_grad():
        both, single = slim(x)[0].numpy(), slim(x[1:])[0].numpy()
    np.testing.assert_allclose(both[1:], single, atol=1e-5)


def test_without_the_auxiliary_head_there_is_one_output():
    model = models.DDRNet_23_slim(num_classes=2)
    model.eval()
    assert len(model(paddle.zeros([1, 3, 32, 32]))) == 1
    assert models.DDRNet_23_slim.count_outputs({}) == 1
    assert models.DDRNet_23_slim.count_outputs({"enable_auxiliary_loss": True}) == 2


def test_state_dict_round_trip_keeps_the_outputs(slim):
    other = models.DDRNet_23_slim(num_classes=5, enable_auxiliary_loss=True)
    other.set_state_dict(slim.state_dict())
    other.eval()
    x = paddle.randn([1, 3, 64, 64])
    with paddle.no_grad():
        assert (slim(x)[0].numpy() == other(x)[0].numpy()).all()


def test_paddleseg_padding_changes_exactly_the_pools_and_down3():
    official, other = (models.DDRNet_23(num_classes=2, padding_mode=mode) for mode in ("official", "paddleseg"))
    other.set_state_dict(official.state_dict())
    x = paddle.randn([1, 128, 16, 16])
    # "SAME" with stride 2 on an even side pads the right and lower border only: it sees the picture one pixel on.
    ours = official.down3._conv(paddle.nn.functional.pad(x, [0, 1, 0, 1])[:, :, 1:, 1:])
    theirs = other.down3._conv(x)
    np.testing.assert_allclose(ours.numpy()[:, :, 1:-1, 1:-1], theirs.numpy()[:, :, 1:-1, 1:-1], atol=1e-5)
    ones = paddle.ones([1, 1024, 6, 6])
    assert float(official.spp.scale1[0](ones)[0, 0, 0, 0]) == pytest.approx(9 / 25)
    assert float(other.spp.scale1[0](ones)[0, 0, 0, 0]) == pytest.approx(1.0)


def test_an_unknown_padding_mode_is_refused():
    with pytest.raises(ValueError, match="official, paddleseg"):
        models.DDRNet_23_slim(num_classes=2, padding_mode="same")


def test_convolutions_start_with_the_spread_of_he_initialisation():
    paddle.seed(0)
    weight = models.DDRNet_23(num_classes=2).layer4[1].conv_bn._conv.weight  # 512 x 512 x 3 x 3
    assert float(weight.std()) == pytest.approx((2 / (512 * 9)) ** 0.5, rel=0.01)
    assert float(weight.mean()) == pytest.approx(0, abs=1e-4)


def test_channels_last_gives_the_same_logits_and_gradients_from_the_same_weights():
    paddle.seed(0)
    first = models.DDRNet_23_slim(num_classes=5, enable_auxiliary_loss=True)
    last = models.DDRNet_23_slim(num_classes=5, enable_auxiliary_loss=True, data_format="NHWC")
    last.set_state_dict(first.state_dict())
    pictures = paddle.randn([2, 3, 90, 123])
    for model in (first, last):
        model.eval()  # normalised by constants: statistics of a few values would blow rounding up
    for ours, theirs in zip(first(pictures), last(pictures)):
        assert list(theirs.shape) == [2, 5, 90, 123]
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-4, atol=1e-5)
    for model in (first, last):
        sum((logits * logits).mean() for logits in model(pictures)).backward()
    for (name, ours), (_, theirs) in zip(first.named_parameters(), last.named_parameters()):
        if ours.grad is not None:
            limit = 1e-4 * float(ours.grad.abs().max())
            assert float((ours.grad - theirs.grad).abs().max()) <= limit, name


def test_a_layout_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="data_format: found 'NCWH'; it must be one of NCHW, NHWC"):
        models.DDRNet_23_slim(num_classes=5, data_format="NCWH")
