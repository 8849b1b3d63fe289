# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Does an export do what the network does? Both run on the same pictures, each with its own preprocessing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import paddle
from paddle.nn import functional as F

from paddleseg.deploy.deploy_config import read_deploy_config
from paddleseg.deploy.exported_graph import NetworkInput
from paddleseg.deploy.segmenter import Segmenter
from paddleseg.inference.label_maps import predict_label_maps
from paddleseg.inference.preprocess import to_network_input
from paddleseg.transforms.pipeline import Pipeline
from paddleseg.transforms.sample import Sample
from paddleseg.transforms.transforms import Normalize
from paddleseg.utils.errors import UserError
from paddleseg.utils.image_io import READ_DEFAULTS, ReadOptions, read_image
from paddleseg.utils.logging import get_logger
from paddleseg.utils.seeding import sample_rng

# oneDNN's convolutions sum in another order: seen are differences of 1e-6 to 1e-5 of the largest logit, and
# of one pixel in 10^5. A wrong padding, resize or normalisation is beyond 1e-2.
DEFAULT_EQUAL_SHARE = 0.999
MAX_RELATIVE_DIFFERENCE = 1e-3
_GENERATED_SIZES_HW = ((256, 512), (321, 255), (360, 480))  # odd sides are where resizes go wrong


class VerificationError(UserError, RuntimeError):
    """An exported graph and its network disagree."""


@dataclass(frozen=True)
class Picture:
    """A picture to compare on: its name and its (H, W, C) pixels as ``read_image`` gives them."""

    name: str
    pixels: np.ndarray


@dataclass(frozen=True)
class Verification:
    """What a comparison saw.

    Attributes:
        num_pictures: Pictures compared.
        equal_share: Share of all pixels whose classes are equal; of several comparisons the smallest.
        max_relative_difference: Largest difference of scores relative to the largest logit; None for class
            ids.
        num_classes: Classes that the network predicted on these pictures. With one class, equality says
            little.
    """

    num_pictures: int
    equal_share: float
    max_relative_difference: float | None
    num_classes: int

    def describe(self) -> str:
        """One line for the log."""
        scores = ""
        if self.max_relative_difference is not None:
            scores = f", scores differ by {self.max_relative_difference:.1e} of the largest logit"
        return (
            f"{100 * self.equal_share:.4f} % of the pixels of {self.num_pictures} pictures equal{scores} "
            f"({self.num_classes} classes predicted)"
        )


class _Comparison:
    """One network and the graphs of its export, on one picture after the other.

    Two things are compared: label maps at the pictures' own sizes as deploy/python/infer.py and predict.py make them,
    if the export has what it takes; and what the graph under PaddleSeg's keys gives at the size of its input.

    Attributes:
        classes: Classes predicted so far.
    """

    def __init__(self, model: paddle.nn.Layer, folder: str | Path, normalize: Normalize | None) -> None:
        self._model, self._normalize = model, normalize
        self.segmenter = Segmenter(read_deploy_config(folder))
        is_main = self.segmenter.graph == self.segmenter.config.main_graph
        self._main = self.segmenter if is_main else Segmenter(self.segmenter.config, main_graph=True)
        self._equal: dict[str, int] = defaultdict(int)
        self._total: dict[str, int] = defaultdict(int)
        self._differences: list[float] = []
        self.classes: set[int] = set()

    def add(self, exported: NetworkInput, sample: Sample, ignored_class: int | None) -> None:
        """Compare on one picture: as the export's preprocessing and as the network's left it."""
        batch = {"img": sample["img"][np.newaxis], "trans_info": [sample["trans_info"]]}
        (labels,) = predict_label_maps(self._model, batch, self._normalize, ignored_class=ignored_class)
        self.classes.update(np.unique(labels).tolist())
        if self.segmenter.gives_scores:
            self._count("a label map", exported.path, self.segmenter.label_maps([exported])[0], labels)
        output = self._main.run([exported])
        if self._main.gives_scores:
            images = to_network_input(batch["img"], self._normalize)
            _check_shape("scores", exported.path, output.shape[2:], images.shape[2:])
            output_op = self._main.config.output_op
            self._differences.append(_relative_difference(self._model, images, output, output_op, ignored_class))
        else:
            at_input = {**batch, "trans_info": [[]]}
            (labels,) = predict_label_maps(self._model, at_input, self._normalize, ignored_class=ignored_class)
            self._count("class ids", exported.path, output[0], labels)

    def result(self, num_pictures: int) -> Verification:
        equal_share = min(self._equal[what] / total for what, total in self._total.items())
        return Verification(num_pictures, equal_share, max(self._differences, default=None), len(self.classes))

    def _count(self, what: str, path: str, found: np.ndarray, expected: np.ndarray) -> None:
        _check_shape(what, path, found.shape, expected.shape)
        self._equal[what] += int((found == expected).sum())
        self._total[what] += found.size


def _check_shape(what: str, path: str, found: Sequence[int], expected: Sequence[int]) -> None:
    if tuple(found) != tuple(expected):
        raise VerificationError(
            f"verification failed: {path}: the export gives {what} of {tuple(found)}, the network of "
            f"{tuple(expected)}; nothing was exported"
        )


