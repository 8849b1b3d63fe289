# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Weights made by rule, and labels that a network with them predicts in float64.

    python test_tipc/rule_network.py --config test_tipc/configs/ddrnet/ddrnet23_cityscapes_1024x1024_120k.yml \
        --pictures test_tipc/data/roadscenes --save_dir test_tipc/data/by_rule/ddrnet

Chains that begin with a trained network (PTQ, ONNX, serving, C++) run on these: nothing must be downloaded, every
machine gets the same files, and an engine's errors show, because float32 must give the labels on all pixels except
those where two classes are equal within float32's rounding. The folder has model.pdparams and, in the layout of
Cityscapes, the pictures (a link) and their labels.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from paddleseg.utils.atomic_file import new_save_dir
from paddleseg.utils.cli import CommandParser, require_packages, run_command
from paddleseg.utils.errors import ConfigError, DataError

if TYPE_CHECKING:
    from paddle import nn

# Numbers computed from pictures are rounded to this, so that a machine's last bits do not affect them.
_DIGITS = 3
_PICTURE_ENDING, _LABEL_ENDING = "_leftImg8bit.png", "_gtFine_labelTrainIds.png"


def make_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = CommandParser(
        prog="rule_network.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--config", required=True, help="configuration of the network; its Normalize is used")
    add("--pictures", required=True, metavar="DIR", help="folder in the layout of Cityscapes; its labels are not read")
    add("--save_dir", required=True, metavar="DIR", help="folder to make; one with files in it is refused")
    return parser


def main(arguments: argparse.Namespace) -> None:
    """Write the folder; it appears whole or not at all."""
    require_packages("paddle", "cv2")

    from paddleseg.config.build import build_model, build_transforms
    from paddleseg.config.load import load_config
    from paddleseg.models.weights import make_meta, write_weights

    config = load_config(arguments.config)
    model = build_model(config, use_pretrained=False, use_auxiliary_head=False)
    if not hasattr(model, "forward_stride8"):
        raise ConfigError(f"{arguments.config}: the network gives no logits at 1/8; classifiers have no label maps")
    normalize = build_transforms(config, "val_dataset")[-1]
    root = Path(arguments.pictures)
    files = sorted((root / "leftImg8bit").glob(f"*/*/*{_PICTURE_ENDING}"))
    if not files:
        raise DataError(f"--pictures {root}: there are no leftImg8bit/<part>/<city>/*{_PICTURE_ENDING}")
    images = [read_normalized(file, normalize.mean, normalize.std) for file in files]
    draw_weights(model)
    balance_classes(model, images)
    with new_save_dir(Path(arguments.save_dir)) as folder:
        weights = {name: tensor.numpy().astype("float32") for name, tensor in model.state_dict().items()}
        write_weights(folder / "model.pdparams", weights, json.loads(make_meta(model)))
        for file, image in zip(files, images):
            name = file.relative_to(root / "leftImg8bit").as_posix().replace(_PICTURE_ENDING, _LABEL_ENDING)
            write_label(folder / "gtFine" / name, label_map64(model, image))
        # Relative to the place to which the folder is moved at the end.
        pictures = os.path.relpath((root / "leftImg8bit").resolve(), Path(arguments.save_dir).resolve())
        (folder / "leftImg8bit").symlink_to(pictures)
    print(f"{arguments.save_dir}: weights by rule, and labels of {len(files)} pictures")


def read_normalized(path: Path, mean: Sequence[float], std: Sequence[float]) -> np.ndarray:
    """A picture as the network's input, (1, C, H, W) float64."""
    from paddleseg.utils.image_io import read_image

    image = (read_image(path).astype(np.float64) / 255 - np.asarray(mean)) / np.asarray(std)
    return image.transpose(2, 0, 1)[None]


def drawn(name: str, shape: Sequence[int]) -> np.ndarray:
    """Normally distributed float64 numbers derived from the name."""
    return np.random.default_rng(zlib.crc32(name.encode())).standard_normal(shape)


def draw_weights(model: nn.Layer) -> None:
    """Give all layers weights by their names, and switch the network to evaluation mode and float64.

    The values are float32 numbers, so that saving rounds nothing.
    """
    from paddle import nn

    model.to(dtype="float64")
    for name, layer in model.named_sublayers():
        if isinstance(layer, nn.BatchNorm2D):
            channels = layer.weight.shape
            _set(layer.weight, 1 + 0.1 * drawn(f"{name}.weight", channels))
            _set(layer.bias, 0.1 * drawn(f"{name}.bias", channels))
        elif isinstance(layer, nn.Conv2D):
            shape = layer.weight.shape
            _set(layer.weight, drawn(f"{name}.weight", shape) / np.sqrt(np.prod(shape[1:])))
            if layer.bias is not None:
                _set(layer.bias, np.zeros(layer.bias.shape))
    model.eval()


def balance_classes(model: nn.Layer, images: Sequence[np.ndarray]) -> None:
    """Shift and scale the logits of each class to mean 0 and deviation 1, so that all classes occur in label maps."""
    logits = np.concatenate([logits_stride8(model, image) for image in images])
    mean, deviation = (
        np.round(values, _DIGITS)[:, None, None, None]
        for values in (logits.mean(axis=(0, 2, 3)), logits.std(axis=(0, 2, 3)))
    )
    conv = model.head.conv
    _set(conv.weight, conv.weight.numpy() / deviation)
    if conv.bias is None:
        raise ConfigError("the last layer has no bias that could balance the classes")
    _set(conv.bias, (-mean / deviation).ravel())


def _set(tensor, values: np.ndarray) -> None:
    tensor.set_value(values.astype("float32").astype("float64"))


def logits_stride8(model: nn.Layer, image: np.ndarray) -> np.ndarray:
    """Logits at 1/8 of one picture, float64 (1, K, H/8, W/8)."""
    import paddle

    with paddle.no_grad():
        return model.forward_stride8(paddle.to_tensor(image))[0].numpy()


def label_map64(model: nn.Layer, image: np.ndarray) -> np.ndarray:
    """Class ids (H, W) uint8 from bilinearly enlarged logits, all in float64."""
    import paddle
    import paddle.nn.functional as F

    logits = paddle.to_tensor(logits_stride8(model, image))
    large = F.interpolate(logits, size=image.shape[2:], mode="bilinear", align_corners=False)
    return large.numpy()[0].argmax(axis=0).astype(np.uint8)


def write_label(path: Path, label: np.ndarray) -> None:
    """Write class ids as a grey PNG."""
    import cv2

    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(".png", label)[1].tobytes())


if __name__ == "__main__":
    run_command(main, make_parser())
