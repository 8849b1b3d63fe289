# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Predictors of networks in memory, from the folder of a run or of a checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import paddle

from paddleseg.config.build import build_transforms, section_with_transforms
from paddleseg.config.load import Config, load_config
from paddleseg.config.schema import check_config
from paddleseg.config.shared_values import read_options, shared_value
from paddleseg.config.task_sections import prediction_of
from paddleseg.config.teacher_place import checkpoint_in
from paddleseg.config.trained_network import load_trained_network
from paddleseg.deploy.predictor import ClassPredictor, SegmentationPredictor
from paddleseg.inference.class_logits import class_logits
from paddleseg.inference.label_maps import predict_logits, refuse_random_transforms
from paddleseg.inference.preprocess import to_network_input
from paddleseg.inference.views import ViewOptions
from paddleseg.onednn import CpuSettings, entered
from paddleseg.training.checkpoint import BEST_MODEL, CONFIG
from paddleseg.transforms.pipeline import Pipeline
from paddleseg.utils.class_report import FoundClass, best_classes, softmax
from paddleseg.utils.device import select_device
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.label_map import ignored_class_of, label_maps
from paddleseg.utils.margins import margin_map
from paddleseg.utils.way_back import TransInfo


def find_checkpoint(path: Path) -> Path:
    """The folder of the network: one within a run's folder, or this folder itself.

    Raises:
        ConfigError: There is none.
    """
    checkpoint = checkpoint_in(str(path))
    if checkpoint is None:
        raise ConfigError(
            f"{path} has no network: neither a deploy.yaml, as export.py writes it, nor weights, nor checkpoints of a "
            f"run ({BEST_MODEL}, iter_N) are in it"
        )
    if not (checkpoint / CONFIG).is_file():
        raise ConfigError(
            f"{checkpoint} has weights but no {CONFIG} that says which network they belong to; export it first"
        )
    return checkpoint


def open_checkpoint(
    checkpoint: Path, cpu_threads: int | None = None, device: str | None = None
) -> NetworkSegmentation | NetworkClassification:
    """The predictor of a checkpoint's folder.

    Args:
        checkpoint: The folder, with weights and ``CONFIG``.
        cpu_threads: See ``paddleseg.load``.
        device: See ``paddleseg.load``.

    Raises:
        ConfigError: Its configuration is wrong.
        WeightsError: Its weights are damaged or do not fit.
        DeviceError: The device is not available here.
    """
    config = load_config(str(checkpoint / CONFIG))
    check_config(config, command="predict", check_files=False)
    select_device(device)
    cpu = CpuSettings.choose(None, cpu_threads)
    model, meta = load_trained_network(config, str(checkpoint), cpu)
    meta = meta or {}
    model.eval()
    kind = NetworkClassification if prediction_of(config) == "class" else NetworkSegmentation
    return kind(config, model, cpu, meta)


class _Network:
    """A network in memory, with the preprocessing of its configuration."""

    def __init__(self, config: Config, model: paddle.nn.Layer, cpu: CpuSettings | None) -> None:
        self.model, self.cpu = model, cpu
        self.pipeline = Pipeline(build_transforms(config, section_with_transforms(config)))
        refuse_random_transforms(self.pipeline)

    def prepare(self, image: np.ndarray) -> dict[str, Any]:
        """The picture as the transforms leave it, not normalised."""
        # No random number is drawn; the generator only completes the call.
        return self.pipeline({"img": image, "path": "picture", "trans_info": []}, np.random.default_rng(0))


class _Output(NamedTuple):
    logits: np.ndarray  # (1, K, h, w)
    size_hw: tuple[int, int]
    trans_info: TransInfo


class NetworkSegmentation(SegmentationPredictor):
    """The predictor of a segmentation network in memory, which processes pictures as ``test_config`` says."""

    def __init__(self, config: Config, model: paddle.nn.Layer, cpu: CpuSettings | None, meta: dict[str, Any]) -> None:
        names = shared_value(config, "class_names") or meta.get("classes")
        reading = model.in_channels, read_options(config)
        super().__init__(model.num_classes, names, shared_value(config, "palette"), *reading)
        self._network = _Network(config, model, cpu)
        self._views = ViewOptions.from_test_config(config.section("test_config"))
        self._ignored_class = ignored_class_of(model.num_classes, shared_value(config, "ignore_index"))

    def _run(self, image: np.ndarray) -> _Output:
        network = self._network
        sample = network.prepare(image)
        with self._lock, entered(network.cpu, says_it=False):
            batch = to_network_input(sample["img"][np.newaxis], network.pipeline.normalize)
            logits = predict_logits(network.model, batch, self._views).numpy()
        return _Output(logits, tuple(batch.shape[2:]), sample["trans_info"])

    def _label_map(self, output: _Output, with_margins: bool) -> tuple[np.ndarray, np.ndarray | None]:
        logits, size_hw, trans_info = output
        [labels] = label_maps(logits, size_hw, [trans_info], ignored_class=self._ignored_class)
        if not with_margins:
            return labels, None
        return labels, margin_map(logits[0], size_hw, trans_info, ignored_class=self._ignored_class)


class NetworkClassification(ClassPredictor):
    """The predictor of a classifier in memory."""

    def __init__(self, config: Config, model: paddle.nn.Layer, cpu: CpuSettings | None, meta: dict[str, Any]) -> None:
        names = shared_value(config, "class_names") or meta.get("classes")  # folders' are in the weights
        super().__init__(model.num_classes, names, None, model.in_channels, read_options(config))
        self._network = _Network(config, model, cpu)

    def _classify(self, image: np.ndarray) -> list[FoundClass]:
        network = self._network
        sample = network.prepare(image)
        with self._lock, entered(network.cpu, says_it=False):
            logits = class_logits(network.model, sample["img"][np.newaxis], network.pipeline.normalize)
        return best_classes(softmax(logits)[0], self.classes)
