# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Plant errors in validation labels, and see how many of them a trained network ranks first.

    python benchmark/label_errors.py --config configs/camvid/ddrnet23_slim_camvid_cpu.yml --model_path best_model

A third of the errors are objects with another class, a third omitted objects, a third invented areas. A region of the
list is right if at least half of it is planted; a second region of the same error is not. Errors already in the labels
count as wrong answers. Chance is the share of right regions among all regions where network and label disagree, and the
share of changed pixels among the labelled ones.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import NamedTuple

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import cv2
import numpy as np

from paddleseg.utils.cli import require_packages, run_command
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.json_report import add_json_flag, check_json_flag, write_json

RANKINGS = ("unusual", "confident", "mean", "sum")
SIZES = 200, 8000
TOPS = 10, 20, 30


class PlantedError(NamedTuple):
    """An error: its mask, (H, W) bool, and its kind."""

    mask: np.ndarray
    kind: str


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="label_errors.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", required=True, help="configuration whose val_dataset gets the errors")
    parser.add_argument("--model_path", required=True, help="weights that were not trained on it")
    parser.add_argument("--errors", type=int, default=30, help="how many, each in a picture of its own (30)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="one run each (0 1 2)")
    add_json_flag(parser, "the figures")
    return parser


def objects_of(label: np.ndarray, num_classes: int) -> list[np.ndarray]:
    """Masks (H, W) bool of the connected areas of one class with the size of an object."""
    found = []
    for class_id in np.unique(label[label < num_classes]).tolist():
        _, numbers, stats, _ = cv2.connectedComponentsWithStats((label == class_id).astype(np.uint8), connectivity=4)
        for number, area in enumerate(stats[1:, cv2.CC_STAT_AREA], start=1):
            width, height = stats[number, cv2.CC_STAT_WIDTH], stats[number, cv2.CC_STAT_HEIGHT]
            # For areas that are mostly rim, such as poles, not even people could tell whether the label is wrong.
            if SIZES[0] <= area <= SIZES[1] and area >= 0.25 * width * height and min(width, height) >= 10:
                found.append(numbers == number)
    return found


def spoil(label: np.ndarray, kind: str, num_classes: int, rng: np.random.Generator) -> PlantedError | None:
    """Change a label in place; None if it has no suitable object."""
    if kind == "invented":
        mask = np.zeros(label.shape, np.uint8)
        height, width = label.shape
        centre = rng.uniform(0.15, 0.85, 2) * (width, height)
        angles = np.sort(rng.uniform(0, 2 * np.pi, 9))
        radius = rng.uniform(12, 35) * rng.uniform(0.7, 1.2, 9)
        points = centre + np.stack([np.cos(angles) * radius, np.sin(angles) * radius], axis=1)
        cv2.fillPoly(mask, [np.rint(points).astype(np.int32)], 1)
        mask = (mask > 0) & (label < num_classes)
        below = np.bincount(label[mask], minlength=num_classes)[:num_classes]
        if mask.sum() < SIZES[0] or below.max() < 0.9 * mask.sum():
            return None
        now = rng.choice(np.flatnonzero(np.arange(num_classes) != below.argmax()))
    else:
        objects = objects_of(label, num_classes)
        if not objects:
            return None
        mask = objects[rng.integers(len(objects))]
        own = int(label[mask][0])
        ring = cv2.dilate(mask.astype(np.uint8), np.ones((9, 9), np.uint8)).astype(bool) & ~mask
        around = np.bincount(label[ring], minlength=256)[:num_classes]
        around[own] = 0
        if kind == "left out":
            if not around.any():
                return None
            now = around.argmax()
        else:
            now = rng.choice([i for i in range(num_classes) if i not in (own, around.argmax())])
    label[mask] = now
    return PlantedError(mask, kind)


def spoil_some(labels: list[np.ndarray], count: int, num_classes: int, seed: int) -> dict[int, PlantedError]:
    """Replace some labels of the list by copies with planted errors; return the errors by position."""
    rng = np.random.default_rng(seed)
    planted: dict[int, PlantedError] = {}
    for index in rng.permutation(len(labels)).tolist():
        if len(planted) == count:
            break
        label = labels[index].copy()
        error = spoil(label, ("another class", "left out", "invented")[len(planted) % 3], num_classes, rng)
        if error is not None:
            labels[index], planted[index] = label, error
    if len(planted) == count:
        return planted
    raise ConfigError(f"--errors {count}: only {len(planted)} of {len(labels)} labels have a place for one")


def hits(ranked: list, is_inside) -> list[bool]:
    """For each region of a ranking whether it is an error not already found by an earlier one."""
    seen: set[int] = set()
    answers = []
    for _, region in ranked:
        is_new = region.index not in seen and is_inside(region)
        answers.append(is_new)
        if is_new:
            seen.add(region.index)
    return answers


class WithOtherLabels:
    """A data set with replaced labels; everything else is the original's."""

    def __init__(self, dataset, labels: list[np.ndarray]) -> None:
        self._dataset, self._labels = dataset, labels

    def __getattr__(self, name: str):
        return getattr(self._dataset, name)

    def __len__(self) -> int:
        return len(self._dataset)

    def sample(self, index: int, rng: np.random.Generator) -> dict:
        """The sample with its other label."""
        return {**self._dataset.sample(index, rng), "label": self._labels[index]}


def measure(model, dataset, labels: list[np.ndarray], arguments: argparse.Namespace, seed: int) -> dict:
    """One run: how many of the first regions are planted errors, for each ranking."""
    from paddleseg.inference.label_errors import find_label_errors, region_mask

    labels = list(labels)
    planted = spoil_some(labels, arguments.errors, dataset.num_classes, seed)
    found = find_label_errors(model, WithOtherLabels(dataset, labels))

    def is_inside(region) -> bool:
        if region.index not in planted:
            return False
        mask = region_mask(region, labels[region.index], found.prediction(region.index))
        return bool(2 * (mask & planted[region.index].mask).sum() >= mask.sum())

    figures: dict = {"seed": seed, "regions": len(found.regions)}
    right = {id(region): is_inside(region) for region in found.regions}
    figures["chance_regions"] = sum(right.values()) / max(len(right), 1)
    labelled = sum(int((label < dataset.num_classes).sum()) for label in labels)
    figures["chance_pixels"] = sum(int(error.mask.sum()) for error in planted.values()) / labelled
    for ranking in RANKINGS:
        answers = hits(found.ranked(ranking), lambda region: right[id(region)])
        figures[ranking] = {top: sum(answers[:top]) / top for top in TOPS}
        figures[f"{ranking}_all"] = sum(answers) / len(planted)
    return figures


def main(arguments: argparse.Namespace) -> None:
    require_packages("paddle", "cv2")
    check_json_flag(arguments.json)
    from paddleseg.config.build import build_dataset
    from paddleseg.config.load import load_config
    from paddleseg.config.schema import check_config
    from paddleseg.config.trained_network import load_trained_network
    from paddleseg.onednn import CpuSettings, entered
    from paddleseg.utils.device import select_device

    config = load_config(arguments.config)
    check_config(config, command="val")
    select_device(None)
    cpu = CpuSettings.choose(None, None)
    dataset = build_dataset(config, "val")
    model, _ = load_trained_network(config, arguments.model_path, cpu)
    labels = [dataset.read_label(index) for index in range(len(dataset))]
    with entered(cpu):
        runs = [measure(model, dataset, labels, arguments, seed) for seed in arguments.seeds]
    print(f"{arguments.errors} errors in {len(dataset)} pictures, precision at {', '.join(map(str, TOPS))}")
    for figures in runs:
        print(
            f"seed {figures['seed']}: {figures['regions']} regions; chance {figures['chance_regions']:.1%} of regions, "
            f"{figures['chance_pixels']:.2%} of pixels"
        )
        for ranking in RANKINGS:
            shown = "  ".join(f"{figures[ranking][top]:.2f}" for top in TOPS)
            print(f"  {ranking:<10} {shown}   {figures[f'{ranking}_all']:.0%} of the errors are in the list at all")
    write_json(arguments.json, runs)


if __name__ == "__main__":
    run_command(main, make_parser())
