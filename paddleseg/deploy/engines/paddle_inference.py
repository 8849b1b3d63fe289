# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Paddle Inference: the correct and fast settings for each device."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import paddle
from paddle import inference

from paddleseg.deploy.engines import paddle_openvino
from paddleseg.deploy.engines.base import DEFAULT_OPTIONS, Engine, EngineOptions, first_line
from paddleseg.deploy.graph_formats import PADDLE
from paddleseg.deploy.graph_spec import GraphSpec
from paddleseg.utils.errors import DeviceError, WeightsError
from paddleseg.utils.logging import get_logger

# Input sizes whose oneDNN kernels are kept; with more sizes than this, oneDNN builds them again.
_ONEDNN_CACHED_SIZES = 10
_GPU_MEMORY_POOL_MB = 100  # grows as needed
_TENSORRT_WORKSPACE_BYTES = 1 << 30
# Sizes for TensorRT unless shapes are collected from pictures: smallest, largest, the one to optimise for.
_TENSORRT_SIZES_HW = ((100, 100), (2000, 3000), (512, 1024))
_GPU_PRECISIONS = {
    "fp32": inference.PrecisionType.Float32,
    "fp16": inference.PrecisionType.Half,
    "int8": inference.PrecisionType.Int8,
}


class PaddleInference(Engine):
    """A graph on Paddle Inference, see :class:`~paddleseg.deploy.engines.base.Engine`."""

    backend = PADDLE

    def __init__(self, graph: GraphSpec, options: EngineOptions = DEFAULT_OPTIONS) -> None:
        super().__init__(graph, options)
        check_options(options, graph.model)
        config = _new_config(graph, options)
        kind, _, number = options.device.partition(":")
        if kind == "cpu":
            self._load_on_cpu(config)
            return
        if kind == "gpu":
            # With TensorRT, the precision is that of its engines.
            precision = _GPU_PRECISIONS["fp32" if options.use_trt else options.precision]
            config.enable_use_gpu(_GPU_MEMORY_POOL_MB, int(number or 0), precision)
            if options.use_trt:
                _configure_tensorrt(config, options, graph.input_shape)
        elif kind == "xpu":
            config.enable_xpu()
        else:
            config.enable_custom_device(kind, int(number or 0))
        self._take(_load(config), f"Paddle {paddle.__version__}", enable_mkldnn=False)

    def run(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        for name, array in zip(self.input_names, inputs):
            handle = self._predictor.get_input_handle(name)
            handle.reshape(array.shape)
            handle.copy_from_cpu(np.ascontiguousarray(array))
        self._predictor.run()
        return [self._predictor.get_output_handle(name).copy_to_cpu() for name in self.output_names]

    def clone(self) -> PaddleInference:
        if self.uses_openvino:  # a clone of its predictor would share its results
            return PaddleInference(self.graph, self.options)
        twin = copy.copy(self)
        twin._predictor = self._predictor.clone()
        return twin

    def _load_on_cpu(self, config: Any) -> None:
        threads, onednn = self.options.cpu_threads, self.options.enable_mkldnn
        if onednn is None:
            why_not = paddle_openvino.why_not_used(self.graph)
            if why_not is None:
                try:
                    predictor = paddle_openvino.load(self.graph, self.options)
                    self._take(predictor, f"OpenVINO in Paddle {paddle.__version__}", enable_mkldnn=None)
                    return
                except (RuntimeError, ValueError, OSError) as error:
                    why_not = first_line(error)
            get_logger().info("%s: Paddle's own OpenVINO cannot run it (%s); oneDNN does", self.graph.model, why_not)
        _configure_cpu(config, threads, onednn is not False, self.options.precision, self.graph.model)
        name = "Paddle's own kernels, without oneDNN," if onednn is False else "oneDNN"
        self._take(_load(config), f"{name} in Paddle {paddle.__version__}", enable_mkldnn=onednn is not False)

    def _take(self, predictor: Any, about: str, *, enable_mkldnn: bool | None) -> None:
        self._predictor, self.about = predictor, about
        self.uses_openvino = enable_mkldnn is None
        self.options = dataclasses.replace(self.options, enable_mkldnn=enable_mkldnn)
        self.input_names = tuple(predictor.get_input_names())
        self.output_names = tuple(predictor.get_output_names())


def tensorrt_shapes(
    model: str | Path, params: str | Path, input_shape: Sequence[int], batch_size: int = 1
) -> tuple[dict[str, list[int]], ...]:
    """Shapes of a graph's input for TensorRT: the smallest, the largest, the one to optimise for.

    Args:
        model: File of the graph, which has the name of its input.
        params: File of its weights.
        input_shape: (N, C, H, W), -1 for any size.
        batch_size: Most pictures in a batch: a free N ranges from 1 to this, and is optimised for this.

    Returns:
        Three mappings from the input's name to a shape.

    Raises:
        WeightsError: The files are damaged, or of another version of Paddle.
    """
    config = inference.Config(str(model), str(params))
    config.disable_glog_info()
    config.switch_ir_optim(False)
    name = _load(config).get_input_names()[0]
    n, channels, *fixed_hw = input_shape
    sizes = [[free if fixed == -1 else fixed for fixed, free in zip(fixed_hw, hw)] for hw in _TENSORRT_SIZES_HW]
    batches = (1, batch_size, batch_size) if n == -1 else (n, n, n)
    return tuple({name: [batch, channels, *hw]} for batch, hw in zip(batches, sizes))


def check_options(options: EngineOptions, model: Path) -> None:
    """Refuse options that the device does not support.

    Args:
        options: The requested options.
        model: The graph's file; some precisions depend on its format.

    Raises:
        DeviceError: Names the option and what to give instead.
    """
    device = options.device
    on_gpu, on_cpu = device.startswith("gpu"), device == "cpu"
    precision = options.precision
    if options.use_trt and not on_gpu:
        raise DeviceError(f"--use_trt True: TensorRT runs on GPUs only, the device is {device}; leave it out")
    if precision == "bf16" and not (on_cpu and options.enable_mkldnn is not False and model.suffix == ".pdmodel"):
        onednn = "" if options.enable_mkldnn is None else f", --enable_mkldnn {options.enable_mkldnn}"
        raise DeviceError(
            "--precision bf16: Paddle supports it only on the CPU, for a .pdmodel graph, with oneDNN or OpenVINO "
            f"(without --enable_mkldnn False); here: {device}{onednn}, {model.name}"
        )
    if precision == "bf16" and not _may_have_avx512():
        raise DeviceError("--precision bf16: this CPU has no AVX512, which Paddle needs for it; give --precision fp32")
    if precision == "fp16" and not on_gpu:
        other = "bf16 (or fp32)" if on_cpu else "fp32"
        raise DeviceError(f"--precision fp16: works on GPUs only, the device is {device}; give --precision {other}")
    if precision == "int8" and not options.use_trt:
        raise DeviceError(
            "--precision int8: Paddle supports it only with TensorRT on GPUs (--device gpu --use_trt True), "
            f"the device is {device}; give --precision fp32, or an int8 graph to another --backend"
        )


def _new_config(graph: GraphSpec, options: EngineOptions) -> Any:
    config = inference.Config(*map(str, graph.files))
    if not options.print_detail:
        config.disable_glog_info()
    if graph.model.suffix == ".pdmodel":
        config.enable_memory_optim()  # raises on .json graphs (seen with Paddle 3.3.1)
    return config


def _configure_cpu(config: Any, threads: int, onednn: bool, precision: str, model: Path) -> None:
    config.disable_gpu()
    config.set_cpu_math_library_num_threads(threads)
    if not onednn:
        config.disable_mkldnn()  # it is on by default for .json graphs
        return
    config.set_mkldnn_cache_capacity(_ONEDNN_CACHED_SIZES)
    config.enable_mkldnn()
    if model.suffix == ".json":
        # Paddle 3.3.1 ends every .json graph with a bilinear resize in "ConvertPirAttribute2RuntimeAttribute
        # not support [ArrayAttribute<DoubleAttribute>]" once this pass has put the resize on oneDNN. Without the pass
        # the fused convolutions stay on oneDNN and the graph keeps nearly all of its speed.
        config.delete_pass("onednn_placement_pass")
    if precision == "bf16":
        config.enable_mkldnn_bfloat16()
        # Other operators have only float32 kernels and stop the run if they get bfloat16.
        config.set_bfloat16_op({"conv2d", "fused_conv2d"})


def _load(config: Any) -> Any:
    try:
        return inference.create_predictor(config)
    except (RuntimeError, ValueError) as error:
        files = f"{config.prog_file()} and {config.params_file()}"
        raise WeightsError(f"{files}: Paddle cannot load them: {first_line(error)}") from error


def _configure_tensorrt(config: Any, options: EngineOptions, input_shape: Sequence[int]) -> None:
    """Configure TensorRT; the tests have no GPU to run the result."""
    if options.collect_shapes_in is not None:
        config.collect_shape_range_info(options.collect_shapes_in)
        return
    config.enable_tensorrt_engine(
        workspace_size=_TENSORRT_WORKSPACE_BYTES,
        max_batch_size=max(options.batch_size, input_shape[0]),
        min_subgraph_size=options.min_subgraph_size,
        precision_mode=_GPU_PRECISIONS[options.precision],
        use_static=False,
        use_calib_mode=False,
    )
    if options.tuned_shape_file is not None:
        config.enable_tuned_tensorrt_dynamic_shape(options.tuned_shape_file, True)
    else:
        shapes = tensorrt_shapes(config.prog_file(), config.params_file(), input_shape, options.batch_size)
        config.set_trt_dynamic_shape_info(*shapes)


def _may_have_avx512() -> bool:
    # Paddle itself falls back to float32 with a log line that is easily missed.
    cpu_info = Path("/proc/cpuinfo")
    return not cpu_info.exists() or "avx512bw" in cpu_info.read_text()
