# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""An exported graph on Paddle Inference: which engine settings are right and fast on which device."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from paddle import inference

from paddleseg.utils.cpus import usable_cpus
from paddleseg.utils.errors import DeviceError, WeightsError

# Input sizes whose oneDNN kernels are kept; pictures of more sizes than this make oneDNN build them again.
_ONEDNN_CACHED_SIZES = 10
_GPU_MEMORY_POOL_MB = 100  # grows as needed
_TENSORRT_WORKSPACE_BYTES = 1 << 30
# Sizes for TensorRT when shapes are not collected from pictures: smallest, largest, the one to be fastest at.
_TENSORRT_SIZES_HW = ((100, 100), (2000, 3000), (512, 1024))
_GPU_PRECISIONS = {
    "fp32": inference.PrecisionType.Float32,
    "fp16": inference.PrecisionType.Half,
    "int8": inference.PrecisionType.Int8,
}


@dataclass(frozen=True)
class EngineOptions:
    """How to run a graph.

    Attributes:
        device: A device that is there, as ``select_device`` names it: ``cpu``, ``gpu:0``.
        precision: ``fp32``; ``bf16`` on CPUs with AVX512; ``fp16`` on GPUs; ``int8`` with TensorRT.
        cpu_threads: Threads on the CPU; None: one for each core this process may use.
        enable_mkldnn: Whether the CPU uses oneDNN's kernels.
        use_trt: Whether a GPU uses TensorRT.
        min_subgraph_size: Smallest number of operators that TensorRT takes over.
        batch_size: Most pictures in a batch, for TensorRT; a graph of fixed batch size has its own.
        collect_shapes_in: Do not run TensorRT, but write the shapes inside the graph to this file.
        tuned_shape_file: Shapes written that way, for TensorRT.
        print_detail: Whether Paddle logs its graph passes.
    """

    device: str = "cpu"
    precision: str = "fp32"
    cpu_threads: int | None = None
    enable_mkldnn: bool = True
    use_trt: bool = False
    min_subgraph_size: int = 3
    batch_size: int = 1
    collect_shapes_in: str | None = None
    tuned_shape_file: str | None = None
    print_detail: bool = False


DEFAULT_OPTIONS = EngineOptions()


