# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Rank the regions whose label is probably wrong, by a trained network that contradicts it.

    python tools/find_label_errors.py --config mine.yml --model_path output/mine/best_model --report label_errors.html
    python tools/find_label_errors.py --config mine.yml --model_path best_model --part train --json label_errors.json

The page shows each region with the picture, the label and what the network says instead, the most suspicious first, and
the pictures sorted by their most suspicious region. A network agrees with the labels that it was trained on, wrong ones
included: look for errors in pictures that it was not trained on. docs/label_doctor.md says how, and how many of the
first regions you can expect to be errors.
"""

from __future__ import annotations

import argparse

from paddleseg.config.cpu_flags import add_cpu_flags
from paddleseg.utils.cli import CommandParser, require_packages
from paddleseg.utils.cpus import check_num_workers
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.html_page import check_page_file, write_page
from paddleseg.utils.json_report import add_json_flag, check_json_flag, write_json


def make_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = CommandParser(
        prog="find_label_errors.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--config", required=True, help="configuration file (.yml)")
    add("--model_path", required=True, help="weights from this or another kit, or a checkpoint folder")
    add("--part", choices=["val", "train"], default="val", help="data set to examine (default: %(default)s)")
    add("--top", type=int, default=100, help="regions to report (default: %(default)s)")
    add("--report", metavar="FILE", help="write the regions to a page (.html)")
    add_json_flag(parser, "the regions")
    add("--num_workers", type=int, default=0, help="processes for reading pictures (default: %(default)s)")
    add("--device", help="cpu, gpu, gpu:1, xpu, npu, ... (default: the first GPU, else the CPU)")
    add_cpu_flags(parser)
    add("--opts", nargs="+", action="extend", metavar="KEY=VALUE", help="replace values of the configuration")
    return parser


def main(args: argparse.Namespace) -> None:
    """Predict a data set's pictures, rank the regions where labels disagree, and print, write and show the first."""
    check_arguments(args)
    require_packages("paddle", "cv2")
    from paddleseg.config.build import build_dataset, build_transforms, section_with_transforms
    from paddleseg.config.load import load_config
    from paddleseg.config.schema import check_config
    from paddleseg.config.task_sections import prediction_of
    from paddleseg.config.trained_network import load_trained_network
    from paddleseg.inference import label_error_page
    from paddleseg.inference.label_errors import find_label_errors
    from paddleseg.inference.views import ViewOptions
    from paddleseg.models.weight_classes import check_class_names
    from paddleseg.onednn import CpuSettings, entered
    from paddleseg.transforms.pipeline import Pipeline
    from paddleseg.utils.device import select_device

    config = load_config(args.config, opts=args.opts)
    check_config(config, command="train" if args.part == "train" else "val")
    if prediction_of(config) == "class":
        raise ConfigError(
            f"{args.config}: trains a classifier of whole pictures, and label errors are regions of label maps"
        )
    select_device(args.device)
    cpu = CpuSettings.choose(args.cpu_backend, args.cpu_threads)
    dataset = build_dataset(config, args.part)
    if args.part == "train":  # used as they are, not as changed in training
        dataset.pipeline = Pipeline(build_transforms(config, section_with_transforms(config)))
        dataset.use_for("val")
    model, meta = load_trained_network(config, args.model_path, cpu)
    check_class_names(args.model_path, meta, dataset.class_names, refuses_other_order=False)
    views = ViewOptions.from_test_config(config.section("test_config"))
    with entered(cpu):
        found = find_label_errors(model, dataset, views, num_workers=args.num_workers)
    ranked = found.ranked()[: args.top]
    print("\n".join(label_error_page.describe(found, ranked, dataset)))
    write_json(args.json, label_error_page.to_dict(found, ranked, dataset))
    if args.report is not None:
        write_page(args.report, label_error_page.make_page(found, ranked, dataset, args.model_path))
        print(f"page: {args.report}")


def check_arguments(args: argparse.Namespace) -> None:
    """Refuse values that cannot work, before anything is read."""
    if args.top < 1:
        raise ConfigError(f"--top {args.top}: must be at least 1")
    check_num_workers(args.num_workers)
    check_page_file("--report", args.report)
    check_json_flag(args.json)
