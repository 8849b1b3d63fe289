# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Run an exported network on pictures, with Paddle Inference, OpenVINO, ONNX Runtime or MNN.

A picture <name>.jpg gives <save_dir>/<name>.png: a palette picture whose pixel values are the class ids. No picture of
<image_path> is replaced, and if <save_dir> lies in that folder, its contents are skipped. Only files that an earlier
run wrote are replaced: <save_dir>/written_files.jsonl lists them.

A video <name>.avi gives <save_dir>/<name>_labels/000000.png and so on, and <save_dir>/<name>.mp4 with the overlays.
With --tile, a TIFF file <name>.tif gives <save_dir>/<name>.tif.

An exported classifier gives <save_dir>/predictions.txt and predictions.json with the classes of all pictures.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from paddleseg.deploy.engine_flags import (
    WARM_UP_RUNS,
    add_engine_arguments,
    check_engine_arguments,
    open_by_flags,
    warm_up,
)
from paddleseg.utils.cli import CommandParser, require_packages, str2bool
from paddleseg.utils.tile_flags import add_tile_arguments, tile_options

if TYPE_CHECKING:
    from paddleseg.deploy.classifier import Classifier
    from paddleseg.deploy.segmenter import Segmenter
    from paddleseg.utils.class_report import ClassReport
    from paddleseg.utils.errors import DataError
    from paddleseg.utils.visualize import Palette
    from paddleseg.utils.written_files import WrittenFiles


def make_parser() -> argparse.ArgumentParser:
    """The command line; names and defaults are PaddleSeg's where the help does not say otherwise."""
    parser = CommandParser(prog="infer.py", description=__doc__)
    add = parser.add_argument
    add("--config", required=True, help="the deploy.yaml that export.py wrote")
    add(
        "--image_path",
        required=True,
        help="a picture, a folder, a .txt or .list file in the format of the data set's lists, a quoted glob "
        "pattern, or a video (.mp4, .avi, ...)",
    )
    add("--batch_size", type=int, default=1, help="maximum number of pictures, tiles or frames per batch (default: 1)")
    add("--save_dir", default="./output", help="output folder (default: %(default)s)")
    add(
        "--benchmark",
        type=str2bool,
        default=False,
        metavar="BOOL",
        help=f"warm up with {WARM_UP_RUNS} runs, then report the time of each stage as AutoLog does (default: False)",
    )
    add(
        "--model_name",
        default="",
        help="name for the log and the report of --benchmark (default: the graph's file name)",
    )
    add_engine_arguments(parser)
    add_tile_arguments(parser)
    return parser


def main(arguments: argparse.Namespace) -> None:
    """Run the export on all pictures, or on a video."""
    check_engine_arguments(arguments)
    tiles = tile_options(arguments)
    require_packages("cv2")

    from paddleseg.deploy.benchmark import print_report, report_lines
    from paddleseg.deploy.deploy_config import CLASSIFICATION, read_deploy_config
    from paddleseg.deploy.tiled import segment_by_tiles, segment_video_file, tiled_segmenter
    from paddleseg.utils.class_report import ClassReport
    from paddleseg.utils.errors import count_of
    from paddleseg.utils.logging import log_outcome
    from paddleseg.utils.picture_failures import raise_failures
    from paddleseg.utils.picture_files import list_images
    from paddleseg.utils.result_paths import label_paths
    from paddleseg.utils.videos import Video, is_video
    from paddleseg.utils.visualize import make_palette
    from paddleseg.utils.written_files import WrittenFiles

    config = read_deploy_config(arguments.config)
    is_classifier, has_frames = config.task == CLASSIFICATION, is_video(arguments.image_path)
    refuse_flags_of_whole_pictures(arguments, has_frames)
    if is_classifier:
        refuse_flags_of_label_maps(arguments, has_frames)
    if has_frames:
        video = Video(arguments.image_path, config.read_options)
    else:
        found = list_images(arguments.image_path, config.separator, place=f"under Deploy in {config.path}")
    if is_classifier:
        images, report = list(dict.fromkeys(found[0])), ClassReport(arguments.save_dir)
    elif not has_frames:
        targets = label_paths(*found, arguments.save_dir, tiff_labels=tiles is not None)
        images, written = list(targets), WrittenFiles(arguments.save_dir)
        written.refuse_foreign(targets.values())
    graph = open_by_flags(config, arguments, [] if has_frames else images)
    tiled = None if tiles is None else tiled_segmenter(graph, tiles, arguments.batch_size)
    palette = make_palette(config.num_classes or 256, config.palette)
    if has_frames:
        segment_video_file(graph, tiled, video, arguments.save_dir, palette, arguments.batch_size)
        return
    if arguments.benchmark:
        warm_up(graph, images, arguments.batch_size)
    if is_classifier:
        failures = classify(graph, images, report, arguments.batch_size)
    elif tiled is not None:
        failures = segment_by_tiles(tiled, targets, written, palette)
    else:
        failures = segment(graph, targets, written, palette, arguments.batch_size)
    num_saved = len(images) - len(failures)
    name = arguments.model_name or graph.graph.model.name
    what = f"the classes of {count_of(num_saved, 'picture')}" if is_classifier else count_of(num_saved, "label map")
    log_outcome("%s: %s saved in %s", name, what if num_saved else "nothing", arguments.save_dir)
    if arguments.benchmark and num_saved:
        lines = report_lines(
            graph.graph,
            graph.engine.options,
            graph.seconds,
            num_pictures=num_saved,
            batch_size=arguments.batch_size,
            model_name=name,
        )
        print_report(lines)
    raise_failures(failures, len(images))


