# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Data sets given by list files: one picture and its label per line."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from paddleseg.datasets.decoded_cache import CacheKind, cache_folder
from paddleseg.datasets.pictures import check_mode, check_root
from paddleseg.datasets.segmentation import SegmentationDataset
from paddleseg.registry import DATASETS
from paddleseg.transforms.pipeline import Transform
from paddleseg.utils.arguments import Fault, checks_arguments
from paddleseg.utils.errors import ConfigError, DataError
from paddleseg.utils.label_map import LabelClassCount, LabelValue
from paddleseg.utils.picture_files import (
    BLANK,
    advise_folder,
    advise_separator,
    read_list_lines,
    split_line,
    warn_of_repeats,
)
from paddleseg.utils.type_hints import ChannelCount, ValueRange


@DATASETS.add_component
class Dataset(SegmentationDataset):
    """Your own pictures, listed in text files.

    A line has the picture's path, the separator and the label's path, both relative to ``dataset_root``. In
    test mode the label may be missing.

    Args:
        mode: ``"train"``, ``"val"`` or ``"test"``; decides which list is read.
        dataset_root: Folder that the lists' paths are relative to.
        transforms: See ``SegmentationDataset``.
        num_classes: Number of classes.
        train_path: List file of the training pictures, relative to the working directory or, if not found there, to
            ``dataset_root``.
        val_path: List file of the validation pictures, likewise.
        test_path: List file of the test pictures, likewise.
        separator: The text between the two columns.
        ignore_index: Label value that is neither trained nor counted.
        label_map: Values in label files to values in labels, if the former are not the class ids; others stay.
        reduce_zero_label: Whether 0 in label files becomes ``ignore_index`` and every other value one less, as needed
            for ADE20K's labels.
        img_channels: Channels of the pictures.
        apply_exif: Whether pictures are turned upright as their EXIF data says, as PaddleSeg does; labels never are.
        value_range: [low, high], the values of 16-bit or float pictures that stand for black and white (0 and 255);
            None: those of the files' type, 0 and 65535 for 16 bits.
        edge: Only False; PaddleSeg's edge labels belong to losses that are not here.
        class_names: One name per class.
        palette: One [red, green, blue] per class.
        cache: Keep decoded pictures and labels: ``"disk"``, ``"ram"`` or ``"none"``.
        cache_dir: Folder of the cache on disk; ``.decoded_cache`` in ``dataset_root`` by default.

    Raises:
        ConfigError: An argument is missing or wrong.
        DataError: The list is missing, has wrong lines or names files that do not exist.
    """

    @checks_arguments
    def __init__(
        self,
        mode: str,
        dataset_root: str,
        transforms: Sequence[Transform],
        num_classes: LabelClassCount,
        train_path: str | None = None,
        val_path: str | None = None,
        test_path: str | None = None,
        separator: str = " ",
        ignore_index: LabelValue = 255,
        img_channels: ChannelCount = 3,
        edge: bool = False,
        class_names: Sequence[str] | None = None,
        palette: Sequence[Sequence[int]] | None = None,
        cache: CacheKind = "none",
        cache_dir: str | None = None,
        *,
        label_map: Mapping[int, int] | None = None,
        reduce_zero_label: bool | None = None,
        apply_exif: bool = True,
        value_range: ValueRange | None = None,
    ) -> None:
        mode = check_mode(mode)
        root = check_root(dataset_root)
        list_path = {"train": train_path, "val": val_path, "test": test_path}[mode]
        if list_path is None:
            raise ConfigError(f"{mode}_path: the data set's mode is {mode!r}, so its list file must be given")
        super().__init__(
            transforms,
            mode=mode,
            num_classes=num_classes,
            file_list=read_file_list(list_path, root, separator, labels_required=mode != "test"),
            ignore_index=ignore_index,
            label_map=label_map,
            reduce_zero_label=reduce_zero_label,
            img_channels=img_channels,
            apply_exif=apply_exif,
            value_range=value_range,
            class_names=class_names,
            palette=palette,
            cache=cache,
            cache_dir=cache_folder(cache, cache_dir, root),
        )

    @staticmethod
    def faults(separator: str = " ", **others: Any) -> Iterator[Fault]:
        """What does not go together, see :mod:`paddleseg.utils.arguments`."""
        if not separator:
            yield "separator", "empty; give what stands between picture and label in a line of the list"
        yield from SegmentationDataset.faults(**others)


def read_file_list(
    list_path: str, root: str, separator: str = " ", *, labels_required: bool = True
) -> list[tuple[str, str | None]]:
    """Read a list file and check that its files exist.

    Args:
        list_path: List file, relative to the working directory or to ``root``.
        root: Folder that the paths in the list are relative to.
        separator: The text between the columns; a blank also stands for tabs or several blanks.
        labels_required: Whether each line must have a label; if not, a missing one becomes None.

    Returns:
        (picture, label) paths in the list's order; blank lines are skipped.

    Raises:
        DataError: The list is missing, empty or neither UTF-8 nor GBK, a line has the wrong number of columns, or
            files do not exist; the message names the list and the line.
    """
    list_path = _find_list(list_path, root)
    counts = (2,) if labels_required else (1, 2)
    pairs: list[tuple[str, str | None]] = []
    numbers: list[int] = []
    missing: list[tuple[int, str]] = []

    def names_files(line: str) -> bool:
        found = split_line(line, separator, counts, root)
        return found is not None and not found[1]

    for number, line in read_list_lines(list_path, names_files):
        found = split_line(line, separator, counts, root)
        if found is None:
            columns = line.split(separator if separator != BLANK else None)
            raise DataError(
                f"{list_path}, line {number}: {len(columns)} columns separated by {separator!r} in "
                f"{line!r}, expected {f'picture{separator}label'!r}; {advise_separator(line, separator, counts, root)}"
            )
        paths, missing_here = found
        missing += [(number, path) for path in missing_here]
        pairs.append((paths[0], paths[1] if len(paths) == 2 else None))
        numbers.append(number)
    if missing:
        number, path = missing[0]
        places = [("the list's folder", os.path.dirname(list_path)), ("the working directory", "")]
        advice = advise_folder(os.path.relpath(path, root), root, [*places, ("its parent", os.path.join(root, ".."))])
        raise DataError(
            f"{list_path}, line {number}: {path} does not exist ({len(missing)} files of this list are missing){advice}"
        )
    if not pairs:
        raise DataError(f"{list_path}: the list is empty; give one picture{separator}label per line")
    warn_of_repeats(list_path, [(number, picture) for number, (picture, _) in zip(numbers, pairs)])
    return pairs


def _find_list(list_path: str, root: str) -> str:
    for candidate in (list_path, os.path.join(root, list_path)):
        if os.path.isfile(candidate):
            return candidate
    raise DataError(f"{list_path}: the list file does not exist, neither here nor in dataset_root {root}")
