# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""One object that maps a picture to its label map, or to its class, for programs that keep a network in memory.

``paddleseg.load`` returns one. The common parts of networks from an exported folder and from a checkpoint are here;
the latter are in ``paddleseg.loading``.
"""

from __future__ import annotations

import os
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from paddleseg.utils.class_report import FoundClass
from paddleseg.utils.errors import DataError
from paddleseg.utils.image_io import ReadOptions, decode_image, read_image
from paddleseg.utils.visualize import class_name, make_palette, overlay, to_display_rgb

Picture = str | os.PathLike[str] | bytes | np.ndarray
"""A file, the bytes of one, or (H, W, C) RGB: uint8, or floats in units of 255."""


@dataclass(frozen=True)
class Segmentation:
    """A network's result for a picture of height H and width W.

    Attributes:
        labels: (H, W) uint8 class ids.
        margins: (ceil(H/8), ceil(W/8)) float32, the confidence of each cell: the natural logarithm of how many times
            more probable the best class is than the second, see ``margins.margin_map``. None if a graph returns only
            ids.
        seconds: Time of ``network`` (the preprocessing and waiting for other threads included) and ``label_map``.
    """

    labels: np.ndarray
    margins: np.ndarray | None
    seconds: dict[str, float]


class Predictor:
    """A network with its preprocessing. Several threads may call it; the network itself runs for one at a time.

    A run of the network uses all cores or the card that it was given, so two at once would be no faster, and a copy for
    each thread would multiply the memory. Reading pictures and making label maps runs in parallel.

    Attributes:
        classes: Names by id, "class 3" if the network has none.
        palette: (K, 3) uint8 RGB, the colour of each class.
        channels: Channels of the pictures that the network takes.
        read_options: How files become arrays.
    """

    def __init__(
        self,
        num_classes: int,
        class_names: Sequence[str] | None,
        palette: Sequence[Sequence[int]] | None,
        channels: int,
        read_options: ReadOptions,
    ) -> None:
        self.classes = tuple(class_name(class_id, class_names) for class_id in range(num_classes))
        self.palette = make_palette(num_classes, palette)[:num_classes]
        self.channels, self.read_options = channels, read_options
        self._lock = threading.Lock()

    def read(self, picture: Picture, *, max_pixels: int | None = None) -> np.ndarray:
        """The picture as an array, (H, W, C) uint8 or float32; arrays are copied.

        Args:
            picture: A file, the bytes of one, or an array.
            max_pixels: See ``decode_image``; for bytes only.

        Raises:
            DataError: It is missing, damaged, or has another number of channels.
        """
        if isinstance(picture, np.ndarray):
            return self._checked(picture)
        if isinstance(picture, (bytes, bytearray, memoryview)):
            return decode_image(bytes(picture), "picture", self.channels, self.read_options, max_pixels=max_pixels)
        return read_image(picture, self.channels, self.read_options)

    def _checked(self, picture: np.ndarray) -> np.ndarray:
        image = picture[:, :, np.newaxis] if picture.ndim == 2 else picture
        if image.ndim != 3 or image.shape[2] != self.channels or image.size == 0:
            raise DataError(f"picture: found an array {list(picture.shape)}; it must be [H, W, {self.channels}]")
        if image.dtype == np.uint8:
            return image.copy()
        if image.dtype.kind != "f":
            raise DataError(f"picture: found an array of {image.dtype}; it must be uint8, or floats in units of 255")
        if not np.isfinite(image).all():
            raise DataError("picture: the array has values that are not finite")
        return image.astype(np.float32)


class SegmentationPredictor(Predictor, ABC):
    """Maps pictures to label maps.

    Attributes:
        gives_margins: Whether there are margins; a graph that returns only class ids has none.

    Example:
        >>> model = paddleseg.load("output/inference_model")
        >>> labels = model("street.png")  # (H, W) uint8
        >>> print(model.classes[labels[0, 0]])
        sky
    """

    def __call__(self, picture: Picture) -> np.ndarray:
        """The label map of a picture, (H, W) uint8 class ids.

        Raises:
            DataError: The picture is missing or damaged, or does not fit the network.
        """
        return self.predict(picture, margins=False).labels

    def predict(self, picture: Picture, *, margins: bool = True) -> Segmentation:
        """The label map and the network's confidence in it.

        Args:
            picture: The picture to predict.
            margins: Whether to compute the margins too, see ``gives_margins``.

        Raises:
            DataError: The picture is missing or damaged, or does not fit the network.
        """
        return self._segment(self.read(picture), margins and self.gives_margins)

    def overlay(self, picture: Picture, labels: np.ndarray, opacity: float = 0.4) -> np.ndarray:
        """The picture under the colours of the classes.

        Args:
            picture: The picture of the labels.
            labels: (H, W) class ids.
            opacity: Share of the colours, from 0 to 1.

        Returns:
            (H, W, 3) uint8 RGB.

        Raises:
            DataError: Labels and picture differ in size, or a label is not a class.
        """
        image = self.read(picture)
        if labels.shape != image.shape[:2]:
            raise DataError(f"labels: found {list(labels.shape)} for a picture of {list(image.shape[:2])}")
        if labels.size and not 0 <= labels.min() <= labels.max() < len(self.classes):
            raise DataError(f"labels: found {labels.min()} to {labels.max()}; there are {len(self.classes)} classes")
        return overlay(to_display_rgb(image), labels, self.palette, 1 - opacity)

    gives_margins = True

    def _segment(self, image: np.ndarray, with_margins: bool) -> Segmentation:
        start = time.perf_counter()
        output = self._run(image)
        middle = time.perf_counter()
        labels, margins = self._label_map(output, with_margins)
        return Segmentation(labels, margins, {"network": middle - start, "label_map": time.perf_counter() - middle})

    @abstractmethod
    def _run(self, image: np.ndarray) -> object:
        """The network's output for a picture owned by it; takes the lock while the network runs."""

    @abstractmethod
    def _label_map(self, output: object, with_margins: bool) -> tuple[np.ndarray, np.ndarray | None]:
        """Labels, and margins or None, from the output of ``_run``."""


class ClassPredictor(Predictor, ABC):
    """Maps pictures to classes.

    Example:
        >>> model = paddleseg.load("output/classifier")
        >>> print(model("street.png").name)
        street
    """

    def __call__(self, picture: Picture) -> FoundClass:
        """The class of a picture.

        Raises:
            DataError: The picture is missing or damaged, or does not fit the network.
        """
        return self.predict(picture)[0]

    def predict(self, picture: Picture) -> list[FoundClass]:
        """The most probable classes, the best first; only one if the graph returns just a class.

        Raises:
            DataError: The picture is missing or damaged, or does not fit the network.
        """
        return self._classify(self.read(picture))

    @abstractmethod
    def _classify(self, image: np.ndarray) -> list[FoundClass]:
        """The classes of a picture owned by it; takes the lock while the network runs."""
