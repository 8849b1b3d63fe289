# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A network of one convolution for logits at 1/8: in plain numpy, as ONNX graphs, and in folders."""

import hashlib
from pathlib import Path

import numpy as np
import yaml

CLASSES, MEAN, STD = 4, 0.5, 0.25
_random = np.random.default_rng(5)
WEIGHTS = (_random.standard_normal((CLASSES, 3, 9, 9)) / 9).astype(np.float32)
BIAS = np.array([0.1, -0.1, 0.2, 0.0], np.float32)
TRANSFORMS = [{"type": "Normalize", "mean": [MEAN] * 3, "std": [STD] * 3}]


def expected_logits(images: np.ndarray) -> np.ndarray:
    """(N, 3, H, W) normalised to (N, 4, ceil(H/8), ceil(W/8))."""
    padded = np.pad(images, ((0, 0), (0, 0), (4, 4), (4, 4)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (9, 9), axis=(2, 3))[:, :, ::8, ::8]
    return np.einsum("nchwyx,kcyx->nkhw", windows, WEIGHTS) + BIAS[:, None, None]


def write_onnx(path: Path, *, uint8: bool = False, argmax: bool = False, shape=("n", 3, "h", "w")) -> Path:
    """The network; with uint8 input (N, H, W, C), and with the best class in place of the logits."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    n, channels, height, width = shape
    constants = {"weights": WEIGHTS, "bias": BIAS, "mean": np.float32(255 * MEAN), "std": np.float32(255 * STD)}
    nodes = [
        helper.make_node("Cast", ["x"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("Sub", ["float", "mean"], ["shifted"]),
        helper.make_node("Div", ["shifted", "std"], ["scaled"]),
        helper.make_node("Transpose", ["scaled"], ["images"], perm=[0, 3, 1, 2]),
    ]
    convolution = helper.make_node(
        "Conv", ["images" if uint8 else "x", "weights", "bias"], ["logits" if argmax else "y"],
        strides=[8, 8], pads=[4] * 4,
    )  # fmt: skip
    nodes = [*(nodes if uint8 else []), convolution]
    if argmax:
        nodes.append(helper.make_node("ArgMax", ["logits"], ["y"], axis=1, keepdims=0))
    used = {name for node in nodes for name in node.input}
    graph = helper.make_graph(
        nodes, "network",
        [helper.make_tensor_value_info("x", TensorProto.UINT8, [n, height, width, channels]) if uint8
         else helper.make_tensor_value_info("x", TensorProto.FLOAT, [n, channels, height, width])],
        [helper.make_tensor_value_info("y", TensorProto.INT64, [n, "rows", "columns"]) if argmax
         else helper.make_tensor_value_info("y", TensorProto.FLOAT, [n, CLASSES, "rows", "columns"])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items() if name in used],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    return path


def write_folder(folder: Path, main: dict, **more) -> Path:
    """A deploy.yaml beside graphs that are there, with the checksums of all files.

    Args:
        folder: Where the graphs are.
        main: Keys of the main graph.
        more: Further keys.
    """
    files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}
    section = {"output_op": "none", "num_classes": CLASSES, "transforms": TRANSFORMS, "checksums": files}
    (folder / "deploy.yaml").write_text(yaml.safe_dump({"Deploy": {**section, **main, **more}}))
    return folder
