# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Prediction: from picture files to files of label maps."""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import paddle

from paddleseg.inference.label_maps import predict_label_maps, refuse_random_transforms
from paddleseg.inference.tiled import check_tiles, tiled_network
from paddleseg.inference.views import WHOLE_PICTURE, ViewOptions
from paddleseg.transforms.pipeline import Pipeline
from paddleseg.utils import distributed, visualize
from paddleseg.utils.errors import DataError, count_of
from paddleseg.utils.evaluation_mode import evaluation_mode
from paddleseg.utils.image_io import READ_DEFAULTS, ReadOptions, read_image
from paddleseg.utils.logging import get_logger, log_outcome
from paddleseg.utils.picture_failures import note_failure, raise_failures
from paddleseg.utils.picture_rows import opened_rows
from paddleseg.utils.progress import tracked
from paddleseg.utils.result_paths import (
    COLOR_FOLDER,
    LABEL_FOLDER,
    OVERLAY_FOLDER,
    TIFF_SUFFIXES,
    ResultPaths,
    pictures_to_predict,
    result_paths,
)
from paddleseg.utils.seeding import sample_rng
from paddleseg.utils.tiled_network import TiledNetwork
from paddleseg.utils.tiles import TileOptions
from paddleseg.utils.written_files import WrittenFiles


def predict(
    model: paddle.nn.Layer,
    pipeline: Pipeline,
    images: Sequence[str],
    save_dir: str | os.PathLike[str],
    options: ViewOptions = WHOLE_PICTURE,
    *,
    root: str = "",
    channels: int = 3,
    read_options: ReadOptions = READ_DEFAULTS,
    palette: visualize.Palette | None = None,
    class_names: Sequence[str] | None = None,
    ignored_class: int | None = None,
    tiles: TileOptions | None = None,
    progress: bool = True,
) -> None:
    """Predict the label maps of pictures and save them at the size of the pictures.

    For a picture ``<root>/<name>.jpg`` it writes into ``save_dir``

    * ``label/<name>.png``: class ids,
    * ``pseudo_color_prediction/<name>.png``: palette picture of the class ids,
    * ``added_prediction/<name>.jpg``: the picture under the colours, and a legend below it.

    A picture's three files are written when all are ready, each whole or not at all; ``written_files.jsonl`` names
    them, and a later prediction replaces them, but no other files. A damaged picture is logged and left out; the error
    at the end lists all of them. In a distributed run each process takes its part of the pictures.

    With ``tiles``, a TIFF file gets only ``label/<name>.tif``: its pixels are the class ids, its palette
    has their colours, and it may be larger than memory.

    Args:
        model: A network; its mode (training or evaluation) is restored.
        pipeline: The transforms of evaluation.
        images: Picture files.
        save_dir: Where to save.
        options: The views of each picture.
        root: The folder whose sub-folders are kept in ``save_dir``.
        channels: Channels that the network takes.
        read_options: How pictures are read.
        palette: Colours of the classes; PaddleSeg's default colours if None.
        class_names: Names for the legend.
        ignored_class: A class that is never predicted, see ``label_map.ignored_class_of``.
        tiles: Predict pictures larger than a tile by tiles; None: all of them whole.
        progress: Whether to show a progress bar where the output is a terminal.

    Raises:
        ConfigError: A transform is random, or an option is not possible with tiles.
        DataError: Pictures are missing or damaged, after all others were predicted; or all pictures are results of an
            earlier prediction; or a result would replace a file that no prediction wrote.
    """
    refuse_random_transforms(pipeline)
    if tiles is not None:
        check_tiles(pipeline, options)
    palette = visualize.default_palette() if palette is None else palette
    logger = get_logger()
    paths = result_paths(pictures_to_predict(images, save_dir), root, save_dir, tiff_labels=tiles is not None)
    logger.info("predicting %s (%s)", count_of(len(paths), "picture"), (options if tiles is None else tiles).describe())
    failures: list[DataError] = []
    own_part = list(paths.items())[distributed.rank() :: distributed.world_size()]
    written = WrittenFiles(save_dir)
    written.refuse_foreign(file for _, results in own_part for file in _files_of(results))

    label_map_of = functools.partial(picture_label_map, model, pipeline, options, ignored_class)
    tiled = None
    if tiles is not None:
        tiled = tiled_network(
            model,
            pipeline,
            label_map_of,
            tiles,
            channels=channels,
            read_options=read_options,
            ignored_class=ignored_class,
            progress=progress,
        )
    with evaluation_mode(model):
        for index, (path, results) in enumerate(tracked(own_part, "predicting", shown=progress)):
            try:
                if tiled is not None:
                    _save_by_tiles(tiled, path, results, written, palette, class_names)
                    continue
                image = read_image(path, channels, read_options)
                picture = visualize.to_display_rgb(image.copy())  # transforms may change the image in place
                labels = label_map_of(image, path, index)
            except DataError as error:
                note_failure(failures, error)
                continue
            _save(written, results, picture, labels, palette, class_names)
    if any(not _is_label_alone(results) for _, results in own_part):
        folders = (LABEL_FOLDER, COLOR_FOLDER, OVERLAY_FOLDER)
        log_outcome("saved in %s: %s (class ids), %s (colours), %s (overlays with legend)", save_dir, *folders)
    if any(_is_label_alone(results) for _, results in own_part):
        words = "class ids, with their colours as the palette; TIFF files get no overlays"
        log_outcome("saved in %s: %s (%s)", save_dir, LABEL_FOLDER, words)
    raise_failures(failures, len(own_part))


def picture_label_map(
    model: paddle.nn.Layer,
    pipeline: Pipeline,
    options: ViewOptions,
    ignored_class: int | None,
    image: np.ndarray,
    path: str,
    index: int = 0,
) -> np.ndarray:
    """Label map (H, W) of a picture (H, W, C), which may be changed; ``index`` counts the predicted pictures."""
    sample = pipeline({"img": image, "path": path, "trans_info": []}, sample_rng(0, 0, index))
    batch = {"img": sample["img"][np.newaxis], "trans_info": [sample["trans_info"]], "paths": [path]}
    return predict_label_maps(model, batch, pipeline.normalize, options, ignored_class=ignored_class)[0]


def _save_by_tiles(
    tiled: TiledNetwork,
    path: str,
    results: ResultPaths,
    written: WrittenFiles,
    palette: visualize.Palette,
    class_names: Sequence[str] | None,
) -> None:
    with opened_rows(path, tiled.channels, tiled.read_options) as picture:
        if _is_label_alone(results):
            tiled.save_tiff(picture, path, results.label, written, palette)
            return
        shown = visualize.to_display_rgb(picture.picture.copy())
        _save(written, results, shown, tiled.whole(picture, path), palette, class_names)


def _is_label_alone(results: ResultPaths) -> bool:
    return results.label.suffix in TIFF_SUFFIXES


def _files_of(results: ResultPaths) -> Sequence[Path]:
    """The files written for these results."""
    return results[:1] if _is_label_alone(results) else results


def _save(
    written: WrittenFiles,
    paths: ResultPaths,
    picture: np.ndarray,
    labels: np.ndarray,
    palette: visualize.Palette,
    class_names: Sequence[str] | None,
) -> None:
    overlay = visualize.overlay(picture, labels, palette)
    overlay = visualize.add_legend(overlay, labels, palette, class_names)
    files = {
        paths.label: visualize.encode_image(labels),
        paths.color: visualize.encode_image(visualize.palette_image(labels, palette)),
        paths.overlay: visualize.encode_image(overlay, paths.overlay.suffix),
    }
    for path, data in files.items():
        written.write(path, data)
