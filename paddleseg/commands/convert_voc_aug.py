# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Add the labels of the Semantic Boundaries Dataset to Pascal VOC 2012, for the mode trainaug.

    python tools/dataset_converters/voc_aug.py data/VOCdevkit data/benchmark_RELEASE

Labels of the Semantic Boundaries Dataset for pictures that VOC 2012 does not label itself are written to
``VOC2012/SegmentationClassAug`` as PNG files, and their names to ``VOC2012/ImageSets/Segmentation/aug.txt``. Existing
labels and lists stay. MATLAB files are read with scipy: pip install -e '.[mat]'.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from paddleseg.utils.atomic_file import write_atomically
from paddleseg.utils.cli import CommandParser, require_packages
from paddleseg.utils.errors import ConfigError, DataError

_LISTS = "VOC2012/ImageSets/Segmentation"
_LABEL = "GTcls.Segmentation"


def make_parser() -> argparse.ArgumentParser:
    """Describe the command line; the names are mmsegmentation's."""
    parser = CommandParser(prog="voc_aug.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("devkit_path", help="VOCdevkit, which holds VOC2012")
    parser.add_argument(
        "aug_path", help="benchmark_RELEASE of the Semantic Boundaries Dataset, which holds the folder dataset"
    )
    parser.add_argument("--nproc", type=int, default=4, help="labels to convert in parallel (default: %(default)s)")
    return parser


def main(args: argparse.Namespace) -> None:
    """Write the labels that do not exist yet, then the list."""
    require_packages("cv2")
    from paddleseg.utils.progress import tracked

    if args.nproc < 1:
        raise ConfigError(f"--nproc {args.nproc}: must be at least 1")
    devkit, boundaries = Path(args.devkit_path), Path(args.aug_path, "dataset")
    known = set(_names(devkit / _LISTS / "trainval.txt", "VOCdevkit with VOC2012"))
    listed = {name for part in ("train", "val") for name in _names(boundaries / f"{part}.txt", "benchmark_RELEASE")}
    names = sorted(listed - known)
    aug = devkit / _LISTS / "aug.txt"
    if aug.exists() and sorted(_names(aug, "")) != names:
        raise DataError(
            f"{aug}: already exists with other names than these {len(names)}; move it away to have it rewritten"
        )
    folder = devkit / "VOC2012/SegmentationClassAug"
    with ThreadPoolExecutor(args.nproc) as pool:
        jobs = pool.map(lambda name: convert(boundaries / "cls" / f"{name}.mat", folder / f"{name}.png"), names)
        written = sum(tracked(jobs, "converting", "label", total=len(names)))
    if not aug.exists():
        write_atomically(aug, "".join(f"{name}\n" for name in names).encode())
    print(f"{folder}: {written} labels written, {len(names) - written} existed; their names are in {aug}")


def convert(source: Path, target: Path) -> bool:
    """Write one label as PNG; False if it exists."""
    from paddleseg.datasets.mat_labels import read_mat_label
    from paddleseg.utils.visualize import encode_image

    if target.exists():
        return False
    label = read_mat_label(source, _LABEL)
    if label.max() > 20:
        raise DataError(f"{source}: {_LABEL} has the value {label.max()}; Pascal VOC has classes 0 to 20")
    write_atomically(target, encode_image(label.astype(np.uint8)))
    return True


def _names(path: Path, what: str) -> list[str]:
    from paddleseg.utils.picture_files import read_list_lines

    if not path.is_file():
        raise DataError(f"{path}: there is no such list; give the folder {what}")
    return [name for _, name in read_list_lines(path)]
