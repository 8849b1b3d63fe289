# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Weight files are read without running what they name."""

import os
import pickle

import numpy as np
import paddle
import pytest

from paddleseg.utils.errors import WeightsError
from paddleseg.utils.safe_pickle import read_pickle


class Hostile:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def test_what_paddle_saves_is_read(tmp_path):
    state = {"a": paddle.arange(6, dtype="float32").reshape([2, 3]), "b": paddle.ones([1], dtype="int64")}
    paddle.save(state, str(tmp_path / "model.pdparams"))
    content = read_pickle(tmp_path / "model.pdparams")
    assert (content["a"] == np.arange(6).reshape(2, 3)).all()
    assert content["b"].dtype == np.int64


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_arrays_and_scalars_of_every_pickle_protocol_are_read(tmp_path, protocol):
    path = tmp_path / "file"
    path.write_bytes(pickle.dumps({"x": np.arange(3.0), "y": np.float32(2)}, protocol=protocol))
    content = read_pickle(path)
    assert content["x"].tolist() == [0, 1, 2]
    assert content["y"] == 2


@pytest.mark.parametrize(
    ("function", "name"), [(os.system, "system"), (eval, "eval"), (getattr, "getattr"), (np.load, "load")]
)
def test_a_hostile_file_is_refused_by_name_and_nothing_of_it_runs(tmp_path, function, name):
    witness = tmp_path / "witness"
    path = tmp_path / "model.pdparams"
    path.write_bytes(pickle.dumps({"w": Hostile(function, f"touch {witness}")}))
    with pytest.raises(WeightsError, match=rf"model.pdparams.*\b{name}\b"):
        read_pickle(path)
    assert not witness.exists()


def test_truncation_anywhere_is_one_clear_error(tmp_path):
    whole = pickle.dumps({"x": np.arange(100.0), "text": "abc"}, protocol=4)
    path = tmp_path / "model.pdparams"
    for length in range(0, len(whole) - 1, 13):
        path.write_bytes(whole[:length])
        with pytest.raises(WeightsError, match="damaged"):
            read_pickle(path)


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(WeightsError, match="nothing.pdparams: no such file"):
        read_pickle(tmp_path / "nothing.pdparams")
    with pytest.raises(WeightsError, match="is a folder"):
        read_pickle(tmp_path)


def equal_hashes(count):
    """Integers that Python's tables cannot tell apart by their hash."""
    return [number * (2**61 - 1) for number in range(1, count + 1)]


@pytest.mark.parametrize(
    "content",
    [
        pickle.dumps(dict.fromkeys(equal_hashes(12_000)), protocol=4),
        pickle.dumps(dict.fromkeys(equal_hashes(12_000)), protocol=0),
        pickle.dumps(set(equal_hashes(5_000)), protocol=4),
        pickle.dumps({-(2**61): 1, 3: 2}),
        b"N" + b"".join(b"p%d\n" % number for number in equal_hashes(6_000)) + b".",  # names of parts of the file
    ],
    ids=["table", "table as text", "set", "negative", "memo"],
)
def test_integers_whose_hashes_are_equal_are_refused_before_a_table_of_them_takes_time(content, tmp_path):
    path = tmp_path / "model.pdparams"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match="an integer of more than 60 bits as a key"):
        read_pickle(path)


def test_integers_as_keys_and_large_ones_as_values_are_read(tmp_path):
    content = {0: 2**80, -5: -(2**70), 2**60 - 1: "x", "list": [2**61 - 1, 2 * (2**61 - 1)]}
    path = tmp_path / "model.pdstates"
    for protocol in range(5):
        path.write_bytes(pickle.dumps(content, protocol=protocol))
        assert read_pickle(path) == content
