# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Predict the label maps of pictures (class ids, colours, and overlays with a legend), or their classes."""

from __future__ import annotations

import argparse

from paddleseg.config.cpu_flags import add_cpu_flags
from paddleseg.config.foreign_words import rewriter
from paddleseg.config.view_options import add_view_arguments, apply_view_arguments
from paddleseg.inference.views import ViewOptions
from paddleseg.utils.cli import CommandParser, require_packages
from paddleseg.utils.tile_flags import add_tile_arguments, tile_options


def make_parser() -> argparse.ArgumentParser:
    """The command line; the names are PaddleSeg's, --opts is an addition."""
    parser = CommandParser(prog="predict.py", description=__doc__, rewrite=rewriter("predict.py"))
    parser.add_argument("--config", required=True, help="configuration file (.yml)")
    parser.add_argument("--model_path", required=True, help="weights from this or another kit, or a checkpoint folder")
    parser.add_argument(
        "--image_path",
        required=True,
        help="a picture, a folder or .txt list of pictures, a quoted glob pattern, or a video (.mp4, .avi, ...)",
    )
    parser.add_argument("--save_dir", default="./output/result", help="output folder (default: %(default)s)")
    parser.add_argument("--device", help="cpu, gpu, gpu:1, xpu, npu, ... (default: the first GPU, else the CPU)")
    parser.add_argument("--device_id", type=int, metavar="N", help="GPU number, like --device gpu:N")
    add_cpu_flags(parser)
    parser.add_argument(
        "--custom_color",
        nargs="+",
        type=int,
        metavar="VALUE",
        help="colours of the first classes: R G B R G B ...",
    )
    parser.add_argument(
        "--opts", nargs="+", action="extend", metavar="KEY=VALUE", help="replace values of the configuration"
    )
    add_view_arguments(parser, switch="aug_pred")
    add_tile_arguments(parser)
    return parser


def main(arguments: argparse.Namespace) -> None:
    """Predict all pictures, or a video."""
    require_packages("paddle", "cv2")

    from paddleseg.config.build import build_transforms, section_with_transforms
    from paddleseg.config.class_names import names_of_weights
    from paddleseg.config.load import load_config
    from paddleseg.config.schema import check_config
    from paddleseg.config.shared_values import list_separator, read_options, shared_value
    from paddleseg.config.task_sections import prediction_of
    from paddleseg.config.trained_network import load_trained_network
    from paddleseg.inference.class_prediction import predict_classes
    from paddleseg.inference.prediction import predict
    from paddleseg.inference.tiled import check_tiles
    from paddleseg.inference.video_prediction import predict_video
    from paddleseg.onednn import CpuSettings, entered
    from paddleseg.transforms.pipeline import Pipeline
    from paddleseg.utils.allocator import keep_freed_memory
    from paddleseg.utils.device import select_device
    from paddleseg.utils.label_map import ignored_class_of
    from paddleseg.utils.picture_files import list_images
    from paddleseg.utils.videos import Video, is_video
    from paddleseg.utils.visualize import make_palette

    device, tiles = device_name(arguments), tile_options(arguments)
    config = load_config(arguments.config, opts=arguments.opts)
    apply_view_arguments(config, arguments, switch="aug_pred")
    check_config(config, command="predict")
    is_classifier = prediction_of(config) == "class"
    if is_classifier:
        refuse_flags_of_label_maps(arguments)
    pipeline = Pipeline(build_transforms(config, section_with_transforms(config)))
    views = ViewOptions.from_test_config(config.section("test_config"))
    if tiles is not None:
        check_tiles(pipeline, views)
    if is_video(arguments.image_path):
        video = Video(arguments.image_path, read_options(config))
    else:
        video, (images, root) = None, list_images(arguments.image_path, list_separator(config))
    select_device(device)
    cpu = CpuSettings.choose(arguments.cpu_backend, arguments.cpu_threads)
    if cpu is not None and tiles is None:  # would keep rows of large pictures, in pieces of no other use
        keep_freed_memory()
    model, meta = load_trained_network(config, arguments.model_path, cpu)
    # The data set itself is not built: prediction needs none of its files.
    class_names, colors = names_of_weights(config, arguments.model_path, meta), shared_value(config, "palette")
    reading = {"channels": model.in_channels, "read_options": read_options(config)}
    if is_classifier:
        with entered(cpu):
            predict_classes(model, pipeline, images, arguments.save_dir, class_names=class_names, **reading)
        return
    labelling = {
        **reading,
        "palette": make_palette(model.num_classes, colors, arguments.custom_color),
        "ignored_class": ignored_class_of(model.num_classes, shared_value(config, "ignore_index")),
        "tiles": tiles,
    }
    with entered(cpu):
        if video is not None:
            predict_video(model, pipeline, video, arguments.save_dir, views, **labelling)
        else:
            predict(model, pipeline, images, arguments.save_dir, views, root=root, class_names=class_names, **labelling)


def refuse_flags_of_label_maps(arguments: argparse.Namespace) -> None:
    """Refuse flags that a classifier of whole pictures cannot use."""
    from paddleseg.utils.errors import ConfigError
    from paddleseg.utils.videos import is_video

    if arguments.custom_color is not None:
        raise ConfigError("--custom_color: a classifier gives names, not label maps; leave it out")
    if arguments.tile is not None:
        raise ConfigError("--tile: a classifier looks at whole pictures; leave it out")
    if is_video(arguments.image_path):
        raise ConfigError(f"--image_path {arguments.image_path}: videos are for label maps; give a classifier pictures")


def device_name(arguments: argparse.Namespace) -> str | None:
    """The device given by ``--device`` and ``--device_id`` together."""
    from paddleseg.utils.errors import ConfigError
    from paddleseg.utils.logging import get_logger

    device, number = arguments.device, arguments.device_id
    if number is None:
        return device
    if number < 0:
        raise ConfigError(f"--device_id {number}: must be 0 (the first card) or more")
    if device == "cpu":
        get_logger().warning("--device_id %d: has no effect; a CPU has no number", number)
        return device
    if ":" in (device or ""):
        if device.endswith(f":{number}"):
            return device
        raise ConfigError(f"--device_id {number}: cannot be combined with --device {device}; leave one of the two out")
    return f"{device or 'gpu'}:{number}"
