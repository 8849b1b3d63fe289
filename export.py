# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Export trained weights as graphs with a deploy.yaml, and compare them with the network."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from paddleseg.config.foreign_words import rewriter
from paddleseg.deploy.graph_formats import INPUT_DTYPES
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
from paddleseg.utils.cli import CommandParser, require_packages, run_command

if TYPE_CHECKING:
    from paddleseg.config.load import Config
    from paddleseg.export.verify import Picture
    from paddleseg.inference.views import ViewOptions

_PICTURES_OF_VAL_SET = 4
_OUTPUT_OPS = {"segmentation": "argmax", "classification": "softmax"}


def make_parser() -> argparse.ArgumentParser:
    """The command line; PaddleSeg's names are those from --config to --input_shape."""
    parser = CommandParser(prog="export.py", description=__doc__, rewrite=rewriter("export.py"))
    add = parser.add_argument
    add("--config", required=True, help="configuration file (.yml)")
    add("--model_path", help="weights of this or another kit, or a checkpoint folder")
    add("--save_dir", default="./output/inference_model", help="folder of the export (default: %(default)s)")
    add(
        "--output_op",
        choices=["argmax", "softmax", "none"],
        help="what the graph gives: class ids, probabilities or logits (default: argmax; of a classifier softmax)",
    )
    add("--without_argmax", action="store_true", help="the same as --output_op none")
    add("--with_softmax", action="store_true", help="the same as --output_op softmax")
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
        help=f"{', '.join(FORMAT_NAMES)}, several with commas, or {ALL}: what is written; "
        f"{'; '.join(f'{name}: {FORMATS[name].about}' for name in FORMAT_NAMES if name != PADDLE)} "
        f"(default: {PADDLE})",
    )
    add(
        "--graph_format",
        choices=PADDLE_FORMATS,
        help=f"of --format {PADDLE}: {', '.join(f'{name}: {FORMATS[name].about}' for name in PADDLE_FORMATS)} "
        "(default: pdmodel where this Paddle writes it; it needs no special engine settings)",
    )
    add(
        "--input_dtype",
        choices=INPUT_DTYPES,
        help="what graphs other than Paddle's take: float32 for normalised pictures (N, C, H, W), uint8 for RGB "
        "pictures (N, H, W, C), which the graph normalises (default: uint8 where pictures have 8 bits)",
    )
    add(
        "--opset",
        type=int,
        help=f"version of ONNX's operators, from {MIN_OPSET} to {MAX_OPSET} (default: {DEFAULT_OPSET})",
    )
    add(
        "--portable",
        action="store_true",
        help="make the ONNX model for the tool chains of small devices: size of --input_shape, no computed sizes, "
        f"opset {PORTABLE_OPSET}, logits (of segmentation at 1/8) of float32 pictures",
    )
    add("--no_verify", action="store_true", help="export without comparing the graph with the network")
    add(
        "--verify_images",
        metavar="PATH",
        help="pictures to compare on: a picture, a folder, a .txt list or a quoted glob pattern (default: "
        f"{_PICTURES_OF_VAL_SET} of val_dataset where its files are there, else generated ones)",
    )
    add(
        "--verify_threshold",
        type=float,
        default=0.999,
        metavar="SHARE",
        help="share of the pixels, or of a classifier's pictures, that must get the same class (default: %(default)s)",
    )
    add("--opts", nargs="+", action="extend", metavar="KEY=VALUE", help="replace values of the configuration")
    return parser


