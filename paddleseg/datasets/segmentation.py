# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures with label maps: reading and checking a sample."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import cv2
import numpy as np

from paddleseg.datasets.decoded_cache import CachedSample, CacheKind
from paddleseg.datasets.pictures import PictureDataset
from paddleseg.datasets.renumbering import renumbering_faults, renumbering_table
from paddleseg.transforms.pipeline import Transform
from paddleseg.utils.arguments import Fault, checks_arguments
from paddleseg.utils.errors import ConfigError, DataError
from paddleseg.utils.image_io import READ_DEFAULTS, READER_VERSION, ReadOptions, read_header, read_image, read_label
from paddleseg.utils.label_map import LabelClassCount, LabelValue
from paddleseg.utils.seeding import sample_rng
from paddleseg.utils.type_hints import ChannelCount, ValueRange
from paddleseg.utils.value_range import fault_of_value_range


class LabelValuesError(DataError):
    """A label has values that are neither a class nor ignored.

    Attributes:
        path: The label's file.
        pixels: (256,) int64, pixels of each value.
        size_wh: Width and height of the label.
    """

    def __init__(self, message: str, path: str, pixels: np.ndarray, size_wh: tuple[int, int]) -> None:
        super().__init__(message)
        self.path, self.pixels, self.size_wh = path, pixels, size_wh


