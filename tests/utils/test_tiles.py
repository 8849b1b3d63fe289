# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures by tiles: their positions, their weights, and label maps with networks of known scores."""

import tracemalloc

import numpy as np
import pytest

from paddleseg.utils.errors import ConfigError
from paddleseg.utils.label_map import label_maps
from paddleseg.utils.picture_rows import ArrayRows
from paddleseg.utils.tiles import TileOptions, axis_weights, count_tiles, label_bands, tile_starts
from tests.messages import naming


@pytest.mark.parametrize("length", [1, 128, 129, 500, 1000, 1027, 4096])
@pytest.mark.parametrize("tile", [128, 200, 256])
@pytest.mark.parametrize("overlap", [0, 30, 64, 100])
def test_tiles_cover_the_axis_on_the_grid_with_the_overlap_that_was_asked_for(length, tile, overlap):
    overlap = min(overlap, tile // 2)
    starts = tile_starts(length, tile, overlap)
    grid = 64 if tile - overlap >= 64 else 8
    assert starts[0] == 0 and all(start % grid == 0 for start in starts)
    assert all(first + tile - second >= overlap for first, second in zip(starts, starts[1:]))
    assert starts[-1] + tile >= length
    assert len(starts) == 1 or length - starts[-1] > tile - 64
    assert len(starts) <= 1 + -(-max(0, length - tile) // ((tile - overlap) // grid * grid))


def test_weights_fall_linearly_over_the_overlap_and_sum_to_one():
    first, second = axis_weights(24, [0, 8], 16)
    np.testing.assert_allclose(first, [1] * 8 + [(7.5 - place) / 8 for place in range(8)], rtol=1e-6)
    np.testing.assert_allclose(first[8:] + second[:8], 1, rtol=1e-6)
    assert second[8:].tolist() == [1] * 8
    total = np.zeros(40)
    for start, weights in zip([0, 8, 14, 24], axis_weights(40, [0, 8, 14, 24], 16)):
        total[start : start + len(weights)] += weights
        assert (weights > 0).all()
    np.testing.assert_allclose(total, 1, rtol=1e-6)


@pytest.mark.parametrize("stride", [1, 8])
@pytest.mark.parametrize("batch_size", [1, 3])
@pytest.mark.parametrize("size_hw", [(300, 517), (129, 131), (640, 130), (90, 700)])
def test_of_a_network_that_sees_one_place_at_a_time_tiles_give_the_label_map_of_the_whole(stride, batch_size, size_hw):
    picture = np.random.default_rng(0).standard_normal((*size_hw, 3)).astype("float32")
    calls = []

    def scores_of(tiles):
        calls.append(len(tiles))
        assert max(tiles.shape[1:3]) <= 128
        return tiles[:, ::stride, ::stride].transpose(0, 3, 1, 2)

    options = TileOptions.of([128], [40])
    bands = label_bands(ArrayRows(picture), scores_of, options, ignored_class=1, batch_size=batch_size)
    found = np.concatenate(list(bands))
    whole = picture[np.newaxis, ::stride, ::stride].transpose(0, 3, 1, 2)
    expected = label_maps(whole, size_hw, [()], ignored_class=1)[0]
    assert found.shape == expected.shape
    assert (found != expected).mean() < 1e-4  # weights sum to one up to rounding
    assert sum(calls) == count_tiles(size_hw, options) and max(calls) <= batch_size


def test_scores_are_blended_before_the_best_class_is_taken():
    """Two tiles of constant scores: between them the class changes where the blended scores are equal."""
    given = iter([[3.0, 0.0], [0.0, 1.0]])

    def scores_of(tiles):
        scores = np.array(next(given), np.float32)[np.newaxis, :, np.newaxis, np.newaxis]
        return np.broadcast_to(scores, (1, 2, *tiles.shape[1:3]))

    picture = ArrayRows(np.zeros((4, 192, 3), np.uint8))
    [labels] = label_bands(picture, scores_of, TileOptions.of([128], [64]))
    # Over the overlap from 64 to 128, w falls from 1 to 0 and 3 * w = 1 - w at w = 1 / 4, at 64 + 48.
    assert labels[0].tolist() == [0] * 112 + [1] * 80


def test_memory_does_not_grow_with_the_height_of_a_picture():
    class Endless:
        """A picture that is made as it is read."""

        def __init__(self, height):
            self.size_hw = (height, 400)

        def rows(self, top, bottom):
            return np.full((bottom - top, 400, 3), top % 251, np.uint8)

    def peak_of(height):
        options = TileOptions.of([128], [32])
        tracemalloc.start()
        scores_of = lambda tiles: tiles[:, ::8, ::8].transpose(0, 3, 1, 2).astype(np.float32)  # noqa: E731
        rows = sum(len(band) for band in label_bands(Endless(height), scores_of, options))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert rows == height
        return peak

    small, large = peak_of(400), peak_of(12800)
    assert large < small + 12800 * 100  # of a row of pixels its place in the grid of cells is held
    assert large < 12800 * 400  # not even the label map


@pytest.mark.parametrize(
    "tile, overlap, names",
    [
        ([500], None, ("--tile", 500, 8, 496)),
        ([64], None, ("--tile", 64, 128)),
        ([256, 130], None, ("--tile", 130, 128)),
        ([256], [129], ("--overlap", 129, 128)),
        ([256], [-1], ("--overlap", "-1", 0)),
        ([256, 512], [0, 300], ("--overlap", 300, 256)),
    ],
)
def test_sizes_that_cannot_be_are_refused(tile, overlap, names):
    with pytest.raises(ConfigError, match=naming(*names)):
        TileOptions.of(tile, overlap)


def test_one_number_is_for_both_sides_and_an_eighth_overlaps():
    assert TileOptions.of([1024]) == TileOptions((1024, 1024), (128, 128))
    assert TileOptions.of([512, 256], [8]) == TileOptions((512, 256), (8, 8))
    assert TileOptions.of([512, 256]).fit((256, 512)) and not TileOptions.of([512, 256]).fit((512, 256))
