# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Cityscapes: street scenes of German cities, 19 classes (Cordts et al., CVPR 2016)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from paddleseg.datasets.decoded_cache import CacheKind, cache_folder
from paddleseg.datasets.pictures import check_mode, check_root
from paddleseg.datasets.segmentation import SegmentationDataset
from paddleseg.registry import DATASETS
from paddleseg.transforms.pipeline import Transform
from paddleseg.utils.arguments import checks_arguments
from paddleseg.utils.errors import DataError

# Name and official colour, in the order of the train ids.
CITYSCAPES_CLASSES = (
    ("road", (128, 64, 128)),
    ("sidewalk", (244, 35, 232)),
    ("building", (70, 70, 70)),
    ("wall", (102, 102, 156)),
    ("fence", (190, 153, 153)),
    ("pole", (153, 153, 153)),
    ("traffic light", (250, 170, 30)),
    ("traffic sign", (220, 220, 0)),
    ("vegetation", (107, 142, 35)),
    ("terrain", (152, 251, 152)),
    ("sky", (70, 130, 180)),
    ("person", (220, 20, 60)),
    ("rider", (255, 0, 0)),
    ("car", (0, 0, 142)),
    ("truck", (0, 0, 70)),
    ("bus", (0, 60, 100)),
    ("train", (0, 80, 100)),
    ("motorcycle", (0, 0, 230)),
    ("bicycle", (119, 11, 32)),
)

_IMAGE_SUFFIX = "_leftImg8bit.png"
_LABEL_SUFFIX = "_gtFine_labelTrainIds.png"
_UNCONVERTED_SUFFIX = "_gtFine_labelIds.png"


@DATASETS.add_component
class Cityscapes(SegmentationDataset):
    """Cityscapes with the 19 train ids; label value 255 is ignored.

    Pictures ``leftImg8bit/<mode>/<city>/*_leftImg8bit.png`` and labels
    ``gtFine/<mode>/<city>/*_gtFine_labelTrainIds.png`` are paired by name. In test mode labels are not read.

    Args:
        transforms: See ``SegmentationDataset``.
        dataset_root: Folder that holds ``leftImg8bit`` and ``gtFine``.
        mode: ``"train"``, ``"val"`` or ``"test"``.
        edge: Only False; PaddleSeg's edge labels belong to losses that are not here.
        cache: Keep decoded pictures and labels: ``"disk"``, ``"ram"`` or ``"none"``.
        cache_dir: Folder of the cache on disk; ``.decoded_cache`` in ``dataset_root`` by default.

    Raises:
        DataError: There are no pictures, or pictures and labels do not pair.
    """

    # Known without the files, so that a configuration can be checked before they are there.
    num_classes = len(CITYSCAPES_CLASSES)
    img_channels = 3
    ignore_index = 255
    class_names = tuple(name for name, _ in CITYSCAPES_CLASSES)
    palette = tuple(colour for _, colour in CITYSCAPES_CLASSES)

    @checks_arguments
    def __init__(
        self,
        transforms: Sequence[Transform],
        dataset_root: str,
        mode: str = "train",
        edge: bool = False,
        cache: CacheKind = "none",
        cache_dir: str | None = None,
    ) -> None:
        mode = check_mode(mode)
        super().__init__(
            transforms,
            mode=mode,
            num_classes=self.num_classes,
            file_list=_find_pairs(check_root(dataset_root), mode),
            ignore_index=self.ignore_index,
            img_channels=self.img_channels,
            class_names=self.class_names,
            palette=self.palette,
            cache=cache,
            cache_dir=cache_folder(cache, cache_dir, dataset_root),
        )


def _find_pairs(root: str, mode: str) -> list[tuple[str, str | None]]:
    image_folder = Path(root, "leftImg8bit", mode)
    label_folder = Path(root, "gtFine", mode)
    images = _files_by_name(image_folder, _IMAGE_SUFFIX)
    if not images:
        raise DataError(f"{image_folder}: no pictures named <city>{os.sep}*{_IMAGE_SUFFIX}")
    if mode == "test":
        return [(path, None) for path in images.values()]
    labels = _files_by_name(label_folder, _LABEL_SUFFIX)
    if not labels and _files_by_name(label_folder, _UNCONVERTED_SUFFIX):
        raise DataError(
            f"{label_folder}: there are *{_UNCONVERTED_SUFFIX} but no *{_LABEL_SUFFIX} files; make them with "
            f"python tools/dataset_converters/cityscapes.py {os.path.dirname(os.path.dirname(label_folder))}"
        )
    _check_same_names(images, labels, f"no label *{_LABEL_SUFFIX} in {label_folder}")
    _check_same_names(labels, images, f"no picture *{_IMAGE_SUFFIX} in {image_folder}")
    return [(path, labels[name]) for name, path in images.items()]


def _files_by_name(folder: Path, suffix: str) -> dict[str, str]:
    """Paths keyed by ``city/name`` without the suffix, sorted."""
    paths = sorted(folder.glob(f"*/*{suffix}"))
    return {f"{path.parent.name}/{path.name[: -len(suffix)]}": str(path) for path in paths}


def _check_same_names(files: dict[str, str], others: dict[str, str], what_lacks: str) -> None:
    orphans = [path for name, path in files.items() if name not in others]
    if orphans:
        raise DataError(f"{orphans[0]}: {what_lacks} has its name ({len(orphans)} of {len(files)} files lack one)")
