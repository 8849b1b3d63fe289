# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Count the pixels and pictures of every class, and compute class weights, mean and standard deviation from them.

    python tools/dataset_stats.py --config data/mine/dataset.yml
    python tools/dataset_stats.py --config data/mine/dataset.yml --section val --json stats.json --png stats.png

Reads every picture and label of one data set of a configuration, as training would, before any transform. The weights
are those of loss.class_weights (docs/config.md), which can also count them by itself.
"""

from __future__ import annotations

import argparse

from paddleseg.utils.cli import CommandParser, require_packages
from paddleseg.utils.cpus import check_num_workers, default_reading_threads
from paddleseg.utils.json_report import add_json_flag, check_json_flag, write_json
from paddleseg.utils.picture_output import check_png_flag, write_png


def make_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = CommandParser(
        prog="dataset_stats.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", required=True, help="the configuration used for training")
    parser.add_argument("--section", choices=["train", "val"], default="train", help="data set to use (default: train)")
    add_json_flag(parser, "all figures")
    parser.add_argument("--png", metavar="FILE", help="also plot the figures to this file")
    parser.add_argument("--num_workers", type=int, help="reading threads (default: one per core, at most 8)")
    parser.add_argument("--opts", nargs="+", metavar="KEY=VALUE", help="replace values of the configuration")
    return parser


def main(args: argparse.Namespace) -> None:
    """Read all data, print the table and write the requested files."""
    check_num_workers(args.num_workers, "thread")
    check_json_flag(args.json)
    check_png_flag("--png", args.png)
    require_packages("paddle", "cv2")
    from paddleseg.config.datasets_of_config import open_label_dataset
    from paddleseg.datasets.dataset_statistics import collect_statistics, format_statistics
    from paddleseg.datasets.statistics_chart import draw_statistics
    from paddleseg.utils.visualize import make_palette

    dataset = open_label_dataset(args.config, args.section, args.opts)
    num_workers = default_reading_threads() if args.num_workers is None else args.num_workers
    statistics = collect_statistics(dataset, num_workers)
    print(format_statistics(statistics))
    write_json(args.json, statistics.to_dict())
    if args.png is not None:
        title = f"{args.section}_dataset of {args.config}"
        write_png(args.png, draw_statistics(statistics, make_palette(dataset.num_classes, dataset.palette), title))
