# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Compare an exported folder with the network that it was made from: every graph, on every engine, in every precision.

    python tools/verify_export.py --config CONFIG.yml --model_path output/best_model --model_dir output/inference_model

The table is printed and saved in the folder as report.json and report.md. The exit status is 1 if a graph differs from
the network by more than its precision allows.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from paddleseg.config.verification import FULL, add_verify_arguments, check_verify_arguments
from paddleseg.utils.cli import CommandParser, require_packages


def make_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = CommandParser(prog="verify_export.py", description=__doc__.splitlines()[0])
    parser.add_argument("--config", required=True, help="configuration file (.yml) of the network")
    parser.add_argument("--model_path", required=True, help="weights from this or another kit, or a checkpoint folder")
    parser.add_argument("--model_dir", required=True, help="the exported folder, or its deploy.yaml")
    add_verify_arguments(parser, FULL)
    parser.add_argument(
        "--opts", nargs="+", action="extend", metavar="KEY=VALUE", help="replace values of the configuration"
    )
    return parser


def main(arguments: argparse.Namespace) -> None:
    """Compare, print the table and save it in the folder."""
    check_verify_arguments(arguments)
    require_packages("paddle", "cv2")

    from paddleseg.config.load import load_config
    from paddleseg.config.schema import check_config
    from paddleseg.config.verification import trained_network, verify_by_flags
    from paddleseg.deploy.deploy_config import CLASSIFICATION, read_deploy_config
    from paddleseg.export.verification.report import REPORT_NAMES, table
    from paddleseg.utils.errors import ConfigError
    from paddleseg.utils.logging import get_logger
    from paddleseg.utils.sigterm import sigterm_as_exit
    from paddleseg.utils.written_files import WrittenFiles

    deploy = read_deploy_config(arguments.model_dir)
    folder = Path(deploy.path).parent
    index = WrittenFiles(folder)
    index.refuse_foreign(folder / name for name in REPORT_NAMES)
    config = load_config(arguments.config, opts=arguments.opts)
    check_config(config, command="export")
    network = trained_network(config, arguments.model_path)
    if network.is_classifier != (deploy.task == CLASSIFICATION):
        raise ConfigError(f"{deploy.path}: the task is {deploy.task}, but {arguments.config} has a different network")
    if deploy.num_classes not in (None, network.model.num_classes):
        raise ConfigError(
            f"{deploy.path}: there are {deploy.num_classes} classes, but {network.model.num_classes} in "
            f"{arguments.config}"
        )
    with sigterm_as_exit():
        report = verify_by_flags(
            config, network, deploy.path, arguments, level=arguments.verify or FULL, size_hw=deploy.input_shape[2:]
        )
    report.save(folder, index)
    print(table(report.rows))
    get_logger().info("report written: %s", ", ".join(str(folder / name) for name in REPORT_NAMES))
    report.raise_failures(f"do not use {deploy.path} as it is")
