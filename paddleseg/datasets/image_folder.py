# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures sorted into one folder per class, as ImageNet's are."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Annotated

import numpy as np

from paddleseg.datasets.classification import ClassDataset
from paddleseg.datasets.file_index import ClassFiles, index_file_of, list_files
from paddleseg.datasets.pictures import check_mode, check_root
from paddleseg.registry import DATASETS
from paddleseg.transforms.pipeline import Transform
from paddleseg.utils.arguments import checks_arguments
from paddleseg.utils.errors import ConfigError, DataError, count_of, printable_line
from paddleseg.utils.image_io import ReadOptions
from paddleseg.utils.logging import get_logger
from paddleseg.utils.picture_files import IMAGE_SUFFIXES, list_folder, read_list_lines
from paddleseg.utils.type_hints import Bound, ChannelCount, ValueRange

# All of ImageNet has 21841; the K x K confusions of an evaluation then take 4 GB.
CLASSES = Bound(2, 22_000, "2 or more, at most 22000")
ClassCount = Annotated[int, CLASSES]


@DATASETS.add_component
class ImageFolder(ClassDataset):
    """``<dataset_root>/train/<class>/<picture>`` and ``<dataset_root>/val/<class>/<picture>``.

    Classes are the folders in ``train`` by name, for ``val`` too; without ``train``, those of ``mode``. Pictures may be
    in subfolders of their class folder. Files whose suffix is not a picture's are left out and counted.

    Args:
        mode: ``"train"``, ``"val"`` or ``"test"``: the folder that is read.
        dataset_root: The folder of these folders.
        transforms: See ``PictureDataset``.
        num_classes: Number of classes: that of the class folders.
        img_channels: Channels of the pictures.
        class_names: One name per class, in the order of the folders; not given: those of ``class_names_file``.
        class_names_file: A text file whose lines have a folder's name, a space and the name of the class, like
            ImageNet's ``LOC_synset_mapping.txt``; relative to the working directory or to ``dataset_root``. Not given:
            the folders' names.
        apply_exif: Whether pictures are turned upright as their EXIF data says.
        value_range: [low, high], the values of 16-bit or float pictures that stand for 0 and 255.
        index_dir: Folder of the index of the files; ``.file_index`` in ``dataset_root`` by default.

    Raises:
        ConfigError: ``num_classes`` or the names are not those of the folders.
        DataError: A folder is missing, a class has no pictures, or ``val`` has a class that ``train`` lacks.
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
                f"num_classes: found {num_classes}, but {root} has {count_of(len(folders), 'class folder')} ({shown}); "
                f"make it {len(folders)}, or correct the folders"
            )
        super().__init__(
            transforms,
            mode=mode,
            num_classes=num_classes,
            img_channels=img_channels,
            class_names=_names_of(folders, class_names, class_names_file, root),
        )
        self.read_options = ReadOptions.checked(apply_exif, value_range)
        self.class_folders = folders
        index_file = index_file_of(root, mode, index_dir)
        self.file_list: ClassFiles = list_files(os.path.join(root, mode), _present(folders, root, mode), index_file)
        class_ids = {folder: class_id for class_id, folder in enumerate(folders)}
        self._class_of_folder = [class_ids[folder] for folder in self.file_list.folders]
        self._check_files()
        self.use_for("train" if mode == "train" else "val")

    def class_of(self, index: int) -> int:
        return self._class_of_folder[self.file_list.class_of(index)]

    @property
    def class_keys(self) -> Sequence[str]:
        return self.class_folders

    def class_ids(self) -> np.ndarray:
        return np.repeat(np.array(self._class_of_folder, np.int64), self.file_list.counts)

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
            left_out = count_of(files.other_files, "file")
            get_logger().warning("%s: %s left out: not a picture by its suffix", files.root, left_out)


def folder_of_classes(root: str | os.PathLike[str], mode: str) -> str | None:
    """The folder whose folders are the classes of a data set: ``train``, else ``mode``; None if neither exists."""
    places = (os.path.join(root, name) for name in ("train", mode))
    return next((place for place in places if os.path.isdir(place)), None)


def _class_folders(root: str, mode: str) -> list[str]:
    """Names of the class folders of a data set, sorted; the position is the class."""
    place = folder_of_classes(root, mode)
    if place is None or not os.path.isdir(os.path.join(root, mode)):
        raise DataError(f"{os.path.join(root, mode)}: there is no such folder; it must hold one folder per class")
    folders = folders_in(place)
    if not folders:
        raise DataError(f"{place}: there are no folders in it; it must hold one per class")
    return folders


def _present(folders: Sequence[str], root: str, mode: str) -> list[str]:
    """The class folders that exist in ``mode``."""
    found = folders_in(os.path.join(root, mode))
    unknown = sorted(set(found) - set(folders))
    if unknown:
        more = f" (and {len(unknown) - 1} more)" if len(unknown) > 1 else ""
        raise DataError(
            f"{os.path.join(root, mode, unknown[0])}: {os.path.join(root, 'train')} has no class "
            f"{unknown[0]!r}{more}; classes are the folders there, so add it there, or remove it here"
        )
    absent = sorted(set(folders) - set(found))
    if absent:
        which = f"{count_of(len(absent), 'class')} ({printable_line(absent[0])})"
        get_logger().warning("%s: has no pictures of %s", os.path.join(root, mode), which)
    return found


def folders_in(folder: str) -> list[str]:
    """Names of the folders in a folder, sorted, without hidden ones.

    Raises:
        DataError: The folder cannot be read.
    """
    try:
        return list_folder(folder)[0]
    except OSError as error:
        raise DataError(f"{folder}: the folder cannot be read ({error.strerror})") from error


def _names_of(folders: Sequence[str], names: Sequence[str] | None, file: str | None, root: str) -> list[str]:
    """The names of the classes, in the order of their folders."""
    if names is not None and file is not None:
        raise ConfigError("class_names_file: given together with class_names; leave one of them out")
    if file is not None:
        return names_from_file(folders, file, root)
    if names is None:
        return list(folders)
    if len(names) != len(folders):
        raise ConfigError(
            f"class_names: {count_of(len(names), 'name')} for {count_of(len(folders), 'class')}; give one per class"
        )
    empty = [class_id for class_id, name in enumerate(names) if not name.strip()]
    if empty:
        raise ConfigError(f"class_names: the name of class {empty[0]} is empty; give one per class")
    return list(names)


def names_from_file(folders: Sequence[str], file: str, root: str | os.PathLike[str]) -> list[str]:
    """The names of class folders by a ``class_names_file``, in their order; see ``names_in_file``.

    Raises:
        ConfigError: Also if a folder has no line.
    """
    names = names_in_file(folders, file, root)
    lacking = [folder for folder in folders if folder not in names]
    if lacking:
        raise ConfigError(
            f"class_names_file: {file} has no line for {lacking[0]!r} ({len(lacking)} of "
            f"{count_of(len(folders), 'folder')}); a line holds the folder's name, a space and the name of the class"
        )
    return [names[folder] for folder in folders]


def names_in_file(folders: Sequence[str], file: str, root: str | os.PathLike[str]) -> dict[str, str]:
    """The names of class folders in a ``class_names_file``.

    Args:
        folders: Names of the folders; they may contain blanks.
        file: The file, relative to the working directory or to ``root``.
        root: The folder of the data set.

    Returns:
        Folder to name, for those folders that have a line.

    Raises:
        ConfigError: The file is missing or not text, or a folder has two names.
    """
    path, lines = _read_lines(file, root)
    wanted, names = set(folders), {}
    for number, line in lines:
        blanks = [place for place, letter in enumerate(line) if letter.isspace()]
        # If there are both "deep" and "deep sea", the longer one is meant.
        place = next((place for place in reversed(blanks) if line[:place] in wanted), None)
        if place is None:
            continue
        folder, name = line[:place], line[place:].strip()
        if names.setdefault(folder, name) != name:
            raise ConfigError(
                f"class_names_file: {path}, line {number}: {folder!r} is {name!r}, and {names[folder]!r} in an earlier "
                "line; leave one of them out"
            )
    return names


def folders_in_file(file: str, root: str | os.PathLike[str]) -> list[str]:
    """The class folders that a ``class_names_file`` names, sorted: the first word of each line that has a name, too.

    Only where the folders are not known otherwise, because the first word of a folder's name may not be all of it.

    Raises:
        ConfigError: The file is missing or not text.
    """
    lines = (line.split(maxsplit=1) for _, line in _read_lines(file, root)[1])
    return sorted({words[0] for words in lines if len(words) == 2})


def _read_lines(file: str, root: str | os.PathLike[str]) -> tuple[str, list[tuple[int, str]]]:
    """Where a ``class_names_file`` is, and its lines with their numbers."""
    path = next((place for place in (file, os.path.join(root, file)) if os.path.isfile(place)), None)
    if path is None:
        raise ConfigError(f"class_names_file: there is no file {file!r}, neither here nor in {root}")
    try:
        return path, read_list_lines(path)
    except DataError as error:
        raise ConfigError(f"class_names_file: {error}") from error
