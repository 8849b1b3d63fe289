# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The headers of image files: their parts, and how many pixels they claim, read without decoding anything.

Nothing here raises: data missing from a damaged file is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from paddleseg.utils.tiff_headers import (
    TIFF_BANDS,
    TIFF_BITS,
    TIFF_HEIGHT,
    TIFF_PHOTOMETRIC,
    TIFF_PLANES,
    TIFF_SAMPLE_FORMAT,
    TIFF_SIGNATURES,
    TIFF_TILE_WIDTH,
    TIFF_WIDTH,
    tiff_tags,
)

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Byte offsets: the IHDR chunk always comes first (PNG specification, section 11.2.1).
PNG_BIT_DEPTH, PNG_COLOUR_TYPE = 24, 25
JPEG_SIGNATURE = b"\xff\xd8\xff"
_WEBP_ALPHA = 0x10
# A comment extends to the end of its line: if it could end earlier, a long one could be split in 2 ** n ways.
_PNM_GAP = rb"(?:\s|#[^\r\n]*[\r\n])+"
_PNM = re.compile(rb"P[1-6]" + _PNM_GAP + rb"(\d{1,20})" + _PNM_GAP + rb"(\d{1,20})")
_PNM_DEEP = re.compile(rb"P([2356])" + 2 * (_PNM_GAP + rb"\d{1,20}") + _PNM_GAP + rb"(\d{1,20})")
PNM_SIGNATURES = tuple(b"P%d" % number for number in range(1, 7))

_JPEG_START, _JPEG_START_OF_SCAN, _JPEG_END = 0xD8, 0xDA, 0xD9
_JPEG_WITHOUT_CONTENT = (0x00, 0x01, *range(0xD0, 0xD9))
# The end of the compressed data after a scan's header: a marker other than restarts. FF 00 encodes a data byte, and a
# further FF is a fill byte (ITU-T T.81, B.1.1).
_JPEG_MARKER_BEHIND_DATA = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
# Start of frame for all codings (ITU-T T.81, table B.1); C4, C8 and CC are other markers.
_JPEG_FRAMES = tuple(marker for marker in range(0xC0, 0xD0) if marker not in (0xC4, 0xC8, 0xCC))
JPEG_HUFFMAN_FRAMES = (0xC0, 0xC1, 0xC2)
"""Baseline, extended and progressive."""

_TIFF_WHITE_IS_ZERO, _TIFF_PALETTE = 0, 3
_TIFF_GREY = (_TIFF_WHITE_IS_ZERO, 1)
_TIFF_GREY_OR_RGB = (*_TIFF_GREY, 2)
_TIFF_COLOURS = {_TIFF_PALETTE: "a palette", 5: "CMYK", 6: "YCbCr", 8: "CIE L*a*b*"}
_TIFF_KINDS = {1: "uint", 2: "int", 3: "float"}
_HIGHEST = {"uint8": 255, "uint16": 65535}


class JpegFrame(NamedTuple):
    """A JPEG file's header of its picture; ``coding`` is the second byte of the marker."""

    coding: int
    width: int
    height: int
    bands: int


@dataclass(frozen=True)
class StoredFormat:
    """How a picture is stored, by its header.

    Attributes:
        bands: Number of channels in the file; a palette counts as three.
        dtype: Type of the numbers, such as ``uint16``.
        is_planar: Whether each band is a separate plane.
        is_tiff: Whether it is a TIFF file.
        is_tiled: Whether it is a TIFF file stored in tiles.
        is_grey: Whether it is a TIFF file whose first band is marked as grey and further ones as something else, as
            GDAL does for bands that are not RGB.
        highest: The highest value if it is not that of ``dtype``: ``2 ** bits - 1`` of a TIFF file that packs 9 to
            15 bits, the stated one of a PNM file.
        white_is_zero: Whether low values are bright (grey TIFF files).
    """

    bands: int
    dtype: str = "uint8"
    is_planar: bool = False
    is_tiff: bool = False
    is_tiled: bool = False
    is_grey: bool = False
    highest: int | None = None
    white_is_zero: bool = False

    @property
    def is_deep(self) -> bool:
        """Whether its values need more than 8 bits."""
        return self.dtype != "uint8"

    @property
    def is_packed(self) -> bool:
        """Whether its numbers have fewer bits than those of ``dtype``, and follow each other without a gap."""
        return self.is_tiff and self.highest is not None

    @property
    def numbers(self) -> str:
        """Type of the numbers in words, such as ``uint16 (up to 4095)``."""
        return self.dtype if self.highest is None else f"{self.dtype} (up to {self.highest})"

    @property
    def limits(self) -> tuple[int, int] | None:
        """The lowest and the highest value by the header; None for types whose range no picture fills."""
        highest = _HIGHEST.get(self.dtype) if self.highest is None else self.highest
        return None if highest is None else (0, highest)


