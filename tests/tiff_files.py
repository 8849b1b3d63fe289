# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""TIFF files with any number of bands and any dtype, uncompressed, written by the specification (TIFF 6.0)."""

import struct

import numpy as np

_SAMPLE_FORMATS = {"u": 1, "i": 2, "f": 3}
_SHORT, _LONG = 3, 4


def tiff_file(pixels, *, planar=False, order="<", orientation=1, bits=None, photometric=None, extra_band=0) -> bytes:
    """A file with the (H, W, bands) pixels, each band in a plane of its own if ``planar``.

    ``bits``: numbers of so many bits follow each other without a gap, the highest bit first, whatever the byte order.
    ``extra_band``: 1 opacity that the colours are multiplied by, 2 opacity that they are not, 0 something else.
    """
    pixels = np.atleast_3d(pixels)
    height, width, bands = pixels.shape
    rows = pixels.transpose(2, 0, 1) if planar else pixels
    if bits is None:
        data = rows.astype(pixels.dtype.newbyteorder(order)).tobytes()
    else:  # each row begins with a byte of its own
        rows = rows.reshape(-1, width if planar else width * bands, 1) >> np.arange(bits - 1, -1, -1)
        data = np.packbits((rows & 1).astype(np.uint8).reshape(len(rows), -1), axis=1).tobytes()
    strips = bands if planar else 1
    photometric = (2 if bands in (3, 4) else 1) if photometric is None else photometric
    starts = [0] * strips
    entries = [
        (256, _LONG, [width]), (257, _LONG, [height]), (258, _SHORT, [bits or 8 * pixels.dtype.itemsize] * bands),
        (259, _SHORT, [1]), (262, _SHORT, [photometric]), (273, _LONG, starts), (274, _SHORT, [orientation]),
        (277, _SHORT, [bands]), (278, _LONG, [height]), (279, _LONG, [len(data) // strips] * strips),
        (284, _SHORT, [2 if planar else 1]),
    ]  # fmt: skip
    extra = bands - {2: 3, 5: 4, 8: 3}.get(photometric, 1)  # RGB, CMYK, CIE L*a*b*
    entries += [(338, _SHORT, [extra_band] * extra)] if extra else []
    entries += [(339, _SHORT, [_SAMPLE_FORMATS[pixels.dtype.kind]] * bands)]
    directory_bytes = 2 + 12 * len(entries) + 4
    lengths = [len(values) * {_SHORT: 2, _LONG: 4}[kind] for _, kind, values in entries]
    first = 8 + directory_bytes + sum(length + length % 2 for length in lengths if length > 4)
    starts[:] = [first + len(data) // strips * strip for strip in range(strips)]
    head = {"<": b"II", ">": b"MM"}[order] + struct.pack(f"{order}HIH", 42, 8, len(entries))
    tail = b""
    for (tag, kind, values), length in zip(entries, lengths):
        content = struct.pack(order + {_SHORT: "H", _LONG: "I"}[kind] * len(values), *values)
        if length > 4:
            place, tail = 8 + directory_bytes + len(tail), tail + content + b"\0" * (length % 2)
            content = struct.pack(f"{order}I", place)
        head += struct.pack(f"{order}HHI", tag, kind, len(values)) + content.ljust(4, b"\0")
    return head + bytes(4) + tail + data
