# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Formats converted from our ONNX model by their own converters: OpenVINO's and MNN's."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import tempfile
from pathlib import Path

from paddle import nn

from paddleseg.export.onnx_writer import write_onnx
from paddleseg.export.options import PORTABLE_OPSET, GraphRequest
from paddleseg.utils.errors import UserError
from paddleseg.utils.quiet_import import import_quietly

# ONNX's softmax over the channels, from set 13 on, is wrong: MNN 3.6.1 gives two classes with logits of 134 and 194 one
# half each. The older sets' softmax, over the last axis, is right.
_OPSET_FOR_MNN = PORTABLE_OPSET
# The package's own command makes this call, too, but first installs a package and sends the converted model's size and
# the arguments to MNN's makers; in a separate process, because a model that it cannot read ends the process.
_CALL_OF_MNN = "import sys, _tools; _tools.mnnconvert(['mnnconvert', *sys.argv[1:]])"


def write_openvino(network: nn.Layer, request: GraphRequest, stem: Path) -> None:
    """Write OpenVINO's IR, ``.xml`` and ``.bin``; the weights stay float32."""
    openvino = import_quietly("openvino")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        write_onnx(network, path, request)
        model = openvino.convert_model(path)
        for name, text in request.metadata.items():
            model.set_rt_info(text, ["ddrnet_toolkit", name])
        openvino.save_model(model, stem.with_suffix(".xml"), compress_to_fp16=False)


def write_mnn(network: nn.Layer, request: GraphRequest, stem: Path) -> None:
    """Write MNN's ``.mnn``.

    Raises:
        UserError: MNN's converter does not take the model.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        write_onnx(network, path, dataclasses.replace(request, opset=_OPSET_FOR_MNN))
        convert_to_mnn(path, stem.with_suffix(".mnn"), network.arch)


def convert_to_mnn(onnx_model: Path, result: Path, name: str) -> None:
    """Write an ONNX model in MNN's format.

    Args:
        onnx_model: Its file.
        result: The file to write.
        name: The model's name in it.

    Raises:
        UserError: MNN's converter does not take the model.
    """
    arguments = ("-f", "ONNX", "--modelFile", str(onnx_model), "--MNNModel", str(result), "--bizCode", name)
    process = subprocess.run([sys.executable, "-c", _CALL_OF_MNN, *arguments], capture_output=True, text=True)
    if process.returncode or not result.is_file():
        words = " ".join((process.stderr or process.stdout).split())[-300:]
        raise UserError(f"--format mnn: MNN's converter ended with status {process.returncode}: {words}")
