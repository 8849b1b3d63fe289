# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""labelme files to a data set, by the name and with the arguments of PaddleSeg's tool.

    python tools/data/labelme2seg.py my_pictures data/mine

The same as ``tools/convert_dataset.py labelme my_pictures data/mine --pictures copy``, which has more options.
"""

import argparse
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from paddleseg.utils.cli import run_command


def make_parser() -> argparse.ArgumentParser:
    """Describe the command line; the names are PaddleSeg's."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input_dir", help="folder of pictures and labelme files")
    parser.add_argument(
        "output_dir", help="folder that gets images, annotations, class_names.txt, lists and dataset.yml"
    )
    return parser


def main(args: argparse.Namespace) -> None:
    """Convert as ``tools/convert_dataset.py`` does."""
    from paddleseg.commands import convert_dataset

    words = ["labelme", args.input_dir, args.output_dir, "--pictures", "copy"]
    convert_dataset.main(convert_dataset.make_parser().parse_args(words))


if __name__ == "__main__":
    run_command(main, make_parser())
