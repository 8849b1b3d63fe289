# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Labels of Cityscapes' 19 train ids, by the name and with the arguments of PaddleSeg's tool.

    python tools/data/convert_cityscapes.py --cityscapes_path data/cityscapes --num_workers 8

The same as ``tools/dataset_converters/cityscapes.py data/cityscapes``; the package cityscapesscripts is not needed.
"""

import argparse
import os
import runpy
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, ROOT)

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
    workers = usable_cpus() if args.num_workers is None else args.num_workers
    if workers < 1:
        raise ConfigError(f"--num_workers {workers}: must be at least 1")
    converter = runpy.run_path(os.path.join(ROOT, "tools", "dataset_converters", "cityscapes.py"))
    words = [args.cityscapes_path, "--nproc", str(workers)]
    converter["main"](converter["make_parser"]().parse_args(words))


if __name__ == "__main__":
    run_command(main, make_parser())
