# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Weight files: reading them safely, fitting them to a network, reporting what was loaded.

A file written here carries one extra entry, ``__meta__``: a JSON string with arch, padding_mode, num_classes,
step, metric and classes. Readers that do not know it ignore it.
"""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import paddle
from paddle import nn

from paddleseg.models.facts import ModelFacts
from paddleseg.models.kits import KNOWN_KITS, MINDSPORE, PADDLESEG, facts_of, with_names_here
from paddleseg.models.weight_folder import weight_file
from paddleseg.models.weight_formats import META_KEY, read_arrays
from paddleseg.utils.atomic_file import write_atomically
from paddleseg.utils.errors import WeightsError, printable_line
from paddleseg.utils.logging import get_logger
from paddleseg.utils.safe_pickle import one_line
from paddleseg.utils.safetensors_file import is_safetensors, write_safetensors
from paddleseg.utils.weight_source import zoo_name

# mindspore-ai/models, research/cv/DDRNet: its strided convolutions pad only on the right and below, its stem has no
# bias, its resize has no half-pixel centres.
MINDSPORE_IS_OTHER = (
    "weights of MindSpore, whose DDRNet computes something else (paddings, stem, resize); here they are a start for "
    "training and do not give its results"
)
# The layers that compute the classes; fine-tuning may start without more parts (ModelFacts.head_parts).
_SEGMENTATION_HEADS = ("head", "aux_head")


@dataclass
class Coverage:
    """Which tensors of a network a weight file filled.

    Attributes:
        loaded: Names that were loaded.
        missing: Names of the network that the file does not have.
        unexpected: Names of the file that the network does not have.
        misshaped: Name to (shape in the file, shape in the network).
        partial: Names of last layers' tensors in which the rows of some classes were loaded, and others start afresh.
    """

    loaded: list[str]
    missing: list[str]
    unexpected: list[str]
    misshaped: dict[str, tuple[tuple[int, ...], tuple[int, ...]]]
    partial: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        return not (self.left or self.unexpected)

    @property
    def left(self) -> list[str]:
        """Names of the network that keep initial values, entirely or in some classes' rows."""
        return [*self.missing, *self.misshaped, *self.partial]

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
        if self.partial:
            parts.append(f"{len(self.partial)} for some of the classes alone: {first_names(self.partial)}")
        return "; ".join(parts) or "everything fits"

    def share(self) -> str:
        """How many of the network's tensors were loaded, such as ``240 of 289 tensors (83 %)``."""
        total = len(self.loaded) + len(self.left)
        return f"{len(self.loaded)} of {total} tensors ({100 * len(self.loaded) // total} %)"

    def table(self, of: Callable[[str], str] | None = None) -> str:
        """One line for each part of the network: how many of its tensors were loaded.

        Args:
            of: Returns the part that a name belongs to; None: the top-level sublayer.
        """
        of = part_of if of is None else of
        wanted = self.loaded + self.left
        loaded = set(self.loaded)
        parts: dict[str, list[bool]] = {}
        for name in wanted:
            parts.setdefault(of(name), []).append(name in loaded)
        width = max(len(part) for part in parts)
        return "\n".join(f"  {part:<{width}}  {sum(has)}/{len(has)}" for part, has in sorted(parts.items()))


def read_weights(path: str | os.PathLike[str]) -> tuple[dict[str, np.ndarray], dict[str, Any] | None]:
    """Read a weight file of any known kit without running code in it.

    Args:
        path: A .pdparams, .safetensors, .pth of PyTorch (either format) or .ckpt of MindSpore; its content decides.

    Returns:
        The arrays by the names here (see ``models.kits``), and the ``__meta__`` entry. If the file has none, it is
        ``kit``, ``arch``, ``num_classes`` and ``padding_mode`` for another kit's file, and None for others.

    Raises:
        WeightsError: The file is missing, damaged, of another format or not a table of arrays; or it is PyTorch's or
            MindSpore's but not of a DDRNet.
    """
    read = read_arrays(path)
    try:
        found = with_names_here(read.arrays)
    except ValueError as error:
        raise WeightsError(f"{path}: {one_line(error)}") from None
    if found is None and read.format in ("PyTorch", "MindSpore"):
        raise WeightsError(
            f"{path}: a file of {read.format} whose names match no known DDRNet: "
            f"{first_names(list(read.arrays))}. Known are those of {KNOWN_KITS}"
        )
    if found is None or found.kit == PADDLESEG:
        return read.arrays, read.meta
    place = f"entry {read.entry}: " if read.entry else ""
    get_logger().info("%s", printable_line(f"{path}: {place}{found.describe()}"))
    return found.weights, facts_of(found) if read.meta is None else read.meta


