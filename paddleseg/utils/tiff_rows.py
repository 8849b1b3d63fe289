# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""TIFF pictures read some rows at a time: only the strips or tiles that contain them.

Only uncompressed and deflated files, in grey, RGB or further bands of whole bytes: for others tifffile needs further
packages. The result equals that of ``image_io.read_image`` for the whole file.
"""

from __future__ import annotations

import importlib
import logging
import mmap
import os
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np

from paddleseg.utils.errors import DataError
from paddleseg.utils.extras import install_extra
from paddleseg.utils.image_headers import tiff_format
from paddleseg.utils.image_io import READ_DEFAULTS, ReadOptions, pick_channels
from paddleseg.utils.tiff_headers import TIFF_SIGNATURES, tiff_tags

_NO_COMPRESSION, _DEFLATE = 1, (8, 32946)
_NO_PREDICTOR, _DIFFERENCES = 1, 2
_GREY_OR_RGB = (0, 1, 2)
_LARGEST_SEGMENT = 1 << 28
"""Bytes of a compressed strip or tile once it is decoded: it is in memory as a whole."""
_DEFLATE_RATIO = 1100  # 1032 is deflate's maximum (zlib's technical note)
_GEOREFERENCE = (33550, 33922, 34264, 34735, 34736, 34737)
"""Scale, tie points, transformation, and the directory of keys with its numbers and texts (GeoTIFF 1.1, 7.1)."""


def is_tiff(path: str | os.PathLike) -> bool:
    """Whether a file begins like TIFF; False if it cannot be read, which its reader reports."""
    try:
        with open(path, "rb") as file:
            return file.read(4) in TIFF_SIGNATURES
    except OSError:
        return False


def import_tifffile(path: str | os.PathLike) -> Any:
    """The package tifffile; raise DataError that names the extra if it is missing."""
    try:
        tifffile = importlib.import_module("tifffile")
    except ImportError:
        raise DataError(
            f"{path}: TIFF files are read and written by rows with the package tifffile, which is missing: "
            f"{install_extra('tiff')}"
        ) from None
    logging.getLogger("tifffile").setLevel(logging.CRITICAL)  # our messages cover damaged files
    return tifffile


class TiffRows:
    """A TIFF picture as ``tiles.PictureRows``; it is open until ``close``.

    Args:
        path: The file.
        channels: Wanted number of channels.
        options: Range of values.

    Attributes:
        size_hw: Height and width.
        obstacle: Why it cannot be read by rows, in words; None if it can.
        georeference: The tags that place the picture on a map, in tifffile's form for writing.

    Raises:
        DataError: The file is damaged, or tifffile is missing.
    """

    def __init__(self, path: str | os.PathLike, channels: int = 3, options: ReadOptions = READ_DEFAULTS) -> None:
        self._path, self._channels, self._options = path, channels, options
        tifffile = import_tifffile(path)
        self._file: BinaryIO = open(path, "rb")
        try:
            with mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                self._num_bytes = len(data)
                self._stored = tiff_format(dict(reversed(list(tiff_tags(data)))))
            # tifffile keeps it open needlessly: the page has read all it needs.
            with tifffile.TiffFile(path) as file:
                self._page = file.pages[0]
                self.georeference = [
                    (tag.code, tag.dtype, tag.count, tag.value, True)
                    for tag in self._page.tags
                    if tag.code in _GEOREFERENCE
                ]
            self.size_hw = (self._page.imagelength, self._page.imagewidth)
            self.obstacle = self._find_obstacle()
            if self.obstacle is None:
                self._check_segments()
        except DataError:
            self.close()
            raise
        except Exception as error:  # tifffile raises errors of any kind for damaged files, such as struct.error
            self.close()
            words = " ".join(str(error).split())
            raise DataError(f"{path}: the picture is a damaged TIFF file ({words}); replace the file") from error

    def rows(self, top: int, bottom: int) -> np.ndarray:
        """(bottom - top, W, C) as from ``read_image``.

        Raises:
            DataError: The file is damaged there.
        """
        page, stored = self._page, self._stored
        bands = np.zeros((bottom - top, self.size_hw[1], page.samplesperpixel), page.dtype)
        # Blue first if there are three or four, as in OpenCV.
        order = np.array([2, 1, 0, 3] if page.samplesperpixel in (3, 4) else range(page.samplesperpixel))
        for (plane, y, x), segment in self._segments(top, bottom):
            first, last = max(y, top), min(y + len(segment), bottom)
            place = bands[first - top : last - top, x : x + segment.shape[1]]
            if stored.is_planar:
                place[..., order[plane]] = segment[first - y : last - y, :, 0]
            else:
                place[..., order[: segment.shape[2]]] = segment[first - y : last - y]
        if stored.white_is_zero and not stored.is_deep:
            np.invert(bands, out=bands)  # like OpenCV
        return pick_channels(bands, stored, self._channels, self._path, self._options)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _segments(self, top: int, bottom: int) -> Iterator[tuple[tuple[int, int, int], np.ndarray]]:
        """The strips or tiles with these rows: plane and corner, and (h, w, bands in it) without padding."""
        page = self._page
        height = page.tilelength if page.is_tiled else page.rowsperstrip
        across = -(-self.size_hw[1] // page.tilewidth) if page.is_tiled else 1
        down = -(-self.size_hw[0] // height)
        for plane in range(page.samplesperpixel if self._stored.is_planar else 1):
            for row in range(top // height, -(-bottom // height)):
                for column in range(across):
                    number = (plane * down + row) * across + column
                    corner = (plane, row * height, column * page.tilewidth if page.is_tiled else 0)
                    if page.compression == _NO_COMPRESSION and not page.is_tiled:
                        first = max(corner[1], top)
                        last = min(corner[1] + height, bottom)
                        yield (plane, first, 0), self._stored_rows(number, first - corner[1], last - first)
                    elif page.databytecounts[number]:
                        _, y, x = corner
                        yield corner, self._decoded(number)[: self.size_hw[0] - y, : self.size_hw[1] - x]

    def _stored_rows(self, number: int, first: int, count: int) -> np.ndarray:
        """Rows of an uncompressed strip, which may be the whole picture."""
        page = self._page
        bands = 1 if self._stored.is_planar else page.samplesperpixel
        dtype = page.dtype.newbyteorder(page.parent.byteorder)
        shape = count, self.size_hw[1], bands
        start = page.dataoffsets[number] + first * shape[1] * bands * dtype.itemsize
        data = self._read(start, int(np.prod(shape, dtype=np.int64)) * dtype.itemsize)
        return np.frombuffer(data, dtype).reshape(shape)

    def _decoded(self, number: int) -> np.ndarray:
        data = self._read(self._page.dataoffsets[number], self._page.databytecounts[number])
        try:
            segment, _, _ = self._page.decode(data, number)
        except Exception as error:  # zlib's and tifffile's have no other base in common
            raise DataError(
                f"{self._path}: the picture is damaged in part {number} ({error}); replace the file"
            ) from error
        return segment[0]

    def _read(self, start: int, count: int) -> bytes:
        try:
            self._file.seek(start)
            data = self._file.read(count)
        except OSError as error:
            raise DataError(f"{self._path}: the picture cannot be read ({error.strerror})") from error
        if len(data) < count:
            raise DataError(f"{self._path}: the picture is truncated; replace the file")
        return data

    def _find_obstacle(self) -> str | None:
        page, stored = self._page, self._stored
        if page.compression not in (_NO_COMPRESSION, *_DEFLATE):
            return f"compression {getattr(page.compression, 'name', page.compression)}"
        if page.predictor not in (_NO_PREDICTOR, _DIFFERENCES):
            return f"predictor {getattr(page.predictor, 'name', page.predictor)}"
        if stored.bands in (3, 4) and not stored.is_deep and self._channels == 1:
            return "colours of 8 bits that become grey"  # whose rounding differs between decoders
        if page.photometric not in _GREY_OR_RGB:
            return f"colours of kind {getattr(page.photometric, 'name', page.photometric)}"
        orientation = page.tags.get("Orientation")
        if orientation is not None and orientation.value != 1:
            return f"orientation {int(orientation.value)}"
        if stored.is_packed or page.dtype is None or page.bitspersample != 8 * page.dtype.itemsize:
            return f"numbers of {page.bitspersample} bits"
        segment = page.chunks
        num_bytes = int(np.prod(segment, dtype=np.int64)) * page.dtype.itemsize
        if num_bytes > _LARGEST_SEGMENT and (page.compression != _NO_COMPRESSION or page.is_tiled):
            return f"strips or tiles of {num_bytes} bytes"
        return None

    def _check_segments(self) -> None:
        """Refuse a file that cannot hold what its header says, before anything is predicted."""
        page = self._page
        offsets, counts = page.dataoffsets, page.databytecounts
        expected = int(np.prod(page.chunked, dtype=np.int64))
        if min(self.size_hw) < 1 or len(offsets) != expected or len(counts) != expected:
            raise DataError(
                f"{self._path}: the picture is damaged: its header says {self.size_hw[1]}x{self.size_hw[0]} pixels and "
                f"{len(offsets)} of {expected} strips or tiles; replace the file"
            )
        if max(start + count for start, count in zip(offsets, counts)) > self._num_bytes:
            raise DataError(f"{self._path}: the picture is truncated ({self._num_bytes} bytes); replace the file")
        pixels_bytes = self.size_hw[0] * self.size_hw[1] * page.samplesperpixel * page.dtype.itemsize
        ratio = 1 if page.compression == _NO_COMPRESSION and not page.is_tiled else _DEFLATE_RATIO
        if pixels_bytes > ratio * self._num_bytes:
            raise DataError(
                f"{self._path}: the picture is damaged: its header says {self.size_hw[1]}x{self.size_hw[0]} pixels, "
                f"for which {self._num_bytes} bytes are too few; replace the file"
            )
