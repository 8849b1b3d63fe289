# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Where the files of a prediction go; predict.py and deploy/python/infer.py name them alike."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from PIL import Image

# PaddleSeg's names of the first two folders.
OVERLAY_FOLDER = "added_prediction"
COLOR_FOLDER = "pseudo_color_prediction"
LABEL_FOLDER = "label"


class ResultPaths(NamedTuple):
    """Files written for one picture."""

    label: Path
    color: Path
    overlay: Path


def result_paths(images: Sequence[str], root: str, save_dir: str | os.PathLike[str]) -> dict[str, ResultPaths]:
    """Where the results of each picture go: under the picture's path below ``root``.

    No two pictures share a file: those that differ in the suffix only keep it in the names of their label
    maps (``a.jpg.png``, ``a.png.png``). Where a picture lies outside ``root``, as one of a list file can, the
    deepest folder above all pictures is the root.

    Returns:
        Picture file to its results; a picture that is named twice is there once.
    """
    absolute = {os.path.abspath(image): image for image in images}
    root = os.path.abspath(root)
    if any(os.path.commonpath([root, path]) != root for path in absolute):
        root = os.path.commonpath([os.path.dirname(path) for path in absolute])
    names = {image: os.path.relpath(path, root) for path, image in absolute.items()}
    # Compared in lower case, because some file systems do so.
    uses = Counter(os.path.splitext(name)[0].lower() for name in names.values())
    uses.update(name.lower() for name in names.values())
    save_dir, paths = Path(save_dir), {}
    for image, name in names.items():
        stem, suffix = os.path.splitext(name)
        label_name = f"{stem if uses[stem.lower()] == 1 else name}.png"
        # A picture in a format that Pillow cannot write gets a PNG overlay.
        overlay_name = name if suffix.lower() in Image.registered_extensions() else f"{name}.png"
        paths[image] = ResultPaths(
            save_dir / LABEL_FOLDER / label_name,
            save_dir / COLOR_FOLDER / label_name,
            save_dir / OVERLAY_FOLDER / overlay_name,
        )
    return paths
