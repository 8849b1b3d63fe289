# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Feature maps within a network: the outputs of sublayers chosen by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from paddle import Tensor, nn

from paddleseg.utils.errors import ConfigError
from paddleseg.utils.near_miss import ask_for_nearest


class FeatureTaps:
    """Records the outputs of sublayers and leaves the network as it is.

    Args:
        network: The network that has the sublayers.
        names: Names of the sublayers, as in those of its weights: ``layer5_``, ``head.conv_bn_relu``.
        whose: The network in messages, such as ``the teacher DDRNet_39``.

    Raises:
        ConfigError: There is no such sublayer.
    """

    def __init__(self, network: nn.Layer, names: Sequence[str], whose: str) -> None:
        for name in names:
            fault = layer_fault(network, name)
            if fault is not None:
                raise ConfigError(f"{whose} has {fault}")
        self._network, self._whose = network, whose
        self._names = list(dict.fromkeys(names))  # one may be compared by two losses
        self._is_channels_last = getattr(network, "data_format", "NCHW") == "NHWC"

    @contextmanager
    def watching(self) -> Iterator[dict[str, Tensor]]:
        """Within this context each call of the network leaves its maps, (N, C, H, W) by name, in the yielded dict."""
        seen: dict[str, Tensor] = {}
        # Looked up each time: batch normalisation is converted for several processes after a task was made.
        layers = dict(self._network.named_sublayers())
        hooks = [layers[name].register_forward_post_hook(partial(self._note, seen, name)) for name in self._names]
        try:
            yield seen
        finally:
            for hook in hooks:
                hook.remove()

    def check(self, seen: dict[str, Tensor]) -> None:
        """Refuse outputs of the sublayers that are not maps.

        Raises:
            ConfigError: Names the sublayer and its output.
        """
        for name in self._names:
            found = seen.get(name)
            if not isinstance(found, Tensor) or found.ndim != 4:
                shape = "nothing" if found is None else list(getattr(found, "shape", [])) or type(found).__name__
                raise ConfigError(
                    f"{self._whose}: layer {name!r} gives {shape}, when the network is called; choose one that gives "
                    "maps, (N, C, H, W)"
                )

    def _note(self, seen: dict[str, Any], name: str, layer: nn.Layer, inputs: Any, output: Any) -> None:
        if self._is_channels_last and isinstance(output, Tensor) and output.ndim == 4:
            output = output.transpose([0, 3, 1, 2])
        seen[name] = output


def layer_fault(network: nn.Layer, name: str) -> str | None:
    """Says that a network has no sublayer of this name, which is nearest, and what exists at that level."""
    layers = dict(network.named_sublayers())
    if name in layers:
        return None
    around = name.rpartition(".")[0]
    while around and around not in layers:
        around = around.rpartition(".")[0]
    parts = [f"{around}.{part}" if around else part for part, _ in layers.get(around, network).named_children()]
    near = ask_for_nearest(name, [known for known in layers if known.count(".") == name.count(".")])
    return f"no layer {name!r}. {near}{around or 'The network'} has {', '.join(parts) or 'no layers in it'}"