def refuse_flags_of_whole_pictures(arguments: argparse.Namespace, has_frames: bool) -> None:
    """Refuse flags for whole pictures, if there are none of a size known in advance."""
    from paddleseg.utils.errors import ConfigError

    if arguments.tile is None and not has_frames:
        return
    for flag in ("benchmark", "enable_auto_tune"):
        if getattr(arguments, flag):
            beside = "a video" if has_frames else "--tile"
            raise ConfigError(
                f"--{flag} True: it looks at whole pictures and cannot be combined with {beside}; leave it out"
            )


def refuse_flags_of_label_maps(arguments: argparse.Namespace, has_frames: bool) -> None:
    """Refuse flags that an exported classifier cannot use."""
    from paddleseg.utils.errors import ConfigError

    if arguments.tile is not None:
        raise ConfigError("--tile: only for label maps, and the export is a classifier; leave it out")
    if has_frames:
        raise ConfigError(
            f"--image_path {arguments.image_path}: videos are for label maps, and the export is a classifier"
        )
    if arguments.with_argmax:
        raise ConfigError("--with_argmax: only for label maps, and the export is a classifier; leave it out")


def segment(
    segmenter: Segmenter, targets: dict[str, Path], written: WrittenFiles, palette: Palette, batch_size: int
) -> list[DataError]:
    """Predict and save the label map of each picture.

    Args:
        segmenter: The exported network.
        targets: Picture file to the file of its label map.
        written: The index of the folder of the label maps.
        palette: Colours of the classes.
        batch_size: Most pictures in a batch.

    Returns:
        What is wrong with pictures that were left out.
    """
    from paddleseg.utils.progress import Progress
    from paddleseg.utils.visualize import encode_image, palette_image

    failures: list[DataError] = []
    with Progress("inference", len(targets)) as progress:
        for batch in segmenter.batches(targets, batch_size, failures):
            for item, labels in zip(batch, segmenter.label_maps(batch)):
                written.write(targets[item.path], encode_image(palette_image(labels, palette)))
            progress.update(len(batch))
    return failures


def classify(classifier: Classifier, images: Sequence[str], report: ClassReport, batch_size: int) -> list[DataError]:
    """Find the classes of all pictures and write the report; return the errors of skipped pictures."""
    from paddleseg.utils.progress import Progress

    failures: list[DataError] = []
    with Progress("inference", len(images)) as progress:
        for batch in classifier.batches(images, batch_size, failures):
            for item, found in zip(batch, classifier.classes(batch)):
                report.add(item.path, found)
            progress.update(len(batch))
    report.write()
    return failures
