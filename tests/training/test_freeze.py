# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Frozen parts: none of their bytes changes, whatever a training does to the rest."""

import pickle
from pathlib import Path

import numpy as np
import paddle
import pytest
from paddle import nn

from paddleseg.config.load import load_config
from paddleseg.config.training import _warn_of_initial_parts
from paddleseg.core import train
from paddleseg.datasets import RoadScenes
from paddleseg.losses import CrossEntropyLoss
from paddleseg.models import DDRNet_23_slim
from paddleseg.models.weights import META_KEY, make_meta
from paddleseg.training.run_folder import check_same_run
from paddleseg.transforms import Normalize
from paddleseg.utils import distributed
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.evaluation_mode import evaluation_mode
from paddleseg.utils.frozen_layers import freeze, keep_in_evaluation_mode
from tests.training.resumed import assert_same_losses, assert_same_state

LAUNCH = ("-m", "paddle.distributed.launch", "--nproc_per_node", 2, "--log_dir")
# From the stem, from the middle, so that gradients pass through, and a part within a part.
PARTS = ["conv1", "layer1", "layer3", "spp", "head.bn1"]
CHANGED = ["layer2", "layer3_", "layer4", "layer5", "down3", "head.conv", "aux_head"]
OF_NUMBERS = {"freeze": f"[{', '.join(PARTS)}]"}


@pytest.fixture
def weights(tmp_path):
    """A file of weights of the network of ``train_here``, whose statistics are not those of a new network."""
    path = tmp_path / "street.pdparams"
    model = DDRNet_23_slim(4, enable_auxiliary_loss=True)
    random = np.random.default_rng(0)
    arrays = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    for name in arrays:
        if name.endswith(("_mean", "_variance")):
            arrays[name] = (1 + 0.1 * random.random(arrays[name].shape)).astype("float32")
    arrays["conv1.0._conv.bias"][:] = -0.0
    path.write_bytes(pickle.dumps({**arrays, META_KEY: make_meta(model)}))
    return path


def arrays_of(path):
    return {name: value for name, value in pickle.loads(path.read_bytes()).items() if name != META_KEY}


def is_of(name, parts):
    return any(name.startswith(f"{part}.") for part in parts)


def assert_frozen(checkpoint, weights, files=("model.pdparams",)):
    """The frozen parts have the bytes of ``weights``, and each of the others has changed."""
    before = arrays_of(weights)
    for file in files:
        after = arrays_of(checkpoint / file)
        assert after.keys() == before.keys()
        for name in before:
            if is_of(name, PARTS):
                assert after[name].tobytes() == before[name].tobytes(), (file, name)
        for part in CHANGED:
            names = [name for name in before if is_of(name, [part])]
            assert any(not np.array_equal(after[name], before[name]) for name in names), (file, part)
        assert not np.array_equal(
            after["layer3_.0.conv_bn._batch_norm._mean"], before["layer3_.0.conv_bn._batch_norm._mean"]
        )


@pytest.mark.parametrize("backend", ["onednn", "paddle"])
def test_after_steps_with_decay_average_and_evaluations_no_byte_has_changed(backend, train_here, weights, tmp_path):
    log = train_here(
        "--iters", 3, "--do_eval", "--save_interval", 1, "--use_ema", "--cpu_backend", backend,
        **{"model.pretrained": weights}, **OF_NUMBERS,
    )  # fmt: skip
    assert_frozen(tmp_path / "run" / "iter_3", weights, ["model.pdparams", "ema_model.pdparams"])
    assert "frozen: conv1, head.bn1, layer1, layer3, spp, which keep" in log
    state = pickle.loads((tmp_path / "run/iter_3/model.pdstates").read_bytes())
    velocities = pickle.loads((tmp_path / "run/iter_3/model.pdopt").read_bytes())
    frozen = [number for name, number in state["parameter_names"].items() if is_of(name, PARTS)]
    assert frozen and not [key for key in velocities if key.startswith(tuple(f"{number}_" for number in frozen))]


@pytest.mark.slow
def test_a_static_graph_leaves_them_alone_too(train_here, weights, tmp_path):
    train_here("--iters", 2, to_static_training=True, **{"model.pretrained": weights}, **OF_NUMBERS)
    assert_frozen(tmp_path / "run" / "iter_2", weights)


