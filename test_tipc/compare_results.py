# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
r"""Compare the label maps of a chain's inference with recorded scores.

    python test_tipc/compare_results.py --metric_file './test_tipc/results/*.txt' --num_classes 19 \
        --predict_dir './test_tipc/output/ddrnet/whole_infer/python_infer_*_results' \
        --gt_dir ./test_tipc/data/cityscapes/gtFine/val

The scores of each folder of label maps are compared with those of the metric file with the same precision (fp32, fp16,
bf16, int8) in its name; if there are several, with python_<model>_results_<precision>.txt for the folder's model. The
exit status is 0 if all agree. --write_metric_file records scores instead.
"""

from __future__ import annotations

import argparse
import glob
import os
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from paddleseg.metrics.confusion import ConfusionMatrix
from paddleseg.metrics.scores import class_iou, class_precision, kappa, mean_iou, pixel_accuracy
from paddleseg.utils.cli import CommandParser, require_packages, run_command
from paddleseg.utils.errors import ConfigError, DataError

PRECISIONS = ("fp32", "fp16", "bf16", "int8")
# Lists of one score per class are for people, as in PaddleSeg; the means cover them.
COMPARED = ("#Images", "mIoU", "Acc", "Kappa")
# Cityscapes names a picture, and so its label map, differently from its label.
_PICTURE_ENDING, _LABEL_ENDING = "_leftImg8bit", "_gtFine_labelTrainIds"


def make_parser() -> argparse.ArgumentParser:
    """Describe the command line; the flags are PaddleSeg's, --write_metric_file is an addition."""
    parser = CommandParser(
        prog="compare_results.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--metric_file", metavar="PATTERN", help="recorded scores, a quoted glob pattern")
    add("--predict_dir", required=True, metavar="PATTERN", help="folders of label maps, a quoted glob pattern")
    add("--gt_dir", required=True, metavar="DIR", help="labels; searched with its subfolders")
    add("--num_classes", required=True, type=int, metavar="K", help="number of classes, without the ignored one")
    add("--atol", type=float, default=1e-3, help="allowed absolute difference (default: %(default)s)")
    add("--rtol", type=float, default=1e-3, help="allowed relative difference (default: %(default)s)")
    add("--write_metric_file", metavar="FILE", help="record the scores of --predict_dir, which is one folder then")
    return parser


def main(arguments: argparse.Namespace) -> None:
    """Compare, or record."""
    require_packages("cv2")
    check_arguments(arguments)
    folders = [Path(path) for path in sorted(glob.glob(arguments.predict_dir)) if os.path.isdir(path)]
    if not folders:
        raise ConfigError(f"--predict_dir {arguments.predict_dir}: no folder fits; run the chain first")
    if arguments.write_metric_file is not None:
        if len(folders) > 1:
            raise ConfigError(f"--predict_dir {arguments.predict_dir}: {len(folders)} folders; one can be recorded")
        write_metrics(Path(arguments.write_metric_file), score(folders[0], arguments.gt_dir, arguments.num_classes))
        return
    recorded = read_metric_files(arguments.metric_file)
    results = []
    for folder in folders:
        path, expected = choose_metrics(arguments.metric_file, recorded, folder)
        found = score(folder, arguments.gt_dir, arguments.num_classes)
        differences = list(describe_differences(expected, found, arguments.atol, arguments.rtol))
        results.append(not differences)
        for line in differences:
            print(line)
        if differences:
            print(f"Assert allclose failed! The results of {folder.name} and the results of {path} are inconsistent!")
        else:
            print(f"Assert allclose passed! The results of {folder.name} and {path} are consistent!")
    sys.exit(0 if all(results) else 1)


def check_arguments(arguments: argparse.Namespace) -> None:
    """Refuse values that no comparison can use."""
    if (arguments.metric_file is None) == (arguments.write_metric_file is None):
        raise ConfigError("give --metric_file to compare with it, or --write_metric_file to write one")
    if not 1 <= arguments.num_classes <= 255:
        raise ConfigError(f"--num_classes {arguments.num_classes}: must be from 1 to 255")
    if not os.path.isdir(arguments.gt_dir):
        raise ConfigError(f"--gt_dir {arguments.gt_dir}: there is no such folder")


