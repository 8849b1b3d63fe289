# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""What goes on within a network: the maps of sublayers that are chosen by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from paddle import Tensor, nn

from paddleseg.utils.errors import ConfigError
from paddleseg.utils.near_miss import suggest


class FeatureTaps:
    """Looks at what sublayers of a network give, and leaves the network as it is.

    Args:
        network: The network.
        names: Of the sublayers, as in the names of its weights: ``layer5_``, ``head.conv_bn_relu``.
        whose: Of whom the network is, for messages, such as ``the teacher DDRNet_39``.

    Raises:
        ConfigError: There is no such sublayer.
    """

    def __init__(self, network: nn.Layer, names: Sequence[str], whose: str) -> None:
        layers = dict(network.named_sublayers())
        for name in names:
            if name not in layers:
                raise ConfigError(f"{whose} has no layer {name!r}. {suggest(name, _fewest(layers, name))}")
        self._layers = {name: layers[name] for name in names}
        self._whose = whose
        self._is_channels_last = getattr(network, "data_format", "NCHW") == "NHWC"

    @contextmanager
    def watching(self) -> Iterator[dict[str, Tensor]]:
        """Within this context each call of the network leaves its maps, (N, C, H, W) by name, in what is given."""
        seen: dict[str, Tensor] = {}
        hooks = [
            layer.register_forward_post_hook(partial(self._note, seen, name)) for name, layer in self._layers.items()
        ]
        try:
            yield seen
        finally:
            for hook in hooks:
                hook.remove()

    def check(self, seen: dict[str, Tensor]) -> None:
        """Refuse what the sublayers have given if it is no maps.

        Raises:
            ConfigError: Names the sublayer, and what it gives.
        """
        for name in self._layers:
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


def _fewest(layers: dict[str, nn.Layer], name: str) -> list[str]:
    """The names among which a misspelt one is looked for: those that lie as deep in the network."""
    return [known for known in layers if known.count(".") == name.count(".")] or list(layers)
