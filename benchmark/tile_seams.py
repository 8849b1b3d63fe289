# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The difference between a label map by tiles and that of the whole picture, on drawn street scenes.

    python benchmark/tile_seams.py --model_path output/best_model [--tile 512] [--overlaps 0 32 128 256] [--pictures 8]

For each overlap, scenes of the size of 2 x 4 tiles are drawn; the actual overlap is in the second column. A line has
the share of pixels whose class differs from the whole picture's label map, the same for pixels within 32 of a seam (the
middle of an overlap), and the pixel accuracy of the whole and of the tiles.
"""

from __future__ import annotations

import argparse

from common import parse_arguments

arguments = parse_arguments(
    __doc__.splitlines()[0],
    lambda parser: (
        parser.add_argument("--model_path", required=True, help="weights of a DDRNet_23_slim for RoadScenes"),
        parser.add_argument("--tile", type=int, default=512),
        parser.add_argument("--overlaps", type=int, nargs="+", default=[0, 32, 128, 256]),
        parser.add_argument("--pictures", type=int, default=8),
    ),
)

import numpy as np

from paddleseg.datasets.road_scenes import RoadScenes
from paddleseg.inference.label_maps import predict_label_maps, tile_scores
from paddleseg.models import DDRNet_23_slim
from paddleseg.models.weights import load_weights
from paddleseg.onednn import CpuSettings, entered
from paddleseg.transforms.transforms import Normalize
from paddleseg.utils.json_report import write_json
from paddleseg.utils.picture_rows import ArrayRows
from paddleseg.utils.tiles import COARSEST_STRIDE, TileOptions, label_bands, tile_starts

NORMALIZE = Normalize(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225])
NEAR = 32


def measure(model, overlap: int, arguments: argparse.Namespace) -> dict[str, float]:
    """One line of the table."""
    tile, step = arguments.tile, (arguments.tile - overlap) // COARSEST_STRIDE * COARSEST_STRIDE
    width, height = tile + 3 * step, tile + step
    options = TileOptions.of([tile], [overlap])
    tops, lefts = tile_starts(height, tile, overlap), tile_starts(width, tile, overlap)
    shared = {a + tile - b for starts in (tops, lefts) for a, b in zip(starts, starts[1:])}
    near = near_seams(height, tops, tile)[:, None] | near_seams(width, lefts, tile)
    scenes = RoadScenes([], mode="val", num_samples=arguments.pictures, size=[width, height])
    counts = np.zeros(5)
    for index in range(len(scenes)):
        sample = scenes.read(index)
        picture, truth = sample["img"], sample["label"]
        batch = {"img": picture[np.newaxis], "trans_info": [()]}
        whole = predict_label_maps(model, batch, NORMALIZE)[0]
        bands = label_bands(ArrayRows(picture), lambda tiles: tile_scores(model, tiles, NORMALIZE), options)
        tiled = np.concatenate(list(bands))
        differ, counted = whole != tiled, truth != scenes.ignore_index
        counts += [differ.mean(), differ[near].mean(), counted.sum(), (whole == truth)[counted].sum(),
                   (tiled == truth)[counted].sum()]  # fmt: skip
    return {
        "overlap": overlap,
        "shared": sorted(shared),
        "pixels": width * height * len(scenes),
        "differ_percent": 100 * counts[0] / len(scenes),
        "differ_near_seams_percent": 100 * counts[1] / len(scenes),
        "accuracy_whole_percent": 100 * counts[3] / counts[2],
        "accuracy_tiled_percent": 100 * counts[4] / counts[2],
    }


def near_seams(length: int, starts: list[int], tile: int) -> np.ndarray:
    """Which pixels of an axis are near the middle of an overlap."""
    place = np.arange(length)
    middles = [(start + tile + following) / 2 for start, following in zip(starts, starts[1:])]
    return np.any([np.abs(place + 0.5 - middle) < NEAR for middle in middles], axis=0)


def main() -> None:
    model = DDRNet_23_slim(num_classes=RoadScenes.num_classes)
    load_weights(model, arguments.model_path)
    model.eval()
    print(f"{'overlap':>8}{'shared':>14}{'differ %':>10}{'near %':>8}{'whole acc':>11}{'tiled acc':>11}")
    lines = []
    with entered(CpuSettings.choose(None, arguments.threads)):
        for overlap in arguments.overlaps:
            line = measure(model, overlap, arguments)
            lines.append(line)
            print(
                f"{overlap:>8}{str(line['shared']):>14}{line['differ_percent']:>10.3f}"
                f"{line['differ_near_seams_percent']:>8.3f}{line['accuracy_whole_percent']:>11.2f}"
                f"{line['accuracy_tiled_percent']:>11.2f}"
            )
    write_json(arguments.json, lines)


if __name__ == "__main__":
    main()
