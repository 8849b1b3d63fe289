# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""An exported graph with the preprocessing of its deploy.yaml: from picture files to the graph's own output."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from paddleseg.deploy.deploy_config import DeployConfig, GraphFiles
from paddleseg.deploy.engine import Engine, EngineOptions
from paddleseg.utils.errors import ConfigError, DataError
from paddleseg.utils.image_io import read_image
from paddleseg.utils.picture_failures import note_failure

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


class ExportedGraph:
    """One graph of an export; what its output means, subclasses say.

    Args:
        config: The deploy.yaml.
        graph: The graph that is run.
        options: How to run it.

    Attributes:
        graph: The files of the graph that is run.
        seconds: Time spent in each of ``STAGES`` so far.

    Raises:
        ConfigError: A transform is unknown.
        DeviceError: The options do not fit the device.
    """

    def __init__(self, config: DeployConfig, graph: GraphFiles, options: EngineOptions) -> None:
        self.config, self.graph = config, graph
        self.pipeline = config.build_pipeline()
        self.engine = Engine(graph.model, graph.params, options, config.input_shape)
        self.seconds = dict.fromkeys(STAGES, 0.0)

    def read(self, path: str | Path) -> NetworkInput:
        """Read and preprocess a picture.

        Raises:
            DataError: The picture is missing or damaged, or its size does not fit a graph of fixed size.
        """
        with Stopwatch(self.seconds, "preprocess"):
            picture = read_image(path, self.config.input_shape[1], self.config.read_options)
            return self._prepare(picture, str(path))

    def prepare(self, picture: np.ndarray, path: str = "picture") -> NetworkInput:
        """Preprocess a picture in memory.

        Args:
            picture: (H, W, C) RGB, uint8 from ordinary files.
            path: Its name in messages.
        """
        with Stopwatch(self.seconds, "preprocess"):
            return self._prepare(picture, path)

    def run(self, inputs: Sequence[NetworkInput]) -> np.ndarray:
        """The own output of the graph for one batch, (N, ...)."""
        with Stopwatch(self.seconds, "inference"):
            fixed = self.config.input_shape[0]
            # A graph of fixed batch size gets copies of the last picture where pictures lack.
            padding = max(0, fixed - len(inputs))
            batch = np.stack([item.image for item in inputs] + [inputs[-1].image] * padding)
            return self.engine(batch)[: len(inputs)]

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
        self.check_batch_size(batch_size)
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

    def check_batch_size(self, batch_size: int) -> None:
        """Raise ConfigError if the graph has a fixed batch size that is smaller."""
        fixed = self.config.input_shape[0]
        if 0 < fixed < batch_size:
            raise ConfigError(f"{self.config.path}: the graph takes batches of {fixed}; --batch_size is {batch_size}")

    def reset_times(self) -> None:
        """Forget the time spent so far, e.g. after a warm-up."""
        self.seconds = dict.fromkeys(STAGES, 0.0)

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


class Stopwatch:
    """Adds the time a block takes to ``seconds[stage]``."""

    def __init__(self, seconds: dict[str, float], stage: str) -> None:
        self._seconds, self._stage = seconds, stage

    def __enter__(self) -> None:
        self._start = time.perf_counter()

    def __exit__(self, *exception: object) -> None:
        self._seconds[self._stage] += time.perf_counter() - self._start
