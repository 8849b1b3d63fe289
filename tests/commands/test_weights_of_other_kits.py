# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Every command takes weights of other kits unchanged, or refuses them in one line."""

import json
from pathlib import Path

import numpy as np
import paddle
import pytest

import export
import predict
import val
from paddleseg.models import DDRNet_23_slim_cls
from paddleseg.models.kits import with_official_names
from paddleseg.models.weights import read_weights, write_weights
from paddleseg.utils.errors import WeightsError
from tests.torch_writer import mindspore_file, torch_file

COMMANDS = {"val": val, "predict": predict, "export": export}
# An export traces the network and compares the graph with it.
EACH_COMMAND = ["val", "predict", pytest.param("export", marks=pytest.mark.slow)]


def run(command, config, weights, folder, pictures):
    """The command in this process, for errors as exceptions."""
    more = {
        "val": ["--json", folder / "figures.json"],
        "predict": ["--image_path", pictures, "--save_dir", folder],
        "export": ["--save_dir", folder, "--input_shape", 1, 3, 64, 64],
    }[command]
    device = [] if command == "export" else ["--device", "cpu"]
    folder.mkdir(exist_ok=True)
    script = COMMANDS[command]
    arguments = ["--config", config, "--model_path", weights, *device, *more]
    with paddle.utils.unique_name.guard():  # Paddle numbers the layers of a process, also in exported graphs
        script.main(script.make_parser().parse_args([*map(str, arguments)]))
    files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    if command == "val":
        figures = json.loads(files["figures.json"])
        assert figures.pop("model_path") == str(weights)
        return figures
    if command == "export":
        files["deploy.yaml"], _, checksums = files["deploy.yaml"].partition(b"checksums:")
        assert checksums
    # Paddle 2.6.2 numbers more within the graphs than the guard above starts afresh; index and deploy.yaml have their
    # checksums. The report of the verification has times.
    left_out = (".pdmodel", ".info", ".jsonl", "report.md", "report.json")
    return {name: data for name, data in files.items() if not name.endswith(left_out)}


@pytest.fixture
def pth(weights, tmp_path) -> Path:
    """The weights of the tiny configuration's network as chenjun2hao's kit saves them, by PyTorch."""
    official = with_official_names(read_weights(weights)[0])
    path = tmp_path / "checkpoint.pth.tar"
    state = {**{f"model.{name}": value for name, value in official.items()}, "loss.criterion.weight": np.ones(4, "f4")}
    path.write_bytes(torch_file({"epoch": 3, "best_mIoU": 0.5, "state_dict": state, "optimizer": {"state": {}}}))
    return path


@pytest.mark.parametrize("command", EACH_COMMAND)
def test_weights_of_pytorch_give_what_the_same_weights_of_paddle_give(
    command, pth, weights, tiny_config, tiny_dataset, tmp_path, log
):
    results = [
        run(command, tiny_config, path, tmp_path / name, tiny_dataset / "images")
        for path, name in ((weights, "by_paddle"), (pth, "by_pytorch"))
    ]
    assert results[0] and results[0] == results[1]
    assert f"{pth}: entry state_dict: 289 weights by the names of chenjun2hao/DDRNet.pytorch" in log.text


def test_a_training_starts_from_weights_of_pytorch(pth, train_here):
    said = train_here("--iters", 1, "--opts", f"model.pretrained={pth}")
    assert f"pretrained {pth}: 289 of 289 tensors loaded" in said


@pytest.mark.parametrize("command", COMMANDS)
def test_weights_that_would_be_another_network_are_refused(command, tiny_config, tiny_dataset, weights, tmp_path):
    classifier = {name: value.numpy() for name, value in DDRNet_23_slim_cls(num_classes=4).state_dict().items()}
    official = with_official_names(read_weights(weights)[0])
    leaves = {".running_mean": ".moving_mean", ".running_var": ".moving_variance"}
    mindspore = {}
    for name, value in official.items():
        for leaf, word in leaves.items():
            name = name.replace(leaf, word)
        mindspore[name] = value
    cases = {
        "classifier.pth": (torch_file(with_official_names(classifier)), "these are weights of DDRNet_23_slim_cls: "),
        "mindspore.ckpt": (mindspore_file(mindspore), "weights of MindSpore, whose DDRNet computes something else"),
        "resnet.pth": (
            torch_file({"conv1.weight": np.ones((8, 3, 7, 7), "f4")}),
            "names match no known DDRNet",
        ),
        "more.pth": (torch_file({**official, "spam": np.ones(1, "f4")}), "1 unexpected: spam"),
    }
    for name, (data, words) in cases.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(WeightsError, match=f"{name}.*{words}") as caught:
            run(command, tiny_config, tmp_path / name, tmp_path / "out", tiny_dataset / "images")
        assert "\n" not in str(caught.value)
    assert not list((tmp_path / "out").iterdir())


def test_official_names_in_safetensors_are_evaluated_too(weights, tiny_config, tiny_dataset, tmp_path):
    path = tmp_path / "official.safetensors"
    write_weights(path, with_official_names(read_weights(weights)[0]), None)
    by_paddle = run("val", tiny_config, weights, tmp_path / "a", None)
    assert run("val", tiny_config, path, tmp_path / "b", None) == by_paddle
