# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Train a network: ``python train.py --config configs/... --do_eval``.

Several processes: ``python -m paddle.distributed.launch train.py ...``.
"""

import argparse

from paddleseg.config.foreign_words import rewriter
from paddleseg.training.run_settings import knobs
from paddleseg.utils.cli import CommandParser, add_flag, require_packages

# Flags that replace a key within a section of the YAML.
_NESTED = {"learning_rate": "lr_scheduler.learning_rate", "data_format": "model.data_format"}


def make_parser() -> argparse.ArgumentParser:
    """The command's flags: those of the run's settings, and a few more; the names are PaddleSeg's."""
    parser = CommandParser(prog="train.py", description="Train a network.", rewrite=rewriter("train.py"))
    add = parser.add_argument
    add("--config", required=True, help="YAML configuration")
    for knob in knobs():
        if knob.is_flag:
            add_flag(parser, knob.name, knob.hint, None if knob.in_yaml else knob.default, knob.words)
    add("--fp16", action="store_true", help="same as --precision fp16")
    add("--learning_rate", type=float, help="replaces lr_scheduler.learning_rate")
    add(
        "--data_format",
        choices=["NCHW", "NHWC"],
        help="replaces model.data_format (default there: NHWC on a CPU with oneDNN, else NCHW)",
    )
    words = "replace values of the YAML: lr_scheduler.power=0.8 ..."
    add("--opts", nargs="+", action="extend", metavar="KEY=VALUE", help=words)
    return parser


def main(arguments: argparse.Namespace) -> None:
    """Train as configuration and flags say."""
    require_packages("paddle", "cv2")
    from paddleseg.config.load import load_config
    from paddleseg.config.training import train_from_config

    values = vars(arguments)
    if arguments.fp16:  # --precision beside it means the same: see foreign_words
        values["precision"] = "fp16"
    in_yaml = {knob.name: knob.name for knob in knobs() if knob.is_flag and knob.in_yaml}
    flags = {key: values[name] for name, key in {**in_yaml, **_NESTED}.items()}
    config = load_config(arguments.config, opts=arguments.opts, flags=flags)
    train_from_config(config, **{knob.name: values[knob.name] for knob in knobs() if knob.is_flag and not knob.in_yaml})
