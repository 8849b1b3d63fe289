# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures sorted into one folder per class, as ImageNet's are."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np

from paddleseg.datasets.classification import ClassDataset
from paddleseg.datasets.file_index import ClassFiles, list_files
from paddleseg.datasets.pictures import check_mode, check_root
from paddleseg.registry import DATASETS
from paddleseg.transforms.pipeline import Transform
from paddleseg.utils.arguments import checks_arguments
from paddleseg.utils.errors import ConfigError, DataError
from paddleseg.utils.image_io import ReadOptions
from paddleseg.utils.logging import get_logger
from paddleseg.utils.picture_files import IMAGE_SUFFIXES
from paddleseg.utils.type_hints import Bound, ChannelCount, ValueRange

CLASSES = Bound(2, 1_000_000, "2 or more, at most 1000000")
ClassCount = Annotated[int, CLASSES]
_INDEX_FOLDER = ".file_index"


@DATASETS.add_component
class ImageFolder(ClassDataset):
    """``<dataset_root>/train/<class>/<picture>`` and ``<dataset_root>/val/<class>/<picture>``.

    Classes are the folders in ``train`` by name, for ``val`` too; where there is no ``train``, those of ``mode``.
    Pictures may lie deeper in their class folder. Files whose suffix is none of a picture are left out and counted.

    Args:
        mode: ``"train"``, ``"val"`` or ``"test"``: the folder that is read.
        dataset_root: The folder of these folders.
        transforms: See ``PictureDataset``.
        num_classes: Number of classes: that of the class folders.
        img_channels: Channels of the pictures.
        class_names: One name per class, in the order of the folders; not given: those of ``class_names_file``.
        class_names_file: A text file whose lines hold a folder's name, a blank and the name of the class, as
            ImageNet's ``LOC_synset_mapping.txt``; relative to the working directory or to ``dataset_root``. Not given:
            the folders' names.
        apply_exif: Whether pictures are turned upright as their EXIF data says.
        value_range: [low, high], the values of 16-bit or float pictures that stand for 0 and 255.
        index_dir: Folder of the index of the files; ``.file_index`` in ``dataset_root`` by default.

    Raises:
        ConfigError: ``num_classes`` or the names are not those of the folders.
        DataError: A folder is missing, a class has no pictures, or ``val`` has a class that ``train`` has not.
    """

    @checks_arguments
    def __init__(
        self,
        mode: str,
        dataset_root: str,
        transforms: Sequence[Transform],
        num_classes: ClassCount,
        img_channels: ChannelCount = 3,
        class_names: Sequence[str] | None = None,
        *,
        class_names_file: str | None = None,
        apply_exif: bool = True,
        value_range: ValueRange | None = None,
        index_dir: str | None = None,
    ) -> None:
        mode, root = check_mode(mode), check_root(dataset_root)
        folders = _class_folders(root, mode)
        if len(folders) != num_classes:
            shown = ", ".join(folders[:3]) + (", ..." if len(folders) > 3 else "")
            raise ConfigError(
                f"num_classes: found {num_classes}, but {root} has {len(folders)} class folders ({shown}); make it "
                f"{len(folders)}, or mend the folders"
            )
        super().__init__(
            transforms,
            mode=mode,
            num_classes=num_classes,
            img_channels=img_channels,
            class_names=_names_of(folders, class_names, class_names_file, root),
        )
        self.read_options = ReadOptions.checked(apply_exif, value_range)
        index_file = Path(index_dir or os.path.join(root, _INDEX_FOLDER), f"{mode}.index")
        self.file_list: ClassFiles = list_files(os.path.join(root, mode), _present(folders, root, mode), index_file)
        class_ids = {folder: class_id for class_id, folder in enumerate(folders)}
        self._class_of_folder = [class_ids[folder] for folder in self.file_list.folders]
        self._check_files()
        self.use_for("train" if mode == "train" else "val")

    def class_of(self, index: int) -> int:
        return self._class_of_folder[self.file_list.class_of(index)]

    def class_counts(self) -> np.ndarray:
        counts = np.zeros(self.num_classes, np.int64)
        counts[self._class_of_folder] = self.file_list.counts
        return counts

    def _check_files(self) -> None:
        files = self.file_list
        empty = [os.path.join(files.root, files.folders[place]) for place in np.flatnonzero(files.counts == 0)]
        if empty:
            more = f" and {len(empty) - 1} more" if len(empty) > 1 else ""
            raise DataError(
                f"{empty[0]}{more}: the class has no pictures ({' '.join(IMAGE_SUFFIXES)}); add some, or remove the "
                "folder"
            )
        if files.other_files:
            get_logger().warning("%s: %d files are no pictures and are left out", files.root, files.other_files)


def _class_folders(root: str, mode: str) -> list[str]:
    """Names of the class folders of a data set, sorted; the position is the class."""
    place = next((name for name in ("train", mode) if os.path.isdir(os.path.join(root, name))), None)
    if place is None or not os.path.isdir(os.path.join(root, mode)):
        raise DataError(f"{os.path.join(root, mode)}: there is no such folder; it must hold one folder per class")
    folders = _folders_in(os.path.join(root, place))
    if not folders:
        raise DataError(f"{os.path.join(root, place)}: there are no folders in it; it must hold one per class")
    return folders


def _present(folders: Sequence[str], root: str, mode: str) -> list[str]:
    """Those of the class folders that ``mode`` has."""
    found = _folders_in(os.path.join(root, mode))
    unknown = sorted(set(found) - set(folders))
    if unknown:
        more = f" (and {len(unknown) - 1} more)" if len(unknown) > 1 else ""
        raise DataError(
            f"{os.path.join(root, mode, unknown[0])}: {os.path.join(root, 'train')} has no class "
            f"{unknown[0]!r}{more}; classes are the folders there, so add it there, or remove it here"
        )
    absent = sorted(set(folders) - set(found))
    if absent:
        get_logger().warning("%s: has no pictures of %d classes (%s)", os.path.join(root, mode), len(absent), absent[0])
    return found


def _folders_in(folder: str) -> list[str]:
    with os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries if entry.is_dir() and not entry.name.startswith("."))


def _names_of(folders: Sequence[str], names: Sequence[str] | None, file: str | None, root: str) -> list[str]:
    """The names of the classes, in the order of their folders."""
    if names is not None and file is not None:
        raise ConfigError("class_names_file: given beside class_names; leave one of them out")
    if names is not None:
        if len(names) != len(folders):
            raise ConfigError(f"class_names: {len(names)} names for {len(folders)} classes; give one per class")
        return list(names)
    if file is None:
        return list(folders)
    path = next((place for place in (file, os.path.join(root, file)) if os.path.isfile(place)), None)
    if path is None:
        raise ConfigError(f"class_names_file: there is no file {file!r}, neither here nor in {root}")
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise ConfigError(f"class_names_file: {path} cannot be read as UTF-8 text ({error})") from error
    known = dict(line.strip().split(maxsplit=1) for line in lines if len(line.split(maxsplit=1)) == 2)
    lacking = [folder for folder in folders if folder not in known]
    if lacking:
        raise ConfigError(
            f"class_names_file: {path} has no line for {lacking[0]!r} ({len(lacking)} of {len(folders)} folders); a "
            "line holds the folder's name, a blank and the name of the class"
        )
    return [known[folder].strip() for folder in folders]
