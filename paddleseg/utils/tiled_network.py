# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Label maps of pictures of any size with a network that sees one tile at a time, for predict.py and infer.py.

A picture of one tile is predicted as without tiles, bit for bit; one that is too small for a graph of fixed size is
padded for it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from paddleseg.utils.image_io import READ_DEFAULTS, ReadOptions
from paddleseg.utils.label_tiff import write_label_tiff
from paddleseg.utils.picture_rows import ArrayRows
from paddleseg.utils.progress import Progress
from paddleseg.utils.tiff_rows import TiffRows
from paddleseg.utils.tiles import Scores, TileOptions, count_tiles, label_bands
from paddleseg.utils.visualize import Palette
from paddleseg.utils.written_files import WrittenFiles


@dataclass(frozen=True)
class TiledNetwork:
    """A network and its tiles.

    Attributes:
        label_map_of: From a picture (H, W, C), as read, and its name to its label map, if it is one tile.
        scores_of: The scores of tiles.
        options: The tiles.
        channels: Channels that the network takes.
        read_options: How pictures are read.
        ignored_class: A class that is never predicted, see ``label_map.ignored_class_of``.
        batch_size: Most tiles in a call of ``scores_of``.
        progress: Whether to show a bar of the tiles of a picture where the output is a terminal.
    """

    label_map_of: Callable[[np.ndarray, str], np.ndarray]
    scores_of: Scores
    options: TileOptions
    channels: int = 3
    read_options: ReadOptions = READ_DEFAULTS
    ignored_class: int | None = None
    batch_size: int = 1
    progress: bool = True

    def bands(self, picture: ArrayRows | TiffRows, path: str) -> Iterator[np.ndarray]:
        """The label map of a picture in bands (rows, W) uint8 from the top."""
        if self.options.fit(picture.size_hw):
            yield self.label_map_of(picture.rows(0, picture.size_hw[0]), path)
            return
        num_tiles = count_tiles(picture.size_hw, self.options)
        with Progress(os.path.basename(path), num_tiles, "tile", shown=self.progress) as bar:
            yield from label_bands(
                picture,
                self.scores_of,
                self.options,
                ignored_class=self.ignored_class,
                batch_size=self.batch_size,
                on_tiles=bar.update,
            )

    def label_map(self, picture: np.ndarray, path: str) -> np.ndarray:
        """The label map (H, W) uint8 of a picture in memory."""
        return self.whole(ArrayRows(picture), path)

    def whole(self, picture: ArrayRows | TiffRows, path: str) -> np.ndarray:
        """The label map (H, W) uint8 of a picture, all of it."""
        labels = np.empty(picture.size_hw, np.uint8)
        top = 0
        for band in self.bands(picture, path):
            labels[top : top + len(band)] = band
            top += len(band)
        return labels

    def save_tiff(
        self, picture: ArrayRows | TiffRows, path: str, target: Path, written: WrittenFiles, palette: Palette
    ) -> None:
        """Write the label map as a TIFF file while it is computed, with the picture's place on the map.

        Raises:
            DataError: The picture is damaged; no file is left then.
        """
        georeference = picture.georeference if isinstance(picture, TiffRows) else ()
        bands = self.bands(picture, path)
        written.write_by(target, lambda file: write_label_tiff(file, bands, picture.size_hw, palette, georeference))
