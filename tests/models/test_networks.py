# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The contract of every network, and its outputs, which equal those of the authors' PyTorch networks.

A network is built once for all tests of its class, with the weights by rule used for the golden outputs. That an
exported network gives the same is tested in ``tests/export``.
"""

import json
import re

import numpy as np
import paddle
import pytest

from paddleseg import models
from paddleseg.models.weights import load_weights, make_meta, write_weights

TOLERANCE = 2e-5  # max |difference| / max |reference| in float32; PyTorch itself is at 1e-6 to 2e-6
# The golden training outputs were computed in float32. DAPPM's global branch normalises with two values per
# channel, which magnifies rounding: float64 here is 4.2e-5 (23-slim), 7.6e-5 (23) and 9.3e-5 (39) away from them.
TRAIN_MAIN_TOLERANCE = 1.2e-4


@pytest.fixture(scope="class")
def network(request, official_names, rules):
    """The network with the weights by rule, in evaluation mode; a test leaves it as it was."""
    contract = request.cls
    model = contract.build()
    load(model, rules.state(model, official_names[contract.size][contract.official_names]))
    model.eval()
    return model


@pytest.fixture
def state(network):
    """The weights by rule, each under its name."""
    return {name: tensor.numpy() for name, tensor in network.state_dict().items()}


@pytest.fixture
def golden(request, rules):
    return np.load(rules.golden / f"ddrnet_{request.cls.size}.npz")


def load(model, state):
    missing, unexpected = model.set_state_dict(state)
    assert not missing and not unexpected


@paddle.no_grad()
def outputs(forward, x) -> list:
    """What a network gives, as a list of arrays."""
    given = forward(x)
    return [output.numpy() for output in (given if isinstance(given, (list, tuple)) else [given])]


def relative_error(ours: np.ndarray, reference: np.ndarray) -> float:
    assert ours.shape == reference.shape
    return float(np.abs(ours - reference).max() / np.abs(reference).max())


def count_parameters(model) -> int:
    return sum(parameter.size for parameter in model.parameters() if not parameter.stop_gradient)


class Contract:
    """The promises of all networks; what has no value here, each says for itself."""

    size: str
    arch: str
    num_parameters: int
    official_names: str
    arguments: dict

    @classmethod
    def build(cls, **arguments):
        return getattr(models, cls.arch)(**{**cls.arguments, **arguments})

    def output_shapes(self, n, height, width) -> list:
        """Shapes of the outputs for n pictures; a network's own class says them."""
        raise NotImplementedError(f"{type(self).__name__} does not say the shapes of its outputs")

    def test_it_has_as_many_parameters_as_the_official_one(self, network):
        assert count_parameters(network) == self.num_parameters

    @pytest.mark.parametrize("size_hw", [(32, 32), (33, 47), (97, 128), (101, 203)])
    def test_any_size_from_the_smallest_up_gives_outputs_of_the_promised_shapes(self, size_hw, network):
        assert network.smallest_side == 32
        found = outputs(network, paddle.ones([1, 3, *size_hw]))
        assert [output.shape for output in found] == self.output_shapes(1, *size_hw)

    def test_a_batch_of_one_is_evaluated_like_a_batch_of_two(self, network, rules):
        x = paddle.to_tensor(rules.input(2, 64, 96))
        for both, single in zip(outputs(network, x), outputs(network, x[1:])):
            assert relative_error(single, both[1:]) < TOLERANCE

    def test_saved_weights_load_and_give_the_same_outputs(self, network, state, rules, tmp_path):
        x = paddle.to_tensor(rules.input(1, 64, 64))
        wanted = outputs(network, x)
        write_weights(tmp_path / "model.pdparams", state, json.loads(make_meta(network)))
        for tensor in network.state_dict().values():
            tensor.set_value(paddle.zeros_like(tensor))
        load_weights(network, tmp_path / "model.pdparams")
        assert all((ours == theirs).all() for ours, theirs in zip(outputs(network, x), wanted))

    def test_every_parameter_receives_a_gradient_with_channels_other_than_3(self):
        paddle.seed(0)
        model = self.build(in_channels=4)
        found = model(paddle.randn([2, 4, 65, 67]))
        found = found if isinstance(found, list) else [found]
        assert [tuple(output.shape) for output in found] == self.output_shapes(2, 65, 67)
        sum(output.square().mean() for output in found).backward()
        without = [
            name
            for name, parameter in model.named_parameters()
            if not parameter.stop_gradient and (parameter.grad is None or not float(parameter.grad.abs().sum()))
        ]
        # A bias before batch normalisation is subtracted again, so its gradient is rounding only.
        assert not [name for name in without if not re.fullmatch(r"conv1\.[01]\._conv\.bias", name)]


