# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Checksums of files."""

from __future__ import annotations

import hashlib
import os
import sys


def sha256_of(path: str | os.PathLike[str], most: int | None = None) -> str:
    """The SHA-256 of a file, in hexadecimal digits; with ``most`` only of its first ``most`` bytes."""
    digest = hashlib.sha256()
    left = sys.maxsize if most is None else most
    with open(path, "rb") as file:
        while chunk := file.read(min(left, 1 << 20)):
            digest.update(chunk)
            left -= len(chunk)
    return digest.hexdigest()


def sha256_of_bytes(data: bytes) -> str:
    """The SHA-256 of bytes, in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()
