# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A sequence of transforms, with the normalisation at its end set apart."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from paddleseg.transforms.transforms import Normalize
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.image_io import read_image, read_label

Transform = Callable[[dict[str, Any], np.random.Generator], dict[str, Any]]
Rewrite = Callable[[Sequence[Transform]], Sequence[Transform]]


class Pipeline:
    """Runs transforms in order, except a ``Normalize`` at the end.

    The normalisation is left to the device, on whole batches of small uint8 numbers; deployment needs its parameters,
    too.

    Args:
        transforms: Called in order with a sample and a generator; may be empty. Anything else is a ConfigError.
        rewrite: Returns faster equivalents of the transforms. Data sets fuse consecutive scale, crop and flips, see
            ``fused_crop.py``; by default they run as written.

    Attributes:
        transforms: The transforms as written.
        normalize: The ``Normalize`` taken from the end, or None if there was none.
    """

    def __init__(self, transforms: Sequence[Transform] = (), rewrite: Rewrite = list) -> None:
        wanted = "give a list of transforms, such as [Normalize()]"
        if not isinstance(transforms, Iterable):
            raise ConfigError(f"transforms: found {type(transforms).__name__}; {wanted}")
        self.transforms = list(transforms)
        strange = [item for item in self.transforms if not callable(item)]
        if strange:
            raise ConfigError(f"transforms: found {type(strange[0]).__name__} in the list; {wanted}")
        self._rewrite = rewrite
        self.normalize: Normalize | None = None
        if self.transforms and isinstance(self.transforms[-1], Normalize):
            self.normalize = self.transforms.pop()

    @property
    def steps(self) -> Sequence[Transform]:
        """The steps run on a sample: ``transforms``, rewritten.

        Computed at each call, in a microsecond or two, because users may change the list.
        """
        return self._rewrite(self.transforms)

    def __call__(self, sample: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
        """Run the transforms on a sample, which may be changed in place; see ``sample.py`` for its keys.

        Raises:
            UserError: A transform cannot handle this picture; the message names the picture.
        """
        path = sample["path"]
        for transform in self.steps:
            try:
                sample = transform(sample, rng)
            except ConfigError as error:  # an argument that does not suit the dtype of this picture
                name = getattr(transform, "name", type(transform).__name__)
                raise ConfigError(f"{path}: {name}: {error}") from error
        return sample

    def refuse_tiles(self) -> None:
        """Raise ConfigError if transforming a tile differs from cutting a tile out of the transformed picture.

        ``Normalize`` is accepted, and transforms with ``is_pixelwise = True``.
        """
        for transform in self.transforms:
            if not getattr(transform, "is_pixelwise", False):
                name = getattr(transform, "name", type(transform).__name__)
                raise ConfigError(
                    f"--tile: the transforms have {name}, which is for whole pictures; tiles go through Normalize "
                    "alone, and through transforms of your own that set is_pixelwise = True. Leave it out of the "
                    "transforms, or predict without --tile"
                )

    def normalized_planes(self, image: np.ndarray) -> np.ndarray:
        """An (H, W, C) picture in the network's form: (C, H, W) float32, normalised if there is a ``Normalize``."""
        if self.normalize is None:
            return np.ascontiguousarray(image.transpose(2, 0, 1), dtype=np.float32)
        return self.normalize.planes(image)


class Compose(Pipeline):
    """PaddleSeg's interface of a pipeline, from files to a network's input.

    With a generator it is a :class:`Pipeline` for data sets and ``paddleseg.core.predict``. Without one,
    ``compose({"img": path})`` reads the picture, and the label if there is one, and random numbers come from a
    generator of its own with seed 0.

    Args:
        transforms: As for :class:`Pipeline`.
        to_rgb: Only True; pictures are RGB here from the moment they are read.
        img_channels: Channels of pictures read here.

    Raises:
        ConfigError: ``to_rgb`` is False.
    """

    def __init__(self, transforms: Sequence[Transform] = (), to_rgb: bool = True, img_channels: int = 3) -> None:
        if not to_rgb:
            raise ConfigError("Compose: to_rgb: found False; pictures are RGB here, leave it out")
        super().__init__(transforms)
        self._img_channels = img_channels
        self._rng = np.random.default_rng(0)

    def __call__(self, sample: dict[str, Any], rng: np.random.Generator | None = None) -> dict[str, Any]:
        """Run the transforms on a sample, or on files.

        Args:
            sample: With a generator, see :class:`Pipeline`. Without one, ``img``, a path or an (H, W, C) RGB array, and
                optionally ``label``, a path or (H, W) class ids.
            rng: Generator, or None for PaddleSeg's form.

        Returns:
            Without a generator ``img`` is (C, H, W) float32, normalised.

        Raises:
            DataError: A file is missing or damaged.
        """
        if rng is not None:
            return super().__call__(sample, rng)
        sample = {"path": "picture", "trans_info": [], **sample}
        if isinstance(sample["img"], (str, os.PathLike)):
            sample["path"] = str(sample["img"])
            sample["img"] = read_image(sample["img"], self._img_channels)
        if isinstance(sample.get("label"), (str, os.PathLike)):
            sample["label"] = read_label(sample["label"])
        sample = super().__call__(sample, self._rng)
        return {**sample, "img": self.normalized_planes(sample["img"])}
