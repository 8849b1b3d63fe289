# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Learning rate and weight decay of each parameter: PaddleSeg's ``custom_cfg`` and one more option.

Paddle's own parameter groups are not used: with them ``ClipGradByGlobalNorm`` takes the norm of each group by
itself, so that clipping would change with the grouping. The multipliers are kept on the parameters instead,
where Paddle's optimisers look for them first.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any, NamedTuple

import paddle

from paddleseg.utils.errors import ConfigError

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
    shapes: dict[str, Sequence[int]],
    custom_cfg: Sequence[dict[str, Any]] | None = None,
    *,
    no_decay_on_norm_and_bias: bool = False,
) -> dict[str, Multipliers]:
    """Work out the multipliers of each parameter.

    Args:
        shapes: Shape of each trainable parameter by name.
        custom_cfg: Entries ``{name, lr_mult, weight_decay_mult}``. An entry holds for the parameters whose
            name contains its ``name``; of several such entries the first one holds (PaddleSeg's rule).
        no_decay_on_norm_and_bias: No weight decay on parameters of one dimension, which are the scales and
            shifts of normalisation layers and the biases. It goes before ``weight_decay_mult``.

    Raises:
        ConfigError: An entry is malformed, matches no parameter, or only those of earlier entries.
    """
    entries = read_entries(custom_cfg)
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
    for index, (pattern, _) in enumerate(entries):
        if index not in used:
            raise ConfigError(_unused_entry_message(index, pattern, shapes))
    return result


def read_entries(custom_cfg: Sequence[dict[str, Any]] | None) -> list[tuple[str, Multipliers]]:
    """Read ``custom_cfg`` as (part of a name, multipliers), without knowing the names.

    Raises:
        ConfigError: An entry is malformed.
    """
    return [_checked_entry(index, entry) for index, entry in enumerate(custom_cfg or ())]


def _checked_entry(index: int, entry: dict[str, Any]) -> tuple[str, Multipliers]:
    where = f"optimizer.custom_cfg[{index}]"
    if not isinstance(entry, dict):
        raise ConfigError(f"{where} is {entry!r}; it must be a mapping with {', '.join(_ENTRY_KEYS)}")
    for key in entry:
        if key not in _ENTRY_KEYS:
            close = difflib.get_close_matches(str(key), _ENTRY_KEYS, n=1)
            hint = f"did you mean {close[0]!r}? " if close else ""
            raise ConfigError(f"{where} has the unknown key {key!r}; {hint}Known: {', '.join(_ENTRY_KEYS)}")
    pattern = entry.get("name")
    if not isinstance(pattern, str) or not pattern:
        raise ConfigError(f"{where}.name is {pattern!r}; it must be a part of parameter names, such as 'head'")
    factors = []
    for key in ("lr_mult", "weight_decay_mult"):
        # PaddleSeg reads a missing multiplier as 1.
        value = entry.get(key, 1.0)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
            raise ConfigError(f"{where}.{key} is {value!r}; it must be a number, 0 or more")
        factors.append(float(value))
    return pattern, Multipliers(*factors)


def _unused_entry_message(index: int, pattern: str, names: Sequence[str]) -> str:
    where = f"optimizer.custom_cfg[{index}].name: {pattern!r}"
    if any(pattern in name for name in names):
        return f"{where} has no effect: earlier entries hold for all parameters it matches; put it before them"
    parts = sorted({part for name in names for part in name.split(".") if not part.isdigit()})
    close = difflib.get_close_matches(pattern, parts, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(map(repr, close))}? " if close else ""
    first_parts = dict.fromkeys(name.split(".")[0] for name in names)
    return f"{where} matches no parameter; {hint}The names begin with {', '.join(first_parts)}"
