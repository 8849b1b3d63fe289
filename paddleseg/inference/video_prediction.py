# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Prediction of videos: from the frames to their label maps and a video of overlays."""

from __future__ import annotations

import functools
import os
from pathlib import Path

import paddle

from paddleseg.inference.label_maps import refuse_random_transforms
from paddleseg.inference.prediction import picture_label_map
from paddleseg.inference.tiled import check_tiles, tiled_network
from paddleseg.inference.views import WHOLE_PICTURE, ViewOptions
from paddleseg.transforms.pipeline import Pipeline
from paddleseg.utils import distributed, visualize
from paddleseg.utils.evaluation_mode import evaluation_mode
from paddleseg.utils.image_io import READ_DEFAULTS, ReadOptions
from paddleseg.utils.result_paths import LABEL_FOLDER, OVERLAY_FOLDER
from paddleseg.utils.tiles import TileOptions
from paddleseg.utils.videos import Video, VideoPaths, segment_video
from paddleseg.utils.written_files import WrittenFiles


def predict_video(
    model: paddle.nn.Layer,
    pipeline: Pipeline,
    video: Video,
    save_dir: str | os.PathLike[str],
    options: ViewOptions = WHOLE_PICTURE,
    *,
    channels: int = 3,
    read_options: ReadOptions = READ_DEFAULTS,
    palette: visualize.Palette | None = None,
    ignored_class: int | None = None,
    tiles: TileOptions | None = None,
    progress: bool = True,
) -> None:
    """Predict the label map of each frame of a video, in memory that does not depend on its length.

    For a video ``<name>.avi`` it writes into ``save_dir`` the folder ``label/<name>_labels`` with a palette PNG file
    of each frame, ``000000.png`` and so on, and ``added_prediction/<name>.mp4``, the video under the colours. In a
    distributed run the first process does it.

    Args:
        model: A network; its mode (training or evaluation) is restored.
        pipeline: The transforms of evaluation.
        video: The video, read frame by frame.
        save_dir: Where to save.
        options: The views of each frame.
        channels: Channels that the network takes.
        read_options: How values are read.
        palette: Colours of the classes; PaddleSeg's default colours if None.
        ignored_class: A class that is never predicted, see ``label_map.ignored_class_of``.
        tiles: Predict frames larger than a tile by tiles.
        progress: Whether to show a progress bar where the output is a terminal.

    Raises:
        ConfigError: A transform is random, an option is not possible with tiles, or the network does not take RGB.
        DataError: See ``videos.segment_video``.
    """
    refuse_random_transforms(pipeline)
    if distributed.rank() > 0:
        return
    label_map_of = functools.partial(picture_label_map, model, pipeline, options, ignored_class)
    if tiles is not None:
        check_tiles(pipeline, options)
        tiled = tiled_network(model, pipeline, label_map_of, tiles, ignored_class=ignored_class, progress=False)
        label_map_of = tiled.label_map
    save_dir = Path(save_dir)
    with evaluation_mode(model):
        segment_video(
            video,
            lambda frames: [label_map_of(frame.copy(), video.path) for frame in frames],
            VideoPaths.of(video.path, save_dir / LABEL_FOLDER, save_dir / OVERLAY_FOLDER),
            WrittenFiles(save_dir),
            visualize.default_palette() if palette is None else palette,
            channels=channels,
            read_options=read_options,
            progress=progress,
        )
