# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Weight files of other frameworks, told by what is in them."""

from __future__ import annotations

import os
import zipfile

from paddleseg.utils.errors import WeightsError
from paddleseg.utils.safe_pickle import one_line

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")  # the second of one without entries
_ZIP_HEADER_SIZE = 30  # of an entry, before its name
# A pickle of the number with which torch.save began before version 1.6.
_OLD_TORCH = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19"
_HDF5 = b"\x89HDF\r\n\x1a\n"
# A checkpoint of MindSpore is a protocol buffer that begins with a field of its arrays; others end in .ckpt too.
_FIRST_FIELD = b"\n"

_TORCH = (
    "a checkpoint of PyTorch, which is not read here; give .pdparams, or .safetensors with the names of this network's "
    "arrays (those of PaddleSeg): tools/convert_weights.py turns the one into the other"
)
_NUMPY = (
    "an archive of numpy, which is not read here; give .pdparams or .safetensors: "
    "safetensors.numpy.save_file(dict(numpy.load(FILE)), 'weights.safetensors') makes one of it"
)


def refuse_foreign_weights(path: str | os.PathLike[str]) -> None:
    """Refuse a file of PyTorch, MindSpore, numpy or HDF5, and archives, which a reader of Paddle's calls damaged.

    Raises:
        WeightsError: It is one; the message says what can be given.
    """
    try:
        with open(path, "rb") as file:
            start = file.read(4096)
    except OSError:
        return  # whoever reads it says why
    kind = None
    if start.startswith(_ZIP):
        kind = _kind_of_zip(path, start)
    elif start.startswith(_OLD_TORCH):
        kind = _TORCH
    elif start.startswith(_HDF5):
        kind = "an HDF5 file, as Keras writes them, which is not read here; give .pdparams or .safetensors"
    elif os.fspath(path).endswith(".ckpt") and start.startswith(_FIRST_FIELD):
        kind = "a checkpoint of MindSpore, which is not read here; give .pdparams or .safetensors"
    if kind is not None:
        raise WeightsError(f"{path}: {kind}")


def _kind_of_zip(path: str | os.PathLike[str], start: bytes) -> str:
    """What a zip archive is, told by the names in it, or where it is cut off by the first."""
    try:
        with zipfile.ZipFile(path) as archive:
            names, state = archive.namelist(), ""
    except Exception:  # damaged ones raise nearly anything
        names, state = [_first_name(start)], "damaged "
    # torch.save puts all it writes into one folder, whose name is that of the file.
    if any(name.count("/") == 1 and name.endswith("/data.pkl") for name in names):
        return _TORCH
    if names and all(name.endswith(".npy") for name in names):
        return _NUMPY
    weights = [name for name in names if name.endswith((".pdparams", ".safetensors"))]
    advice = f"unpack it and give {one_line(weights[0])}" if weights else "give a .pdparams or .safetensors file"
    return f"a {state}zip archive and no weight file; {advice}"


def _first_name(start: bytes) -> str:
    """The name of the first entry of a zip archive, by its header."""
    length = int.from_bytes(start[26:28], "little")
    return start[_ZIP_HEADER_SIZE : _ZIP_HEADER_SIZE + length].decode("utf-8", "replace")
