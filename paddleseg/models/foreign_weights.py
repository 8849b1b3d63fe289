# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Weight files of other frameworks, told by their first bytes."""

from __future__ import annotations

import os

from paddleseg.utils.errors import WeightsError

_ZIP = b"PK\x03\x04"
# A pickle of the number with which torch.save began before version 1.6.
_OLD_TORCH = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19"


def refuse_foreign_weights(path: str | os.PathLike[str]) -> None:
    """Refuse a file of PyTorch or MindSpore, which a reader of Paddle's files would call damaged.

    Raises:
        WeightsError: It is one; the message says what can be given.
    """
    try:
        with open(path, "rb") as file:
            start = file.read(len(_OLD_TORCH))
    except OSError:
        return  # whoever reads it says why
    if start.startswith(_ZIP) or start == _OLD_TORCH:
        raise WeightsError(
            f"{path}: a checkpoint of PyTorch, which is not read here; give .pdparams, or .safetensors with the names "
            "of this network's arrays (those of PaddleSeg): tools/convert_weights.py turns the one into the other"
        )
    if os.fspath(path).endswith(".ckpt"):
        raise WeightsError(f"{path}: a checkpoint of MindSpore, which is not read here; give .pdparams or .safetensors")
