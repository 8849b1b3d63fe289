# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Export trained weights as graphs with a deploy.yaml, and compare them with the network."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from paddleseg.config.foreign_words import rewriter
from paddleseg.config.verification import QUICK, add_verify_arguments, check_verify_arguments
from paddleseg.deploy.graph_formats import INPUT_DTYPES
from paddleseg.deploy.graph_spec import GIVES
from paddleseg.export.formats import FORMATS, PADDLE_FORMATS, require_formats
from paddleseg.export.options import (
    ALL,
    DEFAULT_OPSET,
    FORMAT_NAMES,
    MAX_OPSET,
    MIN_OPSET,
    ONNX,
    PADDLE,
    PORTABLE_OPSET,
    ExportOptions,
    parse_formats,
)
from paddleseg.utils.cli import CommandParser, require_packages

if TYPE_CHECKING:
    from pathlib import Path

    from paddleseg.export.verification.report import Report
    from paddleseg.inference.views import ViewOptions

_OUTPUT_OPS = {"segmentation": "argmax", "classification": "softmax"}


def make_parser() -> argparse.ArgumentParser:
    """The command line; PaddleSeg's names are those from --config to --input_shape."""
    parser = CommandParser(prog="export.py", description=__doc__, rewrite=rewriter("export.py"))
    add = parser.add_argument
    add("--config", required=True, help="configuration file (.yml)")
    add("--model_path", help="weights from this or another kit, or a checkpoint folder")
    add("--save_dir", default="./output/inference_model", help="output folder (default: %(default)s)")
    add(
        "--output_op",
        choices=GIVES,
        help="what the graph gives: class ids, probabilities or logits at the size of the input; stride8: "
        "only the graph of logits at 1/8, which otherwise comes in addition (default: argmax; softmax for a "
        "classifier)",
    )
    add("--without_argmax", action="store_true", help="same as --output_op none")
    add("--with_softmax", action="store_true", help="same as --output_op softmax")
    add(
        "--input_shape",
        nargs="+",
        type=int,
        metavar="SIZE",
        help="N C H W of the graph's input, -1 for any size (default: any batch, height and width)",
    )
    add(
        "--format",
        type=parse_formats,
        default=[PADDLE],
        metavar="NAMES",
        help=f"{', '.join(FORMAT_NAMES)}, several separated by commas, or {ALL}: what is written; "
        f"{'; '.join(f'{name}: {FORMATS[name].about}' for name in FORMAT_NAMES if name != PADDLE)} "
        f"(default: {PADDLE})",
    )
    add(
        "--graph_format",
        choices=PADDLE_FORMATS,
        help=f"of --format {PADDLE}: {', '.join(f'{name}: {FORMATS[name].about}' for name in PADDLE_FORMATS)} "
        "(default: pdmodel if this Paddle can write it; it needs no special engine settings)",
    )
    add(
        "--input_dtype",
        choices=INPUT_DTYPES,
        help="input of graphs other than Paddle's: float32 for normalised pictures (N, C, H, W), uint8 for RGB "
        "pictures (N, H, W, C), which the graph normalises (default: uint8 if pictures have 8 bits)",
    )
    add(
        "--opset",
        type=int,
        help=f"ONNX opset version, from {MIN_OPSET} to {MAX_OPSET} (default: {DEFAULT_OPSET})",
    )
    add(
        "--portable",
        action="store_true",
        help="make an ONNX model for the toolchains of small devices: fixed --input_shape, no computed sizes, "
        f"opset {PORTABLE_OPSET}, float32 input, logits as output (at 1/8 for segmentation)",
    )
    add("--no_verify", action="store_true", help="export without comparing the graphs with the network")
    add_verify_arguments(parser, QUICK)
    add("--opts", nargs="+", action="extend", metavar="KEY=VALUE", help="replace values of the configuration")
    return parser


