# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The classifier in training: dropped blocks, initial weights, either order of the axes."""

import numpy as np
import paddle
import pytest

from paddleseg.models import DDRNet_23_slim_cls, DDRNet_39_cls
from paddleseg.models.layers import BasicBlock, Bottleneck
from paddleseg.models.weights import write_weights
from paddleseg.utils.errors import ConfigError


@pytest.mark.parametrize("kind", [BasicBlock, Bottleneck])
def test_a_block_is_left_out_picture_by_picture_and_the_others_are_scaled_up(kind):
    paddle.seed(1)
    block = kind(8, 8 // kind.expansion)
    block.eval()  # statistics of the batch would differ with what is left out
    x = paddle.rand([64, 8, 6, 6])
    block.final_relu = False
    added = (block(x) - x).numpy()
    block.training = True
    block.drop_path = 0.25
    paddle.seed(5)
    kept = (block(x) - x).numpy()
    is_kept = np.abs(kept).sum(axis=(1, 2, 3)) > 1e-3
    assert 0.6 < is_kept.mean() < 0.9
    np.testing.assert_allclose(kept[is_kept], added[is_kept] / 0.75, rtol=1e-4, atol=1e-5)
    paddle.seed(5)
    assert (block(x) - x).numpy().tobytes() == kept.tobytes()
    block.eval()
    assert (block(x) - x).numpy().tobytes() == added.tobytes()


def test_the_probability_grows_in_equal_steps_to_the_last_block_in_both_branches():
    model = DDRNet_39_cls(2, drop_path=0.3)

    def rates(name):
        return [pytest.approx(block.drop_path) for block in getattr(model, name)]

    # 3 + 4 + 3 + 3 + 3 blocks before layer5's.
    assert rates("layer1") == [0, 0.3 / 16, 0.6 / 16] and rates("layer3_2")[0] == 3.0 / 16
    assert rates("layer3_2") == rates("layer3_2_")
    assert rates("layer4") == [3.9 / 16, 4.2 / 16, 4.5 / 16]
    assert rates("layer5") == rates("layer5_") == [0.3]


def test_weights_of_other_classes_are_a_start_and_only_the_last_layer_stays_untrained(tmp_path, log):
    paddle.seed(1)
    weights = {name: value.numpy() for name, value in DDRNet_23_slim_cls(7).state_dict().items()}
    write_weights(tmp_path / "w.pdparams", weights, None)
    state = DDRNet_23_slim_cls(3, pretrained=str(tmp_path / "w.pdparams")).state_dict()
    assert "not loaded" in log.text and "linear.weight" in log.text
    same = {name for name in weights if np.array_equal(state[name].numpy(), weights[name])}
    assert set(weights) - same == {"linear.weight", "linear.bias"}
    with pytest.raises(ConfigError, match="drop_path: found 1; it must be from 0 to below 1"):
        DDRNet_23_slim_cls(3, drop_path=1)


def test_channels_last_gives_the_same_logits_from_the_same_weights():
    first, last = DDRNet_23_slim_cls(5), DDRNet_23_slim_cls(5, data_format="NHWC")
    last.set_state_dict(first.state_dict())
    first.eval(), last.eval()
    x = paddle.rand([2, 3, 70, 90])
    np.testing.assert_allclose(first(x).numpy(), last(x).numpy(), atol=1e-5)