@pytest.mark.slow
def test_two_processes_leave_them_alone_too(run_command, tiny_config, weights, tmp_path):
    done = run_command(
        *LAUNCH, tmp_path / "log", "train.py", "--config", tiny_config, "--save_dir", tmp_path / "run", "--iters", 2,
        "--use_ema", "--num_workers", 0, "--seed", 3, "--device", "cpu",
        "--opts", f"model.pretrained={weights}", f"freeze={OF_NUMBERS['freeze']}",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert_frozen(tmp_path / "run" / "iter_2", weights, ["model.pdparams", "ema_model.pdparams"])


def test_the_mean_over_three_processes_is_not_taken_of_what_is_frozen(monkeypatch):
    """Three times a number divided by three need not be that number."""
    model = nn.Sequential(nn.Conv2D(3, 4, 1), nn.BatchNorm2D(4), nn.Conv2D(4, 4, 1), nn.BatchNorm2D(4))
    for place in (1, 3):
        model[place]._mean.set_value(paddle.linspace(0.1, 0.7, 4))
    freeze(model, ["0", "1"])
    monkeypatch.setattr(distributed, "world_size", lambda: 3)
    monkeypatch.setattr(distributed.dist, "all_reduce", lambda tensor: tensor.set_value(tensor * 3 + 1e-6))
    before = {name: tensor.numpy().copy() for name, tensor in model.state_dict().items()}
    distributed.average_over_processes(distributed.running_statistics(model))
    changed = [name for name, tensor in model.state_dict().items() if not np.array_equal(tensor.numpy(), before[name])]
    assert changed == ["3._mean", "3._variance"]


@pytest.mark.parametrize("cut", [1, pytest.param(3, marks=pytest.mark.slow)])
def test_a_resumed_run_knows_what_is_frozen_and_ends_with_the_bytes_of_the_uninterrupted_one(
    cut, train_here, weights, tmp_path
):
    options = {"model.pretrained": weights, **OF_NUMBERS}
    straight = train_here("--iters", 4, "--use_ema", "--do_eval", "--save_interval", 2, save_dir="straight", **options)
    flags = ("--use_ema", "--do_eval", "--save_interval", 2, "--resume_model", "auto")
    train_here("--iters", cut, *flags, save_dir="cut", **options, **{"lr_scheduler.decay_steps": 4})
    resumed = train_here("--iters", 4, *flags, save_dir="cut", **options, **{"lr_scheduler.decay_steps": 4})
    assert_same_losses(resumed, straight, cut)
    assert_same_state(tmp_path / "cut/iter_4", tmp_path / "straight/iter_4")
    assert_frozen(tmp_path / "cut/iter_4", weights, ["model.pdparams", "ema_model.pdparams"])


@pytest.mark.parametrize(("other", "now"), [("null", "nothing"), ("[conv1]", "conv1")])
def test_a_run_does_not_go_on_with_other_parts_frozen(other, now, train_here, weights):
    options = {"model.pretrained": weights}
    train_here("--iters", 1, **options, **OF_NUMBERS)
    with pytest.raises(ConfigError, match=f"freeze was conv1, head.bn1, layer1, layer3, spp, now it is {now}"):
        train_here("--iters", 2, "--resume_model", "auto", **options, freeze=other)


def test_a_run_of_an_older_version_had_nothing_frozen():
    saved = {"seed": 1}
    check_same_run(Path("output/iter_1"), saved, {"seed": 1, "freeze": "nothing"})
    with pytest.raises(ConfigError, match="freeze was nothing, now it is conv1"):
        check_same_run(Path("output/iter_1"), saved, {"seed": 1, "freeze": "conv1"})


@pytest.mark.parametrize(
    ("freeze", "message"),
    [
        ("[conv1, layer_1]", "freeze.1: the network has no part 'layer_1'. Did you mean 'layer1'? Its parts are"),
        ("[layer1.3]", "freeze.0: the network has no part 'layer1.3'. Did you mean 'layer1.0'? Its parts"),
        ("[conv1.0.relu]", "freeze.0: the network has no part 'conv1.0.relu'."),
        ("conv1", "freeze: found 'conv1'; it must be a list"),
        ("[1]", "freeze: found [1]; it must be a list"),
    ],
)  # fmt: skip
def test_a_part_that_is_not_there_is_one_line_before_data_are_read(freeze, message, train_here, tmp_path, monkeypatch):
    monkeypatch.setattr("paddleseg.config.build.build_dataset", None)
    with pytest.raises(ConfigError) as caught:
        train_here(freeze=freeze)
    assert message in str(caught.value) and "\n" not in str(caught.value)
    assert not (tmp_path / "run").exists()


def test_everything_frozen_is_refused(train_here):
    parts = [name for name, layer in DDRNet_23_slim(4, enable_auxiliary_loss=True).named_children()]
    with pytest.raises(ConfigError, match="freeze: found conv1, .*; nothing is left to train: leave one of conv1,"):
        train_here(freeze=f"[{', '.join(parts)}]")


def test_frozen_parts_of_a_network_without_pretrained_weights_are_warned_of(train_here, weights):
    assert "freeze without model.pretrained" in train_here("--iters", 1, freeze="[conv1]")
    assert "freeze without model.pretrained" not in train_here(
        "--iters", 1, freeze="[conv1]", **{"model.pretrained": weights}
    )


def test_frozen_parts_that_the_weights_lack_or_know_in_part_are_warned_of(train_here, weights, tmp_path):
    content = pickle.loads(weights.read_bytes())
    known = {name: value for name, value in content.items() if not name.startswith("spp.")}
    known[META_KEY] = make_meta(DDRNet_23_slim(4), classes=["road", "sky", "car", "boat"])
    weights.write_bytes(pickle.dumps(known))
    options = {"model.pretrained": weights, "train_dataset.class_names": "[road, sky, car, tree]"}
    log = train_here("--iters", 1, **options, freeze="[conv1, layer1]", save_dir="trunk")
    assert "lack it" not in log
    log = train_here("--iters", 1, **options, freeze="[spp.scale0.0, head]")
    [line] = [line for line in log.splitlines() if "WARNING" in line and "lack it" in line]
    assert "spp.scale0.0._mean" in line and "head.conv.weight, head.conv.bias" in line and "head.bn" not in line


def test_the_weights_of_a_backbone_are_weights_too(write_yaml, log):
    model = "{type: Mine, backbone: {type: Theirs, pretrained: a.pdparams}}"
    config = load_config(write_yaml(f"model: {model}"))
    _warn_of_initial_parts(config, ["backbone.conv1"])
    assert not log.text
    _warn_of_initial_parts(config, ["backbone.conv1", "neck"])
    assert "freeze without model.pretrained: neck keep" in log.text


def test_frozen_layers_stay_in_evaluation_mode_around_an_evaluation_and_others_come_back():
    model = nn.Sequential(nn.BatchNorm2D(4), nn.Sequential(nn.BatchNorm2D(4), nn.Dropout()))
    freeze(model, ["1"])
    model.train()
    keep_in_evaluation_mode(model)
    with evaluation_mode(model):
        pass
    assert [layer.training for layer in model.sublayers(include_self=True)] == [True, True, False, False, False]


class TwoLayers(nn.Layer):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Conv2D(3, 8, 1), nn.BatchNorm2D(8))
        self.head = nn.Conv2D(8, 19, 1)

    def forward(self, x):
        return [self.head(self.trunk(x))]


