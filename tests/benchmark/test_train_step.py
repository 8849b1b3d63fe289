# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The train step's profile, and the process for the same step in PyTorch; none of this needs PyTorch."""

import argparse
import sys
from dataclasses import dataclass, field

import numpy as np
import paddle
import pytest

from benchmark import step_profile, train_step
from benchmark.torch_worker import TorchWorker, largest_difference, torch_name
from paddleseg.utils.errors import ConfigError, UserError

FAKE_WORKER = """
import json, sys
import numpy as np
print(json.dumps({"version": "9.9"}), flush=True)
for line in sys.stdin:
    [(request, value)] = json.loads(line).items()
    if request == "start":
        arrays = np.load(value["arrays"])
        answer = {}
    elif request == "forward":
        np.save(value, arrays["bn.running_mean"])
        answer = {}
    elif value == "ohem":
        answer = {"loss": 2.5, "seconds": 0.1}
    else:
        sys.exit("RuntimeError: out of memory")
    print(json.dumps(answer), flush=True)
"""


@dataclass
class Event:
    name: str
    start_ns: int
    end_ns: int
    children_node: list = field(default_factory=list)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("conv2d dygraph", "conv_forward"),
        ("SwitchedPaddingConv2D", "conv_forward"),
        ("Global_Conv2dGradNodeFinal", "conv_backward"),
        ("Global_GradNodePyLayer_OneDNNConv2D", "conv_backward"),
        ("conv2d_backward_data", "conv_backward_data"),
        ("conv2d_backward_weights", "conv_backward_weights"),
        ("BatchNorm2D", "batch_norm"),
        ("Local_BatchNormGradNode", "batch_norm"),
        ("relu pybind_imperative_func", "activations_and_sums"),
        ("__add__ or __radd_ pybind_patch_func", "activations_and_sums"),
        ("Global_AddGradNode", "activations_and_sums"),
        ("bilinear_interp dygraph", "upsampling"),
        ("Global_MatmulGradNode", "upsampling"),
        ("OhemCrossEntropyLoss", "loss"),
        ("Global_GradNodePyLayer_BlockwiseCrossEntropy", "loss"),
        ("Global_SumGradNode", "loss"),
        ("Optimization Step", "optimiser"),
        ("momentum_ dygraph", "optimiser"),
        ("ConvBNReLU", None),
        ("DDRNet_23_slim", None),
        ("Gradient Backward", None),
        ("Global_Pool2dGradNode", None),
    ],
)
def test_an_events_name_tells_its_kind(name, kind):
    assert step_profile.kind_of(name) == kind


def test_time_belongs_to_the_outermost_event_that_is_known_and_all_of_it_is_counted():
    loss = Event("OhemCrossEntropyLoss", 10, 60, [Event("add dygraph", 20, 50)])
    layer = Event("ConvBNReLU", 60, 90, [Event("conv2d dygraph", 62, 80), Event("relu dygraph", 80, 85)])
    seconds = {}
    step_profile.add_up(Event("step", 0, 100, [loss, layer]), None, seconds)
    in_ns = {kind: round(value * 1e9) for kind, value in seconds.items()}
    assert in_ns == {"loss": 50, "conv_forward": 18, "activations_and_sums": 5, "rest": 10 + 7 + 10}


def test_a_layer_that_names_the_parts_of_its_backward_pass_is_taken_at_its_word():
    parts = [Event("conv2d_backward_data", 5, 25), Event("conv2d_backward_weights", 25, 90, [Event("add", 30, 40)])]
    seconds = {}
    step_profile.add_up(Event("Global_GradNodePyLayer_FastConv2D", 0, 100, parts), None, seconds)
    in_ns = {kind: round(value * 1e9) for kind, value in seconds.items()}
    assert in_ns == {"conv_backward": 15, "conv_backward_data": 20, "conv_backward_weights": 65}


def test_a_step_with_frozen_convolutions_divides_their_backward_time():
    full = {"conv_backward": 7.0, "conv_backward_data": 1.0, "loss": 2.0, "rest": 0.5}
    divided = step_profile.divide_backward(full, {"conv_backward": 3.0, "loss": 9.0})
    assert tuple(divided) == step_profile.KINDS
    assert divided["conv_backward_data"] == 1 + 3 and divided["conv_backward_weights"] == 4
    assert sum(divided.values()) == sum(full.values())
    # Noise must not make a share negative.
    assert step_profile.divide_backward({"conv_backward": 1.0}, {"conv_backward": 2.0})["conv_backward_weights"] == 0


