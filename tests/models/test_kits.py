# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Weights of other kits: recognised by their names, and the network computes the same with them as theirs.

The lists in ``layouts`` were read from the other kits' own networks, which gave the golden outputs with the weights
made here.
"""

import json
from pathlib import Path

import numpy as np
import paddle
import pytest

from paddleseg import models
from paddleseg.models.kits import arch_of, num_classes_of, with_names_here, with_official_names
from paddleseg.models.pretrained import load_pretrained
from paddleseg.models.weight_names import name_here, official_name
from paddleseg.models.weights import apply_weights, read_weights, write_weights
from paddleseg.utils.errors import WeightsError
from tests.conftest import our_name, rule_made
from tests.torch_writer import torch_file

LAYOUTS = Path(__file__).resolve().parent / "layouts"
SIZES = ["23_slim", "23", "39"]
TASKS = {"keys": "", "cls_keys": "_cls"}


def build(size, suffix="", **arguments):
    if not suffix:
        arguments["enable_auxiliary_loss"] = True
    return getattr(models, f"DDRNet_{size}{suffix}")(num_classes=19, **arguments)


@pytest.fixture(scope="module", params=[(size, task) for size in SIZES for task in TASKS], ids=lambda p: " ".join(p))
def official(request, official_names):
    """The architecture, and random weights under the official names in PyTorch's shapes."""
    size, task = request.param
    arch = f"DDRNet_{size}{TASKS[task]}"
    shapes = {name: value.shape for name, value in build(size, TASKS[task]).state_dict().items()}
    random = np.random.default_rng(0)
    arrays = {}
    for name in official_names[size][task]:
        shape = shapes[our_name(name)]
        arrays[name] = random.random(shape[::-1] if name == "linear.weight" else shape, np.float32)
    return arch, arrays


def test_official_weights_come_back_bit_for_bit(official):
    arch, arrays = official
    found = with_names_here(arrays)
    assert set(found.weights) == {our_name(name) for name in arrays} and not found.left_out and not found.zeros
    assert arch_of(found.weights) == arch and num_classes_of(found.weights) == 19
    back = with_official_names(found.weights)
    assert set(back) == set(arrays)
    for name, value in arrays.items():
        assert back[name].dtype == value.dtype and back[name].tobytes() == value.tobytes(), name


def test_names_and_their_reverse_belong_together(official_names):
    for size in SIZES:
        for task in TASKS:
            for name in official_names[size][task]:
                assert name_here(name) == our_name(name) and official_name(our_name(name)) == name


@pytest.mark.parametrize(
    "name", ["fc.weight", "conv1.2.weight", "layer6.0.conv1.weight", "head.conv.weight", "", "weight"]
)
def test_a_name_of_no_part_is_none(name):
    assert name_here(name) is None


def rule_made_of(kit, size):
    """Weights by rule under the names of a kit, and the names of its biases here that it does not have."""
    arrays, made = {}, {}
    for name, (official, shape) in json.loads((LAYOUTS / f"{kit}_{size}.json").read_text())["names"].items():
        arrays[name] = np.array(7) if official is None else rule_made(official, shape)
        made[official] = arrays[name]
    # A bias before batch normalisation does what a smaller mean does: the golden network has one there.
    for conv, mean in (("conv1.0", "conv1.1.running_mean"), ("conv1.3", "conv1.4.running_mean")):
        if f"{conv}.bias" not in made:
            made[mean] -= rule_made(f"{conv}.bias", made[mean].shape)
    return arrays


KITS = [("mmsegmentation", "23_slim"), ("mmsegmentation", "23"), *(("super_gradients", size) for size in SIZES)]


