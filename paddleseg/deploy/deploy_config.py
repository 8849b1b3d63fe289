# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""deploy.yaml: everything a program needs to know to run an exported network.

The format is PaddleSeg's (``Deploy: {model, params, transforms, input_shape, output_op, output_dtype}``) plus
the names and colours of the classes, ``task``, ``format`` and ``precision`` of the main graph, ``graphs``, further
graphs of the same network, ``checksums`` of the files, and how pictures and lists of them are read. Programs that do
not know ``graphs`` run ``model``; files that PaddleSeg wrote are read too. ``output_dtype``, ``arch`` and
``paddle_version`` are for other programs.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

# These register what a deploy.yaml may name. The modules whose transforms are always random stay unloaded.
import paddleseg.transforms.center_crop
import paddleseg.transforms.padding
import paddleseg.transforms.transforms  # noqa: F401
from paddleseg.deploy.graph_spec import OUTPUT_OPS, TYPE_WORDS, GraphSpec, check_choice, read_graph, read_graphs
from paddleseg.registry import TRANSFORMS
from paddleseg.transforms import is_always_random
from paddleseg.transforms.pipeline import Pipeline
from paddleseg.utils.arguments import faults_of, relation_faults_of
from paddleseg.utils.errors import ConfigError, raise_faults
from paddleseg.utils.image_io import READ_DEFAULTS, ReadOptions
from paddleseg.utils.label_map import LABEL_VALUES, ignored_class_of
from paddleseg.utils.near_miss import suggest
from paddleseg.utils.picture_files import BLANK
from paddleseg.utils.yaml_text import parse_yaml

FILE_NAME = "deploy.yaml"
SEGMENTATION, CLASSIFICATION = TASKS = ("segmentation", "classification")
"""What the network finds in a picture: a label map, which is the default, or one class."""
# Key under Deploy: (type of the value, may be left out).
_KEYS: dict[str, tuple[type, bool]] = {
    "model": (str, False),
    "params": (str, True),
    "format": (str, True),
    "precision": (str, True),
    "input": (str, True),
    "calibrated_size": (list, True),
    "transforms": (list, False),
    "input_shape": (list, True),
    "output_op": (str, True),
    "output_dtype": (str, True),
    "graphs": (dict, True),
    "num_classes": (int, True),
    "ignore_index": (int, True),
    "class_names": (list, True),
    "palette": (list, True),
    "apply_exif": (bool, True),
    "value_range": (list, True),
    "separator": (str, True),
    "task": (str, True),
    "arch": (str, True),
    "paddle_version": (str, True),
    "checksums": (dict, True),
}


@dataclass(frozen=True)
class DeployConfig:
    """The content of one deploy.yaml.

    Attributes:
        path: The file itself.
        main_graph: The graph under PaddleSeg's keys. Its ``gives`` is ``output_op``; a classifier's graph returns (N,)
            class ids or (N, K) scores.
        transforms: Preprocessing, in the form of ``transforms`` in a training configuration.
        num_classes: Number of classes K.
        palette: K colours [r, g, b].
        graphs: Further graphs by their names.
        ignore_index: The label value that was not trained, if it is below K: the graphs never return this class.
        read_options: How pictures are read (``apply_exif``, ``value_range``). With files of older kits, which lack
            these, pictures are turned upright, as in PaddleSeg's infer.py.
        separator: The separator of columns in lists of pictures.
        task: One of ``TASKS``.
        class_names: Names of the classes.
        checksums: SHA-256 of the export's files by their names.
    """

    path: Path
    main_graph: GraphSpec
    transforms: list[dict[str, Any]]
    num_classes: int | None = None
    palette: list[list[int]] | None = None
    graphs: Mapping[str, GraphSpec] = field(default_factory=dict)
    ignore_index: int | None = None
    read_options: ReadOptions = READ_DEFAULTS
    separator: str = BLANK
    task: str = SEGMENTATION
    class_names: list[str] | None = None
    checksums: Mapping[str, str] = field(default_factory=dict)

    @property
    def output_op(self) -> str | None:
        """The output of the main graph.

        ``argmax``: int32 class ids (N, H, W); ``softmax``: float32 probabilities (N, K, H, W); ``none``: float32 logits
        (N, K, H, W); None: not said (files of older kits).
        """
        return self.main_graph.gives

    @property
    def input_shape(self) -> tuple[int, int, int, int]:
        """(N, C, H, W) of the main graph's input, -1 for any size."""
        return self.main_graph.input_shape

    @property
    def ignored_class(self) -> int | None:
        """The class that is never predicted."""
        return ignored_class_of(self.num_classes or 0, self.ignore_index)

    def build_pipeline(self) -> Pipeline:
        """The preprocessing as an object.

        Raises:
            ConfigError: A transform is unknown or does not take its arguments.
        """
        return Pipeline([_build_transform(spec, i, self.path) for i, spec in enumerate(self.transforms)])


