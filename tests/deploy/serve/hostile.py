# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Hostile requests, with the status that each must get."""

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from PIL import Image


@dataclass(frozen=True)
class Hostile:
    """A request to ``/predict``, unless the path is another.

    Attributes:
        name: What is wrong with it.
        status: What must be answered.
        request: Arguments of httpx's ``request``.
    """

    name: str
    status: int
    request: dict = field(default_factory=dict)
    method: str = "POST"
    path: str = "/predict"


def encoded(kind: str, size_wh: tuple[int, int] = (60, 40), **options) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size_wh, (90, 120, 30)).save(file, kind, **options)
    return file.getvalue()


@cache
def png_of_zeros(width: int, height: int) -> bytes:
    """A PNG whose header, and whose packed data, are of so many grey pixels; few bytes for any size."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    packer = zlib.compressobj(9)
    lines = b"".join(packer.compress(bytes(width + 1)) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", lines) + chunk(b"IEND", b"")


def hostile_requests() -> Iterator[Hostile]:
    """One of each kind."""
    png, jpeg = encoded("PNG"), encoded("JPEG", progressive=True)
    last_scan = jpeg[jpeg.rindex(b"\xff\xda") : -2]
    yield Hostile("no body", 400)
    yield Hostile("not a picture", 415, {"content": b"MZ" + bytes(300)})
    yield Hostile("text", 415, {"content": b"hello", "headers": {"Content-Type": "text/plain"}})
    yield Hostile("json", 415, {"json": {"picture": "/etc/passwd"}})
    yield Hostile("a type that is none", 415, {"content": png, "headers": {"Content-Type": "picture"}})
    yield Hostile("packed", 415, {"content": png, "headers": {"Content-Encoding": "gzip"}})
    yield Hostile("a GIF", 415, {"content": encoded("GIF")})
    yield Hostile("JPEG 2000, whose decoder is fragile", 415, {"content": b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(500)})
    yield Hostile("a cut PNG", 422, {"content": png[:-20]})
    yield Hostile("a cut JPEG", 422, {"content": jpeg[: len(jpeg) // 2]})
    yield Hostile("the head of a PNG alone", 422, {"content": png[:8]})
    damaged = bytearray(png)
    damaged[len(png) // 2] ^= 0xFF
    yield Hostile("a PNG with a changed byte", 422, {"content": bytes(damaged)})
    yield Hostile("a bomb of 900 million pixels", 413, {"content": png_of_zeros(30000, 30000)})
    yield Hostile("a bomb of JPEG", 422, {"content": _with_size(encoded("JPEG"), 60000, 60000)})
    yield Hostile("a JPEG of 200 scans", 422, {"content": jpeg[:-2] + 200 * last_scan + jpeg[-2:]})
    yield Hostile("one pixel", 422, {"content": encoded("PNG", (1, 1))})
    yield Hostile("a line", 422, {"content": encoded("PNG", (20000, 1))})
    yield Hostile("a column", 422, {"content": encoded("BMP", (1, 20000))})
    yield Hostile("no pixels", 422, {"content": b"P6 0 0 255\n"})
    yield Hostile("17 MiB", 413, {"content": bytes(17 << 20)})
    yield Hostile("17 MiB without a length", 413, {"content": iter([bytes(1 << 20)] * 17)})
    yield Hostile("a lying length", 413, {"content": b"x", "headers": {"Content-Length": str(10**18)}})
    yield Hostile("a long header", 431, {"content": png, "headers": {"X-Long": "a" * 20000}})
    yield Hostile("a long query", 431, {"content": png}, path="/predict?" + "a" * 20000)
    yield Hostile("a form without a picture", 400, {"files": {"image": ("a.png", png)}})
    yield Hostile("a form with two", 400, {"files": [("picture", ("a", png)), ("picture", ("b", png))]})
    yield Hostile("a form with an empty file", 400, {"files": {"picture": ("a.png", b"")}})
    yield Hostile("a form of many parts", 400, {"files": [(f"f{i}", ("a", b"x")) for i in range(100)]})
    yield Hostile(
        "a form that is none", 400, {"content": png, "headers": {"Content-Type": "multipart/form-data; boundary=x"}}
    )
    yield Hostile(
        "a form without a boundary", 400, {"content": png, "headers": {"Content-Type": "multipart/form-data"}}
    )
    queries = """output=exe output=json&output=labels nosuch=1 output=overlay&opacity=nan opacity=0.5 tolerance=2
        polygons=true&min_pixels=0 polygons=true&tolerance=1e999 polygons=1"""
    for query in queries.split():
        yield Hostile(query, 400, {"content": png}, path=f"/predict?{query}")
    yield Hostile("accepts nothing", 406, {"content": png, "headers": {"Accept": "text/html"}})
    yield Hostile("accepts nonsense", 400, {"content": png, "headers": {"Accept": "image/png;q=two"}})
    paths = """/../../etc/passwd /page/../../etc/passwd /%2e%2e/%2e%2e/etc/passwd /..%2f..%2fetc%2fpasswd
        /page.js%00.png //etc/passwd /predict/ /static/../settings.py /%0d%0aSet-Cookie:x"""
    for path in paths.split():
        yield Hostile(f"path {path}", 404, method="GET", path=path)
    for method in ("GET", "PUT", "DELETE", "TRACE", "BREW"):
        yield Hostile(f"{method} of /predict", 405, method=method)
    yield Hostile("a post to the page", 405, {"content": png}, path="/")
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 60, 3), "uint8"))
    file = io.BytesIO()
    noise.save(file, "TIFF", compression="tiff_lzw")
    yield Hostile("a cut TIFF", 422, {"content": file.getvalue()[: len(file.getvalue()) // 3]})
    yield Hostile("a deflated TIFF of numbers that OpenCV does not read, damaged", 422, {"content": _damaged_tiff()})


def _damaged_tiff() -> bytes:
    """Two 16-bit bands: tifffile inflates them."""
    packed = bytearray(zlib.compress(bytes(range(160))))
    packed[-1] ^= 0xFF
    entries = [(256, 4, 8), (257, 4, 5), (258, 3, 16), (259, 3, 8), (262, 3, 1), (273, 4, 122), (277, 3, 1),
               (278, 4, 5), (279, 4, len(packed))]  # fmt: skip
    directory = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + directory + bytes(4) + bytes(packed)


def _with_size(jpeg: bytes, width: int, height: int) -> bytes:
    """A JPEG file with another size in its frame's header."""
    at = jpeg.index(b"\xff\xc0") + 5
    return jpeg[:at] + struct.pack(">HH", height, width) + jpeg[at + 4 :]
