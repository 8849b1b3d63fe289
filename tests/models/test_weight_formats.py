# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Weight files of any kit are read, and other files named correctly, by their content."""

import io
import pickle
import zipfile

import numpy as np
import paddle
import pytest

from paddleseg.models import DDRNet_23, DDRNet_23_cls, DDRNet_23_slim, DDRNet_23_slim_cls
from paddleseg.models.kits import with_official_names
from paddleseg.models.pretrained import load_pretrained
from paddleseg.models.weights import load_weights, read_weights, write_weights
from paddleseg.utils.errors import WeightsError
from paddleseg.utils.mindspore_file import read_mindspore
from tests.torch_writer import mindspore_file, mindspore_value, old_torch_file, torch_file

OFFICIAL = "ydhongHIT/DDRNet (official)"


def zip_of(*names):
    """A zip archive of these entries."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, bytes(100))
    return file.getvalue()


def npz_of(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


TORCH = zip_of("best/data.pkl", "best/byteorder", "best/data/0", "best/version")
ALLOWED = "give .pdparams, .safetensors, .pth of PyTorch or .ckpt of MindSpore"
RESNET = {"conv1.weight": np.zeros((4, 3, 7, 7), "f4"), "bn1.running_mean": np.zeros(4, "f4"), "fc.bias": np.zeros(9)}

TRUNK = ("conv1.1.running_mean", "compression3.0.weight", "layer1.0.conv1.weight")

CASES = [
    ("best.pth", TORCH, "damaged or not a file of torch.save"),
    ("half.pth", TORCH[: len(TORCH) // 2], "damaged or not a file of torch.save"),
    ("named.pdparams", TORCH, "damaged or not a file of torch.save"),
    ("lightning.ckpt", TORCH, "damaged or not a file of torch.save"),
    ("old.pth", b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19." + bytes(100), "damaged or not a file of torch.save"),
    ("ddrnet23.ckpt", b"\n\x10conv1.weight" + bytes(100), "damaged or not a checkpoint of MindSpore"),
    ("w.npz", npz_of(a=np.zeros(3)), f"an archive of numpy, which is not read here; {ALLOWED}: safetensors.numpy"),
    ("half.npz", npz_of(a=np.zeros(300))[:300], "an archive of numpy, which is not read here"),
    ("w.zip", zip_of("run/model.pdparams", "run/a.yml"), "a zip archive.*; unpack it and give run/model.pdparams"),
    ("data.pkl.zip", zip_of("a/b/data.pkl", "data.pkl"), f"a zip archive, not a weight file; {ALLOWED}"),
    ("half.zip", zip_of("photo.png")[:60], f"a damaged zip archive, not a weight file; {ALLOWED}"),
    ("header.zip", b"PK\x03\x04", "a damaged zip archive, not a weight file"),
    ("empty.zip", zip_of(), f"a zip archive, not a weight file; {ALLOWED}"),
    ("keras.h5", b"\x89HDF\r\n\x1a\n" + bytes(100), "an HDF5 file, as Keras writes them, which is not read here"),
    ("page.pth", b"<!DOCTYPE html><title>404</title>", "damaged or not a weight file"),
    ("resnet.pth", torch_file(RESNET), "a file of PyTorch whose names match no known DDRNet: conv1.weight, "),
    ("resnet.ckpt", mindspore_file(RESNET), "a file of MindSpore whose names match no known DDRNet: .* Known are"),
    ("list.pth", torch_file([RESNET]), "holds a list, not a table of named arrays"),
    ("optimizer.pth", torch_file({"optimizer": {"state": {}}, "epoch": 3}), "not a table of arrays; it holds"),
    ("mixed.pth", torch_file({**RESNET, "epoch": 3}), "entry 'epoch' is a int, not an array of numbers"),
    ("numbered.pth", torch_file({0: np.zeros(2, "f4")}), "a name is a int; a weight file names its arrays by text"),
    ("number.pth", torch_file({**{n: np.ones(1, "f4") for n in TRUNK}, "conv1.0.weight": np.array(1)}), "does not fit"),
    ("strings.ckpt", mindspore_value("w", np.zeros(2), "String"), "damaged or .*w holds String numbers"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "words"), CASES, ids=[name for name, *_ in CASES])
def test_what_is_no_weights_of_a_known_kit_is_called_what_it_is(name, content, words, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(WeightsError, match=f"/{name}:? {words}") as caught:
        load_weights(DDRNet_23_slim(num_classes=2), tmp_path / name)
    assert "\n" not in str(caught.value)


def test_weights_of_paddle_are_read_whatever_their_file_is_called(tmp_path):
    (tmp_path / "w.ckpt").write_bytes(pickle.dumps({"a": np.ones(2, np.float32)}))
    assert read_weights(tmp_path / "w.ckpt")[0]["a"].tolist() == [1, 1]


@pytest.fixture(scope="module")
def state():
    """Random weights of DDRNet-23-slim with 3 classes, by the names here."""
    paddle.seed(0)
    return {name: value.numpy() for name, value in DDRNet_23_slim(num_classes=3).state_dict().items()}


@pytest.fixture(scope="module")
def official(state):
    return with_official_names(state)


def assert_filled(model, state):
    assert all(np.array_equal(value.numpy(), state[name]) for name, value in model.state_dict().items())


@pytest.mark.parametrize("write", [torch_file, old_torch_file])
@pytest.mark.parametrize("load", [load_weights, load_pretrained])
def test_a_network_takes_official_weights_of_either_format_directly(load, write, state, official, tmp_path, log):
    path = tmp_path / "best.pth"
    path.write_bytes(write({f"module.{name}": value for name, value in official.items()}))
    model = DDRNet_23_slim(num_classes=3)
    load(model, path)
    assert_filled(model, state)
    assert f"{path}: 278 weights by the names of {OFFICIAL}; prefix module. taken off" in log.text


def test_what_is_read_of_another_kit_says_so(official, tmp_path):
    (tmp_path / "best.pth").write_bytes(torch_file(official))
    assert read_weights(tmp_path / "best.pth")[1] == {
        "kit": OFFICIAL, "arch": "DDRNet_23_slim", "num_classes": 3, "padding_mode": "official"
    }  # fmt: skip


def test_official_names_in_safetensors_are_read_and_what_the_file_says_of_itself_is_kept(state, official, tmp_path):
    path = tmp_path / "best.safetensors"
    write_weights(path, official, {"step": 7})
    weights, meta = read_weights(path)
    assert set(weights) == set(state) and meta == {"step": 7}


@pytest.mark.parametrize(
    ("beside", "taken"),
    [
        ({"state_dict": 1, "net": 0}, "state_dict"),
        ({"net": 0, "ema_net": 1}, "ema_net"),
        ({"net": 1, "epoch": 3}, "net"),
        ({"model": 1, "state_dict": "text"}, "model"),
    ],
)
def test_of_a_trainings_file_the_weights_are_taken_and_the_average_before_the_plain_ones(
    beside, taken, official, tmp_path, log
):
    tables = [{name: np.zeros_like(value) for name, value in official.items()}, official]
    path = tmp_path / "last.pth"
    path.write_bytes(torch_file({k: tables[v] if isinstance(v, int) and v < 2 else v for k, v in beside.items()}))
    weights, _ = read_weights(path)
    assert weights["head.conv.weight"].any() and f"last.pth: entry {taken}: " in log.text


def test_paddings_that_are_named_have_to_be_those_of_the_kit(official, tmp_path):
    (tmp_path / "best.pth").write_bytes(torch_file(official))
    with pytest.raises(
        WeightsError, match="best.pth was trained with padding_mode official, the network has paddleseg"
    ):
        load_weights(DDRNet_23_slim(num_classes=3, padding_mode="paddleseg"), tmp_path / "best.pth")


def test_official_weights_of_the_network_that_paddleseg_has_keep_the_official_paddings(tmp_path, log):
    trained = DDRNet_23(num_classes=2)
    path = tmp_path / "best.pth"
    path.write_bytes(torch_file(with_official_names({n: v.numpy() for n, v in trained.state_dict().items()})))
    model = DDRNet_23(num_classes=2)
    load_weights(model, path)
    assert model.padding_mode == "official" and "WARNING" not in log.text


def test_a_classifier_of_another_kit_is_no_segmentation_network_but_starts_one(tmp_path, log):
    paddle.seed(0)
    state = {name: value.numpy() for name, value in DDRNet_23_slim_cls(num_classes=7).state_dict().items()}
    path = tmp_path / "imagenet.pth"
    path.write_bytes(torch_file({"state_dict": with_official_names(state)}))
    with pytest.raises(
        WeightsError, match="does not fit DDRNet_23_slim with 3 classes; these are weights of DDRNet_23_slim_cls: "
    ):
        load_weights(DDRNet_23_slim(num_classes=3), path)
    coverage = load_pretrained(DDRNet_23_slim(num_classes=3), path)
    assert "layer5_.0.conv_bn._conv.weight" in coverage.loaded
    model = DDRNet_23_slim_cls(num_classes=7)
    load_weights(model, path)
    assert_filled(model, state)


def mindspore_arrays(state):
    """Weights of a classifier as MindSpore names them, without the biases that its stem has not."""
    words = {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean", "running_var": "moving_variance"}
    official = with_official_names(state)
    arrays = {}
    for name, value in official.items():
        module, leaf = name.rsplit(".", 1)
        if name not in ("conv1.0.bias", "conv1.3.bias"):
            arrays[f"{module}.{words[leaf] if f'{module}.running_mean' in official else leaf}"] = value
    return arrays


def test_a_checkpoint_of_mindspore_starts_a_training_with_a_warning_and_is_not_evaluated(tmp_path, log):
    paddle.seed(0)
    state = {name: value.numpy() for name, value in DDRNet_23_cls(num_classes=3).state_dict().items()}
    path = tmp_path / "ddrnet23.ckpt"
    path.write_bytes(mindspore_file(mindspore_arrays(state)))
    with pytest.raises(
        WeightsError, match="ddrnet23.ckpt: weights of MindSpore, whose DDRNet computes .* model.pretrained"
    ):
        load_weights(DDRNet_23_cls(num_classes=3), path)
    for model in (DDRNet_23_cls(num_classes=3), DDRNet_23(num_classes=2)):
        log.clear()
        coverage = load_pretrained(model, path)
        assert "zeros for conv1.0._conv.bias" in log.text and "do not give its results" in log.text
        assert all(np.array_equal(model.state_dict()[n].numpy(), state[n]) for n in coverage.loaded if "bias" not in n)


def test_weights_of_mindspore_stay_a_start_for_training_when_they_are_converted(state, tmp_path):
    path = tmp_path / "ddrnet.pdparams"
    write_weights(path, state, {"kit": "MindSpore"})
    with pytest.raises(WeightsError, match="ddrnet.pdparams: weights of MindSpore"):
        load_weights(DDRNet_23_slim(num_classes=3), path)
    assert load_pretrained(DDRNet_23_slim(num_classes=3), path).complete


def test_numbers_of_mindspore_are_read_in_slices_and_of_every_kind(tmp_path):
    half = np.arange(8, dtype="<f2").reshape(2, 4)
    slices = [mindspore_value("sliced", part.reshape(1, 4), "Float16") for part in half]
    for i, part in enumerate(slices):  # each says the shape of the whole
        slices[i] = part.replace(b"\x08\x01\x08\x04", b"\x08\x02\x08\x04")
    kinds = {"Float32": "<f4", "Float64": "<f8", "Int32": "<i4", "Int64": "<i8", "UInt8": "u1", "Bool": "?"}
    values = [mindspore_value(kind, np.ones((2, 3), dtype), kind) for kind, dtype in kinds.items()]
    bits = (np.array([1.5, -2], "<f4").view("<u4") >> 16).astype("<u2")
    path = tmp_path / "a.ckpt"
    text = mindspore_value("note", np.frombuffer(b"by append_dict", "u1"), "str")
    others = [mindspore_value("one", np.float32(3)), text, mindspore_value("BFloat16", bits, "BFloat16")]
    path.write_bytes(b"".join([*slices, *values, *others]))
    found = read_mindspore(path)
    assert "note" not in found
    assert np.array_equal(found["sliced"], half) and found["sliced"].dtype == np.float16
    assert all(found[kind].dtype == np.dtype(dtype) and found[kind].all() for kind, dtype in kinds.items())
    assert found["one"] == 3 and found["one"].shape == () and found["BFloat16"].tolist() == [1.5, -2]
