# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""labelme files to a data set, by the name and with the arguments of PaddleSeg's tool.

    python tools/data/labelme2seg.py my_pictures data/mine

The same as ``tools/convert_dataset.py labelme my_pictures data/mine --pictures copy``, which has more options.
"""

import argparse
import os
import runpy
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, ROOT)

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
    converter = runpy.run_path(os.path.join(ROOT, "tools", "convert_dataset.py"))
    words = ["labelme", args.input_dir, args.output_dir, "--pictures", "copy"]
    converter["main"](converter["make_parser"]().parse_args(words))


if __name__ == "__main__":
    run_command(main, make_parser())
