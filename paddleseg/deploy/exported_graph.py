# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""An exported graph with the preprocessing of its deploy.yaml: from picture files to the graph's own output."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from paddleseg.deploy.deploy_config import DeployConfig
from paddleseg.deploy.engines import open_engine
from paddleseg.deploy.engines.base import Engine, EngineOptions
from paddleseg.deploy.graph_choice import choose_graph
from paddleseg.deploy.graph_formats import UINT8
from paddleseg.deploy.graph_spec import GraphSpec, check_checksums
from paddleseg.utils.errors import ConfigError, DataError, TooLargeError
from paddleseg.utils.image_io import read_image
from paddleseg.utils.logging import get_logger
from paddleseg.utils.picture_failures import note_failure

STAGES = ("preprocess", "inference", "postprocess")  # AutoLog's names
_GROWTH = 4
"""How many times its own pixels the transforms may make of a picture on the way, as by padding it to a square, where
the pixels that reach the network are bounded."""


@dataclass(frozen=True)
class NetworkInput:
    """One picture, ready for the network.

    Attributes:
        path: Its origin, for messages.
        image: (C, H, W) float32, normalised; or (H, W, C) uint8 for a graph that normalises itself.
        trans_info: The changes of its size, see ``way_back.TransInfo``.
    """

    path: str
    image: np.ndarray
    trans_info: list[tuple[str, Any]]

    @property
    def size_hw(self) -> tuple[int, int]:
        """Height and width."""
        return self.image.shape[:2] if self.image.dtype == UINT8 else self.image.shape[1:]


