# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A network's own declarations decide how it is used, whoever wrote it."""

import pickle

import numpy as np
import paddle
import pytest
from paddle import nn

from paddleseg import models
from paddleseg.inference.label_maps import class_scores
from paddleseg.inference.views import ViewOptions
from paddleseg.models.facts import ModelFacts, output_names
from paddleseg.models.pretrained import load_pretrained
from paddleseg.models.weights import load_weights
from paddleseg.utils.errors import WeightsError
from paddleseg.utils.precision import MixedPrecisionNetwork


class Plain(nn.Layer):
    """A user's network that says nothing."""

    def __init__(self, num_classes=2, with_guide=False):
        super().__init__()
        self.trunk = nn.Conv2D(3, 4, 1)
        self.classes = nn.Conv2D(4, num_classes, 1)
        if with_guide:
            self.guide = nn.Conv2D(4, num_classes, 1)

    def forward(self, x):
        self.seen = x.shape[2:]
        return [self.classes(self.trunk(x))]


class Described(Plain):
    output_stride = 5
    head_parts = ("classes",)
    training_only_parts = ("guide",)
    outputs = ("main", "guide", "edge")


@pytest.fixture
def saved(tmp_path):
    """The file of a network's weights."""

    def save(model):
        path = tmp_path / "model.pdparams"
        path.write_bytes(pickle.dumps({name: value.numpy() for name, value in model.state_dict().items()}))
        return str(path)

    return save


def test_a_network_that_says_nothing_has_the_defaults():
    assert ModelFacts.of(Plain()) == ModelFacts.of(lambda num_classes: None) == ModelFacts()


def test_the_class_says_what_its_networks_say():
    assert ModelFacts.of(Described) == ModelFacts.of(Described()) != ModelFacts()
    assert ModelFacts.of(models.DDRNet_23_slim_cls).task == "ClassificationTask"


def test_a_built_network_names_the_outputs_that_it_has():
    for enabled, names in ((False, ("main",)), (True, ("main", "auxiliary"))):
        assert models.DDRNet_23_slim(2, enable_auxiliary_loss=enabled).outputs == names
        assert output_names(models.DDRNet_23_slim, {"enable_auxiliary_loss": enabled}) == names
    assert output_names(Plain, {}) is None


def test_outputs_without_a_name_are_numbered():
    assert ModelFacts.of(Plain()).names_of_outputs(1) == ("main",)
    assert ModelFacts.of(Plain()).names_of_outputs(4) == ("main", "auxiliary", "output_2", "output_3")
    assert ModelFacts.of(Described()).names_of_outputs(4) == ("main", "guide", "edge", "output_3")


def test_only_its_own_heads_may_start_without_weights(saved):
    path = saved(Described(num_classes=5))
    assert set(load_pretrained(Described(num_classes=2), path).misshaped) == {"classes.weight", "classes.bias"}
    with pytest.raises(WeightsError, match=r"without weights: classes\.weight"):
        load_pretrained(Plain(num_classes=2), path)


def test_what_only_training_needs_is_left_out_where_the_network_has_it_not(saved):
    path = saved(Described(with_guide=True))
    load_weights(Described(), path)
    load_weights(Described(with_guide=True), path)
    with pytest.raises(WeightsError, match=r"2 unexpected: guide\.weight"):
        load_weights(Plain(), path)


@pytest.mark.parametrize("wrap", [lambda model: model, lambda model: MixedPrecisionNetwork(model, "bf16", "O1")])
def test_scaled_views_are_multiples_of_its_stride(wrap):
    model = Described()
    options = ViewOptions(aug_eval=True, scales=[0.5])
    picture = paddle.to_tensor(np.zeros((1, 3, 31, 48), np.float32))
    assert class_scores(wrap(model), picture, options).shape == [1, 2, 31, 48]
    assert model.seen == [15, 25]
