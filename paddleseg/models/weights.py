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
from paddleseg.utils.atomic_file import write_atomically
from paddleseg.utils.download import cached_download, is_url
from paddleseg.utils.errors import WeightsError
from paddleseg.utils.logging import get_logger
from paddleseg.utils.safe_pickle import one_line, read_pickle
from paddleseg.utils.safetensors_file import is_safetensors, read_safetensors, write_safetensors

META_KEY = "__meta__"
# paddle.save adds a table of internal names under this key.
_NAME_TABLE_KEY = "StructuredToParameterName@@"


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
                parts.append(f"{len(names)} {title}: {_first(names)}")
        if self.misshaped:
            shapes = [
                f"{name} {list(found)} instead of {list(wanted)}" for name, (found, wanted) in self.misshaped.items()
            ]
            parts.append(f"{len(shapes)} of another shape: {_first(shapes)}")
        return "; ".join(parts) or "everything fits"

    def table(self) -> str:
        """One line for each top-level part of the network: how many of its tensors were loaded."""
        wanted = self.loaded + self.missing + list(self.misshaped)
        loaded = set(self.loaded)
        parts: dict[str, list[bool]] = {}
        for name in wanted:
            parts.setdefault(_part_of(name), []).append(name in loaded)
        width = max(len(part) for part in parts)
        return "\n".join(f"  {part:<{width}}  {sum(has)}/{len(has)}" for part, has in sorted(parts.items()))


def weight_file(path: str | os.PathLike[str]) -> str:
    """The file that a user means: of a checkpoint folder its ``model.pdparams``."""
    path = os.fspath(path)
    return os.path.join(path, "model.pdparams") if os.path.isdir(path) else path


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
        path: A .pdparams or .safetensors file, or a checkpoint folder with ``model.pdparams``.

    Returns:
        The file's ``__meta__``, or None.

    Raises:
        WeightsError: The file cannot be read, or a name or shape does not fit. What only training needs, as an
            auxiliary head, is left out where the file has it and the network does not.
    """
    path = weight_file(path)
    weights, meta = read_weights(path)
    unneeded = set(ModelFacts.of(model).training_only_parts) - {_part_of(name) for name in model.state_dict()}
    weights = {name: value for name, value in weights.items() if _part_of(name) not in unneeded}
    _check_padding_mode(model, path, weights, meta)
    coverage = apply_weights(model, weights)
    if not coverage.complete:
        raise WeightsError(f"{path} does not fit {_describe_model(model)}: {coverage.describe()}")
    return meta


def load_pretrained(model: nn.Layer, source: str) -> Coverage:
    """Start a network from weights that may fit only in part (ImageNet, other classes), and say how far they do.

    Args:
        model: The network.
        source: A local .pdparams or .safetensors file, or its address.

    Returns:
        The coverage, which is also logged as a table.

    Raises:
        WeightsError: The file cannot be had or read; or a part of the trunk is left without weights. Only the
            network's ``head_parts`` may stay untrained.
    """
    path = cached_download(source) if is_url(source) else source
    weights, meta = read_weights(path)
    _check_padding_mode(model, path, weights, meta)
    coverage = apply_weights(model, weights)
    heads = ModelFacts.of(model).head_parts
    left = [name for name in coverage.missing + list(coverage.misshaped) if _part_of(name) not in heads]
    if left:
        raise WeightsError(
            f"{path} leaves parts of the trunk of {_describe_model(model)} without weights: {_first(left)}. "
            f"It may be of another network or another kit. {coverage.describe()}"
        )
    logger = get_logger()
    total = len(model.state_dict())
    logger.info("pretrained %s: %d of %d tensors loaded\n%s", path, len(coverage.loaded), total, coverage.table())
    if not coverage.complete:
        logger.info("pretrained, not loaded: %s", coverage.describe())
    return coverage


def make_meta(model: nn.Layer, **facts: Any) -> str:
    """The ``__meta__`` entry of a weight file of ``model``."""
    meta = {
        name: getattr(model, name)
        for name in ("arch", "padding_mode", "num_classes", "in_channels")
        if hasattr(model, name)
    }
    return json.dumps({**meta, **facts})


def _check_padding_mode(
    model: nn.Layer, path: str, weights: Mapping[str, np.ndarray], meta: Mapping[str, Any] | None
) -> None:
    """Refuse weights of the other padding mode; warn where trained ones that may be of either do not say theirs."""
    padding_mode = getattr(model, "padding_mode", None)
    if padding_mode is None:
        return
    if meta is not None:
        found = meta.get("padding_mode", padding_mode)
        if found != padding_mode:
            found = one_line(found)
            raise WeightsError(
                f"{path} was trained with padding_mode {found}, the network has {padding_mode}; "
                f"set model.padding_mode: {found}"
            )
        return
    facts = ModelFacts.of(model)
    # A file without heads is a classifier's, and those have one kind of paddings only.
    has_heads = any(_part_of(name) in facts.head_parts for name in weights)
    if facts.has_weights_of_paddleseg and has_heads and not model.padding_mode_is_named:
        get_logger().warning(
            "%s does not say how it was trained. If it is PaddleSeg's %s, two paddings differ and most "
            "pixels come out wrong: set model.padding_mode: paddleseg. If it is not, set model.padding_mode: "
            "official, and this warning ends.",
            path,
            model.arch,
        )


def _part_of(name: str) -> str:
    """The part of the network, a sublayer of the top level, that a name of the state dict belongs to."""
    return name.partition(".")[0]


def _describe_model(model: nn.Layer) -> str:
    arch = getattr(model, "arch", type(model).__name__)
    num_classes = getattr(model, "num_classes", None)
    return arch if num_classes is None else f"{arch} with {num_classes} classes"


def _first(names: list[str], count: int = 4) -> str:
    return ", ".join(one_line(name) for name in names[:count]) + (", ..." if len(names) > count else "")
