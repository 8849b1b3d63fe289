# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Fine-tuning on other classes: matching the rows of a network's last layers, one for each class, by name.

In the layer that computes the logits, each class has weights of its own. Those of a class found in the file are kept,
at whatever number the class has now; other rows keep their initial values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from paddle import nn

from paddleseg.models.facts import ModelFacts
from paddleseg.utils.logging import get_logger
from paddleseg.utils.safe_pickle import one_line

_SHOWN = 40
"""Names in a line of the log; no street or indoor data set that is common here has more classes."""


def with_rows_by_name(
    model: nn.Layer, weights: Mapping[str, np.ndarray], theirs: Any, ours: Sequence[str] | None
) -> tuple[Mapping[str, np.ndarray], list[str]]:
    """Weights whose class rows are moved to where the network has these classes; the log says which were found.

    Names are compared without case, and with blanks for ``_`` and ``-``.

    Args:
        model: The network, as it was initialised.
        weights: Arrays by name; the layers of its ``class_layers`` have a row for each class.
        theirs: Class names of the weights in their order, as the file gives them: anything but a list of one name for
            each row counts as none.
        ours: Class names of the network, or None.

    Returns:
        The weights; unchanged if a side has no names, or both have the same in the same order, and without the last
        layers if no name is common to both. And the names of the arrays in which some rows start afresh.
    """
    layers = [name for name in ModelFacts.of(model).class_layers if _fits_but_for_classes(model, weights, name)]
    if not layers:
        return weights, []
    found, wanted = (len(values[f"{layers[0]}.bias"]) for values in (weights, model.state_dict()))
    where = ", ".join(layers)
    if not (are_names(theirs, found) and ours is not None and are_names(list(ours), wanted)):
        if found != wanted:
            get_logger().info(
                "pretrained: %s starts afresh for %d classes: the weights have %d, and %s",
                where, wanted, found,
                "do not name them" if not are_names(theirs, found) else "the network's class_names are not given",
            )  # fmt: skip
        return weights, []
    places = {key_of(name): number for number, name in reversed(list(enumerate(theirs)))}
    rows = [places.get(key_of(name)) for name in ours]
    if rows == list(range(found)):
        return weights, []
    names = [f"{layer}.{leaf}" for layer in layers for leaf in ("weight", "bias")]
    if not any(row is not None for row in rows):
        get_logger().warning(
            "pretrained: %s starts afresh, because no class has a name from the weights, which are %s; here they are "
            "%s. Use the names of the weights where the classes are the same",
            where, _list(theirs), _list(ours),
        )  # fmt: skip
        return {name: value for name, value in weights.items() if name not in names}, []
    result = dict(weights)
    for name in names:
        result[name] = _placed(model.state_dict()[name].numpy(), weights[name], rows)
    known = [name for name, row in zip(ours, rows) if row is not None]
    new = [name for name, row in zip(ours, rows) if row is None]
    get_logger().info(
        "pretrained: %s: %d of %d classes are taken over by name: %s; %d start afresh: %s",
        where, len(known), wanted, _list(known), len(new), _list(new),
    )  # fmt: skip
    return result, names if new else []


def _fits_but_for_classes(model: nn.Layer, weights: Mapping[str, np.ndarray], layer: str) -> bool:
    """Whether network and weights have this layer, and it differs in the number of classes at most."""
    own, names = model.state_dict(), (f"{layer}.weight", f"{layer}.bias")
    if not all(name in own and name in weights for name in names):
        return False
    weight, bias = (weights[name] for name in names)
    if weight.ndim != len(own[names[0]].shape) or bias.ndim != 1:
        return False
    axis = _class_axis(weight)
    found, wanted = list(weight.shape), list(own[names[0]].shape)
    return found.pop(axis) == len(bias) and wanted.pop(axis) > 0 and found == wanted


def _class_axis(array: np.ndarray) -> int:
    """Linear layers have (inputs, outputs), convolutions and biases the outputs first."""
    return 1 if array.ndim == 2 else 0


def _placed(initial: np.ndarray, array: np.ndarray, rows: Sequence[int | None]) -> np.ndarray:
    """``initial`` with the rows of ``array``; ``rows[k]`` is the row that class k has there, or None."""
    result, axis = initial.copy(), _class_axis(initial)
    into, taken = np.moveaxis(result, axis, 0), np.moveaxis(array, axis, 0)
    for number, row in enumerate(rows):
        if row is not None:
            into[number] = taken[row]
    return result


def are_names(names: Any, count: int) -> bool:
    """Whether a file's entry for its classes is a list of ``count`` names."""
    return isinstance(names, list) and len(names) == count and all(isinstance(name, str) for name in names)


def key_of(name: str) -> str:
    """The form in which names are compared: without case, with blanks for ``_`` and ``-``."""
    return " ".join(name.casefold().replace("_", " ").replace("-", " ").split())


def _list(names: Sequence[str]) -> str:
    shown = [one_line(name) for name in names[:_SHOWN]]
    return ", ".join(shown + ["..."] * (len(names) > _SHOWN)) or "none"
