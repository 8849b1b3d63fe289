# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""What an engine is: it loads a graph and maps arrays to arrays."""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from paddleseg.deploy.graph_spec import GraphSpec
from paddleseg.utils.cpus import usable_cpus
from paddleseg.utils.errors import DataError, DeviceError, UserError


@dataclass(frozen=True)
class EngineOptions:
    """How to run a graph.

    Attributes:
        backend: A name in ``engines.ENGINES``; None: see ``graph_choice.choose_backend``.
        device: An available device, as named by ``select_device``: ``cpu``, ``gpu:0``.
        precision: One of ``PRECISIONS``. ``graph_choice`` knows which engine supports which.
        cpu_threads: Threads on the CPU; None: one for each core this process may use.
        enable_mkldnn: For Paddle on the CPU: whether it uses oneDNN's kernels; None: the fastest that runs the graph,
            which is the OpenVINO in Paddle's wheel, else oneDNN. A loaded engine has the final value.
        use_trt: Whether a GPU uses TensorRT.
        min_subgraph_size: Smallest number of operators that TensorRT takes over.
        batch_size: Most pictures in a batch, for TensorRT; a graph of fixed batch size has its own.
        collect_shapes_in: Do not run TensorRT, but write the shapes inside the graph to this file.
        tuned_shape_file: Shapes written that way, for TensorRT.
        print_detail: Whether engines show their own log.
        max_pixels: Most pixels of a picture that reaches the graph; an ``ExportedGraph`` refuses larger ones before
            the network takes memory for them. None: no bound.
    """

    backend: str | None = None
    device: str = "cpu"
    precision: str = "fp32"
    cpu_threads: int | None = None
    enable_mkldnn: bool | None = None
    use_trt: bool = False
    min_subgraph_size: int = 3
    batch_size: int = 1
    collect_shapes_in: str | None = None
    tuned_shape_file: str | None = None
    print_detail: bool = False
    max_pixels: int | None = None


DEFAULT_OPTIONS = EngineOptions()


class Engine(abc.ABC):
    """A loaded graph. One thread at a time may run it; ``clone`` gives another one its own.

    Args:
        graph: The graph to load.
        options: How to run it.

    Attributes:
        graph: The loaded graph.
        options: How it runs, with the final ``backend``, ``cpu_threads`` and ``enable_mkldnn``.
        about: The library that computes, for the log: ``oneDNN in Paddle 3.3.1``.
        input_names: Names of the graph's inputs.
        output_names: Names of its outputs.

    Raises:
        DeviceError: Device, precision and options are incompatible, or not available here.
        WeightsError: The files are damaged, or of another version of the library.
    """

    backend: ClassVar[str]
    run_errors: ClassVar[tuple[type[Exception], ...]] = (RuntimeError, ValueError)
    """What the library raises for an input that the graph does not take."""
    about: str
    input_names: tuple[str, ...]
    output_names: tuple[str, ...]

    def __init__(self, graph: GraphSpec, options: EngineOptions = DEFAULT_OPTIONS) -> None:
        self.graph = graph
        self.options = dataclasses.replace(
            options, backend=self.backend, cpu_threads=options.cpu_threads or usable_cpus()
        )

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Run the graph on one batch.

        Args:
            images: (N, C, H, W) float32, or (N, H, W, C) uint8 for graphs that take that.

        Returns:
            The first output, a copy in host memory.

        Raises:
            DataError: The graph does not take this size.
            WeightsError: It must be compiled for this size, and cannot be.
        """
        if images.dtype != self.graph.input_dtype:
            raise TypeError(f"{self.graph.model} takes {self.graph.input_dtype}, not {images.dtype}")
        try:
            return self.run([images])[0]
        except UserError:  # from a graph that is loaded with its first picture
            raise
        except self.run_errors as error:
            raise DataError(
                f"{self.graph.model}: {self.about} cannot run it on a batch of {list(images.shape)}: "
                f"{first_line(error)}"
            ) from error

    @abc.abstractmethod
    def run(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Run the graph: an array for each of ``input_names`` in, one for each of ``output_names`` out."""

    def end_warm_up(self) -> None:
        """Say that the batches so far were a warm-up's, whose size need not come again.

        An engine that adapts to the first size then adapts to the next one; the others have nothing to do.
        """
        return

    @abc.abstractmethod
    def clone(self) -> Engine:
        """An engine of the same graph that another thread may run at the same time."""


def refuse_devices_but_cpu(options: EngineOptions, backend: str) -> None:
    """For engines that run only on the CPU here.

    Raises:
        DeviceError: Another device, or TensorRT, is requested.
    """
    if options.device != "cpu":
        raise DeviceError(
            f"--device {options.device}: --backend {backend} runs on the CPU; give --device cpu, or --backend paddle"
        )
    if options.use_trt:
        raise DeviceError(f"--use_trt True: --backend {backend} has no TensorRT; leave it out")


def first_line(error: Exception) -> str:
    """The first informative line of an error's text, else the error as Python prints it."""
    lines = [line.strip() for line in str(error).splitlines()]
    # OpenVINO's begin with positions in its own source.
    return next((line for line in lines if line.strip("- ") and not line.startswith("Exception from")), repr(error))
