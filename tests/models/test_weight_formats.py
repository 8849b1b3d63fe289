# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Files that are no weights of Paddle are called what they are, by what is in them."""

import io
import pickle
import zipfile

import numpy as np
import pytest

from paddleseg.models.weights import read_weights
from paddleseg.utils.errors import WeightsError


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


CASES = [
    ("best.pth", TORCH, "a checkpoint of PyTorch, which is not read here"),
    ("half.pth", TORCH[: len(TORCH) // 2], "a checkpoint of PyTorch, which is not read here"),
    ("named.pdparams", TORCH, "a checkpoint of PyTorch, which is not read here"),
    ("lightning.ckpt", TORCH, "a checkpoint of PyTorch, which is not read here"),
    ("old.pth", b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19." + bytes(100), "a checkpoint of PyTorch, which is"),
    ("ddrnet23.ckpt", b"\n\x10conv1.weight" + bytes(100), "a checkpoint of MindSpore, which is not read here"),
    ("w.npz", npz_of(a=np.zeros(3)), "an archive of numpy, which is not read here; give .pdparams or .safetensors"),
    ("half.npz", npz_of(a=np.zeros(300))[:300], "an archive of numpy, which is not read here"),
    ("w.zip", zip_of("run/model.pdparams", "run/a.yml"), "a zip archive .*; unpack it and give run/model.pdparams"),
    ("data.pkl.zip", zip_of("a/b/data.pkl", "data.pkl"), "a zip archive and no weight file; give a .pdparams or"),
    ("half.zip", zip_of("photo.png")[:60], "a damaged zip archive and no weight file; give a .pdparams or"),
    ("header.zip", b"PK\x03\x04", "a damaged zip archive and no weight file"),
    ("empty.zip", zip_of(), "a zip archive and no weight file; give a .pdparams or .safetensors file"),
    ("keras.h5", b"\x89HDF\r\n\x1a\n" + bytes(100), "an HDF5 file, as Keras writes them, which is not read here"),
]


@pytest.mark.parametrize(("name", "content", "words"), CASES, ids=[name for name, *_ in CASES])
def test_weights_of_another_framework_are_called_what_they_are(name, content, words, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(WeightsError, match=f"/{name}: {words}") as caught:
        read_weights(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_weights_of_paddle_are_read_whatever_their_file_is_called(tmp_path):
    (tmp_path / "w.ckpt").write_bytes(pickle.dumps({"a": np.ones(2, np.float32)}))
    assert read_weights(tmp_path / "w.ckpt")[0]["a"].tolist() == [1, 1]
