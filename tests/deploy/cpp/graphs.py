# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Exports whose graphs are a few operators, made by OpenVINO, and Python's results with the same engine."""

from pathlib import Path

import numpy as np
import yaml

from paddleseg.registry import TRANSFORMS
from paddleseg.transforms import padding, transforms  # noqa: F401
from paddleseg.transforms.pipeline import Pipeline
from paddleseg.utils.image_io import ReadOptions, read_image
from paddleseg.utils.label_map import label_maps
from paddleseg.utils.way_back import restore_ids

CLASSES = 7
SETTINGS = {
    "INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY",
}  # fmt: skip


def logits_graph(stride: int = 8, channels: int = 3, dtype=np.float32):
    """A convolution of ``stride`` with random weights: of a picture of noise random logits (N, CLASSES, h, w)."""
    from openvino import Model
    from openvino import opset13 as ops

    is_float = dtype is np.float32
    shape = [-1, channels, -1, -1] if is_float else [-1, -1, -1, channels]
    pictures = ops.parameter(shape, dtype)
    planes = pictures if is_float else ops.transpose(ops.convert(pictures, "f32"), np.array([0, 3, 1, 2]))
    kernel = np.random.default_rng(1).standard_normal((CLASSES, channels, stride, stride)).astype(np.float32)
    none = [0, 0]  # "same_upper" pads so that the logits are ceil(H / stride) x ceil(W / stride)
    logits = ops.convolution(planes, ops.constant(kernel), [stride] * 2, none, none, [1, 1], auto_pad="same_upper")
    return Model([logits], [pictures])


def channel_graph(channel: int):
    """uint8 pictures (N, H, W, 3) in, the values of one channel out, as int32 class ids (N, H, W)."""
    from openvino import Model
    from openvino import opset13 as ops

    pictures = ops.parameter([-1, -1, -1, 3], np.uint8)
    return Model([ops.convert(ops.gather(pictures, np.array(channel), np.array(3)), "i32")], [pictures])


def save(folder: Path, model, name: str = "main", **keys) -> Path:
    """Write a graph and a deploy.yaml that has it as its main one; ``keys`` go into the section Deploy."""
    import openvino

    folder.mkdir(parents=True, exist_ok=True)
    openvino.save_model(model, folder / f"{name}.xml", compress_to_fp16=False)
    section = {"model": f"{name}.xml", "params": f"{name}.bin", "output_op": "argmax", "transforms": []}
    (folder / "deploy.yaml").write_text(yaml.safe_dump({"Deploy": {**section, **keys}}))
    return folder


class Reference:
    """The same in Python: OpenVINO, the toolkit's transforms and its label map."""

    def __init__(self, model, specs=(), options: ReadOptions = ReadOptions()) -> None:  # noqa: B008
        import openvino

        self.compiled = openvino.Core().compile_model(model, "CPU", SETTINGS)
        self.pipeline = Pipeline(
            [TRANSFORMS[spec["type"]](**{k: v for k, v in spec.items() if k != "type"}) for spec in specs]
        )
        self.options = options

    def _prepared(self, path: Path):
        picture = read_image(path, 3, self.options)
        sample = {"img": picture, "path": str(path), "trans_info": []}
        return self.pipeline(sample, np.random.default_rng(0))

    def label_map(self, path: Path, ignored_class=None) -> np.ndarray:
        sample = self._prepared(path)
        batch = self.pipeline.normalized_planes(sample["img"])[None]
        logits = self.compiled([batch])[0]
        return label_maps(logits, batch.shape[2:], [sample["trans_info"]], ignored_class=ignored_class)[0]

    def ids(self, path: Path) -> np.ndarray:
        sample = self._prepared(path)
        return restore_ids(self.compiled([sample["img"][None]])[0][0], sample["trans_info"])