def test_what_is_frozen_is_what_the_last_call_says_and_what_was_never_trained_stays_so():
    model = TwoLayers()
    model.head.bias.stop_gradient = True

    def trained():
        return [name for name, parameter in model.named_parameters() if not parameter.stop_gradient]

    everything = trained()
    freeze(model, ["trunk", "trunk.0"])
    assert trained() == ["head.weight"]
    freeze(model, ["head", "trunk.1"])
    assert trained() == ["trunk.0.weight", "trunk.0.bias"]
    freeze(model, None)
    assert trained() == everything and "head.bias" not in everything
    model.train()
    keep_in_evaluation_mode(model)
    assert all(layer.training for layer in model.sublayers(include_self=True))


def test_the_librarys_train_freezes_parts_of_a_network_whose_optimiser_holds_all_of_it(tmp_path):
    model = TwoLayers()
    before = {name: tensor.numpy().copy() for name, tensor in model.state_dict().items()}
    parameters = [parameter for parameter in model.parameters() if not parameter.stop_gradient]
    settings = {
        "optimizer": paddle.optimizer.AdamW(0.01, parameters=parameters, weight_decay=0.5),
        "losses": {"types": [CrossEntropyLoss()], "coef": [1.0]},
        "iters": 2, "num_workers": 0, "save_dir": str(tmp_path), "use_ema": True,
    }  # fmt: skip
    scenes = RoadScenes([Normalize()], mode="train", num_samples=4, size=(64, 32))
    train(model, scenes, freeze=["trunk"], **settings)
    for name, tensor in model.state_dict().items():
        assert np.array_equal(tensor.numpy(), before[name]) == name.startswith("trunk."), name
    with pytest.raises(ConfigError, match=r"^freeze.0: the network has no part 'trunc'. Did you mean 'trunk'\?"):
        train(TwoLayers(), scenes, freeze=["trunc"], **settings)
