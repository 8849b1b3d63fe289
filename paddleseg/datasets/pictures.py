# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The common parts of all picture data sets, whatever their labels: cache, transforms and names."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from paddleseg.datasets.decoded_cache import CachedSample, CacheKey, CacheKind, DecodedCache, DiskCache, check_cache
from paddleseg.datasets.memory_cache import make_memory_cache
from paddleseg.registry import DATASETS
from paddleseg.transforms.fused_crop import fuse
from paddleseg.transforms.pipeline import Pipeline, Transform
from paddleseg.utils.errors import ConfigError, DataError
from paddleseg.utils.image_io import READ_DEFAULTS
from paddleseg.utils.logging import get_logger

MODES = ("train", "val", "test")


class PictureDataset(ABC):
    """Pictures with what is to be learnt about them.

    A subclass has ``__len__`` and ``read``; if its samples can be cached, ``sample_state`` too. Label maps are those of
    ``SegmentationDataset``; the label of a sample may be anything else that is a numpy array, such as a class number.

    Args:
        transforms: Run on each sample in order; a ``Normalize`` at the end is left to the device.
        mode: One of ``modes``: the part of the data that is read. Unless ``use_for`` says otherwise, modes that begin
            with ``"train"`` are trained on, and the others are evaluated.
        num_classes: Number of classes.
        file_list: For each sample its files, the picture first.
        img_channels: Channels of the pictures.
        class_names: One name per class.
        cache: Keep decoded pictures and labels: ``"disk"``, ``"ram"`` or ``"none"``.
        cache_dir: Folder of the cache on disk.

    Attributes:
        pipeline: The transforms with the normalisation set apart; scale, crop and flips run as one.
        labels_move: Whether the transforms change the label with the picture; see ``use_for``.
        read_options: How ``read`` reads pictures.
        modes: Parts of the data, ``"train"``, ``"val"`` and ``"test"`` unless a subclass says otherwise.

    Raises:
        ConfigError: An argument is wrong.
    """

    read_options = READ_DEFAULTS
    modes: Sequence[str] = MODES

    def __init__(
        self,
        transforms: Sequence[Transform],
        *,
        mode: str,
        num_classes: int,
        file_list: Sequence[tuple[str | os.PathLike[str] | None, ...]] = (),
        img_channels: int = 3,
        class_names: Sequence[str] | None = None,
        cache: CacheKind = "none",
        cache_dir: str | os.PathLike | None = None,
    ) -> None:
        self.mode = check_mode(mode, self.modes)
        check_cache(cache, cache_dir)
        if cache != "none":
            _check_sample_state(type(self))
        self.num_classes = num_classes
        self.img_channels = img_channels
        self.class_names = None if class_names is None else list(class_names)
        self.file_list = [_as_text(files) for files in file_list]
        self.cache_kind, self.cache_dir = cache, cache_dir
        self._cache: DecodedCache | None = None
        self.pipeline = Pipeline(transforms, rewrite=fuse)
        for transform in (*self.pipeline.transforms, self.pipeline.normalize):
            if hasattr(transform, "check_channels"):
                transform.check_channels(img_channels)
        self.labels_move = self.is_to_train_on

    @property
    def is_to_train_on(self) -> bool:
        """Whether the part of the data that is read is for training."""
        return self.mode.startswith("train")

    def use_for(self, purpose: Literal["train", "val"]) -> None:
        """Say what the samples are for, whichever part of the data they are.

        In training the label moves with the picture. In evaluation it stays as it was read.
        """
        self.labels_move = purpose == "train"

    def __len__(self) -> int:
        return len(self.file_list)

    @abstractmethod
    def read(self, index: int) -> dict[str, Any]:
        """Read and check one sample, without any transform.

        Returns:
            ``img`` (H, W, C), ``label`` (absent if there is none), ``path``, ``trans_info`` [].

        Raises:
            DataError: A file is missing or damaged; the message names the file.
        """

    def sample(self, index: int, rng: np.random.Generator) -> dict[str, Any]:
        """Read one sample and run the transforms on it.

        Args:
            index: Position in the data set.
            rng: The source of all randomness in the sample.

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
        """A sample's ``path``: the picture's file."""
        return self.file_list[index][0]

    def sample_state(self, index: int) -> tuple[str, str]:
        """What decides the content of a sample: its name, and a text that changes with its content.

        Raises:
            OSError: A file is missing.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say what its samples depend on")

    def open_cache(self) -> None:
        """Prepare the cache and log its expected size; does nothing without a cache or if it is open.

        Call this before forking the processes that are to share it.
        """
        if self.cache_kind == "none" or self._cache is not None:
            return
        # Sizes differ little within a data set: three samples suffice.
        sizes = [
            sum(sample[key].nbytes for key in ("img", "label") if key in sample)
            for sample in (self.read(index) for index in {0, len(self) // 2, len(self) - 1})
        ]
        total = sum(sizes) / len(sizes) * len(self)
        self._cache = make_memory_cache(len(self)) if self.cache_kind == "ram" else DiskCache(self.cache_dir)
        get_logger().info("cache: %.2f GB for %d decoded pictures %s", total / 1e9, len(self), self._cache.place())

    def read_through_cache(self, index: int) -> dict[str, Any]:
        """The same as ``read``, from the cache if the sample is there; otherwise it is added."""
        self.open_cache()
        if self._cache is None:
            return self.read(index)
        try:
            name, state = self.sample_state(index)
        except OSError:  # reading reports what is missing
            return self.read(index)
        kind = type(self)
        key = CacheKey(index, f"{kind.__module__}.{kind.__qualname__} {name}", state)
        cached = self._cache.load(key)
        if cached is not None and self._may_be_used(cached):
            sample = {"img": cached.image, "path": self.picture_name(index), "trans_info": []}
            return sample if cached.label is None else {**sample, "label": cached.label}
        sample = self.read(index)
        unknown = set(sample) - {"img", "label", "path", "trans_info"}
        if unknown:
            raise ConfigError(
                f"cache: {kind.__name__} gives samples with {', '.join(sorted(unknown))}, but only img and label can "
                "be cached; set it to none"
            )
        label = sample.get("label")
        if label is not None and label.dtype != np.uint8:
            raise ConfigError(
                f"cache: {kind.__name__} gives labels of {label.dtype}, but only uint8 labels can be cached; return "
                "those, or set cache: none"
            )
        self._cache.store(key, sample["img"], label)
        return sample

    def _may_be_used(self, cached: CachedSample) -> bool:
        """Whether a cached sample is one that ``read`` would return."""
        return True


DATASETS.kind = PictureDataset


def _as_text(files: Any) -> Any:
    """The files of a sample with paths as text; other values in a user's own data set are unchanged."""
    if not isinstance(files, tuple):
        return files
    return tuple(os.fspath(file) if isinstance(file, os.PathLike) else file for file in files)


def _check_sample_state(kind: type[PictureDataset]) -> None:
    """Refuse to cache samples that may depend on more than ``sample_state`` covers: stale ones would be used."""
    nearest = next(owner for owner in kind.__mro__ if vars(owner).keys() & {"read", "sample_state"})
    if "sample_state" not in vars(nearest):
        raise ConfigError(
            f"cache: {kind.__name__} overrides read but not sample_state, which says what its samples depend on; "
            "override that too, or set cache: none"
        )


def check_mode(mode: str, modes: Sequence[str] = MODES) -> str:
    """Return ``mode`` in lower case; raise ConfigError if it is not one of ``modes``."""
    if mode.lower() not in modes:
        raise ConfigError(f"mode: {mode!r} is unknown; known: {', '.join(modes)}")
    return mode.lower()


def check_root(dataset_root: str | os.PathLike) -> str:
    """Return the data set's folder as a string; raise DataError if it is not one."""
    if not os.path.isdir(dataset_root):
        raise DataError(f"dataset_root: {dataset_root} is not a folder; give the folder of the data set")
    return str(dataset_root)
