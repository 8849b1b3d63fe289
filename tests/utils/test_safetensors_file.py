# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The .safetensors format: equal numbers both ways, and one line for every file that cannot be read."""

import json
import struct
import sys

import numpy as np
import pytest
import safetensors.numpy

from paddleseg.models.weights import META_KEY, read_weights, write_weights
from paddleseg.utils.errors import WeightsError

WEIGHTS = {
    "conv.weight": np.arange(24, dtype=np.float32).reshape(4, 6),
    "turned": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "half": np.array([0.5, 65504], np.float16),
    "steps": np.array(7, np.int64),
}
META = {"arch": "DDRNet_23", "num_classes": 4}


def same(a, b):
    return set(a) == set(b) and all(
        a[n].dtype == b[n].dtype and a[n].shape == b[n].shape and (a[n] == b[n]).all() for n in a
    )


def packed(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


@pytest.mark.parametrize("suffix", [".safetensors", ".pdparams"])
def test_what_is_written_is_read_again(tmp_path, suffix):
    path = tmp_path / f"weights{suffix}"
    write_weights(path, WEIGHTS, META)
    weights, meta = read_weights(path)
    assert same(weights, WEIGHTS) and meta == META
    write_weights(tmp_path / f"plain{suffix}", WEIGHTS, None)
    assert read_weights(tmp_path / f"plain{suffix}")[1] is None


def test_the_package_itself_reads_what_is_written(tmp_path):
    path = tmp_path / "weights.safetensors"
    write_weights(path, WEIGHTS, META)
    assert same(safetensors.numpy.load_file(path), WEIGHTS)
    with safetensors.safe_open(path, framework="numpy") as file:
        assert json.loads(file.metadata()[META_KEY]) == META


def test_bfloat16_becomes_float32_beside_other_numbers(tmp_path):
    tensors = {"b": [1.5, -2, 3.25, 0], "one": 7.0, "none": np.zeros((0, 3)), "a": [1, 2]}
    header, data = {}, b""
    for name, numbers in tensors.items():
        bits = np.asarray(numbers, "<f4").view("<u4")
        part = bits.tobytes() if name == "a" else (bits >> 16).astype("<u2").tobytes()
        kind = "F32" if name == "a" else "BF16"
        header[name] = {"dtype": kind, "shape": list(bits.shape), "data_offsets": [len(data), len(data) + len(part)]}
        data += part
    path = tmp_path / "weights.safetensors"
    path.write_bytes(packed({**header, "__metadata__": {META_KEY: json.dumps(META)}}, data))
    weights, meta = read_weights(path)
    assert {value.dtype for value in weights.values()} == {np.dtype("float32")} and meta == META
    assert weights["b"].tolist() == [1.5, -2, 3.25, 0] and weights["a"].tolist() == [1, 2]
    assert weights["one"].shape == () and weights["one"] == 7 and weights["none"].shape == (0, 3)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "damaged or not a safetensors file"),
        (b"GIF89a" + bytes(40), "damaged or not a safetensors file"),
        (struct.pack("<Q", 2**60) + b"{}", "damaged or not a safetensors file"),
        (packed(b"\xff{"), "damaged or not a safetensors file"),
        (packed({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 800]}}, bytes(4)), "damaged or not"),
        (packed({"a": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 8]}}, bytes(8)), "damaged or not"),
        (packed({"a": {"dtype": "F8_E4M3", "shape": [2], "data_offsets": [0, 2]}}, bytes(2)), "save it as float32"),
        (packed({}), "holds no arrays"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line(tmp_path, data, message):
    path = tmp_path / "weights.safetensors"
    path.write_bytes(data)
    with pytest.raises(WeightsError, match=message) as caught:
        read_weights(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_a_file_that_ends_too_early_is_refused_wherever_it_ends(tmp_path):
    path = tmp_path / "weights.safetensors"
    write_weights(path, WEIGHTS, META)
    whole = path.read_bytes()
    for part in range(20):
        path.write_bytes(whole[: len(whole) * part // 20])
        with pytest.raises(WeightsError, match="damaged"):
            read_weights(path)


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(WeightsError, match="nothing.safetensors: no such file"):
        read_weights(tmp_path / "nothing.safetensors")
    (tmp_path / "folder.safetensors").mkdir()
    with pytest.raises(WeightsError, match="is a folder"):
        read_weights(tmp_path / "folder.safetensors")


def test_without_the_package_the_message_says_what_to_install(tmp_path, monkeypatch):
    path = tmp_path / "weights.safetensors"
    write_weights(path, WEIGHTS, None)
    monkeypatch.setitem(sys.modules, "safetensors", None)
    with pytest.raises(WeightsError, match="pip install safetensors"):
        read_weights(path)
    with pytest.raises(WeightsError, match="pip install safetensors"):
        write_weights(tmp_path / "more.safetensors", WEIGHTS, None)
    assert not (tmp_path / "more.safetensors").exists()


def test_another_ending_is_refused(tmp_path):
    with pytest.raises(WeightsError, match="ends in .pdparams or .safetensors"):
        write_weights(tmp_path / "weights.pth", WEIGHTS, None)
