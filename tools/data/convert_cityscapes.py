# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Labels of Cityscapes' 19 train ids, by the name and with the arguments of PaddleSeg's tool.

    python tools/data/convert_cityscapes.py --cityscapes_path data/cityscapes --num_workers 8

The same as ``tools/dataset_converters/cityscapes.py data/cityscapes``; the package cityscapesscripts is not needed.
"""

import argparse
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from paddleseg.utils.cli import run_command
from paddleseg.utils.cpus import usable_cpus
from paddleseg.utils.errors import ConfigError


def make_parser() -> argparse.ArgumentParser:
    """Describe the command line; the names are PaddleSeg's."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cityscapes_path", required=True, help="the folder that holds gtFine")
    parser.add_argument("--num_workers", type=int, help="labels that are converted at once (default: one per core)")
    return parser


def main(args: argparse.Namespace) -> None:
    """Convert as ``tools/dataset_converters/cityscapes.py`` does."""
    from paddleseg.commands import convert_cityscapes

    workers = usable_cpus() if args.num_workers is None else args.num_workers
    if workers < 1:
        raise ConfigError(f"--num_workers {workers}: must be at least 1")
    words = [args.cityscapes_path, "--nproc", str(workers)]
    convert_cityscapes.main(convert_cityscapes.make_parser().parse_args(words))


if __name__ == "__main__":
    run_command(main, make_parser())
