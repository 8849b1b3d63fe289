# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The pictures for comparing an export with its network."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from paddleseg.export.graph_runs import VerificationError
from paddleseg.transforms.pipeline import Pipeline
from paddleseg.utils.image_io import READ_DEFAULTS, ReadOptions, read_image

_GENERATED_SIZES_HW = ((256, 512), (321, 255), (360, 480))  # odd sides are where resizes go wrong


@dataclass(frozen=True)
class Picture:
    """A picture for the comparison.

    Attributes:
        name: For messages.
        pixels: (H, W, C) as from ``read_image``.
        file: The file with these pixels, which the export then reads itself; None: it gets the pixels.
        label: (H, W) class ids, or () for a picture with one class; None: there is none.
    """

    name: str
    pixels: np.ndarray
    file: str | None = None
    label: np.ndarray | None = None


def read_pictures(paths: Sequence[str], channels: int, read_options: ReadOptions = READ_DEFAULTS) -> Iterable[Picture]:
    """Picture files, read one by one."""
    for path in paths:
        yield Picture(path, read_image(path, channels, read_options), path)


def generated_pictures(channels: int, size_hw: Sequence[int] = (-1, -1)) -> Iterable[Picture]:
    """Coloured clouds under noise, used if there are no pictures.

    Args:
        channels: Channels of the pictures.
        size_hw: Height and width that the graph is fixed to, -1 where any goes.
    """
    for index, (height, width) in enumerate(_GENERATED_SIZES_HW):
        height, width = (any_size if fixed == -1 else fixed for any_size, fixed in zip((height, width), size_hw))
        rng = np.random.default_rng(index)
        clouds = rng.uniform(0, 255, (max(1, height // 24), max(1, width // 24), channels)).astype(np.float32)
        clouds = cv2.resize(clouds, (width, height), interpolation=cv2.INTER_CUBIC).reshape(height, width, channels)
        pixels = clouds + rng.normal(0, 8, clouds.shape)
        yield Picture(f"generated picture {index}", np.clip(pixels, 0, 255).astype(np.uint8))


def fit_picture(picture: Picture, pipeline: Pipeline, size_hw: Sequence[int]) -> Picture:
    """The picture, resized beforehand if a graph of fixed size (height, width) could not take it otherwise.

    A label map then no longer fits, and is left out; the class of a whole picture is kept.

    Raises:
        VerificationError: The transforms give another size for every picture.
    """
    own = size_at_network(picture, pipeline)
    height, width = (found if fixed == -1 else fixed for found, fixed in zip(own, size_hw))
    if (height, width) == own:
        return picture
    label = picture.label if picture.label is not None and picture.label.ndim == 0 else None
    pixels = cv2.resize(picture.pixels, (width, height)).reshape(height, width, -1)
    resized = Picture(picture.name, pixels, label=label)
    found = size_at_network(resized, pipeline)
    if found != (height, width):
        raise VerificationError(
            f"--input_shape: height and width are {height} {width}, but the transforms make {found[0]} {found[1]} of "
            "pictures; give these, or leave the flag out; nothing was exported"
        )
    return resized


def size_at_network(picture: Picture, pipeline: Pipeline) -> tuple[int, int]:
    """(height, width) of a picture after the transforms."""
    sample = {"img": picture.pixels.copy(), "path": picture.name, "trans_info": []}
    return pipeline(sample, np.random.default_rng(0))["img"].shape[:2]
