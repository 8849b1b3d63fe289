# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""CamVid: street scenes filmed from a car, 11 classes.

Brostow, Fauqueur, Cipolla: Semantic object classes in video, Pattern Recognition Letters 30 (2009); the usual
split and the grouping of its 32 labels to 11 classes are those of SegNet (Badrinarayanan et al., 2017).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from paddleseg.datasets.dataset import read_file_list
from paddleseg.datasets.decoded_cache import CacheKind, cache_folder
from paddleseg.datasets.pictures import check_mode, check_root
from paddleseg.datasets.segmentation import SegmentationDataset
from paddleseg.registry import DATASETS
from paddleseg.transforms.pipeline import Transform
from paddleseg.utils.arguments import checks_arguments
from paddleseg.utils.errors import ConfigError, DataError

# Name, and colour in CamVid's own label pictures, in the order of the class ids.
CAMVID_CLASSES = (
    ("sky", (128, 128, 128)),
    ("building", (128, 0, 0)),
    ("pole", (192, 192, 128)),
    ("road", (128, 64, 128)),
    ("pavement", (0, 0, 192)),
    ("tree", (128, 128, 0)),
    ("sign symbol", (192, 128, 128)),
    ("fence", (64, 64, 128)),
    ("car", (64, 0, 128)),
    ("pedestrian", (64, 64, 0)),
    ("bicyclist", (0, 128, 192)),
)

_ROOT_VARIABLE = "CAMVID_ROOT"


@DATASETS.add_component
class CamVid(SegmentationDataset):
    """CamVid with 11 classes; label value 255 is ignored.

    The folder has ``train.txt``, ``val.txt`` (and ``test.txt``) with a picture and its label per line.

    Args:
        transforms: See ``SegmentationDataset``.
        dataset_root: The folder. If not given: the environment variable CAMVID_ROOT, else ``data/camvid``, else
            ``../shared/camvid``, the latter two from the working directory.
        mode: ``"train"``, ``"val"`` or ``"test"``.
        drives: Only pictures of these drives, such as ``["0006R0"]``; not given: all. A picture's name begins with its
            drive and an underscore. Neighbouring pictures of one drive are much alike, and the usual validation part
            lies in the middle of a training drive: a held-out drive says more about other streets.
        cache: Keep decoded pictures and labels: ``"disk"``, ``"ram"`` or ``"none"``.
        cache_dir: Folder of the cache on disk; ``.decoded_cache`` in the data set's folder by default.
    """

    # Known without the files, so that a configuration can be checked before they are there.
    num_classes = len(CAMVID_CLASSES)
    img_channels = 3
    ignore_index = 255
    class_names = tuple(name for name, _ in CAMVID_CLASSES)
    palette = tuple(colour for _, colour in CAMVID_CLASSES)

    @checks_arguments
    def __init__(
        self,
        transforms: Sequence[Transform],
        dataset_root: str | None = None,
        mode: str = "train",
        cache: CacheKind = "none",
        cache_dir: str | None = None,
        *,
        drives: Sequence[str] | None = None,
    ) -> None:
        mode = check_mode(mode)
        root = find_root() if dataset_root is None else check_root(dataset_root)
        pairs = read_file_list(str(Path(root, f"{mode}.txt")), root, labels_required=mode != "test")
        super().__init__(
            transforms,
            mode=mode,
            num_classes=self.num_classes,
            file_list=pairs if drives is None else _of_drives(pairs, drives),
            ignore_index=self.ignore_index,
            img_channels=self.img_channels,
            class_names=self.class_names,
            palette=self.palette,
            cache=cache,
            cache_dir=cache_folder(cache, cache_dir, root),
        )


def _of_drives(pairs: list[tuple[str, str | None]], drives: Sequence[str]) -> list[tuple[str, str | None]]:
    """The pairs whose pictures are from these drives.

    Raises:
        ConfigError: One of them has no pictures.
    """
    found = {_drive_of(picture) for picture, _ in pairs}
    unknown = sorted(set(drives) - found)
    if unknown or not drives:
        what = f"no picture is of {', '.join(unknown)}" if drives else "the list is empty"
        raise ConfigError(f"drives: {what}; there are {', '.join(sorted(found))}")
    return [pair for pair in pairs if _drive_of(pair[0]) in drives]


def _drive_of(picture: str) -> str:
    return Path(picture).name.partition("_")[0]


def find_root() -> str:
    """The folder of CamVid if none is given; raise DataError if it cannot be found."""
    from_environment = os.environ.get(_ROOT_VARIABLE)
    if from_environment:
        if not os.path.isdir(from_environment):
            raise DataError(f"{_ROOT_VARIABLE}: {from_environment} is not a folder; correct or unset the variable")
        return from_environment
    candidates = (os.path.join("data", "camvid"), os.path.join("..", "shared", "camvid"))
    for candidate in candidates:
        if os.path.isdir(candidate):
            return candidate
    raise DataError(
        f"CamVid not found in {' or '.join(candidates)}; set dataset_root or the environment variable {_ROOT_VARIABLE}"
    )
