# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Whether a layer may be computed in another way than by calling it."""

from paddle import nn


def is_watched(layer: nn.Layer) -> bool:
    """Whether somebody wants to see what goes in or comes out, or has put a forward of his own in its place."""
    return bool(layer._forward_pre_hooks or layer._forward_post_hooks or "forward" in vars(layer))
