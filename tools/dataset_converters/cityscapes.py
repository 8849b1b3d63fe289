# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Make Cityscapes' labels of the 19 train ids from those of all ids, or from the polygons, which the download has.

    python tools/dataset_converters/cityscapes.py data/cityscapes

Beside each ``*_gtFine_labelIds.png`` or, without it, ``*_gtFine_polygons.json`` there appears
``*_gtFine_labelTrainIds.png``; those that are there stay. The result is that of csCreateTrainIdLabelImgs of the package
cityscapesscripts.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from paddleseg.utils.cli import CommandParser, require_packages, run_command
from paddleseg.utils.errors import ConfigError


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
    from paddleseg.datasets.conversion.cityscapes import TARGET_SUFFIX, convert_folder

    folder = Path(args.cityscapes_path, args.gt_dir)
    written, there = convert_folder(folder, args.nproc)
    print(f"{folder}: {written} labels *{TARGET_SUFFIX} written, {there} were there")


if __name__ == "__main__":
    run_command(main, make_parser())