def read_deploy_config(path: str | Path) -> DeployConfig:
    """Read and check a deploy.yaml.

    Args:
        path: The file, or the folder it is in.

    Raises:
        ConfigError: The file cannot be read, a key is unknown, missing or of the wrong type, or a file that it names
            does not exist.
    """
    path = Path(path)
    if path.is_dir():
        path = path / FILE_NAME
    content = read_section(path)
    for key in content:
        if key not in _KEYS:
            raise ConfigError(f"{path}: Deploy.{key}: there is no such key. {suggest(key, _KEYS)}")
    for key, (kind, optional) in _KEYS.items():
        value = content.get(key)
        if value is None and not optional:
            raise ConfigError(f"{path}: Deploy.{key} is missing; export the network again")
        # True and False are ints to Python.
        if value is not None and (not isinstance(value, kind) or (kind is int and isinstance(value, bool))):
            raise ConfigError(f"{path}: Deploy.{key} is {value!r}; it must be {TYPE_WORDS[kind]}")
    check_choice(path, "Deploy.output_op", content.get("output_op"), (*OUTPUT_OPS, None))
    ignore_index = content.get("ignore_index")
    if ignore_index is not None and not LABEL_VALUES.holds(ignore_index):
        raise ConfigError(f"{path}: Deploy.ignore_index is {ignore_index}; it must be {LABEL_VALUES.words}")
    task = content.get("task") or SEGMENTATION
    check_choice(path, "Deploy.task", task, TASKS)
    _check_num_classes(path, content.get("num_classes"), task)
    if content.get("separator") == "":
        raise ConfigError(f"{path}: Deploy.separator is empty; give what stands between the columns of lists")
    main_graph = read_graph(path, "Deploy", {**content, "gives": content.get("output_op")})
    return DeployConfig(
        path=path,
        main_graph=main_graph,
        transforms=content["transforms"],
        num_classes=content.get("num_classes"),
        palette=_read_palette(path, content.get("palette"), content.get("num_classes")),
        graphs=read_graphs(path, content.get("graphs") or {}, main_graph.input_shape),
        ignore_index=ignore_index,
        read_options=_read_options(path, content),
        separator=content.get("separator") or BLANK,
        task=task,
        class_names=_read_class_names(path, content.get("class_names"), content.get("num_classes")),
        checksums=_read_checksums(path, content.get("checksums") or {}),
    )


def write_deploy_config(path: Path, content: Mapping[str, Any]) -> None:
    """Write a deploy.yaml; entries that are None are left out.

    Args:
        path: The file.
        content: The content of ``Deploy``.
    """
    unknown = set(content) - set(_KEYS)
    if unknown:
        raise KeyError(f"deploy.yaml has no keys {sorted(unknown)}")
    section = {key: content[key] for key in _KEYS if content.get(key) is not None}
    text = yaml.safe_dump({"Deploy": section}, sort_keys=False, default_flow_style=None, allow_unicode=True)
    path.write_text(text, encoding="utf-8")


