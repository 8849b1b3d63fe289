# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Labels with a palette, to make them visible, by the name and with the arguments of PaddleSeg's tool.

    python tools/data/gray2pseudo_color.py data/mine/annotations colour_labels
    python tools/data/gray2pseudo_color.py train.txt colour_labels --dataset_dir data/mine --file_separator ' '

The values stay the same: the results can be used for training as well. Colours are PaddleSeg's.
"""

import argparse
import os
import sys
from pathlib import Path

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from paddleseg.utils.cli import require_packages, run_command
from paddleseg.utils.errors import ConfigError, DataError


def make_parser() -> argparse.ArgumentParser:
    """Describe the command line; the names are PaddleSeg's."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dir_or_file", help="folder of labels, or a list file")
    parser.add_argument("output_dir", help="folder of the labels with a palette")
    parser.add_argument("--dataset_dir", help="of a list: folder that its paths are relative to")
    parser.add_argument("--file_separator", help="of a list: what stands between its columns")
    return parser


def main(args: argparse.Namespace) -> None:
    """Read all labels, then write them below ``output_dir`` under their names."""
    require_packages("cv2")
    from paddleseg.utils.image_io import read_label
    from paddleseg.utils.progress import tracked
    from paddleseg.utils.visualize import default_palette, encode_image, palette_image
    from paddleseg.utils.written_files import WrittenFiles

    source, target = Path(args.dir_or_file), Path(args.output_dir)
    labels, root = labels_of_list(args) if source.is_file() else labels_of_folder(source, target)
    files = {label: target / Path(os.path.relpath(label, root)).with_suffix(".png") for label in labels}
    written = WrittenFiles(target)
    written.refuse_foreign(files.values())
    palette = default_palette()
    for label, file in tracked(files.items(), "writing", "label"):
        written.write(file, encode_image(palette_image(read_label(label), palette)))
    print(f"{target}: {len(files)} labels")


def labels_of_folder(folder: Path, target: Path) -> tuple[list[str], str]:
    """The labels in a folder and below it, without those of an earlier run."""
    from paddleseg.utils.picture_files import list_images

    if not folder.is_dir():
        raise DataError(f"{folder}: there is no such file or folder")
    if os.path.realpath(folder) == os.path.realpath(target):
        raise DataError(f"{target}: its labels would be replaced; give another output_dir")
    labels, root = list_images(folder)
    inside = os.path.join(os.path.realpath(target), "")
    labels = [label for label in labels if not os.path.realpath(label).startswith(inside)]
    if not labels:
        raise DataError(f"{folder}: holds nothing but earlier results")
    return labels, root


def labels_of_list(args: argparse.Namespace) -> tuple[list[str], str]:
    """The second column of a list."""
    from paddleseg.datasets.dataset import read_file_list

    if args.dataset_dir is None or not args.file_separator:
        raise ConfigError(f"{args.dir_or_file}: is a list; give --dataset_dir and --file_separator, for instance ' '")
    pairs = read_file_list(args.dir_or_file, args.dataset_dir, args.file_separator)
    return [label for _, label in pairs if label is not None], args.dataset_dir


if __name__ == "__main__":
    run_command(main, make_parser())
