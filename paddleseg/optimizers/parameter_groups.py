# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Learning rate and weight decay of each parameter: PaddleSeg's ``custom_cfg`` and one more option.

Paddle's own parameter groups are not used: with them ``ClipGradByGlobalNorm`` would take the norm of each group
separately, so that grouping would change the clipping. The multipliers are kept on the parameters instead,
where Paddle's optimisers look for them first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

import paddle

from paddleseg.utils.arguments import Fault
from paddleseg.utils.errors import raise_faults
from paddleseg.utils.near_miss import ask_for_nearest, suggest
from paddleseg.utils.type_hints import NonNegativeFloat, fault_of

_ENTRY_KEYS = ("name", "lr_mult", "weight_decay_mult")


class Multipliers(NamedTuple):
    """Factors on the optimiser's learning rate and weight decay for one parameter."""

    learning_rate: float = 1.0
    weight_decay: float = 1.0


def trainable_parameters(model: paddle.nn.Layer) -> dict[str, paddle.Tensor]:
    """Return the parameters that training changes, by name.

    Batch-norm statistics are among ``Layer.parameters()`` in Paddle; ``stop_gradient`` tells them apart.
    """
    return {name: value for name, value in model.named_parameters() if not value.stop_gradient}


def parameter_multipliers(
    optimizer: str,
    shapes: dict[str, Sequence[int]],
    custom_cfg: Sequence[dict[str, Any]] | None = None,
    *,
    no_decay_on_norm_and_bias: bool = False,
) -> dict[str, Multipliers]:
    """Work out the multipliers of each parameter.

    Args:
        optimizer: Name of the optimiser, for messages.
        shapes: Shape of each trainable parameter by name.
        custom_cfg: Entries ``{name, lr_mult, weight_decay_mult}``. An entry holds for the parameters whose
            name contains its ``name``; of several such entries the first one holds (PaddleSeg's rule). They have
            no ``entry_faults``.
        no_decay_on_norm_and_bias: No weight decay on parameters of one dimension, which are the scales and
            shifts of normalisation layers and the biases. It goes before ``weight_decay_mult``.

    Raises:
        ConfigError: An entry matches no parameter, or only those of earlier entries.
    """
    entries = _read_entries(custom_cfg)
    used = set()
    result = {}
    for name, shape in shapes.items():
        multipliers = Multipliers()
        for index, (pattern, factors) in enumerate(entries):
            if pattern in name:
                multipliers = factors
                used.add(index)
                break
        if no_decay_on_norm_and_bias and len(shape) <= 1:
            multipliers = multipliers._replace(weight_decay=0.0)
        result[name] = multipliers
    unused = [(index, pattern) for index, (pattern, _) in enumerate(entries) if index not in used]
    raise_faults(optimizer, [(f"custom_cfg.{index}.name", _why_unused(name, shapes)) for index, name in unused])
    return result


def entry_faults(custom_cfg: Sequence[Any] | None) -> Iterator[Fault]:
    """What is wrong with the entries of ``custom_cfg``, as far as it shows without the parameters' names."""
    for index, entry in enumerate(custom_cfg or ()):
        where = f"custom_cfg.{index}"
        if not isinstance(entry, dict):
            yield where, f"found {entry!r}; it must be a mapping with {', '.join(_ENTRY_KEYS)}"
            continue
        for key in entry:
            if key not in _ENTRY_KEYS:
                yield f"{where}.{key}", f"there is no such key. {suggest(key, _ENTRY_KEYS)}"
        pattern = entry.get("name")
        if not isinstance(pattern, str) or not pattern:
            yield f"{where}.name", f"found {pattern!r}; it must be a part of parameter names, such as 'head'"
        for key in ("lr_mult", "weight_decay_mult"):
            fault = fault_of(entry.get(key, 1.0), NonNegativeFloat)
            if fault is not None:
                yield f"{where}.{key}", fault


def _read_entries(custom_cfg: Sequence[dict[str, Any]] | None) -> list[tuple[str, Multipliers]]:
    """Entries without ``entry_faults`` as (part of a name, multipliers); one not given is 1, as in PaddleSeg."""
    return [
        (entry["name"], Multipliers(float(entry.get("lr_mult", 1.0)), float(entry.get("weight_decay_mult", 1.0))))
        for entry in custom_cfg or ()
    ]


def _why_unused(pattern: str, names: Collection[str]) -> str:
    if any(pattern in name for name in names):
        return f"{pattern!r} has no effect: earlier entries hold for all parameters it matches; put it before them"
    parts = sorted({part for name in names for part in name.split(".") if not part.isdigit()})
    first_parts = dict.fromkeys(name.split(".")[0] for name in names)
    return (
        f"{pattern!r} matches no parameter. {ask_for_nearest(pattern, parts)}The names begin with "
        f"{', '.join(first_parts)}"
    )
