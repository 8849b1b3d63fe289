# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The counts of ``tools/analyze_model.py`` against the published and the independently measured ones."""

import json
from pathlib import Path

import paddle
import pytest

from paddleseg.models import DDRNet_23, DDRNet_23_slim, DDRNet_23_slim_cls, DDRNet_39
from paddleseg.profiling.cost import analyze, count_macs, count_parameters
from paddleseg.utils.errors import ConfigError
from tests.scripts import load_script

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def analyze_model():
    module = load_script(ROOT / "tools" / "analyze_model.py")

    def run(*arguments):
        module.main(module.make_parser().parse_args([str(argument) for argument in arguments]))

    return run


# Counted from the authors' PyTorch networks with 19 classes.
PARAMETERS = {
    DDRNet_23_slim: (5_695_987, 5_734_342),
    DDRNet_23: (20_148_947, 20_299_366),
    DDRNet_39: (32_360_275, 32_660_838),
}
GMACS = {
    DDRNet_23_slim: {"1024x2048": 36.281, "512x1024": 9.070, "360x480": 3.037},
    DDRNet_23: {"1024x2048": 143.061, "360x480": 11.967},
    DDRNet_39: {"1024x2048": 281.116, "360x480": 23.471},
    DDRNet_23_slim_cls: {"224x224": 0.973},
}


@pytest.mark.parametrize("network", PARAMETERS)
def test_parameters_equal_those_of_the_official_networks(network):
    without_aux, with_aux = PARAMETERS[network]
    assert count_parameters(network(num_classes=19)) == without_aux
    assert count_parameters(network(num_classes=19, enable_auxiliary_loss=True)) == with_aux


@pytest.mark.parametrize(
    "network", [pytest.param(one, marks=[] if one is DDRNet_23_slim else pytest.mark.slow) for one in GMACS]
)
def test_gmacs_are_within_a_thousandth_of_the_official_networks(network):
    sizes = [tuple(map(int, size.split("x"))) for size in GMACS[network]]
    num_classes = 1000 if network is DDRNet_23_slim_cls else 19
    gmacs = analyze(network(num_classes=num_classes), sizes)["gmacs"]
    assert gmacs == pytest.approx(GMACS[network], rel=1e-3)


def test_macs_of_strided_and_grouped_convolutions_are_the_hand_worked_ones():
    network = paddle.nn.Sequential(
        paddle.nn.Conv2D(4, 6, 3, stride=2, padding=1),  # 40x33 -> 20x17: 6 * 4 * 9 * 340
        paddle.nn.BatchNorm2D(6),
        paddle.nn.Conv2D(6, 8, 1, groups=2),  # 8 * 3 * 340
    )
    assert count_macs(network, 40, 33, in_channels=4) == 6 * 4 * 9 * 340 + 8 * 3 * 340


@pytest.mark.parametrize("training", [True, False])
def test_counting_leaves_the_network_as_it_was(training):
    network = paddle.nn.Sequential(paddle.nn.Conv2D(3, 2, 3), paddle.nn.BatchNorm2D(2))
    network.train() if training else network.eval()
    picture = paddle.rand([1, 3, 40, 40])
    before = network(picture).numpy()
    assert count_macs(network, 40, 40) == count_macs(network, 40, 40)
    assert [layer.training for layer in network.sublayers(include_self=True)] == [training] * 3
    assert (network(picture).numpy() == before).all()


def test_the_command_prints_and_writes_the_counts(analyze_model, tmp_path, capsys):
    file = tmp_path / "cost.json"
    analyze_model("--model", "DDRNet_23_slim", "--aux", "--sizes", "64x128", "--json", file)
    written = json.loads(file.read_text())
    assert written["model"] == "DDRNet_23_slim"
    assert written["parameters"] == 5_734_342
    assert "5,734,342 parameters" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flags", "size"),
    [
        pytest.param("--input_shape 1 3 64 128", "64x128", marks=pytest.mark.slow),
        ("--shape 64 128", "64x128"),
        pytest.param("--shape 96", "96x96", marks=pytest.mark.slow),
    ],
)
def test_a_size_is_named_as_in_paddleseg_and_in_mmsegmentation_too(analyze_model, flags, size, tmp_path):
    analyze_model("--model", "DDRNet_23_slim", *flags.split(), "--json", tmp_path / "theirs.json")
    analyze_model("--model", "DDRNet_23_slim", "--sizes", size, "--json", tmp_path / "ours.json")
    assert (tmp_path / "theirs.json").read_text() == (tmp_path / "ours.json").read_text()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ("--input_shape 2 3 64 64", "--input_shape 2 3 64 64: give 1 C H W; .* one picture"),
        ("--input_shape 64 64", "give 1 C H W"),
        ("--input_shape 1 4 64 64", "takes 3 channels; give 1 3 H W"),
        ("--shape 3 64 64", "--shape 3 64 64: give H W"),
        ("--shape 16 64", "16x64: is too small"),
    ],
)
def test_a_size_of_another_form_is_refused(analyze_model, flags, message):
    with pytest.raises(ConfigError, match=message):
        analyze_model("--model", "DDRNet_23_slim", *flags.split())


def test_wrong_names_and_sizes_are_refused(analyze_model):
    with pytest.raises(ConfigError, match="no network 'DDRNet_40'; known: .*DDRNet_39"):
        analyze_model("--model", "DDRNet_40")
    with pytest.raises(ConfigError, match="'1024' is not a size; write HEIGHTxWIDTH"):
        analyze_model("--model", "DDRNet_39", "--sizes", "1024")
    with pytest.raises(ConfigError, match="16x64: is too small"):
        analyze_model("--model", "DDRNet_39", "--sizes", "16x64")


def test_what_cannot_work_is_refused_before_counting(analyze_model, tmp_path, capsys):
    with pytest.raises(ConfigError, match="--num_classes 0: must be at least 1"):
        analyze_model("--model", "DDRNet_39", "--num_classes", 0)
    with pytest.raises(ConfigError, match="--num_classes and --aux go with --model"):
        analyze_model("--config", "mine.yml", "--aux")
    with pytest.raises(ConfigError, match="--aux: DDRNet_23_slim_cls has no auxiliary head"):
        analyze_model("--model", "DDRNet_23_slim_cls", "--aux")
    with pytest.raises(ConfigError, match="--opts goes with --config"):
        analyze_model("--model", "DDRNet_39", "--opts", "model.in_channels=4")
    with pytest.raises(ConfigError, match=r"--json .*cost\.json: there is no folder .*nowhere"):
        analyze_model("--model", "DDRNet_39", "--json", tmp_path / "nowhere" / "cost.json")
    assert capsys.readouterr().out == ""


@pytest.mark.slow
def test_the_order_of_the_axes_within_a_network_changes_no_cost():
    first, last = (DDRNet_23_slim(num_classes=4, data_format=order) for order in ("NCHW", "NHWC"))
    assert count_macs(first, 64, 96) == count_macs(last, 64, 96)
