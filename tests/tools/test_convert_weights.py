# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""``tools/convert_weights.py`` as a user runs it, and the network that loads its file."""

import hashlib
import json

import numpy as np
import paddle
import pytest
import safetensors
import safetensors.numpy

from paddleseg.models import DDRNet_23, DDRNet_23_slim, DDRNet_23_slim_cls
from paddleseg.models.kits import with_official_names
from paddleseg.models.pretrained import load_pretrained
from paddleseg.models.weights import load_weights, read_weights, write_weights
from paddleseg.utils.errors import WeightsError
from tests.conftest import REPOSITORY
from tests.scripts import load_script
from tests.torch_writer import mindspore_file, torch_file


def state_of(model):
    return {name: value.numpy() for name, value in model.state_dict().items()}


@pytest.fixture
def convert(tmp_path, monkeypatch, capsys):
    """Run the tool's ``main`` in ``tmp_path``; gives what it prints."""
    script = load_script(REPOSITORY / "tools" / "convert_weights.py")
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        capsys.readouterr()
        script.main(script.make_parser().parse_args([*arguments]))
        return capsys.readouterr().out

    return run


@pytest.fixture(scope="module")
def slim():
    paddle.seed(1)
    return state_of(DDRNet_23_slim(num_classes=4, enable_auxiliary_loss=True))


def test_a_checkpoint_becomes_a_file_that_the_network_loads_and_nothing_is_overwritten(run_command, tmp_path):
    paddle.seed(1)
    model = DDRNet_23_slim(num_classes=4)
    state = state_of(model)
    (tmp_path / "best_model").mkdir()
    meta = {"padding_mode": "official", "step": 7}
    write_weights(tmp_path / "best_model/model.pdparams", state, meta)
    target = tmp_path / "ddrnet.safetensors"
    command = ("tools/convert_weights.py", "--model_path", tmp_path / "best_model", "--save_path", target)
    result = run_command(*command)
    assert result.returncode == 0, result.stderr
    assert f"{len(state)} arrays" in result.stdout
    other = DDRNet_23_slim(num_classes=4)
    assert load_weights(other, target) == meta
    assert all(np.array_equal(value.numpy(), state[name]) for name, value in other.state_dict().items())
    before = target.read_bytes()
    again = run_command(*command)
    assert again.returncode == 1 and "already exists" in again.stderr and "Traceback" not in again.stderr
    assert target.read_bytes() == before


def test_official_weights_of_pytorch_come_back_bit_for_bit_and_say_where_they_come_from(convert, slim, tmp_path):
    official = with_official_names(slim)
    counters = {name.replace("running_var", "num_batches_tracked"): np.array(7) for name in official if "_var" in name}
    data = torch_file({"state_dict": {f"module.{n}": v for n, v in {**official, **counters}.items()}, "epoch": 3})
    (tmp_path / "best.pth").write_bytes(data)
    said = convert("best.pth", "ours.pdparams")
    weights, meta = read_weights("ours.pdparams")
    assert set(weights) == set(slim) and meta == {
        "origin": "best.pth",
        "kit": "ydhongHIT/DDRNet (official)",
        "sha256": hashlib.sha256(data).hexdigest(),
        "arch": "DDRNet_23_slim",
        "num_classes": 4,
        "in_channels": 3,
        "padding_mode": "official",
    }
    for part in (
        "289 of 289 tensors (100 %)",
        "stem",
        "low-resolution branch",
        "DAPPM",
        "auxiliary head",
        f"sha256: {meta['sha256']}",
    ):
        assert part in said
    convert("ours.pdparams", "back.safetensors", "--to", "official")
    back = safetensors.numpy.load_file("back.safetensors")
    assert set(back) == set(official)
    assert all(back[name].tobytes() == value.tobytes() for name, value in official.items())
    with safetensors.safe_open("back.safetensors", framework="numpy") as file:
        assert json.loads(file.metadata()["__meta__"]) == meta
    convert("back.safetensors", "again.pdparams")
    again, meta_again = read_weights("again.pdparams")
    assert meta_again == meta and all(again[name].tobytes() == value.tobytes() for name, value in slim.items())


def test_paddings_of_paddleseg_are_written_and_are_no_official_ones(convert, tmp_path, log):
    state = state_of(DDRNet_23(num_classes=2))
    write_weights("paddleseg.pdparams", state, None)
    convert("paddleseg.pdparams", "marked.safetensors")
    assert "takes padding_mode paddleseg" in log.text
    meta = read_weights("marked.safetensors")[1]
    assert meta["kit"] == "PaddleSeg" and meta["padding_mode"] == "paddleseg" and meta["arch"] == "DDRNet_23"
    for source in ("paddleseg.pdparams", "marked.safetensors"):
        with pytest.raises(WeightsError, match=f"{source}: --to official: trained with the paddings of paddleseg"):
            convert(source, "official.safetensors", "--to", "official")
    convert("paddleseg.pdparams", "official.safetensors", "--to", "official", "--padding_mode", "official")
    assert read_weights("official.safetensors")[1]["padding_mode"] == "official"
    with pytest.raises(WeightsError, match="was trained with padding_mode paddleseg, the network has official"):
        convert("marked.safetensors", "other.pdparams", "--padding_mode", "official")


