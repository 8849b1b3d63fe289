# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The mIoU lost on the way from logits at 1/8 to the label map, with logits made from the labels.

    python benchmark/label_map.py --dataset_root FOLDER [--list val.txt] [--num_classes 11] [--size 512x512]

Pictures are assumed to be resized to one size, as for a network. A perfect network would return the class of each cell
of 8x8 pixels; its confidence near borders is unknown, so there are several ways to make its logits:

    shares         the share of each class in the cell, of the label resized by the id at each pixel's centre
    shares_floor   the same, the label resized by floor(i * source / target), as OpenCV's nearest does it
    sqrt_shares    the square root of the shares in the label as it is: sure of a class early, like networks
    bilinear       one-hot coded labels, resized bilinearly from the input's size
    centres        the class at the cell's centre, with certainty

and four ways back, for each of which the mIoU is printed:

    floor          class ids at the input's size, brought to the picture by floor(i * source / target)
    ids            the same, by the id at each pixel's centre: folders with a graph of class ids only
    dense          all logits to the input's size, to the picture's, then the best class: PaddleSeg's order
    ours           paddleseg/utils/label_map.py: as in val.py, predict.py and infer.py

The last columns: pixels in which the latter two differ, and the largest distance of their classes' logits there.
"""

from __future__ import annotations

import argparse
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import cv2
import numpy as np

from paddleseg.datasets.dataset import read_file_list
from paddleseg.metrics.confusion import ConfusionMatrix
from paddleseg.metrics.scores import mean_iou
from paddleseg.utils.cli import run_command
from paddleseg.utils.image_io import read_label
from paddleseg.utils.label_map import label_maps
from paddleseg.utils.way_back import restore_ids

STRIDE = 8
WAYS = ("floor", "ids", "dense", "ours")


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="label_map.py", description=__doc__.splitlines()[0])
    parser.add_argument("--dataset_root", required=True, help="folder of pictures and labels, such as CamVid's")
    parser.add_argument("--list", default="val.txt", help="list of a picture and its label a line (default: val.txt)")
    parser.add_argument("--num_classes", type=int, default=11, help="other label values do not count (default: 11)")
    parser.add_argument("--size", default="512x512", help="HEIGHTxWIDTH of the network's input, multiples of 8")
    return parser


def one_hot(label: np.ndarray, num_classes: int) -> np.ndarray:
    """(K, H, W) float32 of (H, W) class ids; all 0 where the label is not a class."""
    return (label == np.arange(num_classes)[:, None, None]).astype(np.float32)


def resize(planes: np.ndarray, size_hw: tuple[int, int], interpolation: int = cv2.INTER_LINEAR) -> np.ndarray:
    """(K, H, W) to (K, *size_hw)."""
    return np.stack([cv2.resize(plane, size_hw[::-1], interpolation=interpolation) for plane in planes])


def by_floor(ids: np.ndarray, size_hw: tuple[int, int]) -> np.ndarray:
    """(H, W) to ``size_hw``."""
    rows, columns = (np.arange(target) * source // target for source, target in zip(ids.shape, size_hw))
    return ids[rows[:, None], columns]


def oracle_logits(label: np.ndarray, num_classes: int, size_hw: tuple[int, int]) -> dict[str, np.ndarray]:
    """Logits (K, h, w) float32 at 1/8 of ``size_hw``, by the names above, of (H, W) class ids."""
    grid_hw = size_hw[0] // STRIDE, size_hw[1] // STRIDE
    at_centres = restore_ids(label, [("resize", size_hw)])

    def shares(ids: np.ndarray) -> np.ndarray:
        return one_hot(ids, num_classes).reshape(num_classes, grid_hw[0], STRIDE, grid_hw[1], STRIDE).mean((2, 4))

    return {
        "shares": shares(at_centres),
        "shares_floor": shares(by_floor(label, size_hw)),
        "sqrt_shares": np.sqrt(resize(one_hot(label, num_classes), grid_hw, cv2.INTER_AREA)),
        "bilinear": resize(one_hot(at_centres, num_classes), grid_hw),
        "centres": one_hot(at_centres[STRIDE // 2 :: STRIDE, STRIDE // 2 :: STRIDE], num_classes),
    }


def compare(logits: np.ndarray, size_hw: tuple[int, int], picture_hw: tuple[int, int]) -> tuple[dict, np.ndarray]:
    """Class ids at the picture's size by each of ``WAYS``, and the lead of "dense" where "ours" has another class."""
    logits = np.ascontiguousarray(logits, np.float32)
    at_input = resize(logits, size_hw)
    ids = at_input.argmax(axis=0).astype(np.uint8)
    at_picture = resize(at_input, picture_hw)
    trans_info = [("resize", picture_hw)]
    found = {
        "floor": by_floor(ids, picture_hw),
        "ids": restore_ids(ids, trans_info),
        "dense": at_picture.argmax(axis=0).astype(np.uint8),
        "ours": label_maps(logits[None], size_hw, [trans_info])[0],
    }
    y, x = np.nonzero(found["ours"] != found["dense"])
    return found, at_picture[found["dense"][y, x], y, x] - at_picture[found["ours"][y, x], y, x]


def _is_side(text: str) -> bool:
    return text.isascii() and text.isdigit() and int(text) > 0 and int(text) % STRIDE == 0


def main(arguments: argparse.Namespace) -> None:
    from paddleseg.utils.errors import ConfigError

    sides = arguments.size.split("x")
    if len(sides) != 2 or not all(map(_is_side, sides)):
        raise ConfigError(f"--size {arguments.size}: give HEIGHTxWIDTH, multiples of {STRIDE}, such as 512x512")
    if not 2 <= arguments.num_classes <= 255:
        raise ConfigError(f"--num_classes {arguments.num_classes}: must be from 2 to 255")
    size_hw = int(sides[0]), int(sides[1])
    counts: dict[str, dict[str, ConfusionMatrix]] = {}
    leads: dict[str, list[np.ndarray]] = {}
    pairs = read_file_list(arguments.list, arguments.dataset_root)
    pixels = 0
    for _, path in pairs:
        label = read_label(path)
        pixels += label.size
        counted = np.where(label < arguments.num_classes, label, 255)
        for name, logits in oracle_logits(label, arguments.num_classes, size_hw).items():
            found, lead = compare(logits, size_hw, label.shape)
            leads.setdefault(name, []).append(lead)
            for way, ids in found.items():
                matrices = counts.setdefault(name, {})
                matrices.setdefault(way, ConfusionMatrix(arguments.num_classes)).update(ids, counted)
    print(f"mIoU of {len(pairs)} pictures, {pixels} pixels, input {arguments.size}")
    print(f"{'logits':<14}{''.join(f'{way:>9}' for way in WAYS)}{'differing':>11}{'apart by':>10}")
    for name, matrices in counts.items():
        scores = "".join(f"{mean_iou(matrices[way].matrix):>9.4f}" for way in WAYS)
        lead = np.concatenate(leads[name])
        print(f"{name:<14}{scores}{len(lead):>11}{lead.max(initial=0):>10.1e}")


if __name__ == "__main__":
    run_command(main, make_parser())
