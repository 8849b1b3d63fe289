# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Make Cityscapes' labels of the 19 train ids from the labels of all ids or the polygons of the download.

    python tools/dataset_converters/cityscapes.py data/cityscapes

Writes ``*_gtFine_labelTrainIds.png`` beside each ``*_gtFine_labelIds.png``, or ``*_gtFine_polygons.json`` without one;
existing files stay. The data set Cityscapes reads all three; these files are for other programs, and are faster to read
than polygons.
"""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from paddleseg.utils.atomic_file import write_atomically
from paddleseg.utils.cli import CommandParser, require_packages
from paddleseg.utils.errors import ConfigError, DataError

_IDS, _POLYGONS, _TARGET = "_labelIds.png", "_polygons.json", "_labelTrainIds.png"


def make_parser() -> argparse.ArgumentParser:
    """Describe the command line; the names are mmsegmentation's."""
    parser = CommandParser(
        prog="cityscapes.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("cityscapes_path", help="the folder that holds gtFine")
    parser.add_argument("--gt-dir", default="gtFine", metavar="NAME", help="the label folder in it (gtFine)")
    parser.add_argument("-o", "--out-dir", help=argparse.SUPPRESS)  # mmsegmentation's, see main
    parser.add_argument("--nproc", type=int, default=4, help="labels to convert in parallel (default: %(default)s)")
    return parser


def main(args: argparse.Namespace) -> None:
    """Convert all labels that do not exist yet."""
    require_packages("cv2")
    from paddleseg.utils.progress import tracked

    if args.out_dir is not None:
        raise ConfigError(
            f"-o {args.out_dir}: leave it out; mmsegmentation writes lists of labels there, which the data set "
            "Cityscapes does not need; the labels are written beside their sources"
        )
    if args.nproc < 1:
        raise ConfigError(f"--nproc {args.nproc}: must be at least 1")
    folder = Path(args.cityscapes_path, args.gt_dir)
    # The ids come last, and are preferred if there are both.
    found = [path for suffix in (_POLYGONS, _IDS) for path in folder.glob(f"*/*/*{suffix}")]
    sources = {_target_of(path): path for path in found}
    if not sources:
        raise DataError(f"{folder}: no labels <train, val, ..>{os.sep}<city>{os.sep}*{_IDS} or *{_POLYGONS}")
    with ThreadPoolExecutor(args.nproc) as pool:  # decoding and encoding let other threads run
        jobs = pool.map(convert, sources.values())
        written = sum(tracked(jobs, "converting", "label", total=len(sources)))
    print(f"{folder}: {written} labels *{_TARGET} written, {len(sources) - written} existed")


def convert(source: Path) -> bool:
    """Write the label of train ids for one label of ids or polygons; False if it exists."""
    from paddleseg.datasets.cityscapes import CITYSCAPES_IDS, CITYSCAPES_POLYGONS
    from paddleseg.datasets.polygons import draw_polygon_label
    from paddleseg.utils.image_io import read_label
    from paddleseg.utils.visualize import encode_image

    target = _target_of(source)
    if target.exists():
        return False
    if source.name.endswith(_POLYGONS):
        label = draw_polygon_label(source, CITYSCAPES_POLYGONS)
    else:
        table = np.full(256, 255, np.uint8)
        table[list(CITYSCAPES_IDS)] = list(CITYSCAPES_IDS.values())
        label = table[read_label(str(source))]
    write_atomically(target, encode_image(label))
    return True


def _target_of(source: Path) -> Path:
    return source.with_name(source.name.removesuffix(_IDS).removesuffix(_POLYGONS) + _TARGET)
