# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The flags of predict.py and deploy/python/infer.py for pictures that do not fit into memory."""

from __future__ import annotations

import argparse

from paddleseg.utils.errors import ConfigError
from paddleseg.utils.tiles import TileOptions


def add_tile_arguments(parser: argparse.ArgumentParser) -> None:
    """Add ``--tile`` and ``--overlap`` to the parser of a command; ``tile_options`` reads them."""
    parser.add_argument(
        "--tile",
        type=int,
        nargs="+",
        metavar="PIXELS",
        help="predict larger pictures in tiles of this size (W H, or one number for both; multiples of 8), with little "
        "memory; TIFF files are read and written row by row (docs/large_pictures.md)",
    )
    parser.add_argument(
        "--overlap",
        type=int,
        nargs="+",
        metavar="PIXELS",
        help="minimum overlap of neighbouring tiles, in which their scores are blended (W H, or one number; default: "
        "an eighth of --tile)",
    )


def tile_options(arguments: argparse.Namespace) -> TileOptions | None:
    """The options given by the flags; None without ``--tile``.

    Raises:
        ConfigError: A value is wrong, or ``--overlap`` is given without ``--tile``.
    """
    for flag in ("tile", "overlap"):
        value = getattr(arguments, flag)
        if value is not None and len(value) > 2:
            raise ConfigError(f"--{flag} {' '.join(map(str, value))}: must be one number, or width and height")
    if arguments.tile is None:
        if arguments.overlap is not None:
            raise ConfigError("--overlap: only for tiles; give --tile PIXELS, or leave it out")
        return None
    return TileOptions.of(arguments.tile, arguments.overlap)
