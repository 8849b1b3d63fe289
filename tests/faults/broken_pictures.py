# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Image files of every kind that Pillow and OpenCV write, and ways to break them; all drawn from a generator."""

import io
import struct
import zlib

import cv2
import numpy as np
from PIL import Image

SIZE_WH = (48, 40)
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Pillow's name of a format -> the suffix its file gets.
_FORMATS = {"PNG": "png", "JPEG": "jpg", "BMP": "bmp", "TIFF": "tif", "WEBP": "webp"}
_MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I;16", "I", "F")
_HUGE = (2**31 - 1, 2**32 - 1, 2**20, 65535, 30000, 0)


def whole_files() -> dict:
    """Name -> bytes of whole files; the name ends with the suffix. Class ids 0 to 3 where a file has one channel."""
    random = np.random.default_rng(11)
    ids = random.integers(0, 4, SIZE_WH[::-1], dtype=np.uint8)
    colours = cv2.resize(random.integers(0, 256, (5, 6, 3), dtype=np.uint8), SIZE_WH)
    files = {}
    for mode in _MODES:
        for kind, suffix in _FORMATS.items():
            for variant, options in _variants(kind):
                try:
                    files[f"{mode.replace(';', '-')}{variant}.{suffix}"] = _saved(ids, colours, mode, kind, options)
                except (OSError, ValueError, KeyError):  # a kind of file that does not have this mode
                    continue
    for suffix in ("png", "tiff", "webp", "jpg", "bmp"):
        files[f"opencv.{suffix}"] = cv2.imencode(f".{suffix}", colours)[1].tobytes()
    for suffix in ("png", "tiff"):
        files[f"grey16.{suffix}"] = cv2.imencode(f".{suffix}", ids.astype(np.uint16))[1].tobytes()
        files[f"colours16.{suffix}"] = cv2.imencode(f".{suffix}", colours.astype(np.uint16) * 257)[1].tobytes()
    files["colours32.tiff"] = cv2.imencode(".tiff", colours.astype(np.float32))[1].tobytes()
    # Other formats under a suffix that lists and folders know.
    for kind in ("GIF", "PPM", "JPEG2000", "ICO", "TGA", "PCX"):
        files[f"{kind}.png"] = _saved(ids, colours, "RGB", kind, {})
    return files


def _variants(kind) -> list:
    return {
        "JPEG": [("", {}), ("-progressive", {"progressive": True})],
        "TIFF": [("", {}), ("-lzw", {"compression": "tiff_lzw"}), ("-packbits", {"compression": "packbits"})],
        "WEBP": [("", {}), ("-lossless", {"lossless": True})],
    }.get(kind, [("", {})])


def _saved(ids, colours, mode, kind, options) -> bytes:
    if mode == "P":
        picture = Image.fromarray(ids, mode="P")
        picture.putpalette([0, 0, 0, 200, 0, 0, 0, 200, 0, 0, 0, 200])
    elif mode in ("RGB", "RGBA", "CMYK", "YCbCr"):
        picture = Image.fromarray(colours).convert(mode)
    elif mode == "I;16":
        picture = Image.fromarray(ids.astype(np.uint16))
    else:
        picture = Image.fromarray(ids * 255 if mode == "1" else ids).convert(mode)
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def flip_bits(data, random) -> bytes:
    """1 to 16 bits anywhere, or near the beginning, where the headers are."""
    broken = bytearray(data)
    end = len(data) if random.random() < 0.6 else min(len(data), 64)
    for place in random.integers(0, 8 * end, random.integers(1, 17)):
        broken[place // 8] ^= 1 << (place % 8)
    return bytes(broken)


def truncate(data, random) -> bytes:
    return data[: random.integers(len(data))]


def truncate_before_the_end_mark(data, random) -> bytes:
    """What a decoder that looks for the last bytes takes for a whole file."""
    return truncate(data, random) + data[-12:]


def zero_a_part(data, random) -> bytes:
    start, end = np.sort(random.integers(0, len(data) + 1, 2))
    return data[:start] + bytes(end - start) + data[end:]


def insert_noise(data, random) -> bytes:
    place = random.integers(len(data))
    return data[:place] + random.bytes(random.integers(1, 200)) + data[place:]


def repeat_a_part(data, random) -> bytes:
    start, end = np.sort(random.integers(0, len(data) + 1, 2))
    return data[:end] + data[start:end] + data[end:]


def flip_bits_under_right_checksums(data, random) -> bytes:
    """PNG decoders stop at a wrong checksum; with right ones the damage gets further. Other files: ``flip_bits``."""
    if not data.startswith(_PNG_SIGNATURE):
        return flip_bits(data, random)
    chunks = _chunks(data)
    kind, content = chunks[(chosen := random.integers(len(chunks)))]
    if content:
        chunks[chosen] = (kind, flip_bits(content, random))
    return _png(chunks)


def declare_a_huge_size(data, random) -> bytes:
    """Another width or height in the header of a PNG, JPEG or BMP file; of others, a large number somewhere early."""
    width, height = (random.choice(_HUGE) if random.random() < 0.7 else 48 for _ in range(2))
    if data.startswith(_PNG_SIGNATURE):
        (_, header), *rest = _chunks(data)
        return _png([(b"IHDR", struct.pack(">II", width, height) + header[8:]), *rest])
    start_of_frame = max(data.find(b"\xff\xc0"), data.find(b"\xff\xc2"))
    if data.startswith(b"\xff\xd8") and start_of_frame > 0:
        size = struct.pack(">HH", height & 0xFFFF, width & 0xFFFF)
        return data[: start_of_frame + 5] + size + data[start_of_frame + 9 :]
    if data.startswith(b"BM"):
        return data[:18] + struct.pack("<II", width, height) + data[26:]
    place = random.integers(min(len(data), 256))
    return data[:place] + struct.pack("<I", width) + data[place + 4 :]


def replace_by_text(data, random) -> bytes:
    texts = (b"", b"\0", bytes(4096), b"<!DOCTYPE html><title>404</title>", _PNG_SIGNATURE, data[:2])
    return texts[random.integers(len(texts))]


BREAKS = (
    flip_bits,
    truncate,
    truncate_before_the_end_mark,
    zero_a_part,
    insert_noise,
    repeat_a_part,
    flip_bits_under_right_checksums,
    declare_a_huge_size,
    replace_by_text,
)


def huge_png(side, *, bit_depth=8, colour_type=2) -> bytes:
    """A PNG file that declares a square and holds the first 100 kB of it, all checksums right."""
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", side, side, bit_depth, colour_type, 0, 0, 0))]
    if colour_type == 3:
        chunks.append((b"PLTE", bytes(12)))
    return _png([*chunks, (b"IDAT", zlib.compress(bytes(100_000), 9)), (b"IEND", b"")])


def _chunks(data) -> list:
    """(kind, content) of the chunks of a PNG file."""
    chunks, place = [], len(_PNG_SIGNATURE)
    while place + 8 <= len(data):
        length, kind = struct.unpack(">I4s", data[place : place + 8])
        chunks.append((kind, data[place + 8 : place + 8 + length]))
        place += length + 12
    return chunks


def _png(chunks) -> bytes:
    parts = [struct.pack(">I", len(c)) + k + c + struct.pack(">I", zlib.crc32(k + c)) for k, c in chunks]
    return _PNG_SIGNATURE + b"".join(parts)