def stored_format(data: bytes) -> StoredFormat:
    """How a picture is stored. Unknown formats, and damaged files without the information, count as 8-bit RGB."""
    if data.startswith(PNG_SIGNATURE) and len(data) > PNG_COLOUR_TYPE:
        bands = {0: 1, 4: 2, 6: 4}.get(data[PNG_COLOUR_TYPE], 3)
        return StoredFormat(bands, "uint16" if data[PNG_BIT_DEPTH] == 16 else "uint8")
    if data.startswith(TIFF_SIGNATURES):
        return tiff_format(dict(reversed(list(tiff_tags(data)))))
    if data.startswith(JPEG_SIGNATURE):
        return StoredFormat(1 if jpeg_frame(data).bands == 1 else 3)  # decoders turn CMYK into RGB
    found = _PNM_DEEP.match(data)
    if found:
        bands, highest = 3 if found[1] in b"36" else 1, int(found[2])
        is_stretched = found[1] in b"23" and highest < 255  # decoders stretch numbers written in digits
        own_highest = None if is_stretched or highest in (0, 255, 65535) else min(highest, 65535)
        return StoredFormat(bands, "uint16" if highest > 255 else "uint8", highest=own_highest)
    return StoredFormat(4 if is_webp(data) and data[12:16] == b"VP8X" and _little(data[20:21]) & _WEBP_ALPHA else 3)


def tiff_format(tags: dict[int, int]) -> StoredFormat:
    """How the picture of a TIFF file is stored, by the tags of its first directory and the first number in each."""
    bits, kind = tags.get(TIFF_BITS, 1), _TIFF_KINDS.get(tags.get(TIFF_SAMPLE_FORMAT, 1), "uint")
    is_palette = tags.get(TIFF_PHOTOMETRIC) == _TIFF_PALETTE
    dtype = f"{kind}{next((size for size in (8, 16, 32) if bits <= size), 64)}"
    bands = tags.get(TIFF_BANDS, 1)
    return StoredFormat(
        3 if is_palette else bands,
        "uint8" if is_palette else dtype,
        is_planar=tags.get(TIFF_PLANES) == 2,
        is_tiff=True,
        is_tiled=TIFF_TILE_WIDTH in tags,
        is_grey=tags.get(TIFF_PHOTOMETRIC) in _TIFF_GREY,
        highest=2**bits - 1 if dtype == "uint16" and 8 < bits < 16 and not is_palette else None,
        white_is_zero=bands == 1 and kind == "uint" and tags.get(TIFF_PHOTOMETRIC) == _TIFF_WHITE_IS_ZERO,
    )


def has_tiff_colours(data: bytes) -> bool:
    """Whether a TIFF file states the meaning and bits of its numbers; damaged ones often do not."""
    return {TIFF_PHOTOMETRIC, TIFF_BITS} <= {tag for tag, _ in tiff_tags(data)}


def odd_tiff_kind(data: bytes) -> str | None:
    """Why the numbers of a TIFF file are not directly grey or RGB, in words; None if they are."""
    tags = dict(reversed(list(tiff_tags(data))))
    photometric, bits = tags.get(TIFF_PHOTOMETRIC), tags.get(TIFF_BITS, 1)
    if photometric not in _TIFF_GREY_OR_RGB:
        return f"{_TIFF_COLOURS.get(photometric, f'colours of kind {photometric}')} of {bits} bits"
    return f"grey of {bits} bits" if bits < 8 else None


def changes_grey_values(data: bytes) -> bool:
    """Whether decoders return other numbers than those in a one-channel file; not for PNG files.

    They stretch fewer than 8 bits to 0..255, invert if 0 is white, and take greys from the palette of a BMP file.
    """
    if data.startswith(TIFF_SIGNATURES):
        tags = dict(reversed(list(tiff_tags(data))))
        bits = tags.get(TIFF_BITS, 1)
        return bits < 8 or (bits == 8 and tags.get(TIFF_PHOTOMETRIC) == _TIFF_WHITE_IS_ZERO)
    if data.startswith(b"BM"):
        header = _little(data[14:18])
        bits, entry = (_little(data[24:26]), 3) if header == 12 else (_little(data[28:30]), 4)
        palette = data[14 + header : _little(data[10:14])]
        colours = [palette[start : start + 3] for start in range(0, len(palette) - 2, entry)]
        return bits < 8 or (bits == 8 and any(colour != bytes([i] * 3) for i, colour in enumerate(colours[:256])))
    deep = _PNM_DEEP.match(data)
    return data.startswith((b"P1", b"P4")) or (data.startswith(b"P2") and deep is not None and int(deep[2]) != 255)


