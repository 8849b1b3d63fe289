# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The paths of a prediction's files, the same for predict.py and deploy/python/infer.py."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from paddleseg.utils.errors import DataError
from paddleseg.utils.logging import get_logger
from paddleseg.utils.written_files import WrittenFiles

# PaddleSeg's names of the first two folders.
OVERLAY_FOLDER = "added_prediction"
COLOR_FOLDER = "pseudo_color_prediction"
LABEL_FOLDER = "label"
TIFF_SUFFIXES = (".tif", ".tiff")


class ResultPaths(NamedTuple):
    """Files written for one picture."""

    label: Path
    color: Path
    overlay: Path


def pictures_to_predict(images: Sequence[str], save_dir: str | os.PathLike[str]) -> list[str]:
    """Leave out the results of an earlier run of predict.py, if ``save_dir`` is in the folder of the pictures.

    Raises:
        DataError: No picture is left.
    """
    return _outside([os.path.join(save_dir, name) for name in (LABEL_FOLDER, COLOR_FOLDER, OVERLAY_FOLDER)], images)


def result_paths(
    images: Sequence[str], root: str, save_dir: str | os.PathLike[str], *, tiff_labels: bool = False
) -> dict[str, ResultPaths]:
    """The results of each picture: under the picture's path below ``root``.

    No two pictures share a file: those that differ only in the suffix keep it in the names of their label maps
    (``a.jpg.png``, ``a.png.png``). If a picture lies outside ``root``, as in a list file, the deepest folder above all
    pictures is the root.

    Args:
        images: Picture files.
        root: The folder whose sub-folders are kept.
        save_dir: Where to save.
        tiff_labels: Whether label maps of TIFF files are TIFF files instead of PNG.

    Returns:
        Picture file to its results; a picture named twice occurs once.
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
        label_suffix = ".tif" if tiff_labels and suffix.lower() in TIFF_SUFFIXES else ".png"
        label_name = f"{stem if uses[stem.lower()] == 1 else name}{label_suffix}"
        # A picture in a format that Pillow cannot write gets a PNG overlay.
        is_writable = Image.registered_extensions().get(suffix.lower()) in Image.SAVE
        overlay_name = name if is_writable else f"{name}.png"
        paths[image] = ResultPaths(
            save_dir / LABEL_FOLDER / label_name,
            save_dir / COLOR_FOLDER / label_name,
            save_dir / OVERLAY_FOLDER / overlay_name,
        )
    return paths


def label_paths(
    images: Sequence[str], root: str, save_dir: str | os.PathLike[str], *, tiff_labels: bool = False
) -> dict[str, Path]:
    """The label maps if nothing else is saved: directly in ``save_dir``, named as by ``result_paths``.

    If ``save_dir`` is in the folder of the pictures, its content is left out as results of an earlier run. If it is
    that folder, only files named in its index are.

    Returns:
        Picture file to the file of its label map; a picture named twice occurs once.

    Raises:
        DataError: A label map would replace one of the pictures, or no picture is left.
    """
    if Path(os.path.realpath(root)) in Path(os.path.realpath(save_dir)).parents:
        images = _outside([save_dir], images)
    else:
        images = _without_results(images, WrittenFiles(save_dir).has, str(save_dir))
    results = result_paths(images, root, "", tiff_labels=tiff_labels)
    targets = {image: Path(save_dir, paths.label.relative_to(LABEL_FOLDER)) for image, paths in results.items()}
    _check_nothing_is_replaced(targets)
    return targets


def _outside(folders: Sequence[str | os.PathLike[str]], images: Sequence[str]) -> list[str]:
    """The pictures outside the folders of results."""
    resolved = {Path(os.path.realpath(folder)) for folder in folders}
    return _without_results(
        images,
        lambda image: not resolved.isdisjoint(Path(os.path.realpath(image)).parents),
        ", ".join(str(folder) for folder in folders),
    )


def _without_results(images: Sequence[str], is_result: Callable[[str], bool], place: str) -> list[str]:
    pictures = [image for image in images if not is_result(image)]
    if not pictures:
        raise DataError(f"all pictures are earlier results, in {place}; save in another folder")
    if len(pictures) < len(images):
        count = len(images) - len(pictures)
        get_logger().info("%d pictures left out: they are earlier results, in %s", count, place)
    return pictures


def _check_nothing_is_replaced(targets: dict[str, Path]) -> None:
    pictures = {os.path.realpath(image): image for image in targets}
    for image, target in targets.items():
        # The short name too: beside a.jpg, a.png may be its label map from an earlier run rather than a picture.
        for path in (target, target.with_name(f"{Path(image).stem}.png")):
            replaced = pictures.get(os.path.realpath(path))
            if replaced is not None:
                raise DataError(
                    f"{replaced}: the label map of {image} would be written there too; save in another folder"
                )
