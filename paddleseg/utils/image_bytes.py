# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""What the bytes of an image file say before anything decodes them.

Decoders are generous: they fill what is missing with grey, take gigabytes because a header says so, and some of them
can be brought down by a damaged file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from paddleseg.utils.errors import DataError

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_END = b"\xaeB`\x82"  # checksum of the last chunk
JPEG_SIGNATURE = b"\xff\xd8\xff"
_JPEG_START_OF_SCAN = b"\xff\xda"
_JPEG_END = b"\xff\xd9"
# Baseline, extended and progressive Huffman frames (ITU-T T.81, table B.1).
_JPEG_HUFFMAN_FRAMES = (0xC0, 0xC1, 0xC2)
_JPEG_PIXELS_PER_BYTE = 512
"""Most that a Huffman-coded JPEG can hold: a block of 8x8 pixels takes at least one bit."""
# PNG, JPEG, BMP, TIFF and BigTIFF in both byte orders, PNM. WebP has its length before its name.
_SIGNATURES = (
    PNG_SIGNATURE, JPEG_SIGNATURE, b"BM", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+",
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
    if data.startswith(JPEG_SIGNATURE):
        # An embedded thumbnail has an end mark of its own, but before the scan of the picture itself.
        return data.rfind(_JPEG_END) > data.rfind(_JPEG_START_OF_SCAN)
    return True


def _png_has_end(data: bytes) -> bool:
    """Whether the chunks of a PNG file lead to its end mark.

    OpenCV 4.11 takes twenty seconds over a chunk whose length is beyond the end of the file.
    """
    return any(kind == b"IEND" and data.startswith(_PNG_END, end) for kind, _, end in png_chunks(data))


def _is_known(data: bytes) -> bool:
    """Whether a file begins as one of ``_KNOWN_FORMATS``.

    OpenCV goes by the content and tries more decoders than these. That of JPEG 2000 in version 4.11 writes beyond its
    memory when the file is damaged, which ends the process; that of GIF takes 5 GB where the header says so.
    """
    return data.startswith(_SIGNATURES) or is_webp(data)


def _check_jpeg_size(data: bytes, path: str | os.PathLike, kind: str) -> None:
    """Refuse a JPEG file whose header claims more pixels than its bytes can hold.

    OpenCV would take memory for all of them and fill it with grey: 5 GB and half a minute for a changed byte or two.
    """
    width, height = _jpeg_size(data) if data.startswith(JPEG_SIGNATURE) else (0, 0)
    if width * height > _JPEG_PIXELS_PER_BYTE * len(data):
        raise DataError(
            f"{path}: the {kind} is damaged: its header says {width}x{height} pixels, for which {len(data)} bytes are "
            "too few; replace the file"
        )


def _jpeg_size(data: bytes) -> tuple[int, int]:
    """(width, height) in the header of a JPEG file; (0, 0) where none is found before the picture's own bytes."""
    for marker, start, _ in jpeg_segments(data):
        if marker in _JPEG_HUFFMAN_FRAMES:
            height, width = data[start + 1 : start + 3], data[start + 3 : start + 5]
            return int.from_bytes(width, "big"), int.from_bytes(height, "big")
    return 0, 0


def is_webp(data: bytes) -> bool:
    """Whether a file begins as WebP."""
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """The segments of a JPEG file before its scan: second byte of the marker, start and end of the content."""
    place = 2
    while data[place : place + 1] == b"\xff" and data[place : place + 2] != _JPEG_START_OF_SCAN:
        if data[place + 1 : place + 2] == b"\xff":  # a fill byte may stand before a marker
            place += 1
            continue
        # Each segment has its length, without the marker, behind the marker.
        end = place + 2 + max(int.from_bytes(data[place + 2 : place + 4], "big"), 2)
        yield int.from_bytes(data[place + 1 : place + 2], "big"), place + 4, end
        place = end


def png_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """The chunks of a PNG file: kind, start and end of the content, which may be beyond the end of the file."""
    place = len(PNG_SIGNATURE)
    while place < len(data):
        # Length (4 bytes), kind (4), content, checksum (4).
        end = place + 8 + int.from_bytes(data[place : place + 4], "big")
        yield data[place + 4 : place + 8], place + 8, end
        place = end + 4


def webp_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """The chunks of a WebP file: kind, start and end of the content, which may be beyond the end of the file."""
    place = 12
    while place < len(data):
        # Kind (4 bytes), length (4), content, which a byte is added to where its length is odd.
        end = place + 8 + int.from_bytes(data[place + 4 : place + 8], "little")
        yield data[place : place + 4], place + 8, end
        place = end + end % 2