def test_paddles_own_events_are_found_and_the_weights_stay_trainable(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    network = paddle.nn.Sequential(
        paddle.nn.Conv2D(4, 16, 3), paddle.nn.BatchNorm2D(16), paddle.nn.ReLU(), paddle.nn.Conv2D(16, 16, 3)
    )
    optimizer = paddle.optimizer.Momentum(0.01, parameters=network.parameters())
    loss = paddle.nn.CrossEntropyLoss(axis=1)
    pictures, label = paddle.rand([2, 4, 64, 64]), paddle.zeros([2, 1, 60, 60], dtype="int64")

    def step():
        loss(network(pictures), label).backward()
        optimizer.step()
        optimizer.clear_grad()

    weights = [network[0].weight, network[3].weight]
    step()
    seconds, unprofiled = step_profile.profile_step(step, weights, rounds=2)
    assert unprofiled > 0
    assert not any(weight.stop_gradient for weight in weights)
    found = {kind for kind, value in seconds.items() if value > 0}
    # Noise may hide the one or the other half of the convolutions' backward pass, in so small a network.
    assert found >= {"conv_forward", "batch_norm", "activations_and_sums", "loss", "optimiser", "rest"}
    assert found & {"conv_backward_data", "conv_backward_weights"}
    assert not list(tmp_path.iterdir()), "the profiler has left something in the folder"


def test_arrays_of_the_network_have_partners_in_pytorchs(official_names):
    names = [torch_name(name) for name in train_step.make_model("NCHW").state_dict()]
    official = [name for name in official_names["23_slim"]["keys"] if not name.endswith("num_batches_tracked")]
    assert len(set(names)) == len(names) == len(official)
    leaves = {name.rpartition(".")[2] for name in names}
    assert leaves == {"weight", "bias", "running_mean", "running_var"}
    assert torch_name("conv1.0._batch_norm._variance") == "conv1.0._batch_norm.running_var"


@pytest.fixture
def fake_worker(tmp_path):
    def make(source):
        script = tmp_path / "fake_worker.py"
        script.write_text(source)
        return TorchWorker(sys.executable, script)

    return make


def test_the_worker_gets_weights_by_pytorchs_names_and_answers_each_request(fake_worker):
    worker = fake_worker(FAKE_WORKER)
    assert worker.version == "9.9"
    worker.start({}, {"bn._mean": np.array([1.0, -4.0], "float32")}, {"label": np.zeros((1, 2, 2), "uint8")})
    assert largest_difference(np.array([1.0, -2.0]), worker.forward()) == 1.0
    assert worker.step("ohem") == 2.5
    with pytest.raises(ConfigError, match=r"^--torch \S+: RuntimeError: out of memory$"):
        worker.step("cross_entropy")
    worker.close()


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("raise ImportError('no torch here')", "ImportError: no torch here; give a Python that has PyTorch 2.4"),
        ("raise SystemExit(3)", "ended with status 3; give a Python that has PyTorch 2.4"),
        ("print('hello')", "answers 'hello'; give a Python that has PyTorch 2.4"),
    ],
)
def test_a_python_without_pytorch_is_refused(fake_worker, source, words):
    with pytest.raises(ConfigError) as error:
        fake_worker(source)
    assert words in str(error.value) and "\n" not in str(error.value)


def test_a_python_that_is_not_there_is_one_line(run_command, tmp_path):
    process = run_command("benchmark/train_step.py", "--torch", tmp_path / "python")
    assert process.returncode == 1
    assert process.stderr.splitlines() == [
        f"train_step.py: error: --torch {tmp_path / 'python'}: cannot be run (No such file or directory); "
        "give a Python that has PyTorch 2.4 or newer"
    ]
    assert not process.stdout


@pytest.mark.parametrize("flag", ["torch", "profile"])
def test_what_measures_on_a_cpu_is_refused_on_a_card(flag, monkeypatch):
    monkeypatch.setattr("paddleseg.utils.device.select_device", lambda _: "gpu:0")
    arguments = argparse.Namespace(**{"device": None, "torch": None, "profile": False, flag: "yes"})
    with pytest.raises(UserError, match=f"--{flag}: measures on a CPU, and the device is gpu:0"):
        train_step.measure(arguments, None)


def test_sides_that_take_different_steps_are_not_compared(monkeypatch, capsys):
    class Worker:
        version = "9.9"

        def start(self, settings, weights, batch):
            assert (settings["min_kept"], settings["rate"]["weight_decay"]) == (131072, 5e-4)
            assert batch["pictures"].shape == (2, 32, 32, 3) and batch["label"].dtype == np.uint8

        def forward(self):
            return np.zeros((2, 2, 19, 32, 32), "float32")

        def step(self, loss):
            return 1.0

    monkeypatch.setattr(train_step, "CROP", 32)
    with pytest.raises(UserError, match=r"--torch: logits of both sides differ by 1\.0e\+00; at most 0\.0001"):
        train_step.check_torch(Worker(), train_step.make_batch())
    assert "PyTorch 9.9; relative differences: logits 1.0e+00, ohem " in capsys.readouterr().out
