# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Cut windows out of labelled street scenes and sort them into class folders, to try a classifier on.

    python tools/make_class_crops.py --save_dir data/crops
    python tools/make_class_crops.py --dataset CamVid --dataset_root data/camvid --save_dir data/crops --size 48

Windows lie side by side. A window belongs to the most frequent class of its labelled pixels, if that covers at least
--min_share of all its pixels. Of a class with more than --most windows, those kept are evenly spread over all of them,
in the order of the pictures. Classes with fewer than --least training windows, or none for validation, are left out.
Read the folder with the data set ``ImageFolder``; the last line shows the number of classes.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from paddleseg.utils.atomic_file import new_save_dir
from paddleseg.utils.cli import CommandParser, require_packages
from paddleseg.utils.errors import ConfigError, DataError

if TYPE_CHECKING:
    import numpy as np

    from paddleseg.datasets import SegmentationDataset

MODES = ("train", "val")
_SCENE_SIZE = (512, 256)


class Window(NamedTuple):
    """A window of a picture: the picture's index, the window's upper left corner in pixels, and its class."""

    index: int
    row: int
    column: int
    class_id: int


def make_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = CommandParser(
        prog="make_class_crops.py",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--save_dir", required=True, metavar="DIR", help="output folder; it must be empty or not exist")
    add("--dataset", choices=["RoadScenes", "CamVid"], default="RoadScenes", help="(default: %(default)s)")
    add("--dataset_root", metavar="DIR", help="folder of CamVid")
    add(
        "--pictures",
        type=int,
        nargs=2,
        default=[200, 50],
        metavar=("TRAIN", "VAL"),
        help="maximum number of pictures, evenly spread over the data set (200 50)",
    )
    add("--size", type=int, default=64, metavar="N", help="side of the windows in pixels (default: %(default)s)")
    add(
        "--min_share",
        type=float,
        default=0.6,
        metavar="SHARE",
        help="least share of pixels of the class in a window (default: %(default)s)",
    )
    add(
        "--least",
        type=int,
        default=10,
        metavar="N",
        help="least number of training windows of a class (default: %(default)s)",
    )
    add(
        "--most",
        type=int,
        default=400,
        metavar="N",
        help="maximum number of windows per class and mode, evenly spread over the pictures (default: %(default)s)",
    )
    return parser


def main(args: argparse.Namespace) -> None:
    """Cut all windows into a folder beside the target, then rename it: it appears whole or not at all."""
    require_packages("cv2")
    check_arguments(args)
    datasets = open_datasets(args)
    sides = datasets["train"].read(0)["label"].shape
    if args.size > min(sides):
        raise ConfigError(f"--size {args.size}: larger than the pictures, which have {sides[1]}x{sides[0]} pixels")
    save_dir = Path(args.save_dir)
    with new_save_dir(save_dir) as unfinished:
        chosen = {mode: choose_windows(datasets[mode], args) for mode in MODES}
        kept = [
            name
            for name, windows in chosen["train"].items()
            if len(windows) >= args.least and len(chosen["val"][name]) > 0
        ]
        if len(kept) < 2:
            raise DataError(
                f"{args.dataset}: {len(kept)} classes have {args.least} training windows and one for validation; lower "
                "--least, --min_share or --size, or give more --pictures"
            )
        wanted = {mode: sorted(window for name in kept for window in chosen[mode][name]) for mode in MODES}
        for mode in MODES:
            write_windows(datasets[mode], wanted[mode], args.size, unfinished / mode)
    totals = [len(wanted[mode]) for mode in MODES]
    print(f"{save_dir}: {totals[0]} training and {totals[1]} validation windows of {len(kept)} classes")


def check_arguments(args: argparse.Namespace) -> None:
    """Refuse values that no run can use."""
    for name in ("size", "least", "most"):
        if getattr(args, name) < 1:
            raise ConfigError(f"--{name} {getattr(args, name)}: must be at least 1")
    if args.most < args.least:
        raise ConfigError(f"--most {args.most}: below --least {args.least}, so no class would have enough windows")
    if min(args.pictures) < 1:
        raise ConfigError(f"--pictures {args.pictures[0]} {args.pictures[1]}: must be at least 1 each")
    if not 0 < args.min_share <= 1:
        raise ConfigError(f"--min_share {args.min_share}: must be above 0 and at most 1")
    if (args.dataset == "CamVid") != (args.dataset_root is not None):
        raise ConfigError("--dataset_root: needed for CamVid, and only for it: RoadScenes are drawn")


def open_datasets(args: argparse.Namespace) -> dict[str, SegmentationDataset]:
    """The labelled scenes of both modes."""
    from paddleseg.datasets import CamVid, RoadScenes

    if args.dataset == "CamVid":
        return {mode: CamVid([], dataset_root=args.dataset_root, mode=mode) for mode in MODES}
    numbers = zip(MODES, args.pictures)
    return {mode: RoadScenes([], mode=mode, num_samples=count, size=_SCENE_SIZE) for mode, count in numbers}


def choose_windows(dataset: SegmentationDataset, args: argparse.Namespace) -> dict[str, list[Window]]:
    """At most ``args.most`` windows of each class of the data set, in the order of the pictures; no picture is read."""
    from paddleseg.utils.progress import tracked
    from paddleseg.utils.spread import spread

    found: dict[str, list[Window]] = {name: [] for name in dataset.class_names}
    pictures = spread(len(dataset), args.pictures[MODES.index(dataset.mode)])
    for index in tracked(pictures, f"{dataset.mode} labels", "label"):
        for window in find_windows(index, dataset.read_label(index), dataset.num_classes, args.size, args.min_share):
            found[dataset.class_names[window.class_id]].append(window)
    return {name: [windows[i] for i in spread(len(windows), args.most)] for name, windows in found.items()}


def find_windows(index: int, label: np.ndarray, num_classes: int, size: int, min_share: float) -> Iterator[Window]:
    """Yield the windows of picture ``index`` in whose label (H, W) a class has a large enough share."""
    import numpy as np

    height, width = label.shape
    for row in range(0, height - size + 1, size):
        for column in range(0, width - size + 1, size):
            pixels = np.bincount(label[row : row + size, column : column + size].ravel(), minlength=256)[:num_classes]
            if pixels.max() >= min_share * size * size:
                yield Window(index, row, column, int(pixels.argmax()))


def write_windows(dataset: SegmentationDataset, windows: Sequence[Window], size: int, folder: Path) -> None:
    """Write windows, sorted by picture, as ``<folder>/<class>/<picture>_<row>_<column>.png``."""
    import cv2

    from paddleseg.utils.progress import tracked

    pictures = groupby(windows, key=lambda window: window.index)
    total = len({window.index for window in windows})
    for index, of_picture in tracked(pictures, f"{dataset.mode} pictures", total=total):
        image = dataset.read(index)["img"]
        for _, row, column, class_id in of_picture:
            cut = image[row : row + size, column : column + size]
            file = folder / dataset.class_names[class_id] / f"{index:05d}_{row}_{column}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(cv2.imencode(".png", cv2.cvtColor(cut, cv2.COLOR_RGB2BGR))[1].tobytes())
