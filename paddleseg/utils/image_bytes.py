# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""What the bytes of an image file say before anything decodes them.

Decoders are generous: they fill what is missing with grey, take gigabytes because a header says so, and some of them
can be brought down by a damaged file.
"""

from __future__ import annotations

import os

from paddleseg.utils.errors import DataError

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_END = b"IEND\xaeB`\x82"
_JPEG_SIGNATURE = b"\xff\xd8\xff"
_JPEG_START_OF_SCAN = b"\xff\xda"
_JPEG_END = b"\xff\xd9"
# Baseline, extended and progressive Huffman frames (ITU-T T.81, table B.1).
_JPEG_HUFFMAN_FRAMES = (b"\xff\xc0", b"\xff\xc1", b"\xff\xc2")
_JPEG_PIXELS_PER_BYTE = 512
"""Most that a Huffman-coded JPEG can hold: a block of 8x8 pixels takes at least one bit."""
# PNG, JPEG, BMP, TIFF and BigTIFF in both byte orders, PNM. WebP has its length before its name.
_SIGNATURES = (
    PNG_SIGNATURE, _JPEG_SIGNATURE, b"BM", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+",
    *(b"P%d" % number for number in range(1, 7)),
)  # fmt: skip
_KNOWN_FORMATS = "PNG, JPEG, BMP, TIFF, WebP, PNM"


def check_bytes(data: bytes, path: str | os.PathLike, kind: str) -> None:
    """Refuse what is no image file of a known format, or is seen to be damaged.

    Args:
        data: The whole file.
        path: Its name, for the message.
        kind: What it is to the user: "picture" or "label".

    Raises:
        DataError: Names the file.
    """
    if not data:
        raise DataError(f"{path}: the {kind} is an empty file")
    if not _has_end(data):
        raise DataError(f"{path}: the {kind} is truncated or damaged ({len(data)} bytes); replace the file")
    if not _is_known(data):
        raise DataError(
            f"{path}: the {kind} is damaged or not an image file of a known format ({_KNOWN_FORMATS}), whatever its "
            f"suffix ({len(data)} bytes); replace or convert the file"
        )
    _check_jpeg_size(data, path, kind)


def _has_end(data: bytes) -> bool:
    """Whether a PNG or JPEG file has its end mark; OpenCV 4 silently pads a truncated one with grey."""
    if data.startswith(PNG_SIGNATURE):
        return _png_has_end(data)
    if data.startswith(_JPEG_SIGNATURE):
        # An embedded thumbnail has an end mark of its own, but before the scan of the picture itself.
        return data.rfind(_JPEG_END) > data.rfind(_JPEG_START_OF_SCAN)
    return True


def _png_has_end(data: bytes) -> bool:
    """Whether the chunks of a PNG file lead to its end mark.

    OpenCV 4.11 takes twenty seconds over a chunk whose length is beyond the end of the file.
    """
    place = len(PNG_SIGNATURE)
    while place < len(data):
        if data.startswith(_PNG_END, place + 4):
            return True
        # Length (4 bytes), kind (4), content, checksum (4).
        place += 12 + int.from_bytes(data[place : place + 4], "big")
    return False


def _is_known(data: bytes) -> bool:
    """Whether a file begins as one of ``_KNOWN_FORMATS``.

    OpenCV goes by the content and tries more decoders than these. That of JPEG 2000 in version 4.11 writes beyond its
    memory when the file is damaged, which ends the process; that of GIF takes 5 GB where the header says so.
    """
    return data.startswith(_SIGNATURES) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP")


def _check_jpeg_size(data: bytes, path: str | os.PathLike, kind: str) -> None:
    """Refuse a JPEG file whose header claims more pixels than its bytes can hold.

    OpenCV would take memory for all of them and fill it with grey: 5 GB and half a minute for a changed byte or two.
    """
    width, height = _jpeg_size(data) if data.startswith(_JPEG_SIGNATURE) else (0, 0)
    if width * height > _JPEG_PIXELS_PER_BYTE * len(data):
        raise DataError(
            f"{path}: the {kind} is damaged: its header says {width}x{height} pixels, for which {len(data)} bytes are "
            "too few; replace the file"
        )


def _jpeg_size(data: bytes) -> tuple[int, int]:
    """(width, height) in the header of a JPEG file; (0, 0) where none is found before the picture's own bytes."""
    place = 2
    while data[place : place + 1] == b"\xff" and data[place : place + 2] != _JPEG_START_OF_SCAN:
        if data[place : place + 2] in _JPEG_HUFFMAN_FRAMES:
            height, width = data[place + 5 : place + 7], data[place + 7 : place + 9]
            return int.from_bytes(width, "big"), int.from_bytes(height, "big")
        # Each segment has its length, without the marker, behind the marker. A fill byte may stand before a marker.
        is_fill = data[place + 1 : place + 2] == b"\xff"
        place += 1 if is_fill else 2 + max(int.from_bytes(data[place + 2 : place + 4], "big"), 2)
    return 0, 0
