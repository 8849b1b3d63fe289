# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Train a network: ``python train.py --config configs/... --do_eval``.

Several processes: ``python -m paddle.distributed.launch train.py ...``.
"""

import argparse

from paddleseg.config.paddleseg_names import REFUSED_FLAGS
from paddleseg.utils.cli import require_packages, run_command

_REFUSED = REFUSED_FLAGS["train.py"]


def make_parser() -> argparse.ArgumentParser:
    """The command's flags; they are PaddleSeg's, the additions stand at the end."""
    parser = argparse.ArgumentParser(prog="train.py", description="Train a segmentation network.")
    add = parser.add_argument
    add("--config", required=True, help="YAML configuration")
    add("--device", help="cpu, gpu, gpu:1, xpu, npu, ... (default: the first card if there is one, else the CPU)")
    add("--save_dir", default="./output", help="folder of the run (default: %(default)s)")
    add("--num_workers", type=int, help="processes that read data; 0 reads in the main one (default: chosen)")
    add("--do_eval", action="store_true", help="evaluate every --save_interval steps and keep the best model")
    add("--use_vdl", action="store_true", help="write VisualDL records into --save_dir")
    add("--use_ema", action="store_true", help="keep a moving average of the weights (ema_decay in YAML)")
    add("--resume_model", help="checkpoint folder to go on from, or auto for the newest in --save_dir")
    add("--iters", type=int, help="optimiser steps; replaces iters or epochs of the YAML")
    add("--batch_size", type=int, help="pictures per process and batch")
    add("--learning_rate", type=float, help="replaces lr_scheduler.learning_rate")
    add("--save_interval", type=int, default=1000, help="steps between checkpoints (default: %(default)s)")
    add("--log_iters", type=int, default=10, help="steps between log lines (default: %(default)s)")
    add("--keep_checkpoint_max", type=int, default=5, help="checkpoints kept; 0 keeps all (default: %(default)s)")
    add("--early_stop_intervals", type=int, help="stop after so many evaluations without a better one")
    add("--seed", type=int, help="seed of weights, order and augmentation (default: drawn and logged)")
    add("--precision", default="fp32", choices=["fp32", "fp16", "bf16"], help="default: %(default)s")
    add("--fp16", action="store_true", help="the same as --precision fp16")
    add("--amp_level", default="O1", choices=["O1", "O2"], help="mixed precision level (default: %(default)s)")
    add("--data_format", choices=["NCHW", "NHWC"], help="replaces model.data_format (default there: NCHW)")
    add("--to_static_training", action="store_true", help="train on the static graph")
    add("--repeats", type=int, default=1, help="how often an epoch goes through the data (default: %(default)s)")
    add(
        "--profiler_options",
        help="profile some steps: 'batch_range=[10,20];profile_path=model.profile', docs/config.md",
    )
    for name in _REFUSED:
        add(f"--{name}", nargs="*", help=argparse.SUPPRESS)
    add("--opts", nargs="+", metavar="KEY=VALUE", help="replace values of the YAML: lr_scheduler.power=0.8 ...")
    return parser


def main(arguments: argparse.Namespace) -> None:
    require_packages("paddle", "cv2")
    from paddleseg.config.load import load_config
    from paddleseg.config.training import train_from_config
    from paddleseg.training.hooks.profiler import parse_profiler_options
    from paddleseg.training.run_settings import TrainOptions
    from paddleseg.utils.errors import ConfigError

    for name, advice in _REFUSED.items():
        if getattr(arguments, name) is not None:
            raise ConfigError(f"--{name}: {advice}")
    config = load_config(
        arguments.config,
        opts=arguments.opts,
        iters=arguments.iters,
        batch_size=arguments.batch_size,
        learning_rate=arguments.learning_rate,
        data_format=arguments.data_format,
    )
    values = vars(arguments)
    options = {name: values[name] for name in TrainOptions.__dataclass_fields__}
    if arguments.fp16:
        if arguments.precision == "bf16":
            raise ConfigError("--fp16 contradicts --precision bf16; give one of them")
        options["precision"] = "fp16"
    if arguments.profiler_options is not None:
        options["profiler_options"] = parse_profiler_options(arguments.profiler_options)
    train_from_config(config, TrainOptions(**options))


if __name__ == "__main__":
    run_command(main, make_parser())
