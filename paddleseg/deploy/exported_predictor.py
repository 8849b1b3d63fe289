# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The predictors of exported folders."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import NamedTuple

import numpy as np

from paddleseg.deploy.classifier import Classifier
from paddleseg.deploy.deploy_config import CLASSIFICATION, FILE_NAME, DeployConfig, read_deploy_config
from paddleseg.deploy.engines import engine_device
from paddleseg.deploy.engines.base import DEFAULT_OPTIONS, EngineOptions
from paddleseg.deploy.exported_graph import NetworkInput
from paddleseg.deploy.graph_choice import choose_graph
from paddleseg.deploy.predictor import ClassPredictor, SegmentationPredictor
from paddleseg.deploy.segmenter import Segmenter
from paddleseg.utils.class_report import FoundClass
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.margins import margin_map


def is_exported(path: str | Path) -> bool:
    """Whether a path is an exported folder, or the deploy.yaml in one."""
    path = Path(path)
    return path.name == FILE_NAME or (path / FILE_NAME).is_file()


def open_exported(path: str | Path, options: EngineOptions) -> ExportedSegmentation | ExportedClassification:
    """The predictor of an exported folder.

    Raises:
        ConfigError: Its deploy.yaml is wrong, or it has no graph for these options.
        DeviceError: The engine or the device is not available.
        WeightsError: The graph cannot be loaded.
    """
    config = read_deploy_config(path)
    kind = ExportedClassification if config.task == CLASSIFICATION else ExportedSegmentation
    return kind(config, options)


def engine_options(
    path: str | Path,
    *,
    backend: str | None = None,
    precision: str = "fp32",
    cpu_threads: int | None = None,
    device: str | None = None,
) -> EngineOptions:
    """How to run an exported folder, from a user's options.

    Args:
        path: The folder, or the deploy.yaml in it.
        backend: A name in ``engines.ENGINES``; None: see ``graph_choice.choose_backend``.
        precision: See ``EngineOptions``.
        cpu_threads: See ``EngineOptions``; None: one for each core.
        device: As for ``engines.engine_device``.

    Raises:
        ConfigError: The deploy.yaml is wrong, it has no graph for these options, or the threads have no effect.
        DeviceError: The engine or the device is not available.
    """
    if cpu_threads is not None and cpu_threads < 1:
        raise ConfigError(f"cpu_threads: found {cpu_threads}; it must be at least 1")
    wishes = EngineOptions(backend=backend, precision=precision, cpu_threads=cpu_threads)
    _, options = choose_graph(read_deploy_config(path), wishes)
    options = dataclasses.replace(options, device=engine_device(options.backend, device))
    if cpu_threads is not None and options.device != "cpu":
        raise ConfigError(f"cpu_threads: no effect on {options.device}; leave it out, or use the CPU")
    return options


class _Output(NamedTuple):
    """The graph's output for one picture: (1, ...)."""

    array: np.ndarray
    item: NetworkInput


class ExportedSegmentation(SegmentationPredictor):
    """The predictor of an exported segmentation network.

    Args:
        config: The deploy.yaml.
        options: How to run the graph.

    Raises:
        ConfigError: A transform is unknown.
        DeviceError: The options do not fit the device.
    """

    def __init__(self, config: DeployConfig, options: EngineOptions = DEFAULT_OPTIONS) -> None:
        self._segmenter = Segmenter(config, options)
        num_classes = config.num_classes or len(config.class_names or config.palette or ()) or 256
        super().__init__(num_classes, config.class_names, config.palette, config.input_shape[1], config.read_options)
        self.gives_margins = self._segmenter.gives_scores

    def warm_up(self, side: int) -> None:
        """See ``ExportedGraph.warm_up``."""
        self._segmenter.warm_up(self.predict, side)

    def _run(self, image: np.ndarray) -> _Output:
        item = self._segmenter.prepare(image)
        with self._lock:
            return _Output(self._segmenter.run([item]), item)

    def _label_map(self, output: _Output, with_margins: bool) -> tuple[np.ndarray, np.ndarray | None]:
        segmenter, item = self._segmenter, output.item
        [labels] = segmenter.to_label_maps(output.array, [item])
        if labels.size and not 0 <= labels.min() <= labels.max() < len(self.classes):
            raise ConfigError(
                f"{segmenter.config.path}: {segmenter.graph.model.name} gives class ids from {labels.min()} to "
                f"{labels.max()}, and there are {len(self.classes)} classes; correct num_classes"
            )
        labels = labels.astype(np.uint8, copy=False)  # graphs of ids return more bits
        if not with_margins:
            return labels, None
        logits = segmenter.to_logits(output.array)[0]
        ignored_class = segmenter.config.ignored_class
        return labels, margin_map(logits, item.size_hw, item.trans_info, ignored_class=ignored_class)


class ExportedClassification(ClassPredictor):
    """The predictor of an exported classifier; arguments and errors are those of ``ExportedSegmentation``."""

    def __init__(self, config: DeployConfig, options: EngineOptions = DEFAULT_OPTIONS) -> None:
        self._classifier = Classifier(config, options)
        num_classes = config.num_classes or len(config.class_names or ())
        super().__init__(num_classes, config.class_names, None, config.input_shape[1], config.read_options)

    def warm_up(self, side: int) -> None:
        """See ``ExportedGraph.warm_up``."""
        self._classifier.warm_up(self.predict, side)

    def _classify(self, image: np.ndarray) -> list[FoundClass]:
        item = self._classifier.prepare(image)
        with self._lock:
            [classes] = self._classifier.classes([item])
        return classes
