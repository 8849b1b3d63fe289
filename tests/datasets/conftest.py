# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Small data sets on disk."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.datasets.cached import SIZES


def write_pairs(root: Path, sizes_wh, *, name="train", num_classes=4) -> Path:
    """Noise pictures with labels 0..K-1 and 255, and the list file ``<name>.txt``; returns the list."""
    (root / "images").mkdir(exist_ok=True)
    (root / "labels").mkdir(exist_ok=True)
    lines = []
    for index, (width, height) in enumerate(sizes_wh):
        rng = np.random.default_rng(index)
        image = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
        label = rng.integers(0, num_classes, (height, width), dtype=np.uint8)
        label[0, 0] = 255
        Image.fromarray(image).save(root / "images" / f"{index}.png")
        Image.fromarray(label).save(root / "labels" / f"{index}.png")
        lines.append(f"images/{index}.png labels/{index}.png\n")
    list_path = root / f"{name}.txt"
    list_path.write_text("".join(lines))
    return list_path


@pytest.fixture
def pairs():
    """The function that writes pictures, labels and their list."""
    return write_pairs


@pytest.fixture
def root(tmp_path, pairs):
    """A folder with five pictures and labels of several sizes."""
    pairs(tmp_path, SIZES)
    return tmp_path
