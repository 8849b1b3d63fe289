# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Draw street scenes and write them to disk in the layout of Cityscapes.

    python tools/make_roadscenes.py --save_dir data/roadscenes
    python tools/make_roadscenes.py --save_dir data/roadscenes_large --train 2000 --val 200 --size 1024 512

The scenes are those of the data set ``RoadScenes`` with the same seed and size. Read the folder with the data set
``Cityscapes`` (``dataset_root: data/roadscenes``).
"""

from __future__ import annotations

import argparse
from pathlib import Path

from paddleseg.utils.atomic_file import new_save_dir
from paddleseg.utils.cli import CommandParser, require_packages
from paddleseg.utils.errors import ConfigError

# Cityscapes sorts its pictures by city; these are all from one.
CITY = "roadscenes"


def make_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = CommandParser(
        prog="make_roadscenes.py",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--save_dir", "--out", required=True, metavar="DIR", help="output folder; it must be empty or not exist")
    add("--train", type=int, default=400, metavar="N", help="training scenes (default: %(default)s)")
    add("--val", type=int, default=50, metavar="N", help="validation scenes (default: %(default)s)")
    add(
        "--size",
        type=int,
        nargs=2,
        default=[256, 128],
        metavar=("WIDTH", "HEIGHT"),
        help="width and height in pixels, from 64 32 to 2048 1024 (default: 256 128)",
    )
    add("--seed", type=int, default=0, help="seed of the scenes (default: %(default)s)")
    return parser


def main(args: argparse.Namespace) -> None:
    """Draw all scenes into a folder beside the target, then rename it: it appears whole or not at all."""
    require_packages("cv2")
    from paddleseg.datasets.road_scenes import RoadScenes

    if min(args.train, args.val) < 0 or args.train + args.val == 0:
        raise ConfigError(f"--train {args.train}, --val {args.val}: give numbers of 0 or more, not both 0")
    counts = {"train": args.train, "val": args.val}
    scenes = [
        RoadScenes([], mode=mode, num_samples=count, size=args.size, seed=args.seed)
        for mode, count in counts.items()
        if count > 0
    ]
    save_dir = Path(args.save_dir)
    with new_save_dir(save_dir) as unfinished:
        for dataset in scenes:
            write_scenes(dataset, unfinished)
    print(f"{save_dir}: {args.train} training and {args.val} validation scenes, {args.size[0]}x{args.size[1]}")


def write_scenes(dataset, root: Path) -> None:
    """Write pictures and labels of one mode.

    Args:
        dataset: A ``RoadScenes``.
        root: Folder that gets ``leftImg8bit`` and ``gtFine``.
    """
    import cv2

    from paddleseg.utils.progress import tracked

    image_folder = root / "leftImg8bit" / dataset.mode / CITY
    label_folder = root / "gtFine" / dataset.mode / CITY
    image_folder.mkdir(parents=True)
    label_folder.mkdir(parents=True)
    for index in tracked(range(len(dataset)), dataset.mode, "scene"):
        sample = dataset.read(index)
        name = f"{CITY}_{dataset.seed:06d}_{index:06d}"
        _write_png(image_folder / f"{name}_leftImg8bit.png", cv2.cvtColor(sample["img"], cv2.COLOR_RGB2BGR))
        _write_png(label_folder / f"{name}_gtFine_labelTrainIds.png", sample["label"])


def _write_png(path: Path, pixels) -> None:
    import cv2

    # cv2.imwrite reports a full disk only by its return value and cannot write to all paths on Windows.
    path.write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