@pytest.mark.parametrize(("kit", "size"), KITS)
@paddle.no_grad()
def test_weights_of_another_kit_give_the_golden_outputs(kit, size, rules):
    found = with_names_here(rule_made_of(kit, size))
    assert found.kit == kit.replace("_", "-") and arch_of(found.weights) == f"DDRNet_{size}"
    model = build(size)
    assert apply_weights(model, found.weights).complete
    model.eval()
    golden = np.load(rules.golden / f"ddrnet_{size}.npz")
    x = paddle.to_tensor(rules.input(1, 64, 128))
    for name, output in zip(("main", "aux"), model.forward_stride8(x)):
        wanted = golden[f"{name}_1x3x64x128"]
        assert np.abs(output.numpy() - wanted).max() < 1e-5 * np.abs(wanted).max(), name


def test_zeros_are_written_for_the_biases_that_mmsegmentation_has_not():
    found = with_names_here(rule_made_of("mmsegmentation", "23_slim"))
    assert found.zeros == ["conv1.0._conv.bias", "conv1.1._conv.bias"]
    assert all(found.weights[name].shape == (32,) and not found.weights[name].any() for name in found.zeros)
    assert "zeros for conv1.0._conv.bias, conv1.1._conv.bias" in found.describe()
    assert len(found.left_out) == 57 and all(name.endswith("num_batches_tracked") for name in found.left_out)


def test_a_backbone_of_mmsegmentation_alone_is_recognised():
    names = {n[len("backbone.") :]: a for n, a in rule_made_of("mmsegmentation", "23").items() if n[:9] == "backbone."}
    found = with_names_here(names)
    assert found.kit == "mmsegmentation" and {"spp.scale0.2.weight", "layer5_.0.conv_bn._conv.weight"} <= set(
        found.weights
    )
    assert num_classes_of(found.weights) is None and arch_of(found.weights) == "DDRNet_23"


BACKBONE = ("_backbone.", "compression3.", "compression4.", "down3.", "down4.", "layer3_skip.", "layer4_skip.",
            "layer5_skip.")  # fmt: skip


def backbone(size, *beside, without=()):
    """Zeros by the names of super-gradients' property ``backbone``, and by others that begin with ``beside``."""
    names = json.loads((LAYOUTS / f"super_gradients_{size}.json").read_text())["names"]
    kept = [name for name in names if name.startswith((*BACKBONE, *beside)) and not name.startswith(tuple(without))]
    return {name: np.zeros(names[name][1], np.float32) for name in kept}


@pytest.mark.parametrize(("size", "convert"), [("23_slim", True), ("39", False)])
def test_a_backbone_of_super_gradients_starts_a_network_and_its_layer5_starts_afresh(size, convert, tmp_path, log):
    path = tmp_path / "bb_imagenet.pth"
    path.write_bytes(torch_file({"net": backbone(size)}))
    if convert:
        weights, meta = read_weights(path)
        path = tmp_path / "bb_imagenet.pdparams"
        write_weights(path, weights, meta)
    coverage = load_pretrained(build(size), path)
    assert not coverage.unexpected and not coverage.misshaped
    assert {name.split(".")[0] for name in coverage.missing} == {"layer5", "spp", "head", "aux_head"}
    assert f"{path.name}: super-gradients saves its backbone without layer5, which starts afresh" in log.text


@pytest.mark.parametrize(
    ("names", "left"),
    [
        (lambda: backbone("23_slim", without=["layer5_skip."]), "layer5_.0.conv_bn_relu1._conv.weight, "),
        (lambda: backbone("23_slim", without=["down4.1.0.weight"]), "down4.1._conv.weight"),
        (lambda: backbone("23_slim", "layer5.0.conv1."), "layer5.0."),
        (lambda: backbone("23_slim", "spp.", "final_layer."), "layer5.0.conv_bn_relu1._conv.weight"),
        (lambda: backbone("23"), "conv1.0._conv.weight"),
    ],
    ids=["without layer5_skip", "without a tensor", "with a part of layer5", "with the heads", "of another size"],
)
def test_a_backbone_that_lacks_more_than_layer5_or_is_no_backbone_alone_is_refused(names, left, tmp_path):
    path = tmp_path / "bb_imagenet.pth"
    path.write_bytes(torch_file(names()))
    with pytest.raises(WeightsError, match=f"leaves parts of the trunk .* without weights: {left}"):
        load_pretrained(build("23_slim"), path)


