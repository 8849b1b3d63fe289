# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Channel-wise Kullback-Leibler divergence against plain numpy in float64."""

import math

import numpy as np
import paddle
import pytest

from paddleseg.losses import ChannelWiseKLLoss
from paddleseg.losses.channel_wise_kl import channel_wise_kl
from paddleseg.utils.errors import ConfigError


def divergence(student, teacher, temperature):
    """One channel after the other, each place by itself."""
    total = 0.0
    for own, wanted in zip(student.reshape(-1, student[0, 0].size), teacher.reshape(-1, teacher[0, 0].size)):
        q, p = (np.exp(values / temperature) / np.exp(values / temperature).sum() for values in (own, wanted))
        total += sum(a * math.log(a / b) for a, b in zip(p, q))
    return temperature**2 * total / (student.shape[0] * student.shape[1])


@pytest.fixture
def maps():
    random = np.random.default_rng(4)
    return random.normal(0, 3, (2, 2, 3, 3, 4))


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0])
def test_value_and_gradient_are_those_of_the_formula(maps, temperature):
    student, teacher = paddle.to_tensor(maps[0], stop_gradient=False), paddle.to_tensor(maps[1])
    loss = channel_wise_kl(student, teacher, temperature)
    assert float(loss) == pytest.approx(divergence(*maps, temperature), rel=1e-12)
    loss.backward()
    step, wanted = 1e-5, np.zeros_like(maps[0])
    for place in np.ndindex(wanted.shape):
        beside = np.zeros_like(wanted)
        beside[place] = step
        up, down = (divergence(maps[0] + sign * beside, maps[1], temperature) for sign in (1, -1))
        wanted[place] = (up - down) / (2 * step)
    np.testing.assert_allclose(student.grad.numpy(), wanted, rtol=1e-7, atol=1e-9)
    assert np.abs(wanted).max() > 0.01


def test_it_is_0_for_equal_maps_and_for_those_that_differ_by_a_number_for_each_channel(maps):
    loss = ChannelWiseKLLoss()
    assert loss.temperature == 4.0
    teacher = paddle.to_tensor(maps[0])
    shift = paddle.to_tensor(np.random.default_rng(1).normal(size=(2, 3, 1, 1)))
    assert float(loss(teacher, teacher)) == 0
    assert abs(float(loss(teacher + shift, teacher))) < 1e-12
    assert float(loss(teacher, paddle.to_tensor(maps[1]))) > 0.1


def test_values_of_any_size_give_a_finite_loss_and_gradient():
    random = np.random.default_rng(2)
    student = paddle.to_tensor(random.normal(0, 1e4, (1, 2, 5, 5)).astype("float32"), stop_gradient=False)
    loss = ChannelWiseKLLoss(temperature=1.0)(student, paddle.to_tensor(-student.numpy()))
    loss.backward()
    assert np.isfinite(float(loss)) and np.isfinite(student.grad.numpy()).all()


def test_maps_of_other_shapes_and_temperatures_out_of_their_range_are_refused():
    loss = ChannelWiseKLLoss()
    with pytest.raises(ValueError, match=r"student \[1, 2, 3, 4\] and teacher \[1, 3, 3, 4\] cannot be compared"):
        loss(paddle.zeros([1, 2, 3, 4]), paddle.zeros([1, 3, 3, 4]))
    with pytest.raises(ConfigError, match="temperature: found 0; it must be from 0.01 to 1000"):
        ChannelWiseKLLoss(temperature=0)
