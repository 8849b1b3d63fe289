# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Files of torch.save, read without PyTorch: those written by PyTorch 2.14, and more if a Python has PyTorch."""

import argparse
import importlib.util
import os
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path, PurePosixPath, PureWindowsPath

import numpy as np
import pytest

from paddleseg.utils.errors import WeightsError
from paddleseg.utils.torch_file import read_torch
from tests.torch_writer import Call, Name, old_torch_file, pickled, storage, tensor, torch_file, zipped
from tests.utils.torch_files.make import expected

FILES = Path(__file__).resolve().parent / "torch_files"


def state_dict(content):
    return content["state_dict"]


def assert_equal(found, wanted):
    assert list(found) == list(wanted)
    for name, value in found.items():
        assert value.dtype == wanted[name].dtype and value.shape == wanted[name].shape, name
        assert np.array_equal(value, wanted[name]) and value.flags.writeable and value.flags.c_contiguous, name


@pytest.mark.parametrize("name", ["zip.pth", "old.pth", "mmengine.pth"])
def test_tensors_of_every_kind_and_view_are_read_as_pytorch_wrote_them(name):
    assert_equal(read_torch(FILES / name, state_dict), expected())


@pytest.mark.parametrize("name", ["zip.pth", "old.pth"])
def test_what_stands_beside_the_weights_is_read_as_plain_values(name):
    content = {}
    read_torch(FILES / name, lambda whole: content.update(whole) or {})
    assert content["epoch"] == 3 and content["best_mIoU"] == 0.75 and content["shape"] == (1, 2)
    assert content["history"].tolist() == [0, 1, 2]
    assert list(content["optimizer"]["state"]) == [0, 1, 2, 3]
    network = read_torch(FILES / name, lambda whole: whole["network"])
    assert network["1.num_batches_tracked"] == 1 and network["0.weight"].shape == (3, 2, 1, 1)


def python_with_torch():
    """The one that $TORCH_PYTHON names, or this one if it has PyTorch."""
    named = os.environ.get("TORCH_PYTHON")
    if named is None and importlib.util.find_spec("torch") is None:
        pytest.skip("needs PyTorch: set TORCH_PYTHON to a Python that has it")
    return named or sys.executable


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_an_installed_pytorch_writes_is_read(seed, tmp_path):
    subprocess.run([python_with_torch(), FILES / "make.py", tmp_path, str(seed)], check=True, timeout=300)
    for name in ("zip.pth", "old.pth"):
        assert_equal(read_torch(tmp_path / name, state_dict), expected(seed))


@pytest.mark.parametrize("write", [torch_file, old_torch_file])
def test_only_the_tensors_that_are_wanted_are_read(write, tmp_path):
    wanted = {"w": np.arange(6, dtype="f4").reshape(2, 3), "steps": np.array(7)}
    path = tmp_path / "a.pth"
    path.write_bytes(write({"state_dict": wanted, "large": np.zeros(10_000)}))
    assert_equal(read_torch(path, state_dict), wanted)


BESIDE = {
    "the milestones of a schedule": {"milestones": Counter({30: 1, 60: 1}), "gamma": 0.1},
    "arguments": argparse.Namespace(lr=0.1, layers={1, 2}, out=PurePosixPath("a/b"), w=np.ones(2, "f4")),
    "a table with defaults": defaultdict(list, {"loss": [0.5], "mIoU": []}),
    "a nested table with defaults": defaultdict(dict, a=defaultdict(float)),
    "paths": [PurePosixPath("a/b"), PureWindowsPath("c:/d"), Call(Name("pathlib._local", "PosixPath"), "/", "a")],
    "sets": [{1, 2}, frozenset("ab")],
    "PyTorch's own": [Name("torch", "bfloat16"), Call(Name("torch", "device"), "cpu"), Call(Name("torch", "Size"), [])],
}


@pytest.mark.parametrize("write", [torch_file, old_torch_file])
@pytest.mark.parametrize("beside", BESIDE)
def test_harmless_objects_beside_the_weights_are_passed_over(beside, write, tmp_path):
    path = tmp_path / "a.pth"
    path.write_bytes(write({"beside": BESIDE[beside], "state_dict": {"w": np.ones(3, "f4")}, "epoch": 3}))
    content = {}
    assert read_torch(path, lambda whole: content.update(whole) or whole["state_dict"])["w"].tolist() == [1, 1, 1]
    assert content["epoch"] == 3


def test_numbers_in_the_other_byte_order_are_turned(tmp_path):
    data, _ = pickled({"w": tensor(storage("FloatStorage", "0", 2), 0, (2,), (1,))})
    path = tmp_path / "a.pth"
    path.write_bytes(zipped(data, {"0": np.array([1, 2], ">f4").tobytes()}, byte_order="big"))
    assert read_torch(path, dict)["w"].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("name", "called"),
    [
        (Name("torch.nn.modules.container", "Sequential"), "torch.nn.modules.container.Sequential"),
        (Name("mmengine.runner.runner", "Runner"), "mmengine.runner.runner.Runner"),
        (Name("torch", "QInt8Storage"), "torch.QInt8Storage"),
        (Name("torch.optim.lr_scheduler", "OneCycleLR"), "torch.optim.lr_scheduler.OneCycleLR"),
    ],
)
def test_a_file_of_more_than_tensors_is_refused_with_what_to_save_instead(name, called, tmp_path):
    path = tmp_path / "a.pth"
    path.write_bytes(torch_file({"w": np.zeros(2, "f4"), "network": name}))
    with pytest.raises(WeightsError, match=rf"a\.pth: refused, .* call {called}; .* network's state_dict\(\) alone"):
        read_torch(path, dict)
