# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Lists of two folders, split at random, by the name and with the arguments of PaddleSeg's tool.

    python tools/data/split_dataset_list.py data/mine images annotations --split 0.6 0.2 0.2 --format jpg png

Pictures and labels are paired by their names without suffix and postfix, not by their order. The split is the same each
time (--seed). ``tools/split_dataset.py`` keeps groups together and balances classes.
"""

import argparse
import os
import sys
from pathlib import Path

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from paddleseg.utils.cli import require_packages, run_command
from paddleseg.utils.errors import ConfigError


def make_parser() -> argparse.ArgumentParser:
    """Describe the command line; the names are PaddleSeg's, except --seed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("dataset_root", help="folder that gets the lists")
    add("images_dir_name", help="folder of the pictures in it")
    add("labels_dir_name", help="folder of the labels in it")
    add("--split", nargs=3, type=float, default=[0.7, 0.3, 0], help="shares of train, val and test (0.7 0.3 0)")
    add("--separator", default=" ", help="between the columns of the lists (default: a blank)")
    add("--format", nargs=2, default=["jpg", "png"], help="suffix of pictures and labels (jpg png)")
    add("--postfix", nargs=2, default=["", ""], help="what names end in before the suffix (nothing)")
    add("--seed", type=int, default=0, help="another seed, another split (default: %(default)s)")
    return parser


def main(args: argparse.Namespace) -> None:
    """Pair, split, write the lists and print their lengths."""
    require_packages("cv2")
    from paddleseg.datasets.list_files import Naming, pair_files, write_lists
    from paddleseg.datasets.splitting import MODES, Unit, split_units

    if abs(sum(args.split) - 1) > 1e-6:
        raise ConfigError(f"--split {' '.join(f'{share:g}' for share in args.split)}: must add up to 1")
    if args.seed < 0:
        raise ConfigError(f"--seed {args.seed}: must be 0 or more")
    root = Path(args.dataset_root)
    naming = Naming(tuple(args.format), tuple(args.postfix))
    pairs = dict(pair_files(root, args.images_dir_name, args.labels_dir_name, naming))
    parts = split_units([Unit((name,)) for name in pairs], dict(zip(MODES, args.split)), args.seed)
    lists = {mode: [(name, pairs[name]) for name in pairs if parts[name] == mode] for mode in MODES}
    write_lists(root, lists, args.separator)


if __name__ == "__main__":
    run_command(main, make_parser())
