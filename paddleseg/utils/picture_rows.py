# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Opening pictures for reading some rows at a time: TIFF files by rows, others as a whole."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import numpy as np

from paddleseg.utils.errors import DataError
from paddleseg.utils.image_bytes import MAX_PIXELS_VARIABLE, pixel_bound
from paddleseg.utils.image_io import READ_DEFAULTS, ReadOptions, read_image
from paddleseg.utils.tiff_rows import TiffRows, is_tiff


class ArrayRows:
    """A picture in memory as ``tiles.PictureRows``.

    Args:
        picture: (H, W, C).
    """

    def __init__(self, picture: np.ndarray) -> None:
        self.picture = picture
        self.size_hw = picture.shape[:2]

    def rows(self, top: int, bottom: int) -> np.ndarray:
        """(bottom - top, W, C), a view."""
        return self.picture[top:bottom]


@contextlib.contextmanager
def opened_rows(
    path: str | os.PathLike, channels: int = 3, options: ReadOptions = READ_DEFAULTS
) -> Iterator[ArrayRows | TiffRows]:
    """A picture to read by rows.

    TIFF files that ``TiffRows`` can handle are, without a bound on their size. Others are read whole by ``read_image``.

    Raises:
        DataError: The file is missing or damaged, or is larger than ``PADDLESEG_MAX_PIXELS`` and cannot be read by
            rows.
    """
    if not is_tiff(path):
        yield ArrayRows(read_image(path, channels, options))
        return
    rows = TiffRows(path, channels, options)
    with contextlib.closing(rows):
        if rows.obstacle is None:
            yield rows
            return
    height, width = rows.size_hw
    if height * width > pixel_bound():
        raise DataError(
            f"{path}: the picture has {width}x{height} pixels, more than the bound of {pixel_bound()} for files that "
            f"are read whole, and it cannot be read by rows: {rows.obstacle}; save it uncompressed or deflated in "
            "strips or tiles (gdal_translate -co COMPRESS=DEFLATE -co TILED=YES), or set "
            f"{MAX_PIXELS_VARIABLE} higher"
        )
    yield ArrayRows(read_image(path, channels, options))
