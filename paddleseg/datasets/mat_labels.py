# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Labels in MATLAB files, used by COCO-Stuff 10k, Pascal Context and the Semantic Boundaries Dataset."""

from __future__ import annotations

import io
import os

import numpy as np

from paddleseg.utils.errors import DataError, UserError
from paddleseg.utils.extras import install_extra
from paddleseg.utils.image_io import read_file

MAT_NUMBERS = 512
"""Labels hold less; the most that a data set here has are Pascal Context's 460."""


def read_mat_label(path: str | os.PathLike, variable: str) -> np.ndarray:
    """Read a label from a MATLAB file.

    Args:
        path: The file.
        variable: Its variable, with the field of a structure after a dot: ``S``, ``GTcls.Segmentation``.

    Returns:
        (H, W) uint16, below MAT_NUMBERS.

    Raises:
        UserError: scipy is not installed.
        DataError: The file is missing or damaged, or has no such label.
    """
    try:
        from scipy.io import loadmat
    except ImportError as error:
        raise UserError(f"{path}: MATLAB files need scipy ({error}): {install_extra('mat')}") from None
    data = read_file(path, "label")
    name, _, field = variable.partition(".")
    try:
        content = loadmat(io.BytesIO(data), variable_names=[name])
        label = content[name]
        if field:
            label = label[field][0, 0]
    except Exception as error:  # scipy raises many kinds of errors for damaged files
        what = f"has no {variable}" if isinstance(error, KeyError) else f"is damaged ({error or type(error).__name__})"
        raise DataError(f"{path}: the label {what}; replace the file") from None
    is_label = isinstance(label, np.ndarray) and label.ndim == 2 and label.dtype.kind in "biuf"
    if not is_label or label.size == 0 or label.min() < 0 or label.max() >= MAT_NUMBERS or (label % 1).any():
        raise DataError(f"{path}: {variable} is not a map of whole numbers from 0 to {MAT_NUMBERS - 1}")
    return np.ascontiguousarray(label, np.uint16)
