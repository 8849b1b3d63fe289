# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Turn the output of an annotation tool into a data set: pictures, label PNGs, lists, class names and a configuration.

    python tools/convert_dataset.py labelme my_pictures data/mine
    python tools/convert_dataset.py coco annotations/instances_train2017.json data/mine --images train2017
    python tools/convert_dataset.py cvat my_export data/mine --classes road car person --others unlabelled
    python tools/convert_dataset.py to_labelme data/mine corrections

Formats: labelme, eiseg, coco (instances), coco_panoptic, voc (colours), cvat (XML or masks), supervisely; and
to_labelme, the way back. Everything is checked before anything is written, and all faults are reported at once. Files
in DST that no command wrote are not replaced. docs/convert_labels.md has the details.
"""

from __future__ import annotations

import argparse
import os
import shlex
from pathlib import Path

from paddleseg.utils.cli import CommandParser, require_packages
from paddleseg.utils.errors import ConfigError, DataError
from paddleseg.utils.logging import print_note
from paddleseg.utils.near_miss import suggest

TO_LABELME = "to_labelme"


def make_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = CommandParser(
        prog="convert_dataset.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("format", metavar="FORMAT", help="see above")
    add("source", metavar="SRC", help="folder, or file if the format is a single file")
    add("target", metavar="DST", help="output folder")
    add("--images", metavar="DIR", help="picture folder, if it is not where the format puts it")
    add(
        "--classes",
        nargs="+",
        metavar="CLASS",
        help="a file of classes, one per line in the order of their ids, optionally with colours; or their names",
    )
    add(
        "--others",
        choices=["refuse", "unlabelled"],
        default="refuse",
        help="what to do with labels that are not in the list (default: %(default)s)",
    )
    add(
        "--unlabelled",
        choices=["background", "ignore"],
        help="class of pixels that no shape covers: _background_, or 255 (default: depends on the format)",
    )
    add(
        "--crowd",
        choices=["class", "ignore"],
        default="class",
        help="what to do with COCO's crowds (default: %(default)s)",
    )
    add(
        "--pictures",
        choices=["link", "copy"],
        default="link",
        help="how pictures are put into DST (default: %(default)s)",
    )
    add(
        "--val",
        type=float,
        default=0.2,
        metavar="SHARE",
        help="share of pictures for validation (default: %(default)s)",
    )
    add("--seed", type=int, default=0, help="seed for choosing the validation pictures (default: %(default)s)")
    add("--separator", default=" ", help="separator of the columns in the lists (default: a space)")
    add("--line_width", type=int, default=10, metavar="N", help="width of a line in pixels (default: %(default)s)")
    add("--point_size", type=int, default=5, metavar="N", help="radius of a point in pixels (default: %(default)s)")
    add("--skip_faulty", action="store_true", help="skip faulty pictures, with a warning")
    add("--tolerance", type=float, metavar="PIXELS", help="to_labelme: simplify outlines by up to this many pixels")
    return parser


def main(args: argparse.Namespace) -> None:
    """Read everything, check it, write the result and describe it."""
    require_packages("cv2")
    check_arguments(args)
    if args.format == TO_LABELME:
        write_back(args)
        return
    from paddleseg.datasets.conversion import FORMATS
    from paddleseg.datasets.conversion.annotations import ReadingOptions
    from paddleseg.datasets.conversion.class_list import parse_classes
    from paddleseg.datasets.conversion.writer import WritingOptions, write_dataset

    classes = None if args.classes is None else parse_classes(args.classes)
    reading = ReadingOptions(
        images=None if args.images is None else Path(args.images),
        classes=classes,
        crowd=args.crowd,
        line_width=args.line_width,
        point_size=args.point_size,
    )
    writing = WritingOptions(
        pictures=args.pictures,
        classes=classes,
        unlabelled=args.unlabelled,
        others=args.others,
        skip_faulty=args.skip_faulty,
        val=args.val,
        seed=args.seed,
        separator=args.separator,
    )
    written = write_dataset(FORMATS[args.format](Path(args.source), reading), Path(args.target), writing)
    for warning in written.warnings:
        print_note(f"warning: {warning}")
    lists = ", ".join(f"{count} in {name}" for name, count in written.lists.items())
    names = ", ".join(f"{class_id} {name}" for class_id, name in enumerate(written.classes.names))
    print(f"{args.target}: {lists}\nclasses: {names}")
    print_note(f"check it by: python tools/check_dataset.py --config {shlex.quote(str(written.config))}")


def check_arguments(args: argparse.Namespace) -> None:
    """Refuse what cannot work, before anything is read."""
    from paddleseg.datasets.conversion import FORMATS, TAKES_FILES

    if args.format not in (*FORMATS, TO_LABELME):
        raise ConfigError(
            f"FORMAT {args.format}: there is no such format. {suggest(args.format, [*FORMATS, TO_LABELME])}"
        )
    if not os.path.exists(args.source):
        raise DataError(f"SRC {args.source}: there is no such file or folder")
    if args.format not in TAKES_FILES and not os.path.isdir(args.source):
        raise DataError(f"SRC {args.source}: is a file; {args.format} needs the folder")
    if os.path.isfile(args.target):
        raise DataError(f"DST {args.target}: is a file; give a folder")
    if args.images is not None and not os.path.isdir(args.images):
        raise DataError(f"--images {args.images}: is not a folder")
    if not 0 <= args.val < 1:
        raise ConfigError(f"--val {args.val:g}: must be from 0 (no validation) to below 1")
    if not args.separator:
        raise ConfigError("--separator: empty; give what stands between picture and label in a line")
    for name, least in (("seed", 0), ("line_width", 1), ("point_size", 0)):
        if getattr(args, name) < least:
            raise ConfigError(f"--{name} {getattr(args, name)}: must be {least} or more")
    if args.tolerance is not None and (args.format != TO_LABELME or not 0 <= args.tolerance < 1000):
        raise ConfigError(
            f"--tolerance {args.tolerance:g}: must be from 0 to below 1000 pixels, and goes with {TO_LABELME} only"
        )


def write_back(args: argparse.Namespace) -> None:
    """Write labelme files of a data set."""
    from paddleseg.datasets.conversion.class_list import parse_classes, read_class_list
    from paddleseg.datasets.conversion.to_labelme import default_class_list, write_labelme

    folder = Path(args.source)
    classes = read_class_list(default_class_list(folder)) if args.classes is None else parse_classes(args.classes)
    count = write_labelme(folder, Path(args.target), classes, separator=args.separator, tolerance=args.tolerance or 0)
    print(f"{args.target}: {count} labelme files; labelme {args.target} opens them")
