# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Weight files: reading them safely, fitting them to a network, saying what was loaded.

A file written here carries one extra entry, ``__meta__``: a JSON string with arch, padding_mode, num_classes,
step, metric and classes. Readers that do not know it ignore it.
"""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import paddle
from paddle import nn

from paddleseg.models.facts import ModelFacts
from paddleseg.models.foreign_weights import refuse_foreign_weights
from paddleseg.models.weight_folder import weight_file
from paddleseg.utils.atomic_file import write_atomically
from paddleseg.utils.errors import WeightsError
from paddleseg.utils.logging import get_logger
from paddleseg.utils.safe_pickle import one_line, read_pickle
from paddleseg.utils.safetensors_file import is_safetensors, read_safetensors, write_safetensors

META_KEY = "__meta__"
# paddle.save adds a table of internal names under this key.
_NAME_TABLE_KEY = "StructuredToParameterName@@"
# What gives the classes: fine-tuning may start without more parts (ModelFacts.head_parts).
_SEGMENTATION_HEADS = ("head", "aux_head")


@dataclass
class Coverage:
    """Which tensors of a network a weight file filled.

    Attributes:
        loaded: Names that were loaded.
        missing: Names of the network that the file does not have.
        unexpected: Names of the file that the network does not have.
        misshaped: Name to (shape in the file, shape in the network).
    """

    loaded: list[str]
    missing: list[str]
    unexpected: list[str]
    misshaped: dict[str, tuple[tuple[int, ...], tuple[int, ...]]]

    @property
    def complete(self) -> bool:
        return not (self.missing or self.unexpected or self.misshaped)

    def describe(self) -> str:
        """What does not fit, with the first few names of each kind."""
        parts = []
        for title, names in (("missing", self.missing), ("unexpected", self.unexpected)):
            if names:
                parts.append(f"{len(names)} {title}: {first_names(names)}")
        if self.misshaped:
            shapes = [
                f"{name} {list(found)} instead of {list(wanted)}" for name, (found, wanted) in self.misshaped.items()
            ]
            parts.append(f"{len(shapes)} of another shape: {first_names(shapes)}")
        return "; ".join(parts) or "everything fits"

    def table(self) -> str:
        """One line for each top-level part of the network: how many of its tensors were loaded."""
        wanted = self.loaded + self.missing + list(self.misshaped)
        loaded = set(self.loaded)
        parts: dict[str, list[bool]] = {}
        for name in wanted:
            parts.setdefault(part_of(name), []).append(name in loaded)
        width = max(len(part) for part in parts)
        return "\n".join(f"  {part:<{width}}  {sum(has)}/{len(has)}" for part, has in sorted(parts.items()))


def read_weights(path: str | os.PathLike[str]) -> tuple[dict[str, np.ndarray], dict[str, Any] | None]:
    """Read a .pdparams or .safetensors file without running code in it.

    Returns:
        The arrays by name, and the ``__meta__`` entry (None where the file has none).

    Raises:
        WeightsError: The file is missing, damaged, of another framework or not a table of arrays.
    """
    if is_safetensors(path):
        content, texts = read_safetensors(path)
        meta = texts.get(META_KEY)
    else:
        refuse_foreign_weights(path)
        content = read_pickle(path)
        if not isinstance(content, dict):
            raise WeightsError(f"{path}: holds a {type(content).__name__}, not a table of named arrays")
        meta = content.pop(META_KEY, None)
        content.pop(_NAME_TABLE_KEY, None)
        content = {name: _without_bfloat16(value) for name, value in content.items()}
    for name, value in content.items():
        if not isinstance(name, str):
            raise WeightsError(f"{path}: a name is a {type(name).__name__}; a weight file names its arrays by text")
        if not isinstance(value, np.ndarray):
            raise WeightsError(
                f"{path}: entry {one_line(name)!r} is a {type(value).__name__}, not an array of numbers; "
                "an optimiser's .pdopt or a whole checkpoint is not a weight file"
            )
        if value.dtype.kind not in "biuf" or value.dtype.itemsize > 8:
            raise WeightsError(f"{path}: entry {one_line(name)!r} holds {value.dtype} numbers; save it as float32")
    if not content:
        raise WeightsError(f"{path}: holds no arrays")
    try:
        facts = None if meta is None else json.loads(meta)
    except (TypeError, ValueError, RecursionError):
        raise WeightsError(f"{path}: its entry {META_KEY} is not a JSON text") from None
    if not (facts is None or isinstance(facts, dict)):
        raise WeightsError(f"{path}: its entry {META_KEY} is no JSON mapping, but {one_line(meta)}")
    return content, facts


def write_weights(
    path: str | os.PathLike[str], weights: Mapping[str, np.ndarray], meta: Mapping[str, Any] | None
) -> None:
    """Write what ``read_weights`` gave, in the format that the name ends in.

    Raises:
        WeightsError: The name ends in something else, or the package safetensors is not installed.
        UserError: The file cannot be written.
    """
    texts = {} if meta is None else {META_KEY: json.dumps(meta)}
    if is_safetensors(path):
        write_safetensors(path, weights, texts)
    elif os.fspath(path).endswith(".pdparams"):
        write_atomically(path, pickle.dumps({**weights, **texts}, protocol=4))
    else:
        raise WeightsError(f"{path}: a weight file ends in .pdparams or .safetensors")


def _without_bfloat16(value: Any) -> Any:
    """paddle.save writes the bits of bfloat16, which numpy has not, as uint16, which Paddle's tensors have not."""
    if not isinstance(value, np.ndarray) or value.dtype != np.uint16:
        return value
    return np.asarray(value.astype(np.uint32) << 16).view(np.float32)


