# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Post-training quantisation: int8 graphs of an exported network, for OpenVINO and ONNX Runtime.

They are calibrated with pictures of the training set at the size they will run at, scored on the validation set, and
timed against float32 and bfloat16 on the same engine. Where int8 is not faster on this machine, the last lines say so.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from paddleseg.export.int8.quantizers import QUANTIZERS
from paddleseg.utils.cli import CommandParser, require_packages

_FORMATS_TO_EXPORT = "paddle,onnx"


def make_parser() -> argparse.ArgumentParser:
    """The command line; --config, --model_dir, --batch_nums, --batch_size and --opts are PaddleSeg's."""
    parser = CommandParser(prog="ptq.py", description=__doc__)
    add = parser.add_argument
    add("--config", required=True, help="configuration file (.yml) of the training, with its data sets")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--model_dir", help=f"folder that export.py --format {_FORMATS_TO_EXPORT} wrote")
    source.add_argument("--model_path", help=f"weights, which are first exported (--format {_FORMATS_TO_EXPORT})")
    add(
        "--save_dir",
        default="./quant_model",
        help="output folder, which also gets all graphs of --model_dir; may be --model_dir itself (default: "
        "%(default)s)",
    )
    add(
        "--format",
        type=lambda text: [name for name in text.split(",") if name],
        default=list(QUANTIZERS),
        metavar="NAMES",
        help=f"{' and '.join(QUANTIZERS)}, separated by a comma: openvino: OpenVINO's IR, quantised by NNCF; "
        "onnx: an ONNX model for onnxruntime and others, quantised by onnxruntime (default: both)",
    )
    add(
        "--input_shape",
        nargs="+",
        type=int,
        metavar="SIZE",
        help="1 C H W, the size that the network will run at; other pictures are resized to it (default: the size that "
        "the export's transforms produce)",
    )
    add(
        "--max_drop",
        type=float,
        default=1.0,
        metavar="POINTS",
        help="allowed loss in percentage points, of mIoU or, without labels in val_dataset, of equal pixels; layers "
        "stay in float32 until the loss is within it (default: %(default)s)",
    )
    add("--batch_nums", type=int, default=80, help="batches to calibrate with (default: %(default)s; PaddleSeg: 10)")
    add("--batch_size", type=int, default=1, help="pictures per batch, run one by one (default: %(default)s)")
    add("--num_val", type=int, metavar="N", help="pictures of val_dataset to measure on (default: all)")
    add("--cpu_threads", type=int, help="engine threads (default: one per usable core)")
    add("--opts", nargs="+", action="extend", metavar="KEY=VALUE", help="replace values of the configuration")
    return parser


def main(arguments: argparse.Namespace) -> None:
    """Export if requested, then quantise."""
    check_arguments(arguments)
    require_packages("paddle", "cv2", *(name for kind in arguments.format for name in QUANTIZERS[kind].packages))

    from paddleseg.config.build import build_dataset
    from paddleseg.config.load import load_config
    from paddleseg.config.schema import check_config
    from paddleseg.config.task_sections import prediction_of
    from paddleseg.deploy.deploy_config import FILE_NAME
    from paddleseg.export.int8.pictures import Pictures
    from paddleseg.export.int8.quantize import QuantizeOptions, quantize_export
    from paddleseg.utils.errors import ConfigError
    from paddleseg.utils.sigterm import sigterm_as_exit

    if arguments.model_dir is not None and not Path(arguments.model_dir, FILE_NAME).is_file():
        raise ConfigError(
            f"--model_dir {arguments.model_dir}: there is no {FILE_NAME}; give a folder that export.py wrote"
        )
    config = load_config(arguments.config, opts=arguments.opts)
    check_config(config, command="export")
    if prediction_of(config) == "class":
        raise ConfigError(f"{config.path}: the network is a classifier; int8 is for segmentation only")
    for section, what in (("train_dataset", "calibrate with"), ("val_dataset", "measure the loss on")):
        if not config.section(section):
            raise ConfigError(f"{config.path}: {section} is missing, and there are no pictures to {what}; add it")
    num_pictures = arguments.batch_nums * arguments.batch_size
    calibration = Pictures.spread(build_dataset(config, "train"), num_pictures, "train_dataset")
    validation = Pictures.spread(build_dataset(config, "val"), arguments.num_val, "val_dataset")
    folder = arguments.model_dir or export_first(arguments)
    options = QuantizeOptions(arguments.format, arguments.input_shape, arguments.max_drop, arguments.cpu_threads)
    with sigterm_as_exit():
        quantize_export(folder, arguments.save_dir, calibration, validation, options)


def check_arguments(arguments: argparse.Namespace) -> None:
    """Refuse values that no run can use, before anything is loaded."""
    from paddleseg.utils.errors import ConfigError
    from paddleseg.utils.near_miss import suggest

    for name in arguments.format:
        if name not in QUANTIZERS:
            raise ConfigError(f"--format {name}: no such format. {suggest(name, QUANTIZERS)}")
    if not arguments.format:
        raise ConfigError(f"--format: no format given; give one or more of {', '.join(QUANTIZERS)}")
    for flag in ("batch_nums", "batch_size", "num_val", "cpu_threads"):
        value = getattr(arguments, flag)
        if value is not None and value < 1:
            raise ConfigError(f"--{flag} {value}: must be at least 1")
    if not 0 <= arguments.max_drop <= 100:
        raise ConfigError(f"--max_drop {arguments.max_drop}: must be from 0 to 100 points")


def export_first(arguments: argparse.Namespace) -> str:
    """Export the weights to ``--save_dir``, like export.py; return that folder."""
    from paddleseg.commands import export

    words = ["--config", arguments.config, "--model_path", arguments.model_path, "--save_dir", arguments.save_dir]
    words += ["--format", _FORMATS_TO_EXPORT, *(["--opts", *arguments.opts] if arguments.opts else [])]
    export.main(export.make_parser().parse_args(words))
    return arguments.save_dir
