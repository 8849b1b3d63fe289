# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Draw what training sees: pictures with their labels, as read and after the transforms.

    python tools/browse_dataset.py --config data/mine/dataset.yml --png samples.png
    python tools/browse_dataset.py --config data/mine/dataset.yml --png samples.png --pictures 8 --epochs 5 --seed 3

Each row is one picture: as read, then in several epochs of a training with this seed. Classes are overlaid in their
colours, with white outlines; ignored pixels are dark.
"""

from __future__ import annotations

import argparse

from paddleseg.utils.cli import CommandParser, require_packages
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.picture_output import check_png_flag, write_png


def make_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = CommandParser(
        prog="browse_dataset.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--config", required=True, help="the configuration used for training")
    add("--png", required=True, metavar="FILE", help="the picture to draw")
    add("--section", choices=["train", "val"], default="train", help="data set to use (default: %(default)s)")
    add(
        "--pictures",
        type=int,
        default=6,
        metavar="N",
        help="rows, spread evenly over the data set (default: %(default)s)",
    )
    add("--indices", type=int, nargs="+", metavar="I", help="these pictures instead, counted from 0")
    add(
        "--epochs",
        type=int,
        default=3,
        metavar="N",
        help="augmented columns beside the original picture (default: %(default)s)",
    )
    add("--seed", type=int, default=0, help="seed of the run whose samples are shown (default: %(default)s)")
    add("--cell_width", type=int, default=320, metavar="PIXELS", help="width of a picture (default: %(default)s)")
    add("--opts", nargs="+", metavar="KEY=VALUE", help="replace values of the configuration")
    return parser


def main(args: argparse.Namespace) -> None:
    """Draw the grid and say where it is."""
    check_arguments(args)
    require_packages("paddle", "cv2")
    from paddleseg.config.datasets_of_config import open_label_dataset
    from paddleseg.datasets.sample_grid import draw_samples
    from paddleseg.utils.spread import spread
    from paddleseg.utils.visualize import make_palette

    dataset = open_label_dataset(args.config, args.section, args.opts)
    indices = spread(len(dataset), args.pictures) if args.indices is None else args.indices
    beyond = [index for index in indices if not 0 <= index < len(dataset)]
    if beyond:
        raise ConfigError(f"--indices {beyond[0]}: the data set has pictures 0 to {len(dataset) - 1}")
    palette = make_palette(dataset.num_classes, dataset.palette)
    epochs, width = range(args.epochs), args.cell_width
    image = draw_samples(dataset, indices, palette=palette, epochs=epochs, seed=args.seed, cell_width=width)
    write_png(args.png, image)
    print(f"{args.png}: {len(indices)} of {len(dataset)} pictures of {args.section}_dataset")


def check_arguments(args: argparse.Namespace) -> None:
    """Refuse what cannot work, before anything is read."""
    for name, least, most in (("pictures", 1, 1000), ("epochs", 0, 100), ("cell_width", 32, 4096), ("seed", 0, 2**31)):
        if not least <= getattr(args, name) <= most:
            raise ConfigError(f"--{name} {getattr(args, name)}: must be from {least} to {most}")
    check_png_flag("--png", args.png)
