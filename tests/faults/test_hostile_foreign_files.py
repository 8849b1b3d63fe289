# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Hostile and damaged files of PyTorch, MindSpore and safetensors: none runs code, each is refused with one line.

Neither memory nor time grow with what a file claims.
"""

import io
import os
import pickle
import time
import tracemalloc

import numpy as np
import pytest

from paddleseg.utils.errors import WeightsError
from paddleseg.utils.mindspore_file import read_mindspore
from paddleseg.utils.safetensors_file import read_safetensors
from paddleseg.utils.torch_file import read_torch
from tests.faults.hostile_weights import DAMAGED, HOSTILE, WEIGHTS, whole_files
from tests.torch_writer import mindspore_value

_MEGABYTE = 1 << 20


def read(path):
    """What the file's ending says is in it."""
    if path.suffix == ".pth":
        return read_torch(path, dict)
    return read_mindspore(path) if path.suffix == ".ckpt" else read_safetensors(path)[0]


def refusal(path):
    """The one line that names the file; what the file claims costs neither memory nor time."""
    start = time.process_time()
    tracemalloc.start()
    try:
        with pytest.raises(WeightsError) as caught:
            read(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    text = str(caught.value)
    assert str(path) in text and "\n" not in text and text.isprintable() and len(text) < 1000
    assert peak < 10 * _MEGABYTE + 40 * path.stat().st_size and time.process_time() - start < 10
    return text


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_runs_nothing_and_is_refused(name, tmp_path):
    ending, make, words = HOSTILE[name]
    witness, path = tmp_path / "witness", tmp_path / f"model{ending}"
    path.write_bytes(make(witness))
    assert words in refusal(path)
    assert not witness.exists()


@pytest.mark.parametrize("name", ["old: code for the version", "old: code in the content"])
def test_the_hostile_pickles_do_run_in_a_plain_unpickler(name, tmp_path):
    witness = tmp_path / "witness"
    file = io.BytesIO(HOSTILE[name][1](witness))
    for _ in range(int(name.endswith("content")) * 2 + 2):
        pickle.load(file)
    assert witness.exists()


@pytest.mark.parametrize("name", DAMAGED)
def test_a_file_that_claims_what_cannot_be_is_refused_and_costs_little(name, tmp_path):
    ending, make, words = DAMAGED[name]
    path = tmp_path / f"model{ending}"
    path.write_bytes(make())
    assert words in refusal(path)


FORMATS = list(whole_files())


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_that_ends_too_early_is_refused_wherever_it_ends(name, tmp_path):
    path, whole = tmp_path / name, whole_files()[name]
    path.write_bytes(whole)
    assert len(read(path)) == 2
    # A protocol buffer that ends between two arrays is a whole one of fewer.
    between = {0, len(mindspore_value("conv.weight", WEIGHTS["conv.weight"]))} if name == "mind.ckpt" else set()
    for length in sorted({len(whole) * part // 40 for part in range(40)} - between):
        path.write_bytes(whole[:length])
        with pytest.raises(WeightsError, match=f"{name}: "):
            read(path)


@pytest.mark.parametrize("name", FORMATS)
def test_flipped_bits_give_arrays_or_one_line(name, tmp_path):
    path, whole = tmp_path / name, whole_files()[name]
    refused = 0
    for place in np.random.default_rng(0).integers(0, 8 * len(whole), 200):
        data = bytearray(whole)
        data[place // 8] ^= 1 << (place % 8)
        path.write_bytes(data)
        try:
            arrays = read(path)
        except WeightsError as error:
            refused += 1
            assert str(path) in str(error) and "\n" not in str(error)
        else:
            assert all(value.dtype.kind in "biuf" for value in arrays.values() if isinstance(value, np.ndarray))
    assert refused > 20


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("target", ["nothing", "folder", "loop"])
def test_a_link_to_nothing_to_a_folder_or_to_itself_is_one_line(name, target, tmp_path):
    path = tmp_path / name
    (tmp_path / "folder").mkdir()
    os.symlink(path if target == "loop" else tmp_path / target, path)
    with pytest.raises(WeightsError, match=f"{name}"):
        read(path)