def small(official_names, *names, size="23_slim", task="keys", prefix=""):
    """Arrays of one number under official names, and some others."""
    arrays = {prefix + name: np.ones((32, 3, 3, 3), "f4") for name in official_names[size][task]}
    return {**arrays, **{name: np.ones(1, "f4") for name in names}}


@pytest.mark.parametrize(
    ("prefix", "beside", "kit"),
    [
        ("", [], "ydhongHIT/DDRNet (official)"),
        ("module.", [], "ydhongHIT/DDRNet (official)"),
        ("model.", [], "ydhongHIT/DDRNet (official)"),
        ("model.", ["loss.criterion.weight"], "chenjun2hao/DDRNet.pytorch"),
        ("module.model.", ["module.loss.criterion.weight"], "chenjun2hao/DDRNet.pytorch"),
    ],
)
def test_the_loss_beside_them_and_no_prefix_tells_who_saved_official_names(prefix, beside, kit, official_names):
    found = with_names_here(small(official_names, *beside, prefix=prefix))
    assert found.kit == kit and found.prefix == prefix and found.left_out == beside
    assert set(found.weights) == {our_name(name) for name in official_names["23_slim"]["keys"]}


def test_a_name_that_no_rule_knows_keeps_it_and_one_of_two_is_an_error(official_names):
    found = with_names_here(small(official_names, "spam.weight"))
    assert "spam.weight" in found.weights
    with pytest.raises(ValueError, match=r"head\.bn1\.weight here, as another name"):
        with_names_here(small(official_names, "head.bn1.weight"))
    with pytest.raises(ValueError, match=r"of module\.conv1\.0\.weight and conv1\.0\.weight differ"):
        with_names_here(small(official_names, "conv1.0.weight", prefix="module."))


def test_names_of_a_users_own_network_stay_as_they_are(official_names):
    own = small(official_names)
    own = {name.replace("running_mean", "_mean").replace("running_var", "_variance"): a for name, a in own.items()}
    assert with_names_here(own) is None
    assert with_names_here({f"model.{our_name(n)}": np.ones(1) for n in official_names["23"]["keys"]}) is None


def test_mindspores_words_for_batch_normalisation_are_known_and_its_linear_layer_is_turned(official_names):
    words = {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean", "running_var": "moving_variance"}
    arrays = {}
    for name in official_names["23"]["cls_keys"]:
        module, leaf = name.rsplit(".", 1)
        is_normalised = f"{module}.running_mean" in official_names["23"]["cls_keys"]
        leaf = words.get(leaf, leaf) if is_normalised else leaf
        if not name.startswith(("conv1.0.bias", "conv1.3.bias")):
            arrays[f"{module}.{leaf}"] = np.ones((64, 3, 3, 3) if name == "conv1.0.weight" else (5, 2), "f4")
    found = with_names_here(arrays)
    assert found.kit == "MindSpore" and arch_of(found.weights) == "DDRNet_23_cls" and len(found.zeros) == 2
    assert set(found.weights) == {our_name(name) for name in official_names["23"]["cls_keys"]}
    assert found.weights["linear.weight"].shape == (2, 5)


def test_of_super_gradients_classifier_which_is_another_network_the_trunk_fills_ours():
    arrays = rule_made_of("super_gradients", "23_slim")
    trunk = {n: a for n, a in arrays.items() if not n.startswith(("spp.", "final_layer.", "seghead_extra."))}
    found = with_names_here(
        {**trunk, "high_to_low_fusion.0.0.bias": np.ones(256, "f4"), "fc.bias": np.ones(1000, "f4")}
    )
    model = models.DDRNet_23_slim(num_classes=19)
    coverage = apply_weights(model, found.weights)
    assert coverage.unexpected == ["high_to_low_fusion.0.0.bias", "fc.bias"] and arch_of(found.weights) == model.arch
    assert {name.split(".")[0] for name in coverage.missing} == {"spp", "head"} and not coverage.misshaped
