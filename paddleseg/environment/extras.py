# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The extras of the package, which ``setup.py`` reads from here: it runs this file alone."""

EXTRAS = {
    "onnx": ["onnx>=1.16", "onnxruntime>=1.18"],
    "openvino": ["openvino>=2024.4"],
    "mnn": ["MNN>=3.0"],
    "quant": ["nncf>=2.13", "openvino>=2024.4", "onnx>=1.16", "onnxruntime>=1.18"],
    "safetensors": ["safetensors>=0.4"],
    "tiff": ["tifffile>=2023.1"],
    "mat": ["scipy>=1.8"],
    "tensorboard": ["tensorboardX>=2.6"],
}

MEANINGS = {
    "onnx": "ONNX graphs, ONNX Runtime",
    "openvino": "OpenVINO",
    "mnn": "MNN",
    "quant": "int8 by NNCF",
    "safetensors": ".safetensors files",
    "tiff": "TIFF pictures",
    "mat": "MATLAB labels",
    "tensorboard": "TensorBoard",
    "serving": "ddrnet-serve",
}
"""What each is for, and the one whose packages stand in a list of their own."""
