# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures in, label maps out, with an exported network and the preprocessing of its deploy.yaml.

Label maps at the pictures' own sizes come from the graph of logits at 1/8, as in val.py and predict.py. Folders without
one (PaddleSeg's) have graphs of scores or class ids at the size of the network's input; ids can only be resized by
nearest neighbour.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from paddleseg.deploy.deploy_config import DeployConfig
from paddleseg.deploy.engines.base import DEFAULT_OPTIONS, Engine, EngineOptions
from paddleseg.deploy.exported_graph import ExportedGraph, NetworkInput, Stopwatch
from paddleseg.deploy.graph_spec import STRIDE8
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.label_map import LABEL_VALUES, label_maps
from paddleseg.utils.logging import get_logger
from paddleseg.utils.way_back import TransInfo, restore_ids


class Segmenter(ExportedGraph):
    """An exported segmentation network with its preprocessing.

    Args:
        config: The deploy.yaml.
        options: How to run the graph.
        gives_scores: Whether the output of a graph, if deploy.yaml does not say, is scores of the classes (N, K, H, W),
            of which the best is taken here.
        main_graph: Whether to run the graph under PaddleSeg's keys even if there is one of logits at 1/8.
        engine: As for ``ExportedGraph``.

    Attributes:
        gives_scores: Whether it returns scores, or logits at 1/8, rather than class ids.

    Raises:
        ConfigError: A transform is unknown, or ``gives_scores`` contradicts deploy.yaml.
        DeviceError: The options do not fit the device.
    """

    def __init__(
        self,
        config: DeployConfig,
        options: EngineOptions = DEFAULT_OPTIONS,
        *,
        gives_scores: bool = False,
        main_graph: bool = False,
        engine: Engine | None = None,
    ) -> None:
        if gives_scores and config.output_op == "argmax":
            raise ConfigError(
                f"{config.path}: the graph gives class ids already (output_op: argmax); drop --with_argmax"
            )
        graphs = [config.main_graph] if main_graph else None
        super().__init__(config, options, graphs, preferred=(STRIDE8, config.output_op), engine=engine)
        self.gives_scores = gives_scores if self.graph.gives is None else self.graph.gives != "argmax"
        self._said_that_ids_are_resized = False

    def label_maps(self, inputs: Sequence[NetworkInput]) -> list[np.ndarray]:
        """Class ids of pictures whose network inputs have one size.

        Args:
            inputs: One batch.

        Returns:
            For each picture (height, width) uint8 class ids at its size before the transforms.
        """
        return self.to_label_maps(self.run(inputs), inputs)

    def to_label_maps(self, output: np.ndarray, inputs: Sequence[NetworkInput]) -> list[np.ndarray]:
        """The result of ``label_maps`` from the output of ``run`` for the same batch."""
        with Stopwatch(self.seconds, "postprocess"):
            trans_infos = [item.trans_info for item in inputs]
            if self.gives_scores:
                return label_maps(output, inputs[0].size_hw, trans_infos, ignored_class=self.config.ignored_class)
            self._say_that_ids_are_resized(trans_infos)
            if output.min() < 0 or output.max() > LABEL_VALUES.high:
                raise ConfigError(
                    f"{self.config.path}: {self.graph.model.name} gives class ids from {output.min()} to "
                    f"{output.max()}; label maps have 0 to {LABEL_VALUES.high}"
                )
            ids = output.astype(np.uint8)
            return [restore_ids(label, trans_info) for label, trans_info in zip(ids, trans_infos)]

    def to_logits(self, output: np.ndarray) -> np.ndarray:
        """The output of ``run`` as logits, up to a constant at each place shared by all classes; for graphs of scores.

        Probabilities become their logarithms, zeros the logarithm of the smallest float32.
        """
        if self.graph.gives != "softmax":
            return output
        return np.log(np.maximum(output, np.finfo(np.float32).tiny))

    def run(self, inputs: Sequence[NetworkInput]) -> np.ndarray:
        """The graph's own output for one batch, (N, ...).

        Raises:
            ConfigError: The output has another form than deploy.yaml says.
        """
        output = super().run(inputs)
        is_right = output.ndim == (4 if self.gives_scores else 3)
        if is_right and self.graph.gives is not None:
            size_hw = inputs[0].size_hw
            # The size as well: Paddle's OpenVINO only logs failures, and returns the previous output.
            is_right = output.shape[-2:] == tuple(-(-s // 8) if self.graph.gives == STRIDE8 else s for s in size_hw)
        if not is_right:
            unsaid = self.graph.gives is None and output.ndim == 4
            raise ConfigError(
                f"{self.config.path}: the output of {self.graph.model.name} has the shape {list(output.shape)}, "
                f"not that of {'scores [N, K, H, W]' if self.gives_scores else 'class ids [N, H, W]'} "
                f"({self.graph.gives}) for pictures of [H, W] = {list(inputs[0].size_hw)}; "
                + ("give --with_argmax for a graph of scores" if unsaid else "correct output_op or task in it")
            )
        return output

    def _say_that_ids_are_resized(self, trans_infos: Sequence[TransInfo]) -> None:
        """Log it once, at the first picture resized by the transforms."""
        resized = any(kind == "resize" for trans_info in trans_infos for kind, _ in trans_info)
        if resized and not self._said_that_ids_are_resized:
            self._said_that_ids_are_resized = True
            get_logger().warning(
                "%s: there is no graph of logits at 1/8 (graphs.%s), so the class ids that %s gives are resized to "
                "the pictures by the id at each pixel's centre; borders are rougher than those of predict.py",
                self.config.path,
                STRIDE8,
                self.graph.model.name,
            )
