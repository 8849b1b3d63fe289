# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""From pictures to label maps, with a network whose answer is known."""

import numpy as np
import paddle
import pytest

from paddleseg.core.infer import predict_label_maps, predict_logits8
from paddleseg.transforms.transforms import Normalize


class NearestLevel(paddle.nn.Layer):
    """Class k where red, averaged over 8 x 8 pixels, is nearest to level k; a second output as a decoy."""

    def __init__(self, levels):
        super().__init__()
        self.levels = paddle.to_tensor(levels, "float32").reshape([1, -1, 1, 1])

    def forward_stride8(self, x):
        coarse = paddle.nn.functional.avg_pool2d(x[:, :1], 8, 8, ceil_mode=True)
        logits = -((coarse - self.levels) ** 2)
        return [logits, -logits]


def striped_picture(height, width):
    """Left third 0, middle third 100, right third 200 in red."""
    image = np.zeros((height, width, 3), np.uint8)
    image[:, width // 3 : 2 * width // 3, 0] = 100
    image[:, 2 * width // 3 :, 0] = 200
    return image


MODEL = NearestLevel([0, 100, 200])


def test_each_region_gets_its_class_at_the_size_of_the_picture():
    batch = {"img": striped_picture(40, 72)[np.newaxis], "trans_info": [[]]}
    (labels,) = predict_label_maps(MODEL, batch, None)
    assert labels.shape == (40, 72)
    expected = np.repeat([0, 1, 2], 24)
    # The borders lie on the grid of 8, so that interpolation moves them by no pixel.
    assert (labels == expected).all()


def test_the_main_output_counts():
    logits = predict_logits8(MODEL, paddle.zeros([1, 3, 16, 16]))
    assert logits.shape == (1, 3, 2, 2)
    assert (logits.argmax(axis=1) == 0).all()


def test_no_graph_of_gradients_is_kept():
    layer = paddle.nn.Conv2D(3, 2, 8, 8)
    layer.forward_stride8 = lambda x: [layer(x)]
    seen = []
    layer.register_forward_post_hook(lambda _, __, output: seen.append(output.stop_gradient))
    predict_logits8(layer, paddle.zeros([1, 3, 16, 16]))
    assert seen == [True]


def test_normalisation_reaches_the_network():
    batch = {"img": striped_picture(40, 72)[np.newaxis], "trans_info": [[]]}
    normalize = Normalize(mean=[0.5] * 3, std=[0.5] * 3)
    levels = [2 * (level / 255 - 0.5) for level in (0, 100, 200)]
    (labels,) = predict_label_maps(NearestLevel(levels), batch, normalize)
    assert labels[0, ::24].tolist() == [0, 1, 2]
    (wrong,) = predict_label_maps(NearestLevel(levels), batch, None)
    assert wrong[0, ::24].tolist() != [0, 1, 2]


@pytest.mark.parametrize("as_tensor", [False, True])
def test_each_picture_of_a_batch_goes_back_to_its_own_size(as_tensor):
    # Both were brought to 48 x 96: one doubled, one padded at the bottom and on the right.
    doubled, padded = striped_picture(48, 96), np.zeros((48, 96, 3), np.uint8)
    padded[:40, :72] = striped_picture(40, 72)
    images = np.stack([doubled, padded])
    batch = {
        "img": paddle.to_tensor(images) if as_tensor else images,
        "trans_info": [[("resize", (24, 48))], [("padding", (40, 72))]],
    }
    first, second = predict_label_maps(MODEL, batch, None)
    assert (first == np.repeat([0, 1, 2], 16)).all()
    assert second.shape == (40, 72)
    assert (second[:, :72] == np.repeat([0, 1, 2], 24)).mean() > 0.95