class SegmentationContract(Contract):
    """What the segmentation networks promise besides: two outputs at two sizes, and both orders of the axes."""

    official_names = "keys"
    arguments = {"num_classes": 19, "enable_auxiliary_loss": True}
    num_parameters_without_auxiliary_head: int

    def output_shapes(self, n, height, width):
        return [(n, 19, height, width)] * 2

    def test_the_auxiliary_head_is_what_the_official_one_has_more_in_training(self, network):
        without = count_parameters(network) - count_parameters(network.aux_head)
        assert without == self.num_parameters_without_auxiliary_head

    @pytest.mark.parametrize("size_hw", [(32, 32), (101, 203)])
    def test_the_logits_before_the_last_resize_are_at_one_eighth_rounded_up(self, size_hw, network):
        small = [-(-side // network.output_stride) for side in size_hw]
        found = outputs(network.forward_stride8, paddle.ones([1, 3, *size_hw]))
        assert [output.shape for output in found] == [(1, 19, *small)] * 2

    def test_evaluation_logits_of_main_and_auxiliary_head_equal_the_official_ones(self, network, golden, rules):
        names = [name for name in golden if name.startswith("main_")]
        assert len(names) == 3
        for name in names:
            n, _, height, width = map(int, name.split("_")[1].split("x"))
            main, aux = outputs(network.forward_stride8, paddle.to_tensor(rules.input(n, height, width)))
            assert relative_error(main, golden[name]) < TOLERANCE, name
            assert relative_error(aux, golden[name.replace("main", "aux")]) < TOLERANCE, name

    def test_training_logits_from_batch_statistics_equal_the_official_ones(self, state, golden, rules):
        paddle.set_default_dtype("float64")
        try:
            model = self.build()
            load(model, {name: value.astype("float64") for name, value in state.items()})
            main, aux = outputs(model.forward_stride8, paddle.to_tensor(rules.input(2, 64, 128).astype("float64")))
        finally:
            paddle.set_default_dtype("float32")
        assert relative_error(main, golden["train_main_2x3x64x128"]) < TRAIN_MAIN_TOLERANCE
        assert relative_error(aux, golden["train_aux_2x3x64x128"]) < TOLERANCE

    def test_channels_last_gives_the_same_logits_from_the_same_weights(self, network, state, rules):
        last = self.build(data_format="NHWC")
        load(last, state)
        last.eval()
        x = paddle.to_tensor(rules.input(2, 90, 123))
        for ours, theirs in zip(outputs(last, x), outputs(network, x)):
            assert relative_error(ours, theirs) < TOLERANCE


class ClassifierContract(Contract):
    """What the classifiers promise besides: one vector for a picture of any size."""

    official_names = "cls_keys"
    arguments = {"num_classes": 1000}

    def output_shapes(self, n, height, width):
        return [(n, 1000)]

    def test_logits_equal_the_official_ones(self, network, golden, rules):
        [logits] = outputs(network, paddle.to_tensor(rules.input(1, 224, 224)))
        assert relative_error(logits, golden["cls_1x3x224x224"]) < TOLERANCE


class TestDDRNet23Slim(SegmentationContract):
    size, arch = "23_slim", "DDRNet_23_slim"
    num_parameters, num_parameters_without_auxiliary_head = 5_734_342, 5_695_987  # paper: 5.7 million


class TestDDRNet23(SegmentationContract):
    size, arch = "23", "DDRNet_23"
    num_parameters, num_parameters_without_auxiliary_head = 20_299_366, 20_148_947  # paper: 20.1 million


class TestDDRNet39(SegmentationContract):
    size, arch = "39", "DDRNet_39"
    num_parameters, num_parameters_without_auxiliary_head = 32_660_838, 32_360_275  # paper: 32.3 million


class TestDDRNet23SlimClassifier(ClassifierContract):
    size, arch, num_parameters = "23_slim", "DDRNet_23_slim_cls", 7_574_664


class TestDDRNet23Classifier(ClassifierContract):
    size, arch, num_parameters = "23", "DDRNet_23_cls", 28_216_616


class TestDDRNet39Classifier(ClassifierContract):
    size, arch, num_parameters = "39", "DDRNet_39_cls", 40_130_344


@pytest.mark.parametrize("size", ["23_slim", "23", "39"])
def test_every_golden_array_is_used(size, rules):
    names = list(np.load(rules.golden / f"ddrnet_{size}.npz"))
    assert len(names) == 9
    assert all(re.match(r"^((train_)?(main|aux)_\dx3x\d+x\d+|cls_1x3x224x224)$", name) for name in names)
