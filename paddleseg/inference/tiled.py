# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A network in memory for pictures by tiles, see ``utils.tiled_network``."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import paddle

from paddleseg.inference.label_maps import tile_scores
from paddleseg.inference.views import WHOLE_PICTURE, ViewOptions
from paddleseg.transforms.pipeline import Pipeline
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.image_io import READ_DEFAULTS, ReadOptions
from paddleseg.utils.seeding import sample_rng
from paddleseg.utils.tiled_network import TiledNetwork
from paddleseg.utils.tiles import TileOptions


def check_tiles(pipeline: Pipeline, views: ViewOptions) -> None:
    """Raise ConfigError for what is not possible with tiles: other views, and transforms of whole pictures."""
    if views.is_slide:
        raise ConfigError(
            "--tile: windows are on too (--is_slide, or test_config.is_slide), and tiles replace them; leave out one "
            "of the two, for instance with --opts test_config.is_slide=False"
        )
    if views != WHOLE_PICTURE:
        raise ConfigError(f"--tile: a tile is predicted once, and not by {views.describe()}; leave out --aug_pred")
    pipeline.refuse_tiles()


def tiled_network(
    model: paddle.nn.Layer,
    pipeline: Pipeline,
    label_map_of: Callable[[np.ndarray, str], np.ndarray],
    options: TileOptions,
    *,
    channels: int = 3,
    read_options: ReadOptions = READ_DEFAULTS,
    ignored_class: int | None = None,
    progress: bool = True,
) -> TiledNetwork:
    """The network with its tiles.

    Args:
        model: A network, in evaluation mode.
        pipeline: The transforms of evaluation, accepted by ``check_tiles``.
        label_map_of: Computes the label map of a whole picture.
        options: The tiles.
        channels: Channels that the network takes.
        read_options: How pictures are read.
        ignored_class: A class that is never predicted, see ``label_map.ignored_class_of``.
        progress: Whether to show a progress bar where the output is a terminal.
    """

    def scores_of(tiles: np.ndarray) -> np.ndarray:
        samples = ({"img": tile, "path": "tile", "trans_info": []} for tile in tiles)
        images = np.stack([pipeline(sample, sample_rng(0, 0, 0))["img"] for sample in samples])
        return tile_scores(model, images, pipeline.normalize)

    return TiledNetwork(
        label_map_of,
        scores_of,
        options,
        channels=channels,
        read_options=read_options,
        ignored_class=ignored_class,
        progress=progress,
    )
