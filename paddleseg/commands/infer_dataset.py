# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Score an exported network on a data set given by type and folder, with PaddleSeg's flags.

evaluate.py does the same for any data set that a YAML file describes, and more.
"""

from __future__ import annotations

import argparse
import dataclasses
from typing import TYPE_CHECKING

from paddleseg.deploy.engine_flags import add_engine_arguments, check_engine_arguments, open_by_flags
from paddleseg.utils.cli import CommandParser, require_packages

if TYPE_CHECKING:
    from paddleseg.deploy.deploy_config import DeployConfig


def make_parser() -> argparse.ArgumentParser:
    """The command line; names and defaults are PaddleSeg's where the help does not say otherwise."""
    parser = CommandParser(prog="infer_dataset.py", description=__doc__)
    add = parser.add_argument
    add("--config", required=True, help="the deploy.yaml that export.py wrote")
    add("--dataset_type", required=True, help="Cityscapes, CamVid, ...: a data set that needs nothing but its folder")
    add("--dataset_path", required=True, help="the folder of the data set")
    add("--dataset_mode", default="val", help="part of the data: train, val or test (default: val)")
    add("--resize_width", type=int, default=0, help="resize pictures to this width first (default: 0, their own)")
    add("--resize_height", type=int, default=0, help="and to this height (default: 0, their own)")
    add("--batch_size", type=int, default=1, help="maximum number of pictures per batch (default: 1)")
    add_engine_arguments(parser)
    parser.set_defaults(print_detail=False)
    return parser


def main(arguments: argparse.Namespace) -> None:
    """Score the export."""
    check_arguments(arguments)
    require_packages("cv2")

    from paddleseg.config.labelled_data import build_labelled_dataset
    from paddleseg.deploy.deploy_config import read_deploy_config
    from paddleseg.export.evaluation import evaluate_exported, picture_file
    from paddleseg.utils.logging import log_outcome

    config = resized(read_deploy_config(arguments.config), arguments.resize_width, arguments.resize_height)
    section = {"type": arguments.dataset_type, "dataset_root": arguments.dataset_path, "mode": arguments.dataset_mode}
    dataset = build_labelled_dataset(section, config, place="--dataset_type and --dataset_path")
    files = [file for index in range(len(dataset)) if (file := picture_file(dataset, index)) is not None]
    graph = open_by_flags(config, arguments, files)
    evaluation = evaluate_exported(graph, dataset, arguments.batch_size)
    for line in evaluation.report:
        log_outcome(line)
    log_outcome("[EVAL] Average time: %.3f ms/img", evaluation.milliseconds["inference"])


def check_arguments(arguments: argparse.Namespace) -> None:
    """Refuse values that no run can use, before anything is loaded."""
    from paddleseg.utils.errors import ConfigError

    check_engine_arguments(arguments)
    size = (arguments.resize_width, arguments.resize_height)
    if min(size) < 0 or (min(size) == 0) != (max(size) == 0):
        raise ConfigError(f"--resize_width {size[0]} --resize_height {size[1]}: give both, above 0, or neither")


def resized(config: DeployConfig, width: int, height: int) -> DeployConfig:
    """The export with a ``Resize`` before its other transforms; unchanged if the size is 0."""
    if width == 0:
        return config
    first = {"type": "Resize", "target_size": [width, height]}
    return dataclasses.replace(config, transforms=[first, *config.transforms])
