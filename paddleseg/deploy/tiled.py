# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""An exported network on inputs too large for memory: pictures by tiles, see ``utils.tiled_network``, and videos."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from paddleseg.deploy.segmenter import Segmenter
from paddleseg.utils.errors import ConfigError, DataError
from paddleseg.utils.picture_failures import note_failure
from paddleseg.utils.picture_rows import opened_rows
from paddleseg.utils.progress import tracked
from paddleseg.utils.result_paths import TIFF_SUFFIXES
from paddleseg.utils.tiled_network import TiledNetwork
from paddleseg.utils.tiles import STRIDE, TileOptions
from paddleseg.utils.videos import Video, VideoPaths, segment_video
from paddleseg.utils.visualize import Palette, encode_image, palette_image
from paddleseg.utils.written_files import WrittenFiles


def tiled_segmenter(segmenter: Segmenter, options: TileOptions, batch_size: int = 1) -> TiledNetwork:
    """The network with its tiles.

    Raises:
        ConfigError: The graph returns class ids, or takes another size than the tiles', or smaller batches; or a
            transform needs whole pictures.
    """
    config = segmenter.config
    if not segmenter.gives_scores:
        raise ConfigError(
            f"--tile: {config.path} has only a graph of class ids, but seams are blended from scores; export the "
            "network again with this toolkit, or with --output_op none"
        )
    for name, side, fixed in zip(("height", "width"), options.size_wh[::-1], segmenter.graph.input_shape[2:]):
        if fixed not in (-1, side):
            raise ConfigError(
                f"--tile: {name} {side}, but the graph of {config.path} takes {name} {fixed} only; give --tile "
                f"{segmenter.graph.input_shape[3]} {segmenter.graph.input_shape[2]}, or export without --input_shape"
            )
    segmenter.check_batch_size(batch_size)
    segmenter.pipeline.refuse_tiles()
    return TiledNetwork(
        label_map_of=lambda picture, path: tile_label_map(segmenter, picture, path),
        scores_of=lambda tiles: tile_scores(segmenter, tiles),
        options=options,
        channels=config.input_shape[1],
        read_options=config.read_options,
        ignored_class=config.ignored_class,
        batch_size=batch_size,
    )


def tile_label_map(segmenter: Segmenter, picture: np.ndarray, path: str) -> np.ndarray:
    """The label map (H, W) uint8 of a picture (H, W, C) of one tile, padded for a fixed graph like ``tile_scores``."""
    height, width = picture.shape[:2]
    [padded] = _padded(segmenter, picture[np.newaxis])
    [labels] = segmenter.label_maps([segmenter.prepare(padded, path)])
    return labels[:height, :width]


def tile_scores(segmenter: Segmenter, tiles: np.ndarray) -> np.ndarray:
    """Scores (N, K, h', w') float32 of tiles (N, h, w, C), in the form for ``tiles.label_bands``.

    The last tiles of a picture may be smaller than the size of a fixed graph; then their last rows and columns are
    repeated, and the scores of these are cut off.
    """
    size_hw = tiles.shape[1:3]
    padded = _padded(segmenter, tiles)
    scores = segmenter.run([segmenter.prepare(tile) for tile in padded])
    stride = 1 if scores.shape[2:] == padded.shape[1:3] else STRIDE
    return scores[:, :, : -(-size_hw[0] // stride), : -(-size_hw[1] // stride)]


def _padded(segmenter: Segmenter, tiles: np.ndarray) -> np.ndarray:
    """Tiles (N, h, w, C) with their last rows and columns repeated up to the size of a fixed graph."""
    below, right = (max(0, fixed - side) for side, fixed in zip(tiles.shape[1:3], segmenter.graph.input_shape[2:]))
    return np.pad(tiles, ((0, 0), (0, below), (0, right), (0, 0)), mode="edge")


def segment_by_tiles(
    tiled: TiledNetwork, targets: Mapping[str, Path], written: WrittenFiles, palette: Palette
) -> list[DataError]:
    """Predict and save the label map of each picture; those of TIFF files are read and written by rows.

    Args:
        tiled: The exported network.
        targets: Picture file to the file of its label map.
        written: The index of the folder of the label maps.
        palette: Colours of the classes.

    Returns:
        The errors of skipped pictures.
    """
    failures: list[DataError] = []
    for path, target in tracked(targets.items(), "inference"):
        try:
            with opened_rows(path, tiled.channels, tiled.read_options) as picture:
                if target.suffix in TIFF_SUFFIXES:
                    tiled.save_tiff(picture, path, target, written, palette)
                else:
                    written.write(target, encode_image(palette_image(tiled.whole(picture, path), palette)))
        except DataError as error:
            note_failure(failures, error)
    return failures


def segment_video_file(
    segmenter: Segmenter,
    tiled: TiledNetwork | None,
    video: Video,
    save_dir: str | os.PathLike[str],
    palette: Palette,
    batch_size: int = 1,
) -> None:
    """Predict and save the label map of each frame, and the video of overlays.

    Args:
        segmenter: The exported network.
        tiled: The same for frames larger than a tile; None: all of them whole.
        video: The video, read frame by frame.
        save_dir: Where to save.
        palette: Colours of the classes.
        batch_size: Most frames, or tiles of one, in a batch.

    Raises:
        ConfigError: The graph takes smaller batches, or not RGB.
        DataError: See ``videos.segment_video``.
    """
    segmenter.check_batch_size(batch_size)

    def label_maps_of(frames: Sequence[np.ndarray]) -> list[np.ndarray]:
        if tiled is not None:
            return [tiled.label_map(frame, video.path) for frame in frames]
        return segmenter.label_maps([segmenter.prepare(frame, video.path) for frame in frames])

    segment_video(
        video,
        label_maps_of,
        VideoPaths.of(video.path, Path(save_dir), Path(save_dir)),
        WrittenFiles(save_dir),
        palette,
        channels=segmenter.config.input_shape[1],
        read_options=segmenter.config.read_options,
        batch_size=batch_size,
    )