class SegmentationDataset(PictureDataset):
    """Pairs of pictures and labels.

    A subclass finds the pairs and calls this constructor; one that reads or makes its samples in its own way overrides
    ``read``. If they can be cached it also overrides ``sample_state``, and ``picture_name`` if there are no files.

    Args:
        transforms: Run on each sample in order; a ``Normalize`` at the end is left to the device.
        mode: ``"train"``, ``"val"`` or ``"test"``: the part of the data that is read. Unless ``use_for`` says
            otherwise, ``"train"`` is trained on and the others are evaluated.
        num_classes: Labels have 0 .. num_classes - 1 and ``ignore_index``.
        file_list: (picture, label) paths; the label may be None in test mode only.
        ignore_index: Label value that is neither trained nor counted.
        label_map: Values in label files to values in labels, if the former are not the class ids; others stay.
        reduce_zero_label: Whether 0 in label files becomes ``ignore_index`` and every other value one less.
        img_channels: Channels of the pictures.
        apply_exif: Whether pictures are turned upright as their EXIF data says; labels never are.
        value_range: [low, high], the values in the pictures that stand for 0 and 255; None: those of the files' type.
        class_names: One name per class.
        palette: One [red, green, blue] per class.
        cache: Keep decoded pictures and labels: ``"disk"``, ``"ram"`` or ``"none"``.
        cache_dir: Folder of the cache on disk.

    Attributes:
        pipeline: The transforms with the normalisation set apart; scale, crop and flips run as one.
        labels_move: Whether the transforms change the label with the picture; see ``use_for``.

    Raises:
        ConfigError: An argument is wrong, or arguments contradict each other.
        DataError: Files of the list are missing.
    """

    @checks_arguments(unchecked=("file_list",))
    def __init__(
        self,
        transforms: Sequence[Transform],
        *,
        mode: str,
        num_classes: LabelClassCount,
        file_list: Sequence[tuple[str | os.PathLike[str], str | os.PathLike[str] | None]] = (),
        ignore_index: LabelValue = 255,
        label_map: Mapping[int, int] | None = None,
        reduce_zero_label: bool | None = None,
        img_channels: ChannelCount = 3,
        apply_exif: bool = True,
        value_range: ValueRange | None = None,
        class_names: Sequence[str] | None = None,
        palette: Sequence[Sequence[int]] | None = None,
        cache: CacheKind = "none",
        cache_dir: str | os.PathLike | None = None,
    ) -> None:
        super().__init__(
            transforms,
            mode=mode,
            num_classes=num_classes,
            file_list=file_list,
            img_channels=img_channels,
            class_names=class_names,
            cache=cache,
            cache_dir=cache_dir,
        )
        self.ignore_index = ignore_index
        self._renumbering = renumbering_table(label_map, reduce_zero_label, ignore_index)
        self.read_options = ReadOptions.checked(apply_exif, value_range)
        self.palette = None if palette is None else [list(colour) for colour in palette]
        # 1 where a label value is not allowed: one table look-up checks a whole label.
        self._is_forbidden = np.ones(256, np.uint8)
        self._is_forbidden[:num_classes] = 0
        self._is_forbidden[ignore_index] = 0
        self.use_for("train" if self.is_to_train_on else "val")

    @staticmethod
    def faults(
        num_classes: int | None = None,
        class_names: Sequence[str] | None = None,
        palette: Sequence[Sequence[int]] | None = None,
        cache: CacheKind = "none",
        cache_dir: str | os.PathLike | None = None,
        value_range: Sequence[float] | None = None,
        edge: bool = False,
        ignore_index: int = 255,
        label_map: Mapping[int, int] | None = None,
        reduce_zero_label: bool | None = None,
        **_: Any,
    ) -> Iterator[Fault]:
        """What does not go together, see :mod:`paddleseg.utils.arguments`."""
        yield from renumbering_faults(label_map, reduce_zero_label, ignore_index, num_classes)
        for name, values in (("class_names", class_names), ("palette", palette)):
            if values is not None and num_classes not in (None, len(values)):
                yield name, f"{len(values)} entries for {num_classes} classes; give one per class"
        fault = None if value_range is None else fault_of_value_range(value_range)
        if fault is not None:
            yield "value_range", fault
        if cache == "ram" and cache_dir is not None:
            yield "cache_dir", "cache: ram writes no files; remove it, or make it cache: disk"
        if edge:  # PaddleSeg's option, taken by some of the data sets
            yield "edge", "found True; no loss here uses edge labels, remove the key"

    def __getitem__(self, index: int) -> dict[str, Any]:
        """A sample in PaddleSeg's form, for inspection; training and evaluation normalise whole batches on the device.

        Its random transforms are the same each time: those of seed 0 in the first epoch.

        Returns:
            ``img`` (C, H, W) float32, normalised; ``label`` (H, W) int64 if there is one; ``path``, ``trans_info``.

        Raises:
            IndexError: There is no such sample.
            DataError: A file is missing or damaged, see ``read``.
        """
        if not -len(self) <= index < len(self):
            raise IndexError(f"sample {index} of {len(self)}")
        index %= len(self)
        sample = self.sample(index, sample_rng(0, 0, index))
        sample["img"] = self.pipeline.normalized_planes(sample["img"])
        if "label" in sample:
            sample["label"] = sample["label"].astype(np.int64)
        return sample

    @property
    def is_renumbered(self) -> bool:
        """Whether labels have other numbers than their files."""
        return self._renumbering is not None

    @property
    def value_table(self) -> np.ndarray:
        """(256,) uint8: the new value of each value in a label file."""
        return np.arange(256, dtype=np.uint8) if self._renumbering is None else self._renumbering

    @property
    def labels_are_pictures(self) -> bool:
        """Whether label files have the numbers that ``value_table`` maps, and no other code turns them into ids."""
        return type(self)._read_label_file is SegmentationDataset._read_label_file

    def label_of_file(self, path: str) -> np.ndarray:
        """(H, W) uint8: the content of a label file as read, before its values are checked.

        Raises:
            DataError: The file is missing or damaged.
        """
        return self._read_label_file(path)

    def use_for(self, purpose: Literal["train", "val"]) -> None:
        """Say what the samples are for, whichever part of the data they are.

        In training the label moves with the picture. In evaluation it stays as it was read, so that scores are
        counted at the label's own size.

        Raises:
            ConfigError: A transform pads labels with a value that training cannot use.
            DataError: A picture to train on has no label.
        """
        super().use_for(purpose)
        if not self.labels_move:
            return
        self._check_label_padding()
        for image_path, label_path in self.file_list:
            if label_path is None:
                raise DataError(f"{image_path}: has no label (mode {self.mode}); training needs one for each picture")

    def allows_value(self, value: int) -> bool:
        """Whether a label may hold ``value`` (0 to 255)."""
        return not self._is_forbidden[value]

    def allowed_values(self) -> str:
        """What a label may hold, in words."""
        return (
            f"allowed with num_classes {self.num_classes} are 0..{self.num_classes - 1} and "
            f"{self.ignore_index} (ignored)"
            + (", as label_map or reduce_zero_label leaves them" if self.is_renumbered else "")
        )

    def read(self, index: int) -> dict[str, Any]:
        """Read and check one sample, without any transform.

        Returns:
            ``img`` (H, W, C), ``label`` (H, W) uint8 (absent if there is none), ``path``, ``trans_info`` [].

        Raises:
            DataError: A file is missing or damaged, the sizes differ, or the label has a value that is not
                allowed; the message names the file.
        """
        image_path, label_path = self.file_list[index]
        image = read_image(image_path, self.img_channels, self.read_options)
        sample = {"img": image, "path": image_path, "trans_info": []}
        if label_path is not None:
            label = self._read_label_file(label_path)
            if label.shape != image.shape[:2]:
                raise DataError(
                    f"{label_path}: the label is {label.shape[1]}x{label.shape[0]}, but its picture "
                    f"{image_path} is {image.shape[1]}x{image.shape[0]}; {self._size_advice(image, label, image_path)}"
                )
            self._check_label_values(label, label_path)
            sample["label"] = label
        return sample

    @property
    def has_own_read(self) -> bool:
        """Whether a subclass reads samples with its own code, whose use of files and threads is not known."""
        return type(self).read is not SegmentationDataset.read

    def read_label(self, index: int) -> np.ndarray | None:
        """The ``label`` of ``read``, or None; the picture is not read if a file has the label alone.

        Raises:
            DataError: The label's file is missing or damaged, or has a value that is not allowed.
        """
        if self.has_own_read:
            return self.read(index).get("label")
        path = self.file_list[index][1]
        if path is None:
            return None
        label = self._read_label_file(path)
        self._check_label_values(label, path)
        return label

    def _read_label_file(self, path: str) -> np.ndarray:
        label = read_label(path)
        return label if self._renumbering is None else cv2.LUT(label, self._renumbering)

    def sample_state(self, index: int) -> tuple[str, str]:
        """What decides the content of a sample: its name, and a text that changes with its content.

        Raises:
            OSError: A file is missing.
        """
        paths = [os.path.abspath(path) for path in self.file_list[index] if path is not None]
        states = [os.stat(path) for path in paths]
        how = f"channels {self.img_channels}"
        if self.read_options != READ_DEFAULTS:  # otherwise as before: entries of older versions are replaced
            how += f", {self.read_options}"
        if self._renumbering is not None:
            how += f"\nlabels {self._renumbering.tobytes().hex()}"
        files = " ".join(f"{state.st_size} bytes {state.st_mtime_ns} ns" for state in states)
        return "\n".join([*paths, how]), f"{files} reader {READER_VERSION}"

    def _may_be_used(self, cached: CachedSample) -> bool:
        # A label with values that are not allowed (any more) is read again, which reports it.
        return not self._is_forbidden[cached.label_values].any()

    def _size_advice(self, image: np.ndarray, label: np.ndarray, image_path: str) -> str:
        """What to do about a label of another size, by its likely cause."""
        if label.shape[::-1] != image.shape[:2]:
            return "both must have the same size"
        orientation, _ = read_header(image_path)
        if orientation < 5:
            return "its width and height are those of the picture the other way round; turn one of the two"
        if self.read_options.apply_exif:
            return (
                f"the picture's EXIF data turns it (orientation {orientation}), and the label fits only the picture as "
                "it is stored; set apply_exif: False if that holds for all of them, or turn the label"
            )
        return (
            f"the label fits only the picture turned as its EXIF data says (orientation {orientation}); remove "
            "apply_exif: False if that holds for all of them, or turn the label"
        )

    def _check_label_values(self, label: np.ndarray, path: str) -> None:
        if not cv2.LUT(label, self._is_forbidden).any():
            return
        pixels = np.bincount(label.ravel(), minlength=256)
        counts = pixels * self._is_forbidden
        found = ", ".join(f"{value} ({counts[value]} pixels)" for value in np.flatnonzero(counts)[:5])
        more = ", ..." if np.count_nonzero(counts) > 5 else ""
        message = f"{path}: the label has the values {found}{more}; {self.allowed_values()}"
        raise LabelValuesError(message, path, pixels, (label.shape[1], label.shape[0]))

    def _check_label_padding(self) -> None:
        """Refuse a padding value that is neither a class nor ignored: it would only fail in the loss."""
        for transform in self.pipeline.transforms:
            value = getattr(transform, "label_padding_value", self.ignore_index)
            if value != self.ignore_index and not 0 <= value < self.num_classes:
                raise ConfigError(
                    f"{type(transform).__name__}.label_padding_value: {value} is neither the data set's "
                    f"ignore_index {self.ignore_index} nor a class 0..{self.num_classes - 1}; "
                    f"make it {self.ignore_index}"
                )