class Engine:
    """A loaded graph: float32 batch in, array out.

    Args:
        model: ``.pdmodel`` or ``.json`` file of the graph.
        params: File of its weights.
        options: How to run it.
        input_shape: (N, C, H, W) of its input, -1 where any size goes; for TensorRT.

    Raises:
        DeviceError: Device, precision and options do not go together.
        WeightsError: The files are damaged, or not of this Paddle.

    Example:
        >>> engine = Engine("export/model.pdmodel", "export/model.pdiparams")
        >>> images = np.zeros([1, 3, 512, 1024], np.float32)
        >>> labels = engine(images)  # (1, 512, 1024) int32, if exported with argmax
    """

    def __init__(
        self,
        model: str | Path,
        params: str | Path,
        options: EngineOptions = DEFAULT_OPTIONS,
        input_shape: Sequence[int] = (-1, 3, -1, -1),
    ) -> None:
        check_options(options, Path(model))
        self.options = dataclasses.replace(options, cpu_threads=options.cpu_threads or usable_cpus())
        config = inference.Config(str(model), str(params))
        if not options.print_detail:
            config.disable_glog_info()
        if Path(model).suffix == ".pdmodel":
            config.enable_memory_optim()  # raises on .json graphs (seen with Paddle 3.3.1)
        kind, _, number = options.device.partition(":")
        if kind == "cpu":
            _configure_cpu(config, self.options, Path(model))
        elif kind == "gpu":
            # With TensorRT, the precision is that of its engines.
            precision = _GPU_PRECISIONS["fp32" if options.use_trt else options.precision]
            config.enable_use_gpu(_GPU_MEMORY_POOL_MB, int(number or 0), precision)
            if options.use_trt:
                _configure_tensorrt(config, options, input_shape)
        elif kind == "xpu":
            config.enable_xpu()
        else:
            config.enable_custom_device(kind, int(number or 0))
        self._predictor = _load(config)
        self._input = self._predictor.get_input_handle(self._predictor.get_input_names()[0])
        self._output = self._predictor.get_output_handle(self._predictor.get_output_names()[0])

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Run the graph.

        Args:
            images: (N, C, H, W) float32.

        Returns:
            The first output, a copy in host memory.
        """
        self._input.reshape(images.shape)
        self._input.copy_from_cpu(np.ascontiguousarray(images, np.float32))
        self._predictor.run()
        return self._output.copy_to_cpu()


def tensorrt_shapes(
    model: str | Path, params: str | Path, input_shape: Sequence[int], batch_size: int = 1
) -> tuple[dict[str, list[int]], ...]:
    """Shapes of a graph's input for TensorRT: the smallest, the largest, the one to be fastest at.

    Args:
        model: File of the graph, which knows the name of its input.
        params: File of its weights.
        input_shape: (N, C, H, W), -1 where any size goes.
        batch_size: Most pictures in a batch: a free N goes from 1 to this, and is fastest at this.

    Returns:
        Three times the input's name with a shape.

    Raises:
        WeightsError: The files are damaged, or not of this Paddle.
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
    """Refuse what the device cannot do.

    Args:
        options: The wish.
        model: The graph's file; some precisions depend on its format.

    Raises:
        DeviceError: Names the option and what to give instead.
    """
    device = options.device
    on_gpu, on_cpu = device.startswith("gpu"), device == "cpu"
    precision = options.precision
    if options.use_trt and not on_gpu:
        raise DeviceError(f"--use_trt True: TensorRT runs on GPUs only, the device is {device}; leave it out")
    if precision == "bf16" and not (on_cpu and options.enable_mkldnn and model.suffix == ".pdmodel"):
        raise DeviceError(
            "--precision bf16: works on the CPU, with oneDNN (--enable_mkldnn True) and a .pdmodel graph "
            f"only; here: {device}, --enable_mkldnn {options.enable_mkldnn}, {model.name}"
        )
    if precision == "bf16" and not _may_have_avx512():
        raise DeviceError("--precision bf16: this CPU has no AVX512, which oneDNN needs for it; give --precision fp32")
    if precision == "fp16" and not on_gpu:
        other = "bf16 (or fp32)" if on_cpu else "fp32"
        raise DeviceError(f"--precision fp16: works on GPUs only, the device is {device}; give --precision {other}")
    if precision == "int8" and not options.use_trt:
        raise DeviceError(
            "--precision int8: works with TensorRT on GPUs only (--device gpu --use_trt True), "
            f"the device is {device}; give --precision fp32"
        )


def _configure_cpu(config: Any, options: EngineOptions, model: Path) -> None:
    config.disable_gpu()
    config.set_cpu_math_library_num_threads(options.cpu_threads)
    if not options.enable_mkldnn:
        config.disable_mkldnn()  # it is on by default for .json graphs
        return
    config.set_mkldnn_cache_capacity(_ONEDNN_CACHED_SIZES)
    config.enable_mkldnn()
    if model.suffix == ".json":
        # Paddle 3.3.1 ends every .json graph with a bilinear resize in "ConvertPirAttribute2RuntimeAttribute
        # not support [ArrayAttribute<DoubleAttribute>]" once this pass has put the resize on oneDNN. Without
        # the pass the fused convolutions stay on oneDNN and the graph keeps nearly all its speed.
        config.delete_pass("onednn_placement_pass")
    if options.precision == "bf16":
        config.enable_mkldnn_bfloat16()
        # Other operators have float32 kernels only and stop the run when they are handed bfloat16.
        config.set_bfloat16_op({"conv2d", "fused_conv2d"})


def _load(config: Any) -> Any:
    try:
        return inference.create_predictor(config)
    except (RuntimeError, ValueError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        files = f"{config.prog_file()} and {config.params_file()}"
        raise WeightsError(f"{files}: Paddle cannot load them: {reason}") from error


def _configure_tensorrt(config: Any, options: EngineOptions, input_shape: Sequence[int]) -> None:
    """The tests have no GPU to run what this makes."""
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
