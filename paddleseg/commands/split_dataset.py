# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Split the pictures of a list into training, validation and test, in the same way on every machine.

    python tools/split_dataset.py data/mine                                    # all.txt: 80 % and 20 %
    python tools/split_dataset.py data/mine --ratio 0.7 0.2 0.1 --seed 3
    python tools/split_dataset.py data/mine --group sequence --stratify

Writes train.txt, val.txt and test.txt beside the list, and replaces only those that a command wrote. With --group,
pictures that belong together, such as frames of one video, go to the same part: neighbours in both would make scores
look better than they are. With --stratify, the parts get equal shares of the pixels of every class, as far as pictures
or groups allow.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from paddleseg.utils.cli import CommandParser, require_packages
from paddleseg.utils.errors import ConfigError, DataError, count_of

if TYPE_CHECKING:
    import numpy as np

    from paddleseg.datasets.splitting import Unit

_LISTS = ("all.txt", "train.txt", "val.txt")


def make_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = CommandParser(
        prog="split_dataset.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("source", metavar="SRC", help="a list file, or a folder with all.txt")
    add(
        "--ratio",
        type=float,
        nargs="+",
        default=[0.8, 0.2],
        metavar="SHARE",
        help="shares of training, validation and, if three are given, test (default: 0.8 0.2)",
    )
    add(
        "--group",
        metavar="WHAT",
        help="folder, sequence (names that differ only in their last number), or a regular expression whose first "
        "group is the same for pictures that belong together",
    )
    add(
        "--stratify", action="store_true", help="give each part an equal share of each class's pixels; reads all labels"
    )
    add("--ignore_index", type=int, default=255, help="--stratify: label value to ignore (default: %(default)s)")
    add("--seed", type=int, default=0, help="seed of the split (default: %(default)s)")
    add("--dataset_root", metavar="DIR", help="folder that the list's paths are relative to (default: the list's own)")
    add("--save_dir", metavar="DIR", help="output folder for the lists (default: the list's own)")
    add("--separator", default=" ", help="separator of the columns in the list (default: a space)")
    return parser


def main(args: argparse.Namespace) -> None:
    """Split, write the lists and print how many pictures each has."""
    require_packages("cv2")
    from paddleseg.datasets.dataset import read_file_list
    from paddleseg.datasets.list_files import replace_lists
    from paddleseg.datasets.splitting import MODES, Unit, group_names, split_units
    from paddleseg.utils.progress import tracked

    check_arguments(args)
    list_file = find_list(Path(args.source))
    root = Path(args.dataset_root or list_file.parent)
    pairs = read_file_list(str(list_file), str(root), args.separator, labels_required=args.stratify)
    lines = {relative(image, root): [relative(path, root) for path in (image, label) if path] for image, label in pairs}
    labels = {relative(image, root): label for image, label in pairs}
    groups = group_names(list(lines), args.group)
    units = [
        Unit(names, count_classes(names, labels, args.ignore_index) if args.stratify else None)
        for names in tracked(groups, "counting classes", "group" if args.group else "label")
    ]
    parts = split_units(units, dict(zip(MODES, args.ratio)), args.seed)
    separator = separator_for(lines.values(), args.separator)
    chosen = {mode: [separator.join(lines[name]) for name in lines if parts[name] == mode] for mode in MODES}
    save_dir = Path(args.save_dir or list_file.parent)
    replace_lists(save_dir, chosen)
    counts = ", ".join(f"{count_of(len(part), 'picture')} in {mode}.txt" for mode, part in chosen.items() if part)
    kept = f"; {count_of(len(groups), 'group')} kept together" if args.group else ""
    print(f"{save_dir}: {counts}{kept}")
    if args.stratify:
        print(describe_classes(units, parts))


def check_arguments(args: argparse.Namespace) -> None:
    """Refuse what cannot work, before anything is read."""
    if len(args.ratio) not in (2, 3):
        raise ConfigError(
            f"--ratio: {len(args.ratio)} numbers found; give two (train, val) or three (train, val, test)"
        )
    if args.seed < 0:
        raise ConfigError(f"--seed {args.seed}: must be 0 or more")
    if not args.separator:
        raise ConfigError("--separator: empty; give what stands between picture and label in a line")
    if not 0 <= args.ignore_index <= 255:
        raise ConfigError(f"--ignore_index {args.ignore_index}: must be from 0 to 255")


def find_list(source: Path) -> Path:
    """The list to split."""
    if source.is_file():
        return source
    if not source.is_dir():
        raise DataError(f"SRC {source}: there is no such file or folder")
    if not (source / _LISTS[0]).is_file():
        there = ", ".join(name for name in _LISTS[1:] if (source / name).is_file())
        raise DataError(f"SRC {source}: holds no {_LISTS[0]}; name the list" + (f", such as {there}" if there else ""))
    return source / _LISTS[0]


def separator_for(lines: Iterable[Sequence[str]], separator: str) -> str:
    """The separator of the written columns: a tab if names contain blanks, as the list that was read must have."""
    has_blanks = any(" " in path for paths in lines for path in paths)
    return "\t" if separator == " " and has_blanks else separator


def relative(path: str, root: Path) -> str:
    """A path in the form of lists."""
    return Path(os.path.relpath(path, root)).as_posix()


def count_classes(names: Sequence[str], labels: Mapping[str, str], ignore_index: int) -> np.ndarray:
    """(256,) pixels of each value in the labels of some pictures, ignored ones left out."""
    import numpy as np

    from paddleseg.utils.image_io import read_label

    pixels = sum(np.bincount(read_label(labels[name]).ravel(), minlength=256) for name in names)
    pixels[ignore_index] = 0
    return pixels


def describe_classes(units: Sequence[Unit], parts: Mapping[str, str]) -> str:
    """A table of each class's pixels by part."""
    modes = list(dict.fromkeys(sorted(parts.values(), key=("train", "val", "test").index)))
    sums = {mode: sum(unit.pixels for unit in units if parts[unit.names[0]] == mode) for mode in modes}
    total = sum(sums.values())
    rows = [f"{'class':>5}  " + "  ".join(f"{mode:>6}" for mode in modes)]
    for value in total.nonzero()[0].tolist():
        rows.append(f"{value:>5}  " + "  ".join(f"{sums[mode][value] / total[value]:>6.1%}" for mode in modes))
    return "\n".join(rows)
