# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Whether a layer may be computed otherwise than by calling it."""

from paddle import nn


def is_watched(layer: nn.Layer) -> bool:
    """Whether hooks observe its inputs or outputs, or its forward has been replaced."""
    return bool(layer._forward_pre_hooks or layer._forward_post_hooks or "forward" in vars(layer))


def gives_coarse_logits(model: nn.Layer) -> bool:
    """Whether calling a network only resizes the logits of its ``forward_stride8``.

    The class that defines this ``forward`` must say so, by ``resizes_stride8``: a subclass may define another.
    """
    kind = type(model)
    owner = next(owner for owner in kind.__mro__ if "forward" in vars(owner))
    states_it = vars(owner).get("resizes_stride8", False) and kind.__call__ is nn.Layer.__call__
    return states_it and not is_watched(model)