def read_section(path: Path) -> dict[str, Any]:
    """The content of ``Deploy`` in a deploy.yaml, unchecked.

    Raises:
        ConfigError: The file cannot be read, or has no such section.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"{path} does not exist; give the {FILE_NAME} that export.py wrote, or its folder") from None
    except (OSError, ValueError) as error:  # ValueError: not UTF-8
        raise ConfigError(f"{path} cannot be read: {' '.join(str(error).split())}") from error
    data, _ = parse_yaml(text, str(path))
    if not isinstance(data, dict) or not isinstance(data.get("Deploy"), dict):
        raise ConfigError(f"{path} has no section 'Deploy'; give the {FILE_NAME} that export.py wrote, or its folder")
    return data["Deploy"]


def _read_options(path: Path, content: Mapping[str, Any]) -> ReadOptions:
    try:
        return ReadOptions.checked(content.get("apply_exif") is not False, content.get("value_range"))
    except ConfigError as error:
        raise ConfigError(f"{path}: Deploy.{error}") from None


def _check_num_classes(path: Path, num_classes: int | None, task: str) -> None:
    largest = LABEL_VALUES.high + 1 if task == SEGMENTATION else math.inf
    if num_classes is not None and not 1 <= num_classes <= largest:
        words = f"from 1 to {largest}, for label maps have 8 bits" if task == SEGMENTATION else "at least 1"
        raise ConfigError(f"{path}: Deploy.num_classes is {num_classes}; it must be {words}")


def _read_palette(path: Path, palette: list[Any] | None, num_classes: int | None) -> list[list[int]] | None:
    if not palette:
        return None
    for i, colour in enumerate(palette):
        is_colour = isinstance(colour, list) and len(colour) == 3 and all(type(v) is int for v in colour)
        if not is_colour or not all(0 <= value <= 255 for value in colour):
            raise ConfigError(f"{path}: Deploy.palette.{i} is {colour!r}; it must be [r, g, b], integers from 0 to 255")
    if len(palette) > (num_classes or 256):
        raise ConfigError(f"{path}: Deploy.palette has {len(palette)} colours for {num_classes or 256} classes")
    return palette


def _read_class_names(path: Path, names: list[Any] | None, num_classes: int | None) -> list[str] | None:
    if names is not None and num_classes is not None and len(names) != num_classes:
        raise ConfigError(f"{path}: Deploy.class_names has {len(names)} names for {num_classes} classes")
    return None if names is None else [str(name) for name in names]


def _read_checksums(path: Path, checksums: Mapping[Any, Any]) -> dict[str, str]:
    for name, digest in checksums.items():
        if not isinstance(digest, str) or not re.fullmatch("[0-9a-f]{64}", digest):
            raise ConfigError(
                f"{path}: Deploy.checksums.{name} is {digest!r}; it must be the 64 hexadecimal digits of a SHA-256, in "
                "quotes where all are decimal"
            )
    return {str(name): digest for name, digest in checksums.items()}


def _build_transform(spec: Any, index: int, path: Path) -> Any:
    key = f"Deploy.transforms.{index}"
    if not isinstance(spec, dict) or "type" not in spec:
        raise ConfigError(f"{path}: {key}: {spec!r} must be a mapping with a 'type'")
    name = spec["type"]
    # Checked before the registry, whose content depends on the program's other imports.
    if isinstance(name, str) and is_always_random(name):
        raise _is_random(name, key, path)
    if name not in TRANSFORMS:
        known = [kind for kind in TRANSFORMS if not is_always_random(kind)]
        raise ConfigError(f"{path}: {key}.type: no transform {name!r}. {suggest(name, known)}")
    arguments = {argument: value for argument, value in spec.items() if argument != "type"}
    faults = list(faults_of(TRANSFORMS[name], arguments)) or list(relation_faults_of(TRANSFORMS[name], arguments))
    raise_faults(str(path), [(f"{key}.{argument}", message) for argument, message in faults])
    transform = TRANSFORMS[name](**arguments)
    if getattr(transform, "is_random", False):  # by its arguments: Resize with interp RANDOM, or several short sizes
        raise _is_random(name, key, path)
    return transform


def _is_random(name: str, key: str, path: Path) -> ConfigError:
    return ConfigError(
        f"{path}: {key}: {name} with these arguments is random; prediction needs the same picture each time. Remove it"
    )
