# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures in, label maps out, with an exported network and the preprocessing of its deploy.yaml.

Label maps at the pictures' own sizes come from the graph of logits at 1/8, as in val.py and predict.py. Folders that
have none (PaddleSeg's) give scores or class ids at the size of the network's input; ids can only be resized by taking
the nearest pixel.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from paddleseg.deploy.deploy_config import STRIDE8, DeployConfig
from paddleseg.deploy.engine import DEFAULT_OPTIONS, Engine, EngineOptions
from paddleseg.utils.errors import ConfigError, DataError
from paddleseg.utils.image_io import read_image
from paddleseg.utils.label_map import label_maps
from paddleseg.utils.logging import get_logger
from paddleseg.utils.picture_failures import note_failure
from paddleseg.utils.way_back import TransInfo, restore_ids

STAGES = ("preprocess", "inference", "postprocess")  # as AutoLog calls them


@dataclass(frozen=True)
class NetworkInput:
    """One picture, ready for the network.

    Attributes:
        path: Where it comes from, for messages.
        image: (C, H, W) float32, normalised.
        trans_info: What changed its size, see ``way_back.TransInfo``.
    """

    path: str
    image: np.ndarray
    trans_info: list[tuple[str, Any]]


class Segmenter:
    """An exported network with its preprocessing.

    Args:
        config: The deploy.yaml.
        options: How to run the graph.
        gives_scores: Whether the main graph's output is scores of the classes (N, K, H, W), of which the best is
            to be taken here; None: deploy.yaml says it (``output_op``).
        main_graph: Whether to run the graph under PaddleSeg's keys although there is one of logits at 1/8.

    Attributes:
        graph: The files of the graph that is run.
        gives_scores: Whether it gives scores, or logits at 1/8, and not class ids.
        seconds: Time spent in each of ``STAGES`` so far.

    Raises:
        ConfigError: A transform is unknown, or ``gives_scores`` contradicts deploy.yaml.
        DeviceError: The options do not fit the device.
    """

    def __init__(
        self,
        config: DeployConfig,
        options: EngineOptions = DEFAULT_OPTIONS,
        *,
        gives_scores: bool | None = None,
        main_graph: bool = False,
    ) -> None:
        self.config = config
        self.pipeline = config.build_pipeline()
        self.gives_scores = config.output_op in ("softmax", "none") if gives_scores is None else gives_scores
        if self.gives_scores and config.output_op == "argmax":
            raise ConfigError(
                f"{config.path}: the graph gives class ids already (output_op: argmax); drop --with_argmax"
            )
        self.graph = config.main_graph
        if STRIDE8 in config.graphs and not main_graph:
            self.graph, self.gives_scores = config.graphs[STRIDE8], True
        self.engine = Engine(self.graph.model, self.graph.params, options, config.input_shape)
        self.seconds = dict.fromkeys(STAGES, 0.0)
        self._said_that_ids_are_resized = False

    def read(self, path: str | Path) -> NetworkInput:
        """Read and preprocess a picture.

        Raises:
            DataError: The picture is missing or damaged, or its size does not fit a graph of fixed size.
        """
        with _Stopwatch(self.seconds, "preprocess"):
            picture = read_image(path, self.config.input_shape[1], self.config.read_options)
            return self._prepare(picture, str(path))

    def prepare(self, picture: np.ndarray, path: str = "picture") -> NetworkInput:
        """Preprocess a picture in memory.

        Args:
            picture: (H, W, C) RGB, uint8 from ordinary files.
            path: Its name in messages.
        """
        with _Stopwatch(self.seconds, "preprocess"):
            return self._prepare(picture, path)

    def label_maps(self, inputs: Sequence[NetworkInput]) -> list[np.ndarray]:
        """Class ids of pictures whose network inputs have one size.

        Args:
            inputs: One batch.

        Returns:
            For each picture (height, width) integer class ids at its size before the transforms.
        """
        output = self.run(inputs)
        with _Stopwatch(self.seconds, "postprocess"):
            trans_infos = [item.trans_info for item in inputs]
            if self.gives_scores:
                size_hw = inputs[0].image.shape[1:]
                return label_maps(output, size_hw, trans_infos, ignored_class=self.config.ignored_class)
            self._say_that_ids_are_resized(trans_infos)
            return [restore_ids(label, trans_info) for label, trans_info in zip(output, trans_infos)]

    def run(self, inputs: Sequence[NetworkInput]) -> np.ndarray:
        """The own output of the graph that is run, for one batch, (N, ...).

        Raises:
            DataError: The output has another form than deploy.yaml says.
        """
        with _Stopwatch(self.seconds, "inference"):
            fixed = self.config.input_shape[0]
            # A graph of fixed batch size gets copies of the last picture where pictures lack.
            padding = max(0, fixed - len(inputs))
            batch = np.stack([item.image for item in inputs] + [inputs[-1].image] * padding)
            output = self.engine(batch)[: len(inputs)]
        dimensions = 4 if self.gives_scores else 3
        if output.ndim != dimensions:
            raise ConfigError(
                f"{self.config.path}: the output of {self.graph.model.name} has the shape {list(output.shape)}, "
                f"not that of {'scores [N, K, H, W]' if self.gives_scores else 'class ids [N, H, W]'}; "
                "give --with_argmax for a graph of scores, or correct output_op"
            )
        return output

    def batches(
        self, paths: Iterable[str | Path], batch_size: int, failures: list[DataError] | None = None
    ) -> Iterator[list[NetworkInput]]:
        """Read pictures and group consecutive ones whose network inputs have the same size.

        Args:
            paths: Picture files.
            batch_size: Most pictures in a batch.
            failures: Takes what is wrong with pictures, which are left out then; None: the first one raises it.

        Raises:
            ConfigError: The graph has a fixed batch size that is smaller.
            DataError: As for ``read``.
        """
        fixed = self.config.input_shape[0]
        if 0 < fixed < batch_size:
            raise ConfigError(f"{self.config.path}: the graph takes batches of {fixed}; --batch_size is {batch_size}")
        batch: list[NetworkInput] = []
        for path in paths:
            try:
                item = self.read(path)
            except DataError as error:
                if failures is None:
                    raise
                note_failure(failures, error)
                continue
            if batch and (len(batch) == batch_size or item.image.shape != batch[0].image.shape):
                yield batch
                batch = []
            batch.append(item)
        if batch:
            yield batch

    def reset_times(self) -> None:
        """Forget the time spent so far, e.g. after a warm-up."""
        self.seconds = dict.fromkeys(STAGES, 0.0)

    def _say_that_ids_are_resized(self, trans_infos: Sequence[TransInfo]) -> None:
        """Once, at the first picture that the transforms resized."""
        resized = any(kind == "resize" for trans_info in trans_infos for kind, _ in trans_info)
        if resized and not self._said_that_ids_are_resized:
            self._said_that_ids_are_resized = True
            get_logger().warning(
                "%s: there is no graph of logits at 1/8 (graphs.%s), so the class ids that %s gives are brought to the "
                "pictures' sizes by taking the id at each pixel's centre; borders are rougher than those of predict.py",
                self.config.path,
                STRIDE8,
                self.graph.model.name,
            )

    def _prepare(self, picture: np.ndarray, path: str) -> NetworkInput:
        sample = {"img": picture, "path": path, "trans_info": []}
        # The transforms of an export draw nothing; the generator only completes the call.
        sample = self.pipeline(sample, np.random.default_rng(0))
        image = self.pipeline.apply_normalize(sample["img"]).transpose(2, 0, 1)
        for found, fixed in zip(image.shape, self.config.input_shape[1:]):
            if fixed not in (-1, found):
                raise DataError(
                    f"{path}: reaches the network as [C, H, W] = {list(image.shape)}, but the graph takes "
                    f"{list(self.config.input_shape[1:])} only; add a Resize to the transforms in "
                    f"{self.config.path}, or export without --input_shape"
                )
        return NetworkInput(path, image, sample["trans_info"])


class _Stopwatch:
    """Adds the time a block takes to ``seconds[stage]``."""

    def __init__(self, seconds: dict[str, float], stage: str) -> None:
        self._seconds, self._stage = seconds, stage

    def __enter__(self) -> None:
        self._start = time.perf_counter()

    def __exit__(self, *exception: object) -> None:
        self._seconds[self._stage] += time.perf_counter() - self._start
