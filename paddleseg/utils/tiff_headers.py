# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The first directory of TIFF files, read without decoding anything. Nothing here raises."""

from __future__ import annotations

from collections.abc import Iterator

# TIFF and BigTIFF in both byte orders.
_TIFF_ORDERS = {b"II*\0": "little", b"MM\0*": "big", b"II+\0": "little", b"MM\0+": "big"}
TIFF_SIGNATURES = tuple(_TIFF_ORDERS)
TIFF_WIDTH, TIFF_HEIGHT, TIFF_BITS, TIFF_COMPRESSION, TIFF_PHOTOMETRIC = 256, 257, 258, 259, 262
TIFF_ORIENTATION, TIFF_BANDS, TIFF_PLANES, TIFF_TILE_WIDTH, TIFF_EXTRA_BANDS = 274, 277, 284, 322, 338
TIFF_SAMPLE_FORMAT = 339
_TIFF_UNASSOCIATED_ALPHA = 2
_TIFF_BYTES_OF_TYPE = {1: 1, 3: 2, 4: 4, 16: 8}  # the unsigned integers


def tiff_tags(data: bytes) -> Iterator[tuple[int, int]]:
    """The tags with unsigned integers in the first directory of a TIFF file, as (number, first integer)."""
    order = _TIFF_ORDERS.get(data[:4])
    return ((tag, int.from_bytes(data[start:end], order)) for tag, start, end in _tiff_entries(data))


def with_colours_as_stored(data: bytes) -> bytes:
    """The file, except that a TIFF file's unassociated opacity is no longer marked as such.

    libtiff, in OpenCV, silently multiplies such 8-bit colours by their opacity: a picture with transparent parts would
    differ from the same one in PNG. Labels would get other ids.
    """
    if not data.startswith(TIFF_SIGNATURES):
        return data
    order = _TIFF_ORDERS[data[:4]]
    for tag, start, end in _tiff_entries(data):
        if tag == TIFF_EXTRA_BANDS and int.from_bytes(data[start:end], order) == _TIFF_UNASSOCIATED_ALPHA:
            data = data[:start] + bytes(end - start) + data[end:]
    return data


def _tiff_entries(data: bytes) -> Iterator[tuple[int, int, int]]:
    """The same tags as (number, start and end of the first integer)."""
    order = _TIFF_ORDERS.get(data[:4])
    if order is None:
        return
    is_big = b"+" in data[2:4]
    # Bytes of an offset, of the number of entries, and of an entry: number (2), type (2), count, value or offset.
    offset_bytes, count_bytes, entry_bytes = (8, 8, 20) if is_big else (4, 2, 12)
    first = 8 if is_big else 4
    directory = int.from_bytes(data[first : first + offset_bytes], order)
    start = directory + count_bytes
    end = start + entry_bytes * int.from_bytes(data[directory:start], order)
    for place in range(start, min(end, len(data) - entry_bytes + 1), entry_bytes):
        tag, kind = (int.from_bytes(data[at : at + 2], order) for at in (place, place + 2))
        count = int.from_bytes(data[place + 4 : place + 4 + offset_bytes], order)
        num_bytes = _TIFF_BYTES_OF_TYPE.get(kind, 0)
        value = place + 4 + offset_bytes
        if count * num_bytes > offset_bytes:  # they do not fit into the entry, which has their offset
            value = int.from_bytes(data[value : value + offset_bytes], order)
        if num_bytes and value + num_bytes <= len(data):  # missing in a truncated file
            yield tag, value, value + num_bytes