class ExportedGraph:
    """One graph of an export; subclasses define the meaning of its output.

    Args:
        config: The deploy.yaml.
        options: How to run it.
        graphs: The graphs to choose from, see ``choose_graph``; None: all of the export.
        preferred: The preferred output of the graph.
        engine: An engine with its graph, instead of choosing and loading one here.

    Attributes:
        graph: The graph in use.
        engine: Its engine.
        seconds: Time spent in each of ``STAGES`` so far.

    Raises:
        ConfigError: A transform is unknown, no graph fits the options, or a file differs from the exported one.
        DeviceError: The options do not fit the device.
        WeightsError: A file is damaged.
    """

    def __init__(
        self,
        config: DeployConfig,
        options: EngineOptions,
        graphs: Sequence[GraphSpec] | None = None,
        preferred: Sequence[str | None] = (),
        engine: Engine | None = None,
    ) -> None:
        self.config = config
        if engine is None:
            self.graph, options = choose_graph(config, options, graphs, preferred)
        else:
            self.graph = engine.graph
        self.pipeline = config.build_pipeline()
        check_checksums(config.path, self.graph.files, config.checksums)
        self.seconds = dict.fromkeys(STAGES, 0.0)
        self._said_that_the_size_is_another = False
        if engine is not None:
            self.engine = engine
            return
        self.engine = open_engine(self.graph, options)
        found = self.engine.options
        get_logger().info(
            "%s: %s, %s, %s, %d thread(s)",
            self.graph.model.name, self.engine.about, found.device, found.precision, found.cpu_threads,
        )  # fmt: skip

    def read(self, path: str | Path) -> NetworkInput:
        """Read and preprocess a picture.

        Raises:
            DataError: The picture is missing or damaged, or its size does not fit a graph of fixed size.
        """
        with Stopwatch(self.seconds, "preprocess"):
            picture = read_image(path, self.graph.input_shape[1], self.config.read_options)
            return self._prepare(picture, str(path))

    def prepare(self, picture: np.ndarray, path: str = "picture") -> NetworkInput:
        """Preprocess a picture in memory.

        Args:
            picture: (H, W, C) RGB, uint8 from ordinary files.
            path: Its name in messages.
        """
        with Stopwatch(self.seconds, "preprocess"):
            return self._prepare(picture, path)

    def warm_up(self, predict: Callable[[np.ndarray], object], side: int) -> None:
        """Predict a black picture, so that the first real one does not wait for the engine's kernels.

        It has the size that a graph of fixed size takes; else that of the calibration, at which an int8 graph will run.

        Args:
            predict: Takes (H, W, C) uint8 and runs this graph.
            side: Height and width where neither is stated.

        Raises:
            DataError: The transforms make another size of it than the graph takes, or a larger one than is allowed.
        """
        channels, *fixed_hw = self.graph.input_shape[1:]
        free_hw = self.graph.calibrated_size or 2 * (max(side, *fixed_hw),)
        size_hw = [free if fixed == -1 else fixed for fixed, free in zip(fixed_hw, free_hw)]
        predict(np.zeros((*size_hw, channels), np.uint8))
        self.engine.end_warm_up()

    def run(self, inputs: Sequence[NetworkInput]) -> np.ndarray:
        """The graph's own output for one batch, (N, ...).

        Raises:
            DataError: The graph does not take this size.
        """
        self._warn_of_other_sizes_than_calibrated(inputs[0])
        with Stopwatch(self.seconds, "inference"):
            fixed = self.graph.input_shape[0]
            # A graph of fixed batch size gets copies of the last picture if there are too few.
            padding = max(0, fixed - len(inputs))
            images = [item.image for item in inputs] + [inputs[-1].image] * padding
            batch = np.stack(images) if len(images) > 1 else images[0][None]  # not copied: 25 MB at 1024 x 2048
            output = self.engine(batch)
            if len(output) != len(batch):
                raise DataError(
                    f"{self.graph.model}: gives {len(output)} results for {len(batch)} pictures; give --batch_size "
                    f"{len(output)}, or export for any batch"
                )
            return output[: len(inputs)]

    def batches(
        self, paths: Iterable[str | Path], batch_size: int, failures: list[DataError] | None = None
    ) -> Iterator[list[NetworkInput]]:
        """Read pictures and group consecutive ones whose network inputs have the same size.

        Args:
            paths: Picture files.
            batch_size: Most pictures in a batch.
            failures: Collects the errors of skipped pictures; None: the first error is raised.

        Raises:
            ConfigError: The graph has a fixed batch size that is smaller.
            DataError: As for ``read``.
        """
        self.check_batch_size(batch_size)
        yield from grouped(self._readable(paths, failures), batch_size)

    def check_batch_size(self, batch_size: int) -> None:
        """Raise ConfigError if the graph has a fixed batch size that is smaller."""
        fixed = self.graph.input_shape[0]
        if 0 < fixed < batch_size:
            raise ConfigError(f"{self.config.path}: the graph takes batches of {fixed}; --batch_size is {batch_size}")

    def _readable(self, paths: Iterable[str | Path], failures: list[DataError] | None) -> Iterator[NetworkInput]:
        for path in paths:
            try:
                yield self.read(path)
            except DataError as error:
                if failures is None:
                    raise
                note_failure(failures, error)

    def reset_times(self) -> None:
        """Forget the time spent so far, e.g. after a warm-up."""
        self.seconds = dict.fromkeys(STAGES, 0.0)

    def _prepare(self, picture: np.ndarray, path: str) -> NetworkInput:
        sample = {"img": picture, "path": path, "trans_info": []}
        max_pixels = self.engine.options.max_pixels
        if max_pixels is not None:
            sample["max_pixels"] = max(max_pixels, _GROWTH * picture.shape[0] * picture.shape[1])
        # The transforms of an export draw no random numbers; the generator only completes the call.
        sample = self.pipeline(sample, np.random.default_rng(0))
        pixels = sample["img"]
        shape = [pixels.shape[2], *pixels.shape[:2]]
        for found, fixed in zip(shape, self.graph.input_shape[1:]):
            if fixed not in (-1, found):
                raise DataError(
                    f"{path}: reaches the network as [C, H, W] = {shape}, but the graph takes "
                    f"{list(self.graph.input_shape[1:])} only; add a Resize to the transforms in "
                    f"{self.config.path}, or export without --input_shape"
                )
        if max_pixels is not None and shape[1] * shape[2] > max_pixels:
            raise TooLargeError(
                f"{path}: reaches the network as {shape[2]}x{shape[1]} pixels, more than the bound of {max_pixels}; "
                "give a smaller one or parts of it, export with a Resize in the transforms, or serve with a larger "
                "--max_network_megapixels"
            )
        if self.graph.input_dtype != UINT8:
            image = self.pipeline.normalized_planes(pixels)
        elif pixels.dtype == UINT8:
            image = pixels
        else:
            raise DataError(
                f"{path}: reaches the network as {pixels.dtype}, but {self.graph.model.name} takes uint8, which it "
                "normalises itself; give pictures of 8 bits, another --backend whose graph takes float32, or export "
                "with --input_dtype float32"
            )
        return NetworkInput(path, image, sample["trans_info"])

    def _warn_of_other_sizes_than_calibrated(self, item: NetworkInput) -> None:
        """Warn once: an int8 graph agrees with float32 at the size of its calibration, and less at others."""
        calibrated = self.graph.calibrated_size
        if calibrated is None or calibrated == tuple(item.size_hw) or self._said_that_the_size_is_another:
            return
        self._said_that_the_size_is_another = True
        get_logger().warning(
            "%s: %s was calibrated at (height, width) = %s and runs at %s, where more classes differ from fp32's; "
            "calibrate it at this size",
            item.path, self.graph.model.name, calibrated, tuple(item.size_hw),
        )  # fmt: skip


def grouped(items: Iterable[NetworkInput], batch_size: int) -> Iterator[list[NetworkInput]]:
    """Batches of at most ``batch_size`` consecutive pictures whose network inputs have the same size.

    A full batch is yielded before the next picture is read, so that times and failures belong to its own pictures.
    """
    batch: list[NetworkInput] = []
    for item in items:
        if batch and item.size_hw != batch[0].size_hw:
            yield batch
            batch = []
        batch.append(item)
        if len(batch) == batch_size:
            yield batch
            batch = []
    if batch:
        yield batch


class Stopwatch:
    """Adds the time of a block to ``seconds[stage]``."""

    def __init__(self, seconds: dict[str, float], stage: str) -> None:
        self._seconds, self._stage = seconds, stage

    def __enter__(self) -> None:
        self._start = time.perf_counter()

    def __exit__(self, *exception: object) -> None:
        self._seconds[self._stage] += time.perf_counter() - self._start
