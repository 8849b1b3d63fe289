# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Label maps as TIFF files, written while they are computed: deflated strips with a palette."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO

import numpy as np

from paddleseg.utils.tiff_rows import import_tifffile
from paddleseg.utils.visualize import Palette

_ROWS_PER_STRIP = 64
_CLASSIC_BYTES = 1 << 31
"""Largest label map, uncompressed, in a classic TIFF file, whose offsets end at 4 GB; BigTIFF from there on."""


def write_label_tiff(
    file: BinaryIO,
    bands: Iterable[np.ndarray],
    size_hw: tuple[int, int],
    palette: Palette,
    georeference: Sequence[tuple[Any, ...]] = (),
) -> None:
    """Write a label map whose pixel values are the class ids, shown in their colours.

    Args:
        file: Opened for writing bytes.
        bands: (rows, W) uint8 class ids from the top; each is requested once those before it are written.
        size_hw: Height and width.
        palette: Colours of the classes.
        georeference: Further tags, as in ``TiffRows.georeference``.
    """
    tifffile = import_tifffile(getattr(file, "name", "label map"))
    colours = palette.T.astype(np.uint16) * 257  # 16 bits for each part of a colour
    with tifffile.TiffWriter(file, bigtiff=size_hw[0] * size_hw[1] > _CLASSIC_BYTES) as writer:
        writer.write(
            (zlib.compress(strip.tobytes()) for strip in strips_of(bands)),
            shape=size_hw,
            dtype=np.uint8,
            photometric="palette",
            colormap=colours,
            compression="zlib",
            rowsperstrip=_ROWS_PER_STRIP,
            extratags=georeference,
            metadata=None,
            software=False,
        )


def strips_of(bands: Iterable[np.ndarray], rows: int = _ROWS_PER_STRIP) -> Iterator[np.ndarray]:
    """The same rows in parts of ``rows``; the last part may have fewer."""
    left: list[np.ndarray] = []
    for band in bands:
        left.append(band)
        while sum(map(len, left)) >= rows:
            joined = np.concatenate(left) if len(left) > 1 else left[0]
            yield np.ascontiguousarray(joined[:rows])
            left = [joined[rows:]]
    if sum(map(len, left)):
        yield np.concatenate(left)