def verify_export(
    model: paddle.nn.Layer,
    folder: str | Path,
    pictures: Iterable[Picture],
    *,
    pipeline: Pipeline,
    ignored_class: int | None = None,
    min_equal_share: float = DEFAULT_EQUAL_SHARE,
) -> Verification:
    """Compare an export, run as by deploy/python/infer.py on the CPU, with the network, run as by predict.py.

    Args:
        model: The network that was exported, in evaluation mode.
        folder: The export.
        pictures: On what to compare.
        pipeline: The network's preprocessing, built from the training configuration and not from the export.
        ignored_class: The class that is not to be predicted.
        min_equal_share: Share of the pixels, 0 to 1, that must have the same class.

    Returns:
        What was seen.

    Raises:
        VerificationError: Too few pixels are equal, or scores differ by more than
            ``MAX_RELATIVE_DIFFERENCE``.
    """
    comparison = _Comparison(model, folder, pipeline.normalize)
    segmenter = comparison.segmenter
    num_pictures, num_resized = 0, 0
    for index, original in enumerate(pictures):
        picture = fit_picture(original, pipeline, segmenter.graph.input_shape[2:])
        num_resized += picture is not original
        exported = segmenter.prepare(picture.pixels.copy(), picture.name)  # transforms may work in place
        sample = {"img": picture.pixels.copy(), "path": picture.name, "trans_info": []}
        comparison.add(exported, pipeline(sample, sample_rng(0, 0, index)), ignored_class)
        num_pictures += 1
    if num_resized:
        get_logger().warning(
            "verification: %d of %d pictures have another size than the graph takes and were resized for the "
            "comparison; the transforms of the export do not do that",
            num_resized,
            num_pictures,
        )
    result = comparison.result(num_pictures)
    _judge(result, min_equal_share)
    return result


def read_pictures(paths: Sequence[str], channels: int, read_options: ReadOptions = READ_DEFAULTS) -> Iterable[Picture]:
    """Picture files, read one by one."""
    for path in paths:
        yield Picture(path, read_image(path, channels, read_options))


def generated_pictures(channels: int, size_hw: Sequence[int] = (-1, -1)) -> Iterable[Picture]:
    """Coloured clouds under noise, for when there are no pictures at hand.

    Args:
        channels: Channels of the pictures.
        size_hw: Height and width that the graph is fixed to, -1 where any goes.
    """
    for index, (height, width) in enumerate(_GENERATED_SIZES_HW):
        height, width = (any_size if fixed == -1 else fixed for any_size, fixed in zip((height, width), size_hw))
        rng = np.random.default_rng(index)
        clouds = rng.uniform(0, 255, (max(1, height // 24), max(1, width // 24), channels)).astype(np.float32)
        clouds = cv2.resize(clouds, (width, height), interpolation=cv2.INTER_CUBIC).reshape(height, width, channels)
        pixels = clouds + rng.normal(0, 8, clouds.shape)
        yield Picture(f"generated picture {index}", np.clip(pixels, 0, 255).astype(np.uint8))


def fit_picture(picture: Picture, pipeline: Pipeline, size_hw: Sequence[int]) -> Picture:
    """The picture, resized beforehand where a graph of fixed size (height, width) could not take it otherwise."""
    sample = pipeline({"img": picture.pixels.copy(), "path": picture.name, "trans_info": []}, np.random.default_rng(0))
    height, width = (found if fixed == -1 else fixed for found, fixed in zip(sample["img"].shape, size_hw))
    if (height, width) == sample["img"].shape[:2]:
        return picture
    return Picture(picture.name, cv2.resize(picture.pixels, (width, height)).reshape(height, width, -1))


@paddle.no_grad()
def _relative_difference(
    model: paddle.nn.Layer, images: paddle.Tensor, output: np.ndarray, output_op: str | None, ignored_class: int | None
) -> float:
    logits = model(images)[0].numpy()
    if ignored_class is not None:  # its logits were lowered on purpose
        logits, output = (np.delete(scores, ignored_class, axis=1) for scores in (logits, output))
    scale = float(np.abs(logits).max())
    if output_op == "softmax":
        # Probabilities change by less than half of what the logits change by: these are the measure here too.
        logits, scale = F.softmax(paddle.to_tensor(logits), axis=1).numpy(), max(scale, 1.0)
    return float(np.abs(output - logits).max()) / scale


def _judge(result: Verification, min_equal_share: float) -> None:
    if result.equal_share < min_equal_share:
        raise VerificationError(
            f"verification failed: {result.describe()}, at least {100 * min_equal_share:g} % are asked for "
            "(--verify_threshold); nothing was exported"
        )
    difference = result.max_relative_difference
    # Written so that NaN fails too.
    if difference is not None and not difference <= MAX_RELATIVE_DIFFERENCE:
        raise VerificationError(
            f"verification failed: {result.describe()}, at most {MAX_RELATIVE_DIFFERENCE:g} is allowed; "
            "nothing was exported"
        )
    get_logger().info("verification: %s", result.describe())
    if result.num_classes == 1:
        get_logger().warning(
            "verification says little: the network sees a single class in these pictures; "
            "give others with --verify_images"
        )