def score(folder: Path, gt_dir: str, num_classes: int) -> dict[str, float | np.ndarray]:
    """Scores of all label maps of a folder.

    Args:
        folder: PNG label maps; ``<name>.png`` belongs to the label ``<name>.png`` or, for the name of a Cityscapes
            picture, to its labelTrainIds.
        gt_dir: Folder of the labels.
        num_classes: K; label value 255 is ignored.

    Returns:
        ``#Images``, ``mIoU``, ``Acc``, ``Kappa``, and (K,) ``Class IoU`` and ``Class Acc``, by their names in
        metric files. Class Acc is PaddleSeg's: the share of a class's predictions that are right.
    """
    from paddleseg.utils.image_io import read_label

    labels: dict[str, list[Path]] = {}
    for path in sorted(Path(gt_dir).rglob("*.png")):
        labels.setdefault(path.name, []).append(path)
    confusion = ConfusionMatrix(num_classes)
    predictions = sorted(folder.rglob("*.png"))
    if not predictions:
        raise DataError(f"{folder}: no label maps (*.png)")
    for path in predictions:
        names = (path.name, f"{path.stem.replace(_PICTURE_ENDING, _LABEL_ENDING)}.png")
        found = next((labels[name] for name in names if name in labels), [])
        if not found:
            raise DataError(f"{path}: there is no label {' or '.join(dict.fromkeys(names))} in {gt_dir}")
        if len(found) > 1:
            raise DataError(
                f"{path}: its label may be {found[0]} or {found[1]}; give a --gt_dir that holds one of them"
            )
        label_path = found[0]
        prediction, label = read_label(path), read_label(label_path)
        try:
            confusion.update(prediction, label, path=str(label_path))
        except DataError:
            raise
        except ValueError as error:
            raise DataError(f"{path}: {error}") from None
    matrix = confusion.matrix
    return {
        "#Images": len(predictions),
        "mIoU": mean_iou(matrix),
        "Acc": pixel_accuracy(matrix),
        "Kappa": kappa(matrix),
        "Class IoU": class_iou(matrix),
        "Class Acc": class_precision(matrix),
    }


def read_metric_files(pattern: str) -> dict[str, dict[str, float]]:
    """Read the recorded scores.

    Args:
        pattern: Metric files, each with a precision in its name.

    Returns:
        File to scores to compare.

    Raises:
        ConfigError: None matches.
        DataError: A line is not ``name: value``, or a file has no score to compare.
    """
    recorded = {path: read_metrics(path) for path in sorted(glob.glob(pattern))}
    if not recorded:
        raise ConfigError(f"--metric_file {pattern}: no file fits; --write_metric_file records one")
    return recorded


def choose_metrics(pattern: str, recorded: dict[str, dict[str, float]], folder: Path) -> tuple[str, dict[str, float]]:
    """The metric file for a folder of label maps, and its scores.

    Raises:
        ConfigError: None is for the precision of the folder, or several are and the model does not decide.
    """
    precision = precision_of(folder.name)
    found = [path for path in recorded if precision_of(os.path.basename(path)) == precision]
    if not found:
        raise ConfigError(f"--metric_file {pattern}: none is for {precision}, that of {folder}")
    if len(found) > 1:
        # Quantised models have their own name in output trees: <model>_KL.
        models = {part.removesuffix("_KL") for part in folder.resolve().parts}
        of_model = [path for path in found if _model_of(path) in models]
        if len(of_model) != 1:
            raise ConfigError(
                f"--metric_file {pattern}: {found[0]} and {found[1]} are both for {precision}, and {folder} lies in no "
                "folder with the name of its model, python_<model>_results_<precision>.txt; give one of them"
            )
        found = of_model
    return found[0], recorded[found[0]]


def _model_of(path: str) -> str:
    """The model in the name of a metric file; the whole name if there is none."""
    name = os.path.basename(path)
    return name.removeprefix("python_").partition("_results_")[0]


def read_metrics(path: str) -> dict[str, float]:
    """The scores to compare, from one metric file."""
    from paddleseg.utils.picture_files import read_list_lines

    metrics = {}
    for number, line in read_list_lines(path):
        name, colon, value = line.partition(":")
        if not colon:
            raise DataError(f"{path}, line {number}: {line!r} is not <name>: <value>")
        if name.strip() not in COMPARED:
            continue
        try:
            metrics[name.strip()] = float(value)
        except ValueError:
            raise DataError(f"{path}, line {number}: {value.strip()!r} is not a number") from None
    if not metrics:
        raise DataError(f"{path}: none of {', '.join(COMPARED)} is in it")
    return metrics


def write_metrics(path: Path, metrics: dict[str, float | np.ndarray]) -> None:
    """Write a metric file: one ``name: value`` a line."""
    precision_of(path.name)
    lines = []
    for name, value in metrics.items():
        text = " ".join(f"{entry:.8f}" for entry in value) if isinstance(value, np.ndarray) else repr(value)
        lines.append(f"{name}: [{text}]" if isinstance(value, np.ndarray) else f"{name}: {text}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{path}: mIoU {metrics['mIoU']:.6f} of {metrics['#Images']} label maps")


def describe_differences(expected: dict[str, float], found: dict, atol: float, rtol: float):
    """A line for each score that deviates by more than ``atol + rtol * |found|``."""
    for name, value in expected.items():
        if not np.isclose(value, found[name], atol=atol, rtol=rtol, equal_nan=True):
            difference = abs(value - found[name])
            print_as = f"{name}: {found[name]:.6f}, recorded {value:.6f}, difference {difference:.6f}"
            yield f"{print_as} (atol {atol:g}, rtol {rtol:g})"


def precision_of(name: str) -> str:
    """The precision in the name of a file or folder."""
    found = [precision for precision in PRECISIONS if precision in name]
    if len(found) != 1:
        raise ConfigError(f"{name}: the name must hold one of {', '.join(PRECISIONS)}")
    return found[0]


if __name__ == "__main__":
    run_command(main, make_parser())
