# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""What every data set of pictures and labels has in common: reading, checking and transforming a sample."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import cv2
import numpy as np

from paddleseg.datasets.decoded_cache import (
    CacheKey,
    CacheKind,
    DecodedCache,
    DiskCache,
    check_cache,
)
from paddleseg.datasets.memory_cache import make_memory_cache
from paddleseg.transforms.fused_crop import fuse
from paddleseg.transforms.pipeline import Pipeline, Transform
from paddleseg.utils.arguments import Fault, checks_arguments
from paddleseg.utils.errors import ConfigError, DataError
from paddleseg.utils.image_io import read_image, read_label
from paddleseg.utils.label_map import LabelClassCount, LabelValue
from paddleseg.utils.logging import get_logger
from paddleseg.utils.type_hints import ChannelCount

MODES = ("train", "val", "test")


class LabelValuesError(DataError):
    """A label holds values that are neither a class nor ignored.

    Attributes:
        path: The label's file.
        pixels: (256,) int64, pixels of each value.
        size_wh: Width and height of the label.
    """

    def __init__(self, message: str, path: str, pixels: np.ndarray, size_wh: tuple[int, int]) -> None:
        super().__init__(message)
        self.path, self.pixels, self.size_wh = path, pixels, size_wh


class SegmentationDataset:
    """Pairs of pictures and labels.

    A subclass finds the pairs and calls this constructor; one that reads or makes its samples in its own way overrides
    ``read``. If they can be cached it overrides ``sample_state`` too, and ``picture_name`` where there are no files.

    Args:
        transforms: Run on each sample in order; a ``Normalize`` at the end is left to the device.
        mode: ``"train"``, ``"val"`` or ``"test"``: the part of the data that is read. Unless ``use_for`` says
            otherwise, ``"train"`` is trained on and the others are evaluated.
        num_classes: Labels hold 0 .. num_classes - 1 and ``ignore_index``.
        file_list: (picture, label) paths; the label may be None in test mode only.
        ignore_index: Label value that is neither trained nor counted.
        img_channels: Channels of the pictures.
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
        file_list: Sequence[tuple[str, str | None]] = (),
        ignore_index: LabelValue = 255,
        img_channels: ChannelCount = 3,
        class_names: Sequence[str] | None = None,
        palette: Sequence[Sequence[int]] | None = None,
        cache: CacheKind = "none",
        cache_dir: str | os.PathLike | None = None,
    ) -> None:
        self.mode = check_mode(mode)
        check_cache(cache, cache_dir)
        if cache != "none":
            _check_sample_state(type(self))
        self.num_classes = num_classes
        self.ignore_index = ignore_index
        self.img_channels = img_channels
        self.class_names = None if class_names is None else list(class_names)
        self.palette = None if palette is None else [list(colour) for colour in palette]
        self.file_list = list(file_list)
        self.cache_kind, self.cache_dir = cache, cache_dir
        self._cache: DecodedCache | None = None
        self.pipeline = Pipeline(transforms, rewrite=fuse)
        if self.pipeline.normalize is not None:
            self.pipeline.normalize.check_channels(img_channels)
        # 1 where a label value is not allowed: one table look-up checks a whole label.
        self._is_forbidden = np.ones(256, np.uint8)
        self._is_forbidden[:num_classes] = 0
        self._is_forbidden[ignore_index] = 0
        self.use_for("train" if self.mode == "train" else "val")

    @staticmethod
    def faults(
        num_classes: int | None = None,
        class_names: Sequence[str] | None = None,
        palette: Sequence[Sequence[int]] | None = None,
        cache: CacheKind = "none",
        cache_dir: str | os.PathLike | None = None,
        edge: bool = False,
        **_: Any,
    ) -> Iterator[Fault]:
        """What does not go together, see :mod:`paddleseg.utils.arguments`."""
        for name, values in (("class_names", class_names), ("palette", palette)):
            if values is not None and num_classes not in (None, len(values)):
                yield name, f"{len(values)} entries for {num_classes} classes; give one per class"
        if cache == "ram" and cache_dir is not None:
            yield "cache_dir", "cache: ram writes no files; remove it, or make it cache: disk"
        if edge:  # PaddleSeg's option, which some of the data sets take
            yield "edge", "found True; no loss here uses edge labels, remove the key"

    def use_for(self, purpose: Literal["train", "val"]) -> None:
        """Say what the samples are for, whichever part of the data they are.

        In training the label moves with the picture. In evaluation it stays as it was read, so that scores are
        counted at the label's own size.

        Raises:
            ConfigError: A transform pads labels with a value that training cannot use.
            DataError: A picture to train on has no label.
        """
        self.labels_move = purpose == "train"
        if not self.labels_move:
            return
        self._check_label_padding()
        for image_path, label_path in self.file_list:
            if label_path is None:
                raise DataError(f"{image_path}: has no label (mode {self.mode}); training needs one for each picture")

    def __len__(self) -> int:
        return len(self.file_list)

    def allows_value(self, value: int) -> bool:
        """Whether a label may hold ``value`` (0 to 255)."""
        return not self._is_forbidden[value]

    def allowed_values(self) -> str:
        """What a label may hold, in words."""
        return (
            f"allowed with num_classes {self.num_classes} are 0..{self.num_classes - 1} and "
            f"{self.ignore_index} (ignored)"
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
        image = read_image(image_path, self.img_channels)
        sample = {"img": image, "path": image_path, "trans_info": []}
        if label_path is not None:
            label = read_label(label_path)
            if label.shape != image.shape[:2]:
                raise DataError(
                    f"{label_path}: the label is {label.shape[1]}x{label.shape[0]}, but its picture "
                    f"{image_path} is {image.shape[1]}x{image.shape[0]}; both must have the same size"
                )
            self._check_label_values(label, label_path)
            sample["label"] = label
        return sample

    def sample(self, index: int, rng: np.random.Generator) -> dict[str, Any]:
        """Read one sample and run the transforms on it.

        Args:
            index: Position in the data set.
            rng: Decides everything that is random about the sample.

        Returns:
            The sample as after ``read``, with the picture transformed, and with the label transformed or as it
            was read; see ``use_for``.
        """
        sample = self.read_through_cache(index)
        if self.labels_move or "label" not in sample:
            return self.pipeline(sample, rng)
        label = sample.pop("label")
        sample = self.pipeline(sample, rng)
        sample["label"] = label
        return sample

    def picture_name(self, index: int) -> str:
        """What a sample's ``path`` says: the picture's file."""
        return self.file_list[index][0]

    def sample_state(self, index: int) -> tuple[str, str]:
        """What decides the content of a sample: its name, and a text that changes with its content.

        Raises:
            OSError: A file is missing.
        """
        paths = [os.path.abspath(path) for path in self.file_list[index] if path is not None]
        states = [os.stat(path) for path in paths]
        return (
            "\n".join([*paths, f"channels {self.img_channels}"]),
            " ".join(f"{state.st_size} bytes {state.st_mtime_ns} ns" for state in states),
        )

    def open_cache(self) -> None:
        """Make the cache ready and log how large it gets; nothing without a cache or when it is open.

        To be called before processes are forked that shall share it.
        """
        if self.cache_kind == "none" or self._cache is not None:
            return
        # Sizes differ little within a data set: three samples tell enough.
        sizes = [
            sum(sample[key].nbytes for key in ("img", "label") if key in sample)
            for sample in (self.read(index) for index in {0, len(self) // 2, len(self) - 1})
        ]
        total = sum(sizes) / len(sizes) * len(self)
        self._cache = make_memory_cache(len(self)) if self.cache_kind == "ram" else DiskCache(self.cache_dir)
        get_logger().info("cache: %.2f GB for %d decoded pictures %s", total / 1e9, len(self), self._cache.place())

    def read_through_cache(self, index: int) -> dict[str, Any]:
        """The same as ``read``, from the cache if the sample is there; what is not, gets there."""
        self.open_cache()
        if self._cache is None:
            return self.read(index)
        try:
            name, state = self.sample_state(index)
        except OSError:  # reading says what is missing
            return self.read(index)
        kind = type(self)
        key = CacheKey(index, f"{kind.__module__}.{kind.__qualname__} {name}", state)
        cached = self._cache.load(key)
        # A label with values that are not allowed (any more) goes the way that says so.
        if cached is not None and not self._is_forbidden[cached.label_values].any():
            sample = {"img": cached.image, "path": self.picture_name(index), "trans_info": []}
            return sample if cached.label is None else {**sample, "label": cached.label}
        sample = self.read(index)
        unknown = set(sample) - {"img", "label", "path", "trans_info"}
        if unknown:
            raise ConfigError(
                f"cache: {kind.__name__} gives samples with {', '.join(sorted(unknown))}, but only img and label can "
                "be cached; make it none"
            )
        label = sample.get("label")
        if label is not None and label.dtype != np.uint8:
            raise ConfigError(
                f"cache: {kind.__name__} gives labels of {label.dtype}, but only labels of uint8 can be cached; make "
                "them that, or cache: none"
            )
        self._cache.store(key, sample["img"], label)
        return sample

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


def _check_sample_state(kind: type[SegmentationDataset]) -> None:
    """Refuse a cache of samples that may depend on more than ``sample_state`` knows: old ones would come back."""
    nearest = next(owner for owner in kind.__mro__ if vars(owner).keys() & {"read", "sample_state"})
    if "sample_state" not in vars(nearest):
        raise ConfigError(
            f"cache: {kind.__name__} has a read of its own, but no sample_state that says what its samples depend on; "
            "write that too, or make it cache: none"
        )


def check_mode(mode: str) -> str:
    """Return ``mode`` in lower case; raise ConfigError if it is none of MODES."""
    if mode.lower() not in MODES:
        raise ConfigError(f"mode: {mode!r} is unknown; known: {', '.join(MODES)}")
    return mode.lower()


def check_root(dataset_root: str | os.PathLike) -> str:
    """Return the data set's folder as a string; raise DataError if it is none."""
    if not os.path.isdir(dataset_root):
        raise DataError(f"dataset_root: {dataset_root} is not a folder; give the folder of the data set")
    return str(dataset_root)
