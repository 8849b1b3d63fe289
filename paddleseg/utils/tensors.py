# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Paddle's tensors as numpy arrays."""

from __future__ import annotations

from typing import Any

import paddle


def to_arrays(state: Any) -> Any:
    """Tensors within nested dicts and lists as numpy arrays; half-precision ones as float32.

    numpy has no bfloat16: Paddle would return its bits as integers, which silently load as wrong numbers.
    """
    if isinstance(state, paddle.Tensor):
        is_half = state.dtype in (paddle.float16, paddle.bfloat16)
        return (state.astype("float32") if is_half else state).numpy()
    if isinstance(state, dict):
        return {key: to_arrays(value) for key, value in state.items()}
    if isinstance(state, (list, tuple)):
        return [to_arrays(value) for value in state]
    return state
