# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The flags for where and how an exported graph runs, shared by all commands of deploy/python.

Imports only the standard library: the commands check their flags before they load anything.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

from paddleseg.deploy.engines import ENGINES, engine_device
from paddleseg.deploy.engines.base import EngineOptions
from paddleseg.deploy.graph_formats import PADDLE, PRECISIONS
from paddleseg.utils.cli import require_packages, str2bool
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.logging import is_quiet

if TYPE_CHECKING:
    from paddleseg.deploy.classifier import Classifier
    from paddleseg.deploy.deploy_config import DeployConfig
    from paddleseg.deploy.exported_graph import ExportedGraph
    from paddleseg.deploy.segmenter import Segmenter

_SHAPE_FILE = "auto_tune_tmp.pbtxt"
_PICTURES_TO_TUNE_ON = 10
WARM_UP_RUNS = 5
"""Until engines have built their kernels."""


def add_engine_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags; names and defaults are PaddleSeg's where the help does not say otherwise.

    Those with an effect only on some devices, or with other flags, have no default, to see whether they were given.
    """
    add = parser.add_argument
    add("--device", help="cpu, gpu, gpu:1, xpu, npu, mlu, ... (default: the first GPU with Paddle, else the CPU)")
    add(
        "--backend",
        type=backend_name,
        choices=list(ENGINES),
        help="engine that runs the graph (default: the first of these that is installed and for which the export "
        "has a graph of --precision)",
    )
    add(
        "--use_trt",
        type=str2bool,
        default=False,
        metavar="BOOL",
        help="use TensorRT on a GPU (default: False)",
    )
    add(
        "--precision",
        choices=PRECISIONS,
        default="fp32",
        help="bf16: on CPUs that support it, with paddle or openvino; fp16: on GPUs, or with an fp16 graph; int8: with "
        "an int8 graph, or TensorRT (default: fp32)",
    )
    add(
        "--min_subgraph_size",
        type=int,
        help="smallest subgraph for TensorRT, with --use_trt (default: 3)",
    )
    add(
        "--enable_auto_tune",
        type=str2bool,
        default=False,
        metavar="BOOL",
        help=f"collect the shapes for TensorRT from the first {_PICTURES_TO_TUNE_ON} pictures (default: False)",
    )
    add("--auto_tuned_shape_file", help=f"file for these shapes (default: {_SHAPE_FILE})")
    add(
        "--cpu_threads",
        type=int,
        help="CPU threads (default: one per usable core; PaddleSeg: 10)",
    )
    add(
        "--enable_mkldnn",
        type=str2bool,
        metavar="BOOL",
        help="for Paddle on the CPU: True: oneDNN; False: neither oneDNN nor OpenVINO, which is several times slower "
        "(default: the fastest that runs the graph)",
    )
    add(
        "--with_argmax",
        action="store_true",
        help="the graph gives scores: compute the best class of each pixel here",
    )
    add(
        "--print_detail",
        type=str2bool,
        nargs="?",
        const=True,
        default=True,
        metavar="BOOL",
        help="show the engine's own log (default: %(default)s)",
    )


def backend_name(text: str) -> str:
    """The type of ``--backend``; "tensorrt", which is not a choice, is refused with advice."""
    if text == "tensorrt":
        raise argparse.ArgumentTypeError(
            "tensorrt is a part of other engines here; deploy/python/infer.py takes --use_trt True --device gpu with "
            "--backend paddle or onnxruntime"
        )
    return text


def check_engine_arguments(arguments: argparse.Namespace) -> None:
    """Refuse values that no run can use, and flags that would be ignored, before anything is loaded.

    Raises:
        ConfigError: Names the flag.
    """
    for flag in ("batch_size", "min_subgraph_size", "cpu_threads"):
        value = getattr(arguments, flag)
        if value is not None and value < 1:
            raise ConfigError(f"--{flag} {value}: must be at least 1")
    if arguments.enable_auto_tune and not arguments.use_trt:
        raise ConfigError(
            "--enable_auto_tune True: it tunes TensorRT; give --device gpu --use_trt True, or leave it out"
        )
    if arguments.min_subgraph_size is not None and not arguments.use_trt:
        raise ConfigError(
            f"--min_subgraph_size {arguments.min_subgraph_size}: it is a setting of TensorRT, which is not used; give "
            "--device gpu --use_trt True, or leave it out"
        )
    if arguments.auto_tuned_shape_file is not None and not arguments.enable_auto_tune:
        raise ConfigError(
            f"--auto_tuned_shape_file {arguments.auto_tuned_shape_file}: no shapes are collected that it could "
            "hold; give --enable_auto_tune True, or leave it out"
        )


def open_by_flags(config: DeployConfig, arguments: argparse.Namespace, images: Sequence[str]) -> Segmenter | Classifier:
    """The graph of an export chosen by the flags, ready to run.

    Args:
        config: The deploy.yaml.
        arguments: The command line, with ``batch_size``.
        images: The first few are run for ``--enable_auto_tune``.

    Raises:
        ConfigError: There is no graph for that, or a flag would be ignored.
        DeviceError: The engine or the device is not available.
        WeightsError: A file is damaged.
    """
    options = engine_options(config, arguments)
    if arguments.enable_auto_tune:
        shape_file = arguments.auto_tuned_shape_file or _SHAPE_FILE
        options = tune_shapes(config, options, images, shape_file, arguments.with_argmax)
    return open_graph(config, options, arguments.with_argmax)


def engine_options(config: DeployConfig, arguments: argparse.Namespace) -> EngineOptions:
    """How to run the graph, with the backend and its device determined.

    Args:
        config: The deploy.yaml.
        arguments: The command line, with ``batch_size``.

    Raises:
        ConfigError: There is no graph for that, or a flag would be ignored.
        DeviceError: The engine or the device is not available.
    """
    from paddleseg.deploy.graph_choice import choose_graph

    given = {name: getattr(arguments, name) for name in ("cpu_threads", "min_subgraph_size")}
    options = EngineOptions(
        backend=arguments.backend,
        precision=arguments.precision,
        enable_mkldnn=arguments.enable_mkldnn,
        use_trt=arguments.use_trt,
        print_detail=arguments.print_detail and not is_quiet(),
        batch_size=arguments.batch_size,
        **{name: value for name, value in given.items() if value is not None},
    )
    _, options = choose_graph(config, options)
    if options.backend == PADDLE:
        require_packages("paddle")
    options = dataclasses.replace(options, device=engine_device(options.backend, arguments.device))
    refuse_flags_of_the_cpu(arguments, options.device)
    refuse_flags_of_paddle(arguments, options.backend)
    return options


def open_graph(config: DeployConfig, options: EngineOptions, gives_scores: bool) -> Segmenter | Classifier:
    """The graph of an export, a segmentation network's or a classifier's, ready to run.

    Args:
        config: The deploy.yaml.
        options: How to run it.
        gives_scores: As for ``Segmenter``.
    """
    from paddleseg.deploy.classifier import Classifier
    from paddleseg.deploy.deploy_config import CLASSIFICATION
    from paddleseg.deploy.segmenter import Segmenter

    if config.task == CLASSIFICATION:
        return Classifier(config, options)
    return Segmenter(config, options, gives_scores=gives_scores)


def refuse_flags_of_the_cpu(arguments: argparse.Namespace, device: str) -> None:
    """Refuse flags that would be ignored on this device. TIPC gives them only in its lines for the CPU.

    Args:
        arguments: The command line.
        device: The device of the graph, as named by ``select_device``.
    """
    for flag in ("cpu_threads", "enable_mkldnn"):
        value = getattr(arguments, flag)
        if value is not None and device != "cpu":
            raise ConfigError(
                f"--{flag} {value}: only for the CPU, but the device is {device}; give --device cpu, or leave it out"
            )


def refuse_flags_of_paddle(arguments: argparse.Namespace, backend: str) -> None:
    """Refuse flags that another engine would ignore."""
    for flag, unset in (("enable_mkldnn", None), ("enable_auto_tune", False)):
        value = getattr(arguments, flag)
        if value is not unset and backend != PADDLE:
            raise ConfigError(
                f"--{flag} {value}: it is a setting of Paddle, but {backend} runs the graph; give --backend paddle, or "
                "leave it out"
            )


def warm_up(graph: ExportedGraph, images: Sequence[str], batch_size: int) -> None:
    """Run the first batch a few times, until engines have built their kernels, and forget the times."""
    batch = next(graph.batches(images, batch_size, []), [])
    for _ in range(WARM_UP_RUNS if batch else 0):
        graph.run(batch)
    graph.reset_times()


def tune_shapes(
    config: DeployConfig, options: EngineOptions, images: Sequence[str], shape_file: str, gives_scores: bool = False
) -> EngineOptions:
    """Collect the shapes that occur inside the graph, for TensorRT. The tests have no GPU to run it on.

    Args:
        config: The deploy.yaml.
        options: How to run it.
        images: The first few are run.
        shape_file: The file for the shapes, which TensorRT reads.
        gives_scores: As for ``Segmenter``.

    Returns:
        The options with the collected shapes.
    """
    options_to_collect = dataclasses.replace(options, collect_shapes_in=shape_file)
    collector = open_graph(config, options_to_collect, gives_scores)
    # Alone and together: a last batch may have fewer pictures than the others.
    for batch_size in sorted({1, options.batch_size}):
        for batch in collector.batches(images[: max(_PICTURES_TO_TUNE_ON, batch_size)], batch_size, []):
            collector.run(batch)
    del collector  # Paddle writes the file when the engine is destroyed
    return dataclasses.replace(options, tuned_shape_file=shape_file)
