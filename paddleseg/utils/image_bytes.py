# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Checks of the bytes of an image file before anything decodes them.

Decoders are lenient: they fill missing parts with grey, allocate gigabytes because a header says so, and some of them
crash on a damaged file.
"""

from __future__ import annotations

import os

from paddleseg.utils.errors import ConfigError, DataError, TooLargeError, UnknownFormatError
from paddleseg.utils.image_headers import (
    JPEG_HUFFMAN_FRAMES,
    JPEG_SIGNATURE,
    PNG_SIGNATURE,
    PNM_SIGNATURES,
    image_size,
    is_webp,
    jpeg_frame,
    jpeg_scans,
    png_chunks,
    webp_chunks,
)
from paddleseg.utils.tiff_headers import TIFF_COMPRESSION, TIFF_SIGNATURES, tiff_tags

MAX_PIXELS_VARIABLE = "PADDLESEG_MAX_PIXELS"
_MAX_PIXELS = 1 << 27
"""134 million, several times the largest camera; 0.4 GB as 8-bit RGB."""
_PNG_END = b"\xaeB`\x82"  # checksum of the last chunk
_JPEG_PIXELS_PER_BYTE = 512
"""Most that a Huffman-coded JPEG can hold: a block of 8x8 pixels takes at least one bit."""
_JPEG_SCANS = 64
"""Most scans of a JPEG file. Encoders write about ten; 200 of them in 200 kB take OpenCV 20 seconds at 8192x4096."""
# JPEG of both generations and WebP (libtiff's tiff.h).
_TIFF_LOSSY = (6, 7, 50001)
# WebP has its length before its name.
_SIGNATURES = (PNG_SIGNATURE, JPEG_SIGNATURE, b"BM", *TIFF_SIGNATURES, *PNM_SIGNATURES)
_KNOWN_FORMATS = "PNG, JPEG, BMP, TIFF, WebP, PNM"


def check_bytes(data: bytes, path: str | os.PathLike, kind: str, max_pixels: int | None = None) -> None:
    """Refuse files of unknown image formats, and obviously damaged ones.

    Args:
        data: The whole file.
        path: Its name, for the message.
        kind: Its name for the user: "picture" or "label".
        max_pixels: Most pixels by the header; None: the environment variable's, else ``_MAX_PIXELS``.

    Raises:
        UnknownFormatError: It is not one of ``_KNOWN_FORMATS``.
        TooLargeError: Its header states more pixels.
        DataError: It is empty or damaged. All name the file.
    """
    if not data:
        raise DataError(f"{path}: the {kind} is an empty file")
    if not _has_end(data):
        raise DataError(f"{path}: the {kind} is truncated or damaged ({len(data)} bytes); replace the file")
    if not _is_known(data):
        raise UnknownFormatError(
            f"{path}: the {kind} is damaged or not an image file of a known format ({_KNOWN_FORMATS}), whatever its "
            f"suffix ({len(data)} bytes); replace or convert the file"
        )
    _check_jpeg_size(data, path, kind)
    _check_bound(data, path, kind, max_pixels)
    _check_jpeg_scans(data, path, kind)


def check_lossless(data: bytes, path: str | os.PathLike) -> None:
    """Refuse a label whose compression changes values: near borders, pixels of other classes appear.

    Args:
        data: The whole file.
        path: Its name, for the message.

    Raises:
        DataError: Names the file and its true format, whatever its suffix.
    """
    lossy = _lossy_format(data)
    if lossy is not None:
        raise DataError(
            f"{path}: the label is a {lossy} file, whatever its suffix; this compression changes class ids, most of "
            "all near borders. Make it again as PNG from its source: a converted file keeps the wrong ids"
        )


def _lossy_format(data: bytes) -> str | None:
    if data.startswith(JPEG_SIGNATURE):
        return "JPEG"
    if is_webp(data) and any(kind == b"VP8 " for kind, _, _ in webp_chunks(data)):
        return "lossy WebP"
    is_lossy_tiff = any(tag == TIFF_COMPRESSION and value in _TIFF_LOSSY for tag, value in tiff_tags(data))
    return "TIFF with JPEG or WebP inside" if is_lossy_tiff else None


def _has_end(data: bytes) -> bool:
    """Whether a PNG or JPEG file has its end mark; OpenCV 4 silently pads a truncated one with grey."""
    if data.startswith(PNG_SIGNATURE):
        return _png_has_end(data)
    if data.startswith(JPEG_SIGNATURE):
        return jpeg_scans(data) is not None
    return True


def _png_has_end(data: bytes) -> bool:
    """Whether the chunks of a PNG file lead to its end mark.

    OpenCV 4.11 takes twenty seconds over a chunk whose length is beyond the end of the file.
    """
    return any(kind == b"IEND" and data.startswith(_PNG_END, end) for kind, _, end in png_chunks(data))


def _is_known(data: bytes) -> bool:
    """Whether a file begins as one of ``_KNOWN_FORMATS``.

    OpenCV goes by the content and tries more decoders than these. Its JPEG 2000 decoder in version 4.11 writes beyond
    its memory if the file is damaged, which ends the process; the one for GIF takes 5 GB if the header says so.
    """
    return data.startswith(_SIGNATURES) or is_webp(data)


def _check_jpeg_size(data: bytes, path: str | os.PathLike, kind: str) -> None:
    """Refuse a JPEG file whose header claims more pixels than its bytes can hold.

    OpenCV would take memory for all of them and fill it with grey: 5 GB and half a minute for a changed byte or two.
    """
    if not data.startswith(JPEG_SIGNATURE):
        return
    coding, width, height, _ = jpeg_frame(data)
    if coding in JPEG_HUFFMAN_FRAMES and width * height > _JPEG_PIXELS_PER_BYTE * len(data):
        raise DataError(
            f"{path}: the {kind} is damaged: its header says {width}x{height} pixels, for which {len(data)} bytes are "
            "too few; replace the file"
        )


def _check_jpeg_scans(data: bytes, path: str | os.PathLike, kind: str) -> None:
    """Refuse a JPEG file of many scans: in progressive ones each costs a pass over the picture but few bytes."""
    scans = jpeg_scans(data) if data.startswith(JPEG_SIGNATURE) else None
    if scans is not None and scans > _JPEG_SCANS:
        raise DataError(
            f"{path}: the {kind} is a JPEG file of {scans} scans; at most {_JPEG_SCANS} are decoded, and encoders "
            "write about ten. Save it again"
        )


def _check_bound(data: bytes, path: str | os.PathLike, kind: str, max_pixels: int | None) -> None:
    """Refuse pictures that would take gigabytes: other formats pack any size into a kilobyte."""
    width, height = image_size(data)
    bound = pixel_bound() if max_pixels is None else max_pixels
    if width * height > bound:
        advice = f", or set the environment variable {MAX_PIXELS_VARIABLE} higher" if max_pixels is None else ""
        raise TooLargeError(
            f"{path}: the {kind} has {width}x{height} pixels by its header ({len(data)} bytes), more than the bound of "
            f"{bound}; cut it into tiles{advice}"
        )


def pixel_bound() -> int:
    """Most pixels of a picture that is read whole; raise ConfigError if the environment variable is not a number."""
    text = os.environ.get(MAX_PIXELS_VARIABLE, "")
    if not text:
        return _MAX_PIXELS
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 20 and int(text) > 0):
        raise ConfigError(f"{MAX_PIXELS_VARIABLE}: found {text!r}; it must be a whole number of pixels above 0")
    return int(text)