def write_weights(
    path: str | os.PathLike[str], weights: Mapping[str, np.ndarray], meta: Mapping[str, Any] | None
) -> None:
    """Write the result of ``read_weights``, in the format given by the name's ending.

    Raises:
        WeightsError: The name has another ending, or the package safetensors is not installed.
        UserError: The file cannot be written.
    """
    texts = {} if meta is None else {META_KEY: json.dumps(meta)}
    if is_safetensors(path):
        write_safetensors(path, weights, texts)
    elif os.fspath(path).endswith(".pdparams"):
        write_atomically(path, pickle.dumps({**weights, **texts}, protocol=4))
    else:
        raise WeightsError(f"{path}: a weight file ends in .pdparams or .safetensors")


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
    # set_state_dict warns about every missing name: here the caller reports them.
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
        path: A weight file, see ``read_weights``, or a checkpoint folder, which means its better weight file.

    Returns:
        The file's ``__meta__``, or None.

    Raises:
        WeightsError: The file cannot be read, a name or shape does not fit, or it is of MindSpore. Parts for training
            alone, such as an auxiliary head, may be in the file and not in the network.
    """
    name = zoo_name(path)
    if name is not None:
        raise WeightsError(
            f"{path}: a name of the zoo; `python tools/zoo.py get {name}` downloads it to a file; give that"
        )
    path = weight_file(path)
    weights, meta = read_weights(path)
    if is_of_mindspore(meta):
        raise WeightsError(f"{path}: {MINDSPORE_IS_OTHER}; give it as model.pretrained, to train on from there")
    unneeded = set(ModelFacts.of(model).training_only_parts) - {part_of(name) for name in model.state_dict()}
    weights = {name: value for name, value in weights.items() if part_of(name) not in unneeded}
    follow_padding_mode(model, path, weights, meta)
    coverage = apply_weights(model, weights)
    if not coverage.complete:
        advice = _numbers_to_write(model, coverage) or _other_network(model, meta)
        raise WeightsError(f"{path} does not fit {describe_model(model)}{advice}: {coverage.describe()}")
    return meta


def is_of_mindspore(meta: Mapping[str, Any] | None) -> bool:
    """Whether weights were trained in MindSpore's network, by their ``__meta__``; converted ones still say so."""
    return meta is not None and meta.get("kit") == MINDSPORE


def _other_network(model: nn.Layer, meta: Mapping[str, Any] | None) -> str:
    """A note if the weights name another network."""
    arch = None if meta is None else meta.get("arch")
    return "" if arch in (None, getattr(model, "arch", None)) else f"; these are weights of {one_line(arch)}"


def _numbers_to_write(model: nn.Layer, coverage: Coverage) -> str:
    """What to write in a configuration if shapes differ only in the numbers of classes or input channels."""
    facts, numbers = ModelFacts.of(model), {}
    for name, (found, wanted) in coverage.misshaped.items():
        if name == facts.input_weight and found[:1] + found[2:] == wanted[:1] + wanted[2:]:
            numbers["in_channels"] = found[1]
        elif part_of(name) in facts.head_parts and wanted[0] == getattr(model, "num_classes", None) != found[0]:
            numbers["num_classes"] = found[0]
    words = ", ".join(f"{name}: {number}" for name, number in sorted(numbers.items()))
    return f"; write {words} for these weights" if words else ""


def make_meta(model: nn.Layer, **facts: Any) -> str:
    """The ``__meta__`` entry for a weight file of ``model``."""
    meta = {
        name: getattr(model, name)
        for name in ("arch", "padding_mode", "num_classes", "in_channels")
        if hasattr(model, name)
    }
    return json.dumps({**meta, **facts})


def follow_padding_mode(
    model: nn.Layer, path: str | os.PathLike[str], weights: Mapping[str, np.ndarray], meta: Mapping[str, Any] | None
) -> None:
    """Give a network the weights' padding mode if none was named; refuse a named one that differs.

    A ``.pdparams`` of trained weights without ``__meta__``, for a network that PaddleSeg has, is taken for PaddleSeg's.
    A trunk without a segmentation head, with pyramid pooling or not, was converted from the authors' weights.

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
        # PaddleSeg releases only .pdparams.
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
            get_logger().info("%s: the network uses padding_mode %s, with which it was trained", path, found)


def part_of(name: str) -> str:
    """The part of the network, a top-level sublayer, that a name of the state dict belongs to."""
    return name.partition(".")[0]


def describe_model(model: nn.Layer) -> str:
    """A description such as ``DDRNet_23 with 19 classes``."""
    arch = getattr(model, "arch", type(model).__name__)
    num_classes = getattr(model, "num_classes", None)
    return arch if num_classes is None else f"{arch} with {num_classes} classes"


def first_names(names: list[str], count: int = 4) -> str:
    """The first few names, for a message."""
    return ", ".join(one_line(name) for name in names[:count]) + (", ..." if len(names) > count else "")
