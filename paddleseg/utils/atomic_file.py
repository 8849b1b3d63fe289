# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Files that appear whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from paddleseg.utils.errors import UserError


def write_atomically(path: str | os.PathLike, data: bytes) -> None:
    """Write a file beside its place and move it there; missing folders are made.

    Whoever reads ``path`` finds the old content or the new one, also when the program is killed in between.

    Raises:
        UserError: The disk is full or the place not writable; nothing is left behind.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.write_bytes(data)
            os.replace(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror or error})") from error
