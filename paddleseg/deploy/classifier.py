# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures in, classes out, with an exported classifier and the preprocessing of its deploy.yaml."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from paddleseg.deploy.deploy_config import CLASSIFICATION, DeployConfig
from paddleseg.deploy.engines.base import DEFAULT_OPTIONS, Engine, EngineOptions
from paddleseg.deploy.exported_graph import ExportedGraph, NetworkInput, Stopwatch
from paddleseg.utils.class_report import FoundClass, best_classes, softmax
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.visualize import class_name


class Classifier(ExportedGraph):
    """An exported classifier with its preprocessing.

    Args:
        config: The deploy.yaml, with ``task: classification``.
        options: How to run the graph.
        engine: As for ``ExportedGraph``.

    Raises:
        ConfigError: The export is not a classifier's, or a transform is unknown.
        DeviceError: The options do not fit the device.

    Example:
        >>> classifier = Classifier(read_deploy_config("output/inference_model"))
        >>> [found] = classifier.classes([classifier.read("street.png")])  # the best first
    """

    def __init__(
        self, config: DeployConfig, options: EngineOptions = DEFAULT_OPTIONS, *, engine: Engine | None = None
    ) -> None:
        if config.task != CLASSIFICATION:
            raise ConfigError(f"{config.path}: the export is not a classifier (task: {config.task})")
        super().__init__(config, options, preferred=(config.output_op,), engine=engine)

    def classes(self, inputs: Sequence[NetworkInput]) -> list[list[FoundClass]]:
        """The classes of pictures whose network inputs have one size, the most probable first.

        A graph of class ids (``output_op: argmax``) gives one class without its probability.
        """
        return self.to_classes(self.run(inputs))

    def to_classes(self, output: np.ndarray) -> list[list[FoundClass]]:
        """The result of ``classes`` from the output of ``run``."""
        names = self.config.class_names
        with Stopwatch(self.seconds, "postprocess"):
            if self.graph.gives == "argmax":
                return [[FoundClass(int(class_id), class_name(int(class_id), names))] for class_id in output]
            probabilities = softmax(output) if self.graph.gives == "none" else output
            return [best_classes(row, names) for row in probabilities]

    def run(self, inputs: Sequence[NetworkInput]) -> np.ndarray:
        """The graph's output for one batch: (N, K) scores, or (N,) class ids.

        Raises:
            ConfigError: It has another form than deploy.yaml says.
        """
        output = super().run(inputs)
        is_of_ids = self.graph.gives == "argmax"
        if output.ndim != (1 if is_of_ids else 2):
            wanted = "class ids [N]" if is_of_ids else "scores [N, K]"
            raise ConfigError(
                f"{self.config.path}: the output of {self.graph.model.name} has the shape {list(output.shape)}, not "
                f"that of {wanted}; correct output_op or task in it"
            )
        return output
