# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Make Cityscapes' labels of the 19 train ids from those of all ids, which the download has.

    python tools/dataset_converters/cityscapes.py data/cityscapes

Beside each ``*_gtFine_labelIds.png`` there appears ``*_gtFine_labelTrainIds.png``; those that are there stay. The
result is that of csCreateTrainIdLabelImgs of the package cityscapesscripts.
"""

from __future__ import annotations

import argparse
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

import numpy as np

from paddleseg.utils.atomic_file import write_atomically
from paddleseg.utils.cli import CommandParser, require_packages, run_command
from paddleseg.utils.errors import ConfigError, DataError

IDS = (7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33)
"""The id of each train id; all others are ignored."""

_SOURCE, _TARGET = "_labelIds.png", "_labelTrainIds.png"


def make_parser() -> argparse.ArgumentParser:
    """Describe the command line; the names are mmsegmentation's."""
    parser = CommandParser(
        prog="cityscapes.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("cityscapes_path", help="the folder that holds gtFine")
    parser.add_argument("--gt-dir", default="gtFine", metavar="NAME", help="the folder of the labels in it (gtFine)")
    parser.add_argument("-o", "--out-dir", help=argparse.SUPPRESS)  # of mmsegmentation, see main
    parser.add_argument("--nproc", type=int, default=4, help="labels that are converted at once (default: %(default)s)")
    return parser


def main(args: argparse.Namespace) -> None:
    """Convert all labels that are not there yet."""
    require_packages("cv2")
    if args.out_dir is not None:
        raise ConfigError(
            f"-o {args.out_dir}: leave it out; it is where mmsegmentation writes lists of the labels, which the data "
            "set Cityscapes does without, and labels are written beside their sources there and here"
        )
    if args.nproc < 1:
        raise ConfigError(f"--nproc {args.nproc}: must be at least 1")
    folder = Path(args.cityscapes_path, args.gt_dir)
    sources = sorted(folder.glob(f"*/*/*{_SOURCE}"))
    if not sources:
        raise DataError(f"{folder}: no labels <train, val, ..>{os.sep}<city>{os.sep}*{_SOURCE}")
    with ThreadPoolExecutor(args.nproc) as pool:  # decoding and encoding let other threads run
        written = sum(pool.map(convert, sources))
    print(f"{folder}: {written} labels *{_TARGET} written, {len(sources) - written} were there")


def convert(source: Path) -> bool:
    """Write the label of train ids of one label of ids; False where it is there."""
    from paddleseg.utils.image_io import read_label
    from paddleseg.utils.visualize import encode_image

    target = source.with_name(source.name.replace(_SOURCE, _TARGET))
    if target.exists():
        return False
    table = np.full(256, 255, np.uint8)
    table[list(IDS)] = np.arange(len(IDS))
    write_atomically(target, encode_image(table[read_label(str(source))]))
    return True


if __name__ == "__main__":
    run_command(main, make_parser())
