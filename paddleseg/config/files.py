# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Whether the files that a configuration names are on this machine."""

from __future__ import annotations

import os

from paddleseg.config.load import Config
from paddleseg.config.problems import Problems
from paddleseg.models.zoo import is_there
from paddleseg.utils.weight_source import places_of, source_faults


def check_files_exist(config: Config, command: str, do_eval: bool, problems: Problems, *, pretrained: bool) -> None:
    """Note missing files that the command would read: data folders, list files, pretrained weights.

    Files named in lists are checked when the data set is built.

    Args:
        config: The configuration.
        command: The command that reads them.
        do_eval: Whether training evaluates.
        problems: Collects missing files.
        pretrained: Whether it is certain that a training reads ``model.pretrained``.
    """
    if command == "train":
        if pretrained:
            check_pretrained_exists(config, problems)
        _check_dataset_files(config, "train_dataset", "train", problems)
    if command == "val" or (command == "train" and do_eval):
        _check_dataset_files(config, "val_dataset", "val", problems)


def check_pretrained_exists(config: Config, problems: Problems) -> None:
    """Note if ``model.pretrained`` is not on this machine; an address is checked when it is read."""
    source = config.section("model").get("pretrained")
    if not isinstance(source, (str, dict)) or any(source_faults(source)):
        return  # reported by the check of the section
    if not is_there(source):
        problems.add(
            "model.pretrained",
            f"there is no file {', '.join(map(repr, places_of(source)[0]))}; give a file, a checkpoint folder, an "
            "address (https://..) or null",
        )


def _check_dataset_files(config: Config, section: str, default_mode: str, problems: Problems) -> None:
    arguments = config.section(section)
    root = arguments.get("dataset_root")
    if isinstance(root, str) and not os.path.isdir(root):
        problems.add(f"{section}.dataset_root", f"there is no folder {root!r}; give the folder of the data set")
    name = f"{arguments.get('mode', default_mode)}_path"
    path = arguments.get(name)
    candidates = [path, os.path.join(str(root), path)] if isinstance(path, str) else []
    if candidates and not any(map(os.path.isfile, candidates)):
        problems.add(f"{section}.{name}", f"there is no file {path!r}; give the list of pictures and labels")
