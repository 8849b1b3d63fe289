# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A sequence of transforms, with the normalisation at its end set apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from paddleseg.transforms.transforms import Normalize
from paddleseg.utils.errors import ConfigError

Transform = Callable[[dict[str, Any], np.random.Generator], dict[str, Any]]
Rewrite = Callable[[Sequence[Transform]], Sequence[Transform]]


class Pipeline:
    """Runs transforms in order, except a ``Normalize`` at the end.

    The normalisation is left to the device, on whole batches of small uint8 numbers; its figures are also
    what deployment needs.

    Args:
        transforms: Called in order with a sample and a generator; may be empty.
        rewrite: Gives transforms that do the same in less time. Data sets let scale, crop and flips that follow each
            other run as one, see ``fused_crop.py``; by default they run as they are written.

    Attributes:
        transforms: What the samples go through, as it was written.
        normalize: The ``Normalize`` taken from the end, or None if there was none.
    """

    def __init__(self, transforms: Sequence[Transform] = (), rewrite: Rewrite = list) -> None:
        self.transforms = list(transforms)
        self._rewrite = rewrite
        self.normalize: Normalize | None = None
        if self.transforms and isinstance(self.transforms[-1], Normalize):
            self.normalize = self.transforms.pop()

    @property
    def steps(self) -> Sequence[Transform]:
        """What is run on a sample: ``transforms``, rewritten.

        At each call, which takes a microsecond or two: users may change the list.
        """
        return self._rewrite(self.transforms)

    def __call__(self, sample: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
        """Run the transforms on a sample, which may be changed in place; see ``sample.py`` for its keys.

        Raises:
            UserError: A transform cannot be used on this picture; the message names the picture.
        """
        path = sample["path"]
        for transform in self.steps:
            try:
                sample = transform(sample, rng)
            except ConfigError as error:  # an argument that does not suit the type of this picture's numbers
                name = getattr(transform, "name", type(transform).__name__)
                raise ConfigError(f"{path}: {name}: {error}") from error
        return sample

    def apply_normalize(self, image: np.ndarray) -> np.ndarray:
        """Normalise an (H, W, C) picture to float32; without a ``Normalize`` only the type changes."""
        if self.normalize is None:
            return image.astype(np.float32)
        return self.normalize.apply(image)


def Compose(transforms: Sequence[Transform] = (), to_rgb: bool = True, img_channels: int = 3) -> Pipeline:
    """PaddleSeg's name of a pipeline, for programs that give one to ``paddleseg.core.predict``.

    Args:
        transforms: As for :class:`Pipeline`.
        to_rgb: Only True; pictures are RGB here from the moment they are read.
        img_channels: Without effect: whoever reads the pictures knows their channels.

    Raises:
        ConfigError: ``to_rgb`` is False.
    """
    if not to_rgb:
        raise ConfigError("Compose: to_rgb: found False; pictures are RGB here, leave it out")
    return Pipeline(transforms)
