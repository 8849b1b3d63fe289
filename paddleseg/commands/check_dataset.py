# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Read every picture and label of a configuration, and report what training cannot use and what will harm it.

    python tools/check_dataset.py --config my_config.yml
    python tools/check_dataset.py --config my_config.yml --num_workers 8 --json data.json
    python tools/check_dataset.py --config my_config.yml --fix_map
    python tools/check_dataset.py --config my_config.yml --report data.html

Prints the share of each class, values that are not classes with their files and counts, classes that never occur, the
share of ignored pixels, sizes, damaged files, and pictures that are in both train_dataset and val_dataset. The exit
status is 1 if training would stop at one of these files. train.py checks a sample in the same way before it starts
(check_labels, docs/config.md).

--fix_map proposes the label_map for labels whose values are not the class ids. --report looks more closely (shifted,
mirrored and swapped labels, smoothed edges, pictures that are in both parts in another size or file, ...) and writes a
page with pictures, files and the line that fixes each. Both read everything a second time, and change nothing; see
docs/label_doctor.md.
"""

from __future__ import annotations

import argparse
from typing import Any

from paddleseg.utils.cli import CommandParser, require_packages
from paddleseg.utils.cpus import check_num_workers, default_reading_threads
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.html_page import check_page_file, write_page
from paddleseg.utils.json_report import add_json_flag, check_json_flag, write_json


def make_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = CommandParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", required=True, help="the configuration used for training")
    add_json_flag(parser, "everything that was found")
    parser.add_argument("--fix_map", action="store_true", help="propose a label_map for values that are not classes")
    parser.add_argument("--report", metavar="FILE", help="look more closely, and write the findings to a page (.html)")
    parser.add_argument("--num_workers", type=int, help="reading threads (default: one per core, at most 8)")
    parser.add_argument("--opts", nargs="+", metavar="KEY=VALUE", help="replace values of the configuration")
    return parser


def check_arguments(args: argparse.Namespace) -> None:
    """Refuse values that cannot work, before anything is read."""
    check_num_workers(args.num_workers, "thread")
    check_json_flag(args.json)
    check_page_file("--report", args.report)


def main(args: argparse.Namespace) -> None:
    """Check all data, print the table and the warnings, write the figures, and fail if training would."""
    check_arguments(args)
    require_packages("paddle", "cv2")
    from paddleseg.config.build import build_dataset
    from paddleseg.config.load import load_config
    from paddleseg.config.schema import check_config
    from paddleseg.datasets import ClassDataset, class_check, data_report, data_table
    from paddleseg.datasets.data_check import examine

    config = load_config(args.config, opts=args.opts)
    has_val = bool(config.section("val_dataset"))
    check_config(config, command="train", do_eval=has_val)
    num_workers = default_reading_threads() if args.num_workers is None else args.num_workers
    train, val = build_dataset(config, "train"), build_dataset(config, "val") if has_val else None
    if isinstance(train, ClassDataset):
        if args.fix_map or args.report is not None:
            raise ConfigError(f"--{'fix_map' if args.fix_map else 'report'}: is for label maps, not for class folders")
        findings = class_check.examine_classes(train, val, level="full", num_workers=num_workers)
        print("\n".join(found.describe() for found in findings))
        for warning in class_check.find_class_warnings(findings, level="full"):
            print(f"warning: {warning}")
        write_json(args.json, {found.section: found.to_dict() for found in findings})
        data_report.raise_problems(class_check.find_class_problems(findings))
        print("training can use all of it")
        return
    findings = examine(train, val, level="full", num_workers=num_workers)
    print(f"{data_table.describe_extent(findings)}\n{data_table.format_table(findings)}")
    for warning in data_report.find_warnings(findings):
        print(f"warning: {warning}")
    found = run_doctor(args, train, val, num_workers)
    write_json(args.json, {**data_report.to_dict(findings), **found})
    data_report.raise_problems(data_report.find_problems(findings))
    print("training can use all of it")


def run_doctor(args: argparse.Namespace, train: Any, val: Any, num_workers: int) -> dict[str, Any]:
    """Print the label doctor's findings, write its page, and return its part of the JSON file; only on request."""
    if not args.fix_map and args.report is None:
        return {}
    from paddleseg.datasets.doctor import diagnose, propose_maps
    from paddleseg.datasets.doctor.page import describe, make_page

    diagnosis = (propose_maps if args.report is None else diagnose)(train, val, num_workers=num_workers)
    print("\n".join(describe(diagnosis)))
    if args.report is not None:
        write_page(args.report, make_page(diagnosis, args.config))
        print(f"page: {args.report}")
    return {"doctor": [found.to_dict() for found in diagnosis.findings]}
