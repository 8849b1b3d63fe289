# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Loading an optimiser's state in a different process from the one that saved it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import paddle

from paddleseg.utils.errors import WeightsError

# Paddle numbers master weights; an optimiser without any looks for the states of its first.
_MASTER = "_fp32_master_0"
_MASTER_IN_KEY = re.compile(r"_fp32_master_\d+(?=_)")


def rename_optimizer_state(
    state: Mapping[str, Any], old_names: Mapping[str, str], new_names: Mapping[str, str]
) -> dict[str, Any]:
    """Translate an optimiser's state to the parameter names of this process.

    Paddle keys the state by names such as ``conv2d_7.w_0`` that count the layers built in a process, so they differ if
    anything was built before the network. With ``--amp_level O2`` states belong to the master weight of a
    parameter ("conv2d_7.w_0_fp32_master_0_velocity_0"), and Paddle looks them up by the tensor's name, so the master
    weights are renamed accordingly.

    Args:
        state: The optimiser's ``state_dict``.
        old_names: Structured name ("layer1.0...") to the name in the process that saved.
        new_names: The same for this process.

    Raises:
        WeightsError: The state is of another network.
    """
    renamed = {old: new_names[name] for name, old in old_names.items() if name in new_names}
    # Longest first: "conv2d_1.w_0" must not match "conv2d_1.w_0_1_velocity_0" of another parameter.
    by_length = sorted(renamed, key=len, reverse=True)
    result: dict[str, Any] = {}
    for key, value in state.items():
        if key == "LR_Scheduler":
            result[key] = value
        elif key == "master_weights":
            result[key] = {renamed[old]: _master_weight(weight, renamed[old]) for old, weight in value.items()}
        else:
            prefix = next((old for old in by_length if key.startswith(old + "_")), None)
            if prefix is None:
                raise WeightsError(f"the optimiser's state has {key!r}, which belongs to no parameter of this network")
            result[renamed[prefix] + _MASTER_IN_KEY.sub(_MASTER, key[len(prefix) :], count=1)] = value
    return result


def _master_weight(weight: Any, parameter_name: str) -> paddle.Tensor:
    """The float32 copy of a half-precision parameter; Paddle uses it directly, without converting it to a tensor."""
    tensor = paddle.to_tensor(weight)
    tensor.name = parameter_name + _MASTER
    return tensor
