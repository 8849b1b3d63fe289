# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Data sets in their published folders. They differ only in data: classes and layout."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import cv2
import numpy as np
import PIL

from paddleseg.datasets.class_tables import IGNORED, Colour
from paddleseg.datasets.decoded_cache import CacheKind, cache_folder
from paddleseg.datasets.layout import Labels, Part, find_part
from paddleseg.datasets.mat_labels import MAT_NUMBERS, read_mat_label
from paddleseg.datasets.pictures import check_mode, check_root
from paddleseg.datasets.polygons import draw_polygon_label
from paddleseg.datasets.segmentation import SegmentationDataset
from paddleseg.transforms.pipeline import Transform
from paddleseg.utils.arguments import checks_arguments
from paddleseg.utils.errors import DataError, count_of
from paddleseg.utils.image_io import read_label
from paddleseg.utils.logging import get_logger


class PublishedDataset(SegmentationDataset):
    """Pictures and labels as a data set's site publishes them; label value 255 is ignored.

    A subclass states ``parts`` and, as an argument of its class statement, ``classes``: (name, colour) of each.

    Args:
        transforms: See ``SegmentationDataset``.
        dataset_root: The folder of the data set, with its published sub-folders (docs/datasets.md).
        mode: The part of the data to read: ``train``, ``val``, for some data sets also others (docs/datasets.md).
        edge: Only False; PaddleSeg's edge labels belong to losses that are not here.
        cache: Keep decoded pictures and labels: ``"disk"``, ``"ram"`` or ``"none"``.
        cache_dir: Folder of the cache on disk; ``.decoded_cache`` in ``dataset_root`` by default.

    Attributes:
        labels: The form in which the labels were found; None if there are none.

    Raises:
        ConfigError: An argument is wrong.
        DataError: There are no pictures, or pictures and labels do not pair; the message shows the expected folders.
    """

    # Known without the files, so that a configuration can be checked before they are there.
    img_channels = 3
    ignore_index = IGNORED
    num_classes: ClassVar[int]
    class_names: ClassVar[tuple[str, ...]]
    palette: ClassVar[tuple[Colour, ...]]
    parts: ClassVar[Mapping[str, tuple[Part, ...]]]
    """Mode to what is read: of several parts all samples, which have labels of one form."""

    def __init_subclass__(cls, classes: Sequence[tuple[str, Colour]] = (), **others: Any) -> None:
        super().__init_subclass__(**others)
        if "parts" in vars(cls):
            cls.modes = tuple(cls.parts)
        if classes:
            cls.num_classes = len(classes)
            cls.class_names = tuple(name for name, _ in classes)
            cls.palette = tuple(colour for _, colour in classes)

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
        mode = check_mode(mode, self.modes)
        root = check_root(dataset_root)
        file_list, self.labels = self.find_files(root, mode)
        super().__init__(
            transforms,
            mode=mode,
            num_classes=self.num_classes,
            file_list=file_list,
            ignore_index=self.ignore_index,
            img_channels=self.img_channels,
            class_names=self.class_names,
            palette=self.palette,
            cache=cache,
            cache_dir=cache_folder(cache, cache_dir, root),
        )
        self._class_of_number, self._is_unknown = _tables(self.labels)
        if len(self.parts[mode][0].labels) > 1:
            get_logger().info("%s: %s, labels %s", root, count_of(len(self), "picture"), self.labels.pattern)

    def find_files(self, root: str, mode: str) -> tuple[list[tuple[str, str | None]], Labels | None]:
        """The (picture, label) paths of a mode and the form of the labels, None if there are none.

        Raises:
            DataError: There are no pictures, or pictures and labels do not pair.
        """
        found = [find_part(root, part, self.describe(mode)) for part in self.parts[mode]]
        return [pair for part in found for pair in part.pairs], found[0].labels

    @classmethod
    def describe(cls, mode: str) -> str:
        """The data set and the mode, for messages."""
        return f"{cls.__name__} (mode {mode})"

    def sample_state(self, index: int) -> tuple[str, str]:
        """See ``SegmentationDataset``; includes the mapping of labels to class ids."""
        name, state = super().sample_state(index)
        if self.labels is not None and (self.labels.label_map or self.labels.polygons):
            rules = f"{self.labels} {PIL.__version__ if self.labels.polygons else ''}"
            name += f"\nlabels {hashlib.sha256(rules.encode()).hexdigest()}"
        return name, state

    def _read_label_file(self, path: str) -> np.ndarray:
        if self.labels.polygons is not None:
            return draw_polygon_label(path, self.labels.polygons)
        label = read_label(path) if self.labels.variable is None else read_mat_label(path, self.labels.variable)
        if self._class_of_number is None:
            return label
        if _look_up(self._is_unknown, label).any():
            raise DataError(f"{path}: {self._describe_unknown(label)}")
        return _look_up(self._class_of_number, label)

    def allowed_values(self) -> str:
        """What a label may hold, in words."""
        words = super().allowed_values()
        return f"{words}; {self.labels.advice}" if self.labels is not None and self.labels.advice else words

    def _describe_unknown(self, label: np.ndarray) -> str:
        pixels = np.bincount(label.ravel(), minlength=len(self._is_unknown)) * self._is_unknown
        found = ", ".join(f"{value} ({pixels[value]} pixels)" for value in np.flatnonzero(pixels)[:5])
        advice = f"; {self.labels.advice}" if self.labels.advice else ""
        return f"the label has the values {found}, which {type(self).__name__} does not use{advice}"


def _tables(labels: Labels | None) -> tuple[Any, Any]:
    """(N,) uint8 class of each number in a label file, and 1 where it has none; None if files have the classes."""
    if labels is None or labels.label_map is None:
        return None, None
    length = 256 if labels.variable is None else MAT_NUMBERS
    classes = np.full(length, IGNORED if labels.others is None else labels.others, np.uint8)
    is_unknown = np.full(length, labels.others is None, np.uint8)
    label_map = labels.label_map if labels.others is not None else {IGNORED: IGNORED, **labels.label_map}
    classes[list(label_map)] = list(label_map.values())
    is_unknown[list(label_map)] = 0
    return classes, is_unknown


def _look_up(table: np.ndarray, label: np.ndarray) -> np.ndarray:
    return cv2.LUT(label, table) if label.dtype == np.uint8 else table[label]
