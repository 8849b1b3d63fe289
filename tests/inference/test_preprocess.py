# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""From stored pictures to the network's input."""

import numpy as np
import paddle
import pytest

from paddleseg.inference.preprocess import to_network_input
from paddleseg.transforms import Normalize
from paddleseg.utils.errors import ConfigError
from tests.messages import naming


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (2, 5, 7, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    "normalize",
    [Normalize(), Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])],
    ids=["half", "imagenet"],
)
def test_the_device_normalises_bit_for_bit_as_a_single_picture_is(images, normalize):
    batch = to_network_input(images, normalize)
    assert batch.dtype == paddle.float32
    for picture, tensor in zip(images, batch.numpy()):
        np.testing.assert_array_equal(tensor, normalize.apply(picture).transpose(2, 0, 1))
    expected = (images / 255 - np.array(normalize.mean)) / np.array(normalize.std)
    np.testing.assert_allclose(batch.numpy(), expected.transpose(0, 3, 1, 2), atol=2e-6)


def test_without_normalisation_values_stay(images):
    batch = to_network_input(paddle.to_tensor(images), None)
    np.testing.assert_array_equal(batch.numpy(), images.transpose(0, 3, 1, 2).astype(np.float32))


@pytest.mark.parametrize("normalize", [None, Normalize()], ids=["as they are", "normalised"])
def test_pictures_of_16_bits_keep_their_values(normalize):
    wide = np.random.default_rng(0).integers(0, 65536, (1, 5, 7, 4)).astype(np.uint16)
    expected = wide[0].astype(np.float32) if normalize is None else normalize.apply(wide[0])
    np.testing.assert_array_equal(to_network_input(wide, normalize).numpy()[0], expected.transpose(2, 0, 1))


def test_a_normalisation_of_other_channels_is_refused(images):
    with pytest.raises(ConfigError, match=naming(3, "mean or std", 4)):
        to_network_input(np.zeros((1, 2, 2, 4), np.uint8), Normalize([0.5] * 3, [0.5] * 3))