def main(arguments: argparse.Namespace) -> None:
    """Export, and compare the result with the network."""
    check_arguments(arguments)
    require_packages("paddle", "cv2")
    require_formats(arguments.format)

    from paddleseg.config.class_names import names_of_weights
    from paddleseg.config.load import load_config
    from paddleseg.config.schema import check_config
    from paddleseg.config.shared_values import list_separator, read_options, shared_value
    from paddleseg.config.verification import trained_network, verify_by_flags
    from paddleseg.deploy.deploy_config import CLASSIFICATION, SEGMENTATION
    from paddleseg.export.folder import export_model
    from paddleseg.inference.views import ViewOptions
    from paddleseg.utils.logging import get_logger
    from paddleseg.utils.sigterm import sigterm_as_exit

    config = load_config(arguments.config, opts=arguments.opts)
    check_config(config, command="export")
    warn_of_views(ViewOptions.from_test_config(config.section("test_config")))
    network = trained_network(config, arguments.model_path)
    if arguments.model_path is None:
        get_logger().warning("no --model_path: exporting the weights that training would start from")

    def verify(folder: Path) -> Report:
        size_hw = (arguments.input_shape or [-1, -1, -1, -1])[2:]
        return verify_by_flags(config, network, folder, arguments, level=arguments.verify or QUICK, size_hw=size_hw)

    with sigterm_as_exit():
        export_model(
            network.model,
            arguments.save_dir,
            transforms=config.section(network.section)["transforms"],
            options=options_of(arguments, CLASSIFICATION if network.is_classifier else SEGMENTATION),
            class_names=names_of_weights(config, arguments.model_path, network.meta),
            palette=shared_value(config, "palette"),
            ignored_class=network.reference.ignored_class,
            read_options=read_options(config),
            separator=list_separator(config),
            weights_meta=network.meta,
            verify=None if arguments.no_verify else verify,
        )


def check_arguments(arguments: argparse.Namespace) -> None:
    """Refuse values that no export can use, before anything is loaded."""
    from paddleseg.utils.errors import ConfigError

    check_verify_arguments(arguments)
    for flag in ("verify", "verify_images", "verify_pictures"):
        if arguments.no_verify and getattr(arguments, flag) is not None:
            raise ConfigError(f"--{flag} and --no_verify exclude each other; give one of them")
    options_of(arguments, "segmentation").check()


def options_of(arguments: argparse.Namespace, task: str) -> ExportOptions:
    """The options of the graphs from the flags, for a network with this task."""
    is_portable_alone = arguments.portable and arguments.format == [ONNX]
    return ExportOptions(
        output_op_of(arguments, "none" if is_portable_alone else _OUTPUT_OPS[task]),
        arguments.input_shape,
        arguments.graph_format,
        task,
        arguments.format,
        arguments.input_dtype,
        arguments.opset,
        arguments.portable,
    )


def warn_of_views(options: ViewOptions) -> None:
    """Warn if ``test_config`` demands more views than a graph has, so that the scores of val.py are not the graph's."""
    from paddleseg.inference.views import WHOLE_PICTURE
    from paddleseg.utils.logging import get_logger

    if options != WHOLE_PICTURE:
        get_logger().warning(
            "test_config asks for %s, but an exported graph looks at each picture once and whole: its mIoU is not that "
            "of val.py with this configuration but that with --opts test_config.aug_eval=False "
            "test_config.is_slide=False, and the verification compares that",
            options.describe(),
        )


def output_op_of(arguments: argparse.Namespace, default: str = "argmax") -> str:
    """The output operator meant by the three flags together; ``default`` if none is given."""
    from paddleseg.utils.errors import ConfigError

    wishes = {arguments.output_op} - {None}
    wishes |= {"softmax"} if arguments.with_softmax else {"none"} if arguments.without_argmax else set()
    if len(wishes) > 1:
        raise ConfigError(
            f"--output_op {arguments.output_op} contradicts --with_softmax or --without_argmax; give --output_op alone"
        )
    return wishes.pop() if wishes else default