def main(arguments: argparse.Namespace) -> None:
    check_arguments(arguments)
    require_packages("paddle", "cv2")
    require_formats(arguments.format)

    import paddle

    from paddleseg.config.build import build_model, build_transforms, section_with_transforms
    from paddleseg.config.class_names import names_of_weights
    from paddleseg.config.load import load_config
    from paddleseg.config.schema import check_config
    from paddleseg.config.shared_values import list_separator, read_options, shared_value
    from paddleseg.config.task_sections import prediction_of
    from paddleseg.deploy.deploy_config import CLASSIFICATION, SEGMENTATION
    from paddleseg.export.folder import export_model
    from paddleseg.export.verify import verify_export
    from paddleseg.export.verify_classes import verify_classifier
    from paddleseg.inference.views import ViewOptions
    from paddleseg.models.weights import load_weights
    from paddleseg.transforms.pipeline import Pipeline
    from paddleseg.utils.label_map import ignored_class_of
    from paddleseg.utils.logging import get_logger

    config = load_config(arguments.config, opts=arguments.opts)
    check_config(config, command="export")
    warn_of_views(ViewOptions.from_test_config(config.section("test_config")))
    section = section_with_transforms(config)
    paddle.set_device("cpu")
    # The weights are the same in either order of the axes, and readers of the graph take NCHW.
    model = build_model(
        config, use_pretrained=arguments.model_path is None, use_auxiliary_head=False, data_format="NCHW"
    )
    meta = None
    if arguments.model_path is not None:
        meta = load_weights(model, arguments.model_path)
    else:
        get_logger().warning("no --model_path: exporting the weights that training would start from")
    model.eval()
    pipeline = Pipeline(build_transforms(config, section))
    ignored_class = ignored_class_of(model.num_classes, shared_value(config, "ignore_index"))
    is_classifier = prediction_of(config) == "class"
    class_names = names_of_weights(config, arguments.model_path, meta)

    def verify(folder: Any) -> None:
        size_hw = (arguments.input_shape or [-1, -1, -1, -1])[2:]
        pictures = pictures_to_compare(config, arguments.verify_images, model.in_channels, size_hw)
        if is_classifier:
            verify_classifier(model, folder, pictures, pipeline=pipeline, min_equal_share=arguments.verify_threshold)
            return
        verify_export(
            model,
            folder,
            pictures,
            pipeline=pipeline,
            ignored_class=ignored_class,
            min_equal_share=arguments.verify_threshold,
        )

    export_model(
        model,
        arguments.save_dir,
        transforms=config.section(section)["transforms"],
        options=options_of(arguments, CLASSIFICATION if is_classifier else SEGMENTATION),
        class_names=class_names,
        palette=shared_value(config, "palette"),
        ignored_class=ignored_class,
        read_options=read_options(config),
        separator=list_separator(config),
        weights_meta=meta,
        verify=None if arguments.no_verify else verify,
    )


def check_arguments(arguments: argparse.Namespace) -> None:
    """Refuse values that no export can use, before anything is loaded."""
    from paddleseg.utils.errors import ConfigError

    if not 0 < arguments.verify_threshold <= 1:
        raise ConfigError(f"--verify_threshold {arguments.verify_threshold}: must be above 0 and at most 1")
    if arguments.no_verify and arguments.verify_images is not None:
        raise ConfigError("--verify_images and --no_verify exclude each other; give one of them")
    options_of(arguments, "segmentation").check()


def options_of(arguments: argparse.Namespace, task: str) -> ExportOptions:
    """What the flags say of the graphs of a network that has this task."""
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
    """Say that the scores of val.py are not those of the graph, where ``test_config`` asks for more than it does."""
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
    """The output operator that the three flags mean together; ``default`` where none is given."""
    from paddleseg.utils.errors import ConfigError

    wishes = {arguments.output_op} - {None}
    wishes |= {"softmax"} if arguments.with_softmax else {"none"} if arguments.without_argmax else set()
    if len(wishes) > 1:
        raise ConfigError(
            f"--output_op {arguments.output_op} contradicts --with_softmax or --without_argmax; give --output_op alone"
        )
    return wishes.pop() if wishes else default


def pictures_to_compare(config: Config, path: str | None, channels: int, size_hw: Iterable[int]) -> Iterable[Picture]:
    """The pictures of ``path``, else some of the validation set, else generated ones."""
    from paddleseg.config.build import build_dataset
    from paddleseg.config.shared_values import list_separator, read_options
    from paddleseg.export.verify import Picture, generated_pictures, read_pictures
    from paddleseg.utils.errors import DataError
    from paddleseg.utils.logging import get_logger
    from paddleseg.utils.picture_files import list_images

    if path is not None:
        images, _ = list_images(path, list_separator(config))
        return read_pictures(images, channels, read_options(config))
    if config.section("val_dataset"):
        try:
            dataset = build_dataset(config, "val")
            step = max(1, len(dataset) // _PICTURES_OF_VAL_SET)
            samples = [dataset.read(i) for i in range(0, len(dataset), step)[:_PICTURES_OF_VAL_SET]]
            return [Picture(sample["path"], sample["img"]) for sample in samples]
        except DataError as error:
            get_logger().warning("verification: val_dataset cannot be read (%s); using generated pictures", error)
    return generated_pictures(channels, tuple(size_hw))


if __name__ == "__main__":
    run_command(main, make_parser())
