# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Write corrected copies of label files: flipped, shifted or renumbered. The files themselves stay as they are.

    python tools/mend_labels.py --flip horizontal --save_dir mended labels/0001.png labels/0002.png
    python tools/mend_labels.py --shift -5 3 --save_dir mended labels/*.png
    python tools/mend_labels.py --label_map "{1: 0, 2: 1, 3: 2}" --save_dir mended labels/0007.png

The copies keep their paths below the folder that holds all of the given files. Several flags are applied in this order:
label_map, flip, shift. tools/check_dataset.py --report prints such a command with each finding.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from paddleseg.utils.cli import CommandParser, require_packages
from paddleseg.utils.errors import ConfigError, DataError, count_of
from paddleseg.utils.label_map import LABEL_VALUES
from paddleseg.utils.type_hints import is_number
from paddleseg.utils.written_files import WrittenFiles
from paddleseg.utils.yaml_text import parse_yaml

FLIPS = {"horizontal": 1, "vertical": 2, "both": 3}
IGNORED = 255


def make_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = CommandParser(
        prog="mend_labels.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("files", nargs="+", metavar="FILE", help="label files with class ids")
    add("--save_dir", required=True, metavar="DIR", help="output folder")
    add(
        "--label_map",
        metavar="MAP",
        help="maps values in the file to class ids, for example {255: 1}; other values stay",
    )
    add("--flip", choices=list(FLIPS), help="horizontal: swap left and right; vertical: swap top and bottom")
    add(
        "--shift",
        type=int,
        nargs=2,
        metavar=("RIGHT", "DOWN"),
        help="move right and down by this many pixels; negative: left and up",
    )
    add("--fill", type=int, default=IGNORED, help="value of the pixels that a shift uncovers (default: %(default)s)")
    return parser


def main(args: argparse.Namespace) -> None:
    """Read all labels before writing the first copy."""
    require_packages("cv2")
    import numpy as np

    from paddleseg.datasets.doctor.alignment import turn
    from paddleseg.datasets.doctor.exhibits import move
    from paddleseg.utils.image_io import read_label
    from paddleseg.utils.visualize import encode_image

    table = np.arange(256, dtype=np.uint8)
    for value, class_id in check_arguments(args).items():
        table[value] = class_id
    targets = target_paths(args.files, Path(args.save_dir))
    written = WrittenFiles(args.save_dir)
    written.refuse_foreign(targets.values())
    mended = {}
    for file, target in targets.items():
        label = table[read_label(file)]
        if args.flip is not None:
            label = turn(label, FLIPS[args.flip])
        if args.shift is not None:
            label = move(label, *args.shift, args.fill)
        mended[target] = encode_image(np.ascontiguousarray(label))
    for target, data in mended.items():
        written.write(target, data)
    print(f"{args.save_dir}: {count_of(len(mended), 'label')} written; list the new files instead of the old ones")


def check_arguments(args: argparse.Namespace) -> dict[int, int]:
    """Refuse what cannot work; return the label map."""
    if args.label_map is None and args.flip is None and args.shift is None:
        raise ConfigError("nothing to do; give --label_map, --flip or --shift")
    if not LABEL_VALUES.holds(args.fill):
        raise ConfigError(f"--fill {args.fill}: must be {LABEL_VALUES.words}")
    if args.label_map is None:
        return {}
    parsed: Any = parse_yaml(f"map: {args.label_map}", "--label_map")[0]["map"]
    if not isinstance(parsed, dict) or not parsed:
        raise ConfigError(f"--label_map {args.label_map}: give pairs such as {{1: 0, 2: 1}}")
    for number in (number for pair in parsed.items() for number in pair):
        if not (is_number(number) and isinstance(number, int) and LABEL_VALUES.holds(number)):
            raise ConfigError(f"--label_map: found {number!r}; both sides must be whole numbers {LABEL_VALUES.words}")
    return parsed


def target_paths(files: list[str], save_dir: Path) -> dict[str, Path]:
    """The path of each file's copy."""
    folder = next((file for file in files if os.path.isdir(file)), None)
    if folder is not None:
        raise DataError(f"{folder}: is a folder; give its label files, such as {os.path.join(folder, '*.png')}")
    missing = [file for file in files if not os.path.isfile(file)]
    if missing:
        raise DataError(f"{missing[0]}: there is no such label ({len(missing)} of {len(files)} are missing)")
    common = Path(os.path.commonpath([os.path.dirname(os.path.abspath(file)) for file in files]))
    targets = {file: (save_dir / Path(os.path.abspath(file)).relative_to(common)).with_suffix(".png") for file in files}
    source_of: dict[Path, str] = {}
    for file, target in targets.items():
        other = source_of.setdefault(target, file)
        if os.path.abspath(other) != os.path.abspath(file):
            raise ConfigError(f"{other} and {file}: both copies would be {target}; write them to two folders")
        if target.exists() and os.path.samefile(file, target):
            raise ConfigError(f"--save_dir {save_dir}: {file} would replace itself; give another folder")
    return targets
