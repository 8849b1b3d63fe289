# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Lists of a data set with already split folders, by the name and with the arguments of PaddleSeg's tool.

    python tools/data/create_dataset_list.py data/mine --folder images annotations --second_folder train val
    python tools/data/create_dataset_list.py data/cityscapes --type cityscapes

Writes train.txt of ``images/train`` and ``annotations/train``, and so on; pictures and labels are paired by their names
without suffix and postfix, not by their order. A folder of pictures without labels, such as a test part, gives a list
of only pictures.
"""

import argparse
import os
import sys
from pathlib import Path

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from paddleseg.utils.cli import require_packages, run_command
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.logging import print_note

_CITYSCAPES = {
    "folder": ["leftImg8bit", "gtFine"],
    "format": ["png", "png"],
    "postfix": ["_leftImg8bit", "_gtFine_labelTrainIds"],
}


def make_parser() -> argparse.ArgumentParser:
    """Describe the command line; the names are PaddleSeg's."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("dataset_root", help="folder that gets the lists")
    add("--type", default="custom", help="custom or cityscapes, which has its own names (default: %(default)s)")
    add("--separator", default=" ", help="between the columns of the lists (default: a blank)")
    add("--folder", nargs=2, default=["images", "annotations"], help="of pictures and labels (images annotations)")
    add("--second_folder", nargs="*", default=["train", "val", "test"], help="below these (train val test)")
    add("--format", nargs=2, default=["jpg", "png"], help="suffix of pictures and labels (jpg png)")
    add("--postfix", nargs=2, default=["", ""], help="what names end in before the suffix (nothing)")
    return parser


def main(args: argparse.Namespace) -> None:
    """Pair, write the lists and print their lengths."""
    require_packages("cv2")
    from paddleseg.datasets.list_files import Naming, pair_files, write_lists

    if args.type not in ("custom", "cityscapes"):
        raise ConfigError(f"--type {args.type}: must be custom or cityscapes")
    names = _CITYSCAPES if args.type == "cityscapes" else vars(args)
    naming = Naming(tuple(names["format"]), tuple(names["postfix"]))
    root = Path(args.dataset_root)
    images, labels = names["folder"]
    lists = {
        part: pair_files(root, f"{images}/{part}", f"{labels}/{part}", naming, labels_required=False)
        for part in args.second_folder
        if (root / images / part).is_dir()
    }
    missing = [part for part in args.second_folder if part not in lists]
    if not lists:
        raise ConfigError(f"{root}: none of the folders {', '.join(f'{images}/{part}' for part in missing)} is there")
    if missing:
        print_note(
            f"warning: no {', '.join(f'{part}.txt' for part in missing)}: there is no such folder in {root / images}"
        )
    write_lists(root, lists, args.separator)


if __name__ == "__main__":
    run_command(main, make_parser())