def apply_weights(model: nn.Layer, weights: Mapping[str, np.ndarray]) -> Coverage:
    """Copy the arrays whose name and shape fit into ``model``; the rest is only reported."""
    own = model.state_dict()
    fitting, misshaped = {}, {}
    for name, tensor in own.items():
        if name not in weights:
            continue
        found, wanted = tuple(weights[name].shape), tuple(tensor.shape)
        if found == wanted:
            fitting[name] = weights[name]
        else:
            misshaped[name] = (found, wanted)
    # set_state_dict warns about every name that is missing: here that is reported by the caller.
    for name, value in fitting.items():
        # Cast by Paddle, because numpy has no bfloat16; Paddle takes numpy's uint16 for it, and knows no uint32.
        plain = value.astype(np.int64) if value.dtype.kind == "u" else value
        own[name].set_value(paddle.to_tensor(plain).astype(own[name].dtype))
    return Coverage(
        loaded=list(fitting),
        missing=[name for name in own if name not in weights],
        unexpected=[name for name in weights if name not in own],
        misshaped=misshaped,
    )


def load_weights(model: nn.Layer, path: str | os.PathLike[str]) -> dict[str, Any] | None:
    """Load weights for evaluation, prediction or export: all of them must fit.

    Args:
        model: The network.
        path: A .pdparams or .safetensors file, or a checkpoint folder, which stands for its better weight file.

    Returns:
        The file's ``__meta__``, or None.

    Raises:
        WeightsError: The file cannot be read, or a name or shape does not fit. What only training needs, as an
            auxiliary head, is left out where the file has it and the network does not.
    """
    path = weight_file(path)
    weights, meta = read_weights(path)
    unneeded = set(ModelFacts.of(model).training_only_parts) - {part_of(name) for name in model.state_dict()}
    weights = {name: value for name, value in weights.items() if part_of(name) not in unneeded}
    follow_padding_mode(model, path, weights, meta)
    coverage = apply_weights(model, weights)
    if not coverage.complete:
        advice = _numbers_to_write(model, coverage)
        raise WeightsError(f"{path} does not fit {describe_model(model)}{advice}: {coverage.describe()}")
    return meta


def _numbers_to_write(model: nn.Layer, coverage: Coverage) -> str:
    """What a configuration has to say where shapes differ in the numbers of classes or of input channels alone."""
    facts, numbers = ModelFacts.of(model), {}
    for name, (found, wanted) in coverage.misshaped.items():
        if name == facts.input_weight and found[:1] + found[2:] == wanted[:1] + wanted[2:]:
            numbers["in_channels"] = found[1]
        elif part_of(name) in facts.head_parts and wanted[0] == getattr(model, "num_classes", None) != found[0]:
            numbers["num_classes"] = found[0]
    words = ", ".join(f"{name}: {number}" for name, number in sorted(numbers.items()))
    return f"; write {words} for these weights" if words else ""


def make_meta(model: nn.Layer, **facts: Any) -> str:
    """The ``__meta__`` entry of a weight file of ``model``."""
    meta = {
        name: getattr(model, name)
        for name in ("arch", "padding_mode", "num_classes", "in_channels")
        if hasattr(model, name)
    }
    return json.dumps({**meta, **facts})


def follow_padding_mode(
    model: nn.Layer, path: str | os.PathLike[str], weights: Mapping[str, np.ndarray], meta: Mapping[str, Any] | None
) -> None:
    """Give a network whose padding mode was not named that of the weights; refuse a named one that is another.

    A ``.pdparams`` of trained weights without ``__meta__``, of a network that PaddleSeg has, is taken for PaddleSeg's.
    A trunk without a segmentation head, with pyramid pooling or not, was made of the authors' weights.

    Raises:
        WeightsError: The network was built with another padding mode by name, or the weights name an unknown one.
    """
    now = getattr(model, "padding_mode", None)
    if now is None:
        return
    facts = ModelFacts.of(model)
    is_named = getattr(model, "padding_mode_is_named", True)
    if meta is None:
        has_heads = any(part_of(name) in _SEGMENTATION_HEADS for name in weights)
        # PaddleSeg releases .pdparams alone.
        if is_named or is_safetensors(path) or not (facts.has_weights_of_paddleseg and has_heads):
            return
        found = "paddleseg"
    else:
        found = meta.get("padding_mode", now)
    if found != now and (is_named or found not in ("official", "paddleseg")):
        found = one_line(found)
        raise WeightsError(
            f"{path} was trained with padding_mode {found}, the network has {now}; set model.padding_mode: {found}"
        )
    if found != now:
        model.set_padding_mode(found)
        if meta is None:
            get_logger().warning(
                "%s does not say how it was trained, as PaddleSeg's %s does not: the network takes padding_mode %s. "
                "If it was trained with this toolkit or comes from the authors' weights, set model.padding_mode: %s",
                path, model.arch, found, now,
            )  # fmt: skip
        else:
            get_logger().info("%s: the network takes padding_mode %s, with which it was trained", path, found)


def part_of(name: str) -> str:
    """The part of the network, a sublayer of the top level, that a name of the state dict belongs to."""
    return name.partition(".")[0]


def describe_model(model: nn.Layer) -> str:
    """Such as ``DDRNet_23 with 19 classes``."""
    arch = getattr(model, "arch", type(model).__name__)
    num_classes = getattr(model, "num_classes", None)
    return arch if num_classes is None else f"{arch} with {num_classes} classes"


def first_names(names: list[str], count: int = 4) -> str:
    """The first few of them, for a message."""
    return ", ".join(one_line(name) for name in names[:count]) + (", ..." if len(names) > count else "")
