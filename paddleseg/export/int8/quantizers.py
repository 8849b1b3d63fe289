# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""From float32 to int8 graphs: NNCF for OpenVINO, ONNX Runtime's own quantiser for ONNX models.

Both insert pairs of quantisation and dequantisation, with one scale for each channel of the weights and one for each
feature map, determined from the calibration pictures.
"""

from __future__ import annotations

import contextlib
import io
import logging
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from paddleseg.deploy.graph_formats import ONNXRUNTIME, OPENVINO
from paddleseg.deploy.graph_spec import GraphSpec
from paddleseg.utils.errors import UserError
from paddleseg.utils.quiet_import import import_quietly

_OPSET_OF_INT8 = 13  # the first whose DequantizeLinear supports channels
_NORMALIZE = "normalize"  # for uint8 pictures; int8 would round what is already whole
SENSITIVE_LAYERS = ("spp", "head", "conv1", "layer5", "layer5_")
"""What is left in float32, one more after the other, until the loss is small enough: the context, whose means are of
other orders than its convolutions; the logits; the first convolutions; the bottlenecks before context and head."""


@dataclass(frozen=True)
class Calibration:
    """The input of a quantiser.

    Attributes:
        arrays: Yields the graph's inputs picture by picture, from the start at each call.
        num_pictures: Their number.
        float_layers: Names of layers (``spp``) that stay in float32.
        lowered_output: Name of the node that lowers the logits of an ignored class by 10000; it is the last one, so it
            has the name of the output; None if no class is ignored. In int8, that range would leave one value for all
            others.
        facts: Metadata of the graph, in addition to its source's.
    """

    arrays: Callable[[], Iterator[np.ndarray]]
    num_pictures: int
    float_layers: Sequence[str]
    lowered_output: str | None
    facts: dict[str, str]

    @property
    def float_nodes(self) -> str:
        """A regular expression for the full names of the nodes that stay in float32."""
        layers = rf"(?:{'|'.join((_NORMALIZE, *self.float_layers))})[./].*"
        return layers if self.lowered_output is None else f"{layers}|{re.escape(self.lowered_output)}"


@dataclass(frozen=True)
class Quantizer:
    """One way to int8.

    Attributes:
        format: Of the graphs that it writes, a name in ``GRAPH_FORMATS``.
        backend: Their engine.
        sources: Formats of graphs that it reads, the best first.
        quantize: Writes the int8 graph of a float32 one, to files whose path without suffix is given.
        packages: The required packages, as for ``utils.cli.require_packages``.
    """

    format: str
    backend: str
    sources: tuple[str, ...]
    quantize: Callable[[GraphSpec, Path, Calibration], None]
    packages: tuple[str, ...]


def _quantize_openvino(source: GraphSpec, stem: Path, calibration: Calibration) -> None:
    openvino, nncf = import_quietly("openvino"), import_quietly("nncf")
    nncf.set_log_level(logging.ERROR)
    model = openvino.Core().read_model(*map(str, source.files))
    # NNCF draws its own bars on standard output, terminal or not; the pictures have ours.
    with _errors_named(source, "NNCF"), contextlib.redirect_stdout(io.StringIO()):
        quantized = nncf.quantize(
            model,
            nncf.Dataset(_Restarting(calibration.arrays)),
            subset_size=calibration.num_pictures,
            ignored_scope=nncf.IgnoredScope(patterns=[calibration.float_nodes], validate=False),
        )
    _quantize_sums_once(quantized)
    for name, text in calibration.facts.items():
        quantized.set_rt_info(text, ["ddrnet_toolkit", name])
    openvino.save_model(quantized, stem.with_suffix(".xml"), compress_to_fp16=False)


def _quantize_sums_once(model: Any) -> None:
    """Let all readers of a residual sum use the 8-bit numbers that one of them already has.

    NNCF quantises the inputs of sums and of convolutions. The output of a stage without its last ReLU, which goes into
    the next sum and, through a ReLU, into a convolution, stays in floats between the two, and so does everything added
    to it: for DDRNet-23-slim at 1024 x 2048, a tenth of the time.
    """
    for node in model.get_ordered_ops():
        if node.get_type_name() != "FakeQuantize":
            continue
        output = node.input(0).get_source_output()
        if output.get_node().get_type_name() == "Add":
            for reader in output.get_target_inputs():
                if reader.get_node().get_type_name() == "Relu":
                    reader.replace_source_output(node.output(0))
    model.validate_nodes_and_infer_types()


def _quantize_onnx(source: GraphSpec, stem: Path, calibration: Calibration) -> None:
    import onnx
    from onnxruntime import quantization
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(quantization.CalibrationDataReader):
        def __init__(self, name: str) -> None:
            self._name, self._arrays = name, calibration.arrays()

        def get_next(self) -> dict[str, np.ndarray] | None:
            array = next(self._arrays, None)
            return None if array is None else {self._name: array}

    about = onnx.load(source.model)
    opset = next(item.version for item in about.opset_import if item.domain in ("", "ai.onnx"))
    if opset < _OPSET_OF_INT8:
        raise UserError(
            f"--format onnx: {source.model} has ONNX's operators of set {opset}, and int8 with a scale for each "
            f"channel needs {_OPSET_OF_INT8}; export without --portable, with --opset {_OPSET_OF_INT8} or more"
        )
    with tempfile.TemporaryDirectory() as folder, _errors_named(source, "ONNX Runtime"):
        prepared, result = Path(folder) / "prepared.onnx", Path(folder) / "int8.onnx"
        # Only shapes: symbolic ones need the package sympy and are for transformers, and the optimisation would merge
        # the lowering of an ignored class into the convolution before it, whose logits must not get that range.
        quant_pre_process(str(source.model), str(prepared), skip_optimization=True, skip_symbolic_shape=True)
        # A batch normalisation not merged into a convolution has one number for each channel, and no int8 kernel.
        excluded = [
            node.name
            for node in onnx.load(prepared).graph.node
            if node.op_type == "BatchNormalization" or re.fullmatch(calibration.float_nodes, node.name)
        ]
        quantization.quantize_static(
            str(prepared),
            str(result),
            Reader(about.graph.input[0].name),
            quant_format=quantization.QuantFormat.QDQ,
            per_channel=True,
            activation_type=quantization.QuantType.QUInt8,  # the type that x86 dot products multiply with int8 weights
            weight_type=quantization.QuantType.QInt8,
            calibrate_method=quantization.CalibrationMethod.MinMax,
            nodes_to_exclude=excluded,
        )
        model = onnx.load(result)
    facts = {item.key: item.value for item in about.metadata_props}
    onnx.helper.set_model_props(model, {**facts, **calibration.facts})
    stem.with_suffix(".onnx").write_bytes(model.SerializeToString(deterministic=True))


QUANTIZERS = {
    "openvino": Quantizer("openvino", OPENVINO, ("openvino", "onnx"), _quantize_openvino, ("nncf", "openvino")),
    "onnx": Quantizer("onnx", ONNXRUNTIME, ("onnx",), _quantize_onnx, ("onnx", "onnxruntime")),
}
"""By their names for ``--format``."""


class _Restarting:
    """An iterable that starts afresh each time; NNCF goes through its pictures several times."""

    def __init__(self, arrays: Callable[[], Iterator[np.ndarray]]) -> None:
        self._arrays = arrays

    def __iter__(self) -> Iterator[np.ndarray]:
        return self._arrays()


@contextlib.contextmanager
def _errors_named(source: GraphSpec, package: str) -> Iterator[None]:
    """Make a quantiser's own errors within the block name the graph."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:  # neither package promises any type
        raise UserError(
            f"{source.model}: {package} cannot quantise it: {' '.join(str(error).split())[:300]}"
        ) from error
