# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The commands of ``ddrnet NAME``: description, module, and file in the repository."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import NamedTuple


class Command(NamedTuple):
    """A command.

    Attributes:
        name: After ``ddrnet``.
        module: Of the package; has ``make_parser()`` and ``main(arguments)``.
        file: The same command as a file of the repository; empty if there is none.
        about: A line for ``ddrnet --help``.
    """

    name: str
    module: str
    file: str
    about: str

    @property
    def stem(self) -> str:
        """The file's name, which also names the command."""
        return PurePosixPath(self.file).stem


def _command(name: str, file: str, about: str, module: str | None = None) -> Command:
    return Command(name, f"paddleseg.commands.{module or PurePosixPath(file).stem}", file, about)


GROUPS: dict[str, tuple[Command, ...]] = {
    "Networks": (
        _command("train", "train.py", "train a network"),
        _command("val", "val.py", "score trained weights on val_dataset"),
        _command("predict", "predict.py", "label maps of pictures or videos, or their classes"),
        _command("plot", "tools/plot_curve.py", "curves of runs on one chart"),
        _command("compare", "tools/compare_runs.py", "how two runs differ, class by class"),
        _command("reproduce", "tools/reproduce.py", "repeat a run from its folder, and compare it to the last bit"),
        _command("replay-step", "tools/replay_step.py", "repeat a step that was not finite, and name the layer"),
        _command("model-card", "tools/model_card.py", "MODEL_CARD.md and CITATION.cff of a run"),
        _command("analyze", "tools/analyze_model.py", "parameters and multiply-accumulate operations"),
        _command("zoo", "tools/zoo.py", "published weights: list them, download one"),
        _command("convert-weights", "tools/convert_weights.py", "weights of other kits to ours, and ours to theirs"),
    ),
    "Deployment": (
        _command("export", "export.py", "trained weights to graphs with a deploy.yaml"),
        _command("verify", "tools/verify_export.py", "compare an export with its network, on every engine"),
        _command("quantize", "deploy/slim/quant/ptq.py", "int8 graphs of an export"),
        _command("infer", "deploy/python/infer.py", "run an export on pictures or videos"),
        _command("evaluate", "deploy/python/evaluate.py", "score an export as it will run"),
        Command("serve", "paddleseg.deploy.serve.command", "", "serve an export over HTTP, with a page to try it on"),
    ),
    "This machine": (_command("doctor", "tools/doctor.py", "check this machine and its Python for problems"),),
    "Data": (
        _command("check", "tools/check_dataset.py", "report what training cannot use, and what will harm it"),
        _command("find-label-errors", "tools/find_label_errors.py", "rank what is probably labelled wrong"),
        _command("mend-labels", "tools/mend_labels.py", "write corrected labels as the check proposes"),
        _command("stats", "tools/dataset_stats.py", "pixels of each class, class weights, mean and deviation"),
        _command("browse", "tools/browse_dataset.py", "draw samples as training sees them"),
        _command("split", "tools/split_dataset.py", "split a list into training, validation and test"),
        _command("profile-data", "tools/profile_data.py", "show whether a training waits for its data"),
        _command("convert-dataset", "tools/convert_dataset.py", "a data set from the output of an annotation tool"),
        _command(
            "convert-cityscapes",
            "tools/dataset_converters/cityscapes.py",
            "Cityscapes' labels of the 19 train ids",
            "convert_cityscapes",
        ),
        _command(
            "convert-voc-aug",
            "tools/dataset_converters/voc_aug.py",
            "labels of the Semantic Boundaries Dataset for Pascal VOC",
            "convert_voc_aug",
        ),
        _command("make-roadscenes", "tools/make_roadscenes.py", "draw street scenes with labels"),
        _command("make-class-crops", "tools/make_class_crops.py", "class folders from labelled street scenes"),
    ),
}
COMMANDS = {command.name: command for group in GROUPS.values() for command in group}


def find(name: str) -> Command | None:
    """The command of a name, of the name of its file, or of either with ``_`` for ``-``."""
    files = {command.stem: command for command in COMMANDS.values() if command.file}
    return COMMANDS.get(name.replace("_", "-")) or files.get(name.replace("-", "_"))