def image_size(data: bytes) -> tuple[int, int]:
    """(width, height) that the header of an image file claims, the largest if there are several; else (0, 0)."""
    if data.startswith(PNG_SIGNATURE):
        sizes = [(_big(data[16:20]), _big(data[20:24]))]
    elif data.startswith(JPEG_SIGNATURE):
        frame = jpeg_frame(data)
        sizes = [(frame.width, frame.height)]
    elif data.startswith(b"BM"):
        sizes = [_bmp_size(data)]
    elif data.startswith(TIFF_SIGNATURES):
        tags = list(tiff_tags(data))
        sizes = [tuple(max((v for tag, v in tags if tag == wanted), default=0) for wanted in (TIFF_WIDTH, TIFF_HEIGHT))]
    elif is_webp(data):
        sizes = [_webp_size(kind, data[start : start + 10]) for kind, start, _ in webp_chunks(data)]
    else:
        found = _PNM.match(data)
        sizes = [(int(found[1]), int(found[2]))] if found else []
    return max(sizes, key=lambda size: size[0] * size[1], default=(0, 0))


def is_webp(data: bytes) -> bool:
    """Whether a file begins as WebP."""
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """The segments of a JPEG file before its scan: second byte of the marker, start and end of the content."""
    place = data.find(b"\xff", 2)
    # Like libjpeg: bytes before a marker are skipped, and so are fill bytes, which are FF too.
    while 0 <= place < len(data) - 1:
        marker = data[place + 1]
        if marker in (_JPEG_START_OF_SCAN, _JPEG_END):
            return
        end = place + 1 if marker == 0xFF else place + 2
        if marker != 0xFF and marker not in _JPEG_WITHOUT_CONTENT:
            end += max(_big(data[place + 2 : place + 4]), 2)  # the length includes itself
            yield marker, place + 4, end
        place = data.find(b"\xff", end)


def jpeg_scans(data: bytes) -> int | None:
    """How many scans a JPEG file has before the end of its picture; None if its markers do not lead there.

    Thumbnails are in segments, which are skipped. After the end there may be anything: the video of a motion photo, or
    further pictures. If another one begins before the end, the following bytes belong to that one.
    """
    place, scans = 2, 0
    while (place := data.find(b"\xff", place)) >= 0 and place + 1 < len(data):
        marker = data[place + 1]
        if marker == _JPEG_END:
            return scans
        if marker == 0xFF or (marker in _JPEG_WITHOUT_CONTENT and marker != _JPEG_START):
            place += 1 if marker == 0xFF else 2
            continue
        if marker == _JPEG_START:  # another picture: this one is cut off
            return None
        place += 2 + max(_big(data[place + 2 : place + 4]), 2)
        if marker == _JPEG_START_OF_SCAN:
            scans += 1
            found = _JPEG_MARKER_BEHIND_DATA.search(data, place)
            if found is None:
                return None
            place = found.start()
    return None


def jpeg_frame(data: bytes) -> JpegFrame:
    """The frame header of a JPEG file; zeros if there is none."""
    for marker, start, _ in jpeg_segments(data):
        if marker in _JPEG_FRAMES:  # precision (1 byte), height (2), width (2), bands (1)
            height, width, bands = data[start + 1 : start + 3], data[start + 3 : start + 5], data[start + 5 : start + 6]
            return JpegFrame(marker, _big(width), _big(height), _big(bands))
    return JpegFrame(0, 0, 0, 0)


def png_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """The chunks of a PNG file: kind, start and end of the content, which may be beyond the end of the file."""
    place = len(PNG_SIGNATURE)
    while place < len(data):
        # Length (4 bytes), kind (4), content, checksum (4).
        end = place + 8 + _big(data[place : place + 4])
        yield data[place + 4 : place + 8], place + 8, end
        place = end + 4


def webp_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """The chunks of a WebP file: kind, start and end of the content, which may be beyond the end of the file."""
    place = 12
    while place < len(data):
        # Kind (4 bytes), length (4), content, and one more byte if its length is odd.
        end = place + 8 + _little(data[place + 4 : place + 8])
        yield data[place : place + 4], place + 8, end
        place = end + end % 2


def _bmp_size(data: bytes) -> tuple[int, int]:
    if _little(data[14:18]) == 12:  # the header of OS/2
        return _little(data[18:20]), _little(data[20:22])
    width, height = (int.from_bytes(data[at : at + 4], "little", signed=True) for at in (18, 22))
    return abs(width), abs(height)  # a negative height: rows from the top


def _webp_size(kind: bytes, content: bytes) -> tuple[int, int]:
    """The size in a chunk, by its first ten bytes (RFC 9649; RFC 6386, 9.1)."""
    if kind == b"VP8X":
        return _little(content[4:7]) + 1, _little(content[7:10]) + 1
    if kind == b"VP8L":
        bits = _little(content[1:5])
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        return _little(content[6:8]) & 0x3FFF, _little(content[8:10]) & 0x3FFF
    return 0, 0


def _big(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _little(data: bytes) -> int:
    return int.from_bytes(data, "little")