def test_a_part_of_a_network_is_written_only_where_that_is_asked_for(convert, slim, tmp_path):
    trunk = {name: value for name, value in slim.items() if not name.startswith(("head", "aux_head", "spp"))}
    (tmp_path / "trunk.pth").write_bytes(
        torch_file({**with_official_names(trunk), "loss.weight": np.ones(2, "f4"), "spam": np.ones(1, "f4")})
    )
    with pytest.raises(
        WeightsError,
        match=r"trunk.pth fills 212 of 278 tensors \(76 %\) of DDRNet_23_slim; --partial writes what it has",
    ):
        convert("trunk.pth", "trunk.pdparams")
    assert not (tmp_path / "trunk.pdparams").exists()
    said = convert("trunk.pth", "trunk.pdparams", "--partial")
    assert "left out: 66 missing: " in said and "1 unexpected: spam" in said and "head                    0/11" in said
    weights, meta = read_weights("trunk.pdparams")
    assert set(weights) == set(trunk) and "num_classes" not in meta
    assert load_pretrained(DDRNet_23_slim(num_classes=9), "trunk.pdparams").loaded


def test_a_checkpoint_of_mindspore_is_converted_as_a_start_for_training(convert, tmp_path):
    words = {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean", "running_var": "moving_variance"}
    official = with_official_names(state_of(DDRNet_23_slim_cls(num_classes=5)))
    arrays = {}
    for name, value in official.items():
        module, leaf = name.rsplit(".", 1)
        arrays[f"{module}.{words[leaf] if f'{module}.running_mean' in official else leaf}"] = value
    (tmp_path / "best.ckpt").write_bytes(mindspore_file(arrays))
    convert("best.ckpt", "best.pdparams")
    assert read_weights("best.pdparams")[1]["kit"] == "MindSpore"
    with pytest.raises(WeightsError, match="--to official: trained with the paddings of MindSpore"):
        convert("best.ckpt", "best.safetensors", "--to", "official")


def test_weights_of_a_users_own_network_change_their_format_alone(convert, tmp_path):
    own = {"guide.weight": np.ones((2, 3), np.float32)}
    write_weights("own.safetensors", own, {"step": 3})
    convert("own.safetensors", "own.pdparams")
    weights, meta = read_weights("own.pdparams")
    assert list(weights) == list(own) and meta == {"step": 3}
    with pytest.raises(WeightsError, match="own.pdparams: not weights of DDRNet-23-slim, 23 or 39, so "):
        convert("own.pdparams", "official.safetensors", "--to", "official")


def test_what_a_file_says_wrongly_of_its_network_is_corrected_and_its_words_are_shown_in_one_line(convert, slim, log):
    said = {"arch": "DDRNet_39", "num_classes": 19, "in_channels": 3, "note": "\x1b[2J fine\nlost"}
    write_weights("ours.pdparams", slim, said)
    shown = convert("ours.pdparams", "again.safetensors")
    assert read_weights("again.safetensors")[1] == {**said, "arch": "DDRNet_23_slim", "num_classes": 4}
    for words in ("arch: DDRNet_39, its arrays are of DDRNet_23_slim", "num_classes: 19, its arrays are of 4"):
        assert f"ours.pdparams says {words}" in log.text
    assert "note: ?[2J fine lost" in shown and "\x1b" not in shown


def test_no_network_is_built_for_a_last_layer_of_many_classes_that_is_none_of_its(convert, slim):
    write_weights("many.pdparams", {**slim, "head.conv.weight": np.ones((70_000, 1, 1, 1), "f4")}, None)
    convert("many.pdparams", "rest.pdparams", "--partial")
    weights, meta = read_weights("rest.pdparams")
    assert "num_classes" not in meta and "head.conv.weight" not in weights and "head.bn1.weight" in weights


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a.pth"], "DST or --save_path: found neither; give one of them"),
        (["a.pth", "b.pdparams", "--model_path", "c.pth"], "SRC or --model_path: found both; give one"),
        (["a.pth", "b.pth"], "b.pth: a weight file ends in .pdparams or .safetensors; for PyTorch, --to official"),
        (["a.pth", "b.pdparams", "--to", "official"], "b.pdparams: --to official writes a file that ends in .safeten"),
        (["a.pth", "b.safetensors", "--to", "paddleseg"], "--to paddleseg writes a file that ends in .pdparams"),
        (["a.pth", "B.PDPARAMS"], "B.PDPARAMS: a weight file ends in .pdparams or .safetensors"),
        (["many.pdparams", "b.safetensors"], "many.pdparams: DDRNet_23_slim: in_channels: found 10001;"),
        (["a.pth", "b.pdparams"], "a.pth: no such file"),
        (["resnet.pth", "b.pdparams"], "resnet.pth: a file of PyTorch whose names match no known DDRNet:"),
        (["wide.pth", "b.pdparams"], "wide.pth: not weights of DDRNet-23-slim, 23 or 39"),
        (["cls.pdparams", "b.safetensors", "--padding_mode", "official"], "padding_mode official: DDRNet_23_slim_cls"),
        (["sides.pdparams", "b.safetensors"], "head.conv.weight has the shape [900000000, 0, 1, 1], without a number"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_one_line_and_writes_nothing(arguments, message, convert, slim, tmp_path):
    (tmp_path / "resnet.pth").write_bytes(torch_file({"conv1.weight": np.ones((8, 3, 7, 7), "f4")}))
    wide = {**with_official_names(slim), "conv1.0.weight": np.ones((48, 3, 3, 3), "f4")}
    (tmp_path / "wide.pth").write_bytes(torch_file(wide))
    write_weights("cls.pdparams", state_of(DDRNet_23_slim_cls(num_classes=2)), None)
    write_weights("many.pdparams", {**slim, "conv1.0._conv.weight": np.ones((32, 10001, 1, 1), "f4")}, None)
    write_weights("sides.pdparams", {**slim, "head.conv.weight": np.ones((900_000_000, 0, 1, 1), "f4")}, None)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(WeightsError) as caught:
        convert(*arguments)
    assert message in str(caught.value) and "\n" not in str(caught.value)
    assert sorted(tmp_path.iterdir()) == before
