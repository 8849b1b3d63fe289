# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A network is in evaluation mode within the block, and in its own mode afterwards."""

import pytest
from paddle import nn

from paddleseg.utils.evaluation_mode import evaluation_mode


def modes(model):
    return [layer.training for layer in model.sublayers(include_self=True)]


@pytest.mark.parametrize("training", [True, False])
def test_every_layer_gets_its_mode_back_also_after_an_error(training):
    model = nn.Sequential(nn.Conv2D(3, 2, 1), nn.Sequential(nn.BatchNorm2D(2)))
    model.train() if training else model.eval()
    model[1].eval()  # a frozen batch norm
    before = modes(model)
    with pytest.raises(KeyboardInterrupt), evaluation_mode(model):
        assert not any(modes(model))
        raise KeyboardInterrupt
    assert modes(model) == before
    assert before == ([True, True, False, False] if training else [False] * 4)
