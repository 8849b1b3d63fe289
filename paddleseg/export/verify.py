# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Does an export do what the network does? Both run on the same pictures, each with its own preprocessing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
import paddle

from paddleseg.deploy.deploy_config import read_deploy_config
from paddleseg.deploy.graph_spec import STRIDE8
from paddleseg.deploy.segmenter import Segmenter
from paddleseg.export.graph_runs import GraphRun, VerificationError, graph_runs
from paddleseg.inference.label_maps import predict_label_maps
from paddleseg.inference.preprocess import to_network_input
from paddleseg.transforms.pipeline import Pipeline
from paddleseg.transforms.sample import Sample
from paddleseg.transforms.transforms import Normalize
from paddleseg.utils.image_io import READ_DEFAULTS, ReadOptions, read_image
from paddleseg.utils.logging import get_logger
from paddleseg.utils.seeding import sample_rng

# oneDNN's convolutions sum in another order: seen are differences of 1e-6 to 1e-5 of the largest logit, and
# of one pixel in 10^5. A wrong padding, resize or normalisation is beyond 1e-2.
DEFAULT_EQUAL_SHARE = 0.999
MAX_RELATIVE_DIFFERENCE = 1e-3
_SMALLEST = 1e-30  # of the probabilities that are compared; float32 has its full precision down to 1e-38
_SMALLEST_SCALE = 0.01  # rounding alone moves the logarithm of a probability by 1e-6
_GENERATED_SIZES_HW = ((256, 512), (321, 255), (360, 480))  # odd sides are where resizes go wrong


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


class _Expected:
    """What the network gives for one picture; computed when it is first asked for."""

    def __init__(
        self, model: paddle.nn.Layer, sample: Sample, normalize: Normalize | None, ignored_class: int | None
    ) -> None:
        self._model, self._normalize, self.ignored_class = model, normalize, ignored_class
        self._images = sample["img"][np.newaxis]
        self._trans_info = sample["trans_info"]

    @cached_property
    def label_map(self) -> np.ndarray:
        """(height, width) class ids at the picture's own size, as predict.py gives them."""
        return self._label_map(self._trans_info)

    @cached_property
    def class_ids(self) -> np.ndarray:
        """(H, W) class ids at the size of the network's input."""
        return self._label_map([])

    @cached_property
    def logits(self) -> np.ndarray:
        """(1, K, H, W)."""
        with paddle.no_grad():
            return self._model(to_network_input(self._images, self._normalize))[0].numpy()

    def _label_map(self, trans_info: list) -> np.ndarray:
        batch = {"img": self._images, "trans_info": [trans_info]}
        (labels,) = predict_label_maps(self._model, batch, self._normalize, ignored_class=self.ignored_class)
        return labels


class _Comparison:
    """One graph of an export with the network, on one picture after the other.

    Of scores two things are compared: themselves, at the size of the input, and the label map at the picture's own size
    that deploy/python/infer.py makes of them; of logits at 1/8 the label map; of class ids themselves.
    """

    def __init__(self, run: GraphRun) -> None:
        self.name, self.gives = run.name, run.config.main_graph.gives
        self._segmenter = Segmenter(run.config, run.options, main_graph=True)
        self._equal: dict[str, int] = defaultdict(int)
        self._total: dict[str, int] = defaultdict(int)
        self._differences: list[float] = []

    def add(self, picture: Picture, expected: _Expected) -> None:
        """Compare on one picture, after the preprocessing of the export."""
        exported = self._segmenter.prepare(picture.pixels.copy(), picture.name)  # transforms may work in place
        if self.gives == "argmax":
            self._count("class ids", picture.name, self._segmenter.run([exported])[0], expected.class_ids)
            return
        self._count("a label map", picture.name, self._segmenter.label_maps([exported])[0], expected.label_map)
        if self.gives != STRIDE8:
            output = self._segmenter.run([exported])
            self._check_shape("scores", picture.name, output.shape, expected.logits.shape)
            self._differences.append(_relative_difference(expected, output, self.gives))

    def result(self, num_pictures: int, num_classes: int) -> Verification:
        equal_share = min(self._equal[what] / total for what, total in self._total.items())
        return Verification(num_pictures, equal_share, max(self._differences, default=None), num_classes)

    def _count(self, what: str, path: str, found: np.ndarray, expected: np.ndarray) -> None:
        self._check_shape(what, path, found.shape, expected.shape)
        self._equal[what] += int((found == expected).sum())
        self._total[what] += found.size

    def _check_shape(self, what: str, path: str, found: Sequence[int], expected: Sequence[int]) -> None:
        if tuple(found) != tuple(expected):
            raise VerificationError(
                f"verification failed: {path}: {self.name} gives {what} of {tuple(found)}, the network of "
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
    """Compare the graphs of an export, as deploy/python/infer.py runs them on a CPU, with the network in predict.py.

    Args:
        model: The network that was exported, in evaluation mode.
        folder: The export.
        pictures: On what to compare.
        pipeline: The network's preprocessing, built from the training configuration and not from the export.
        ignored_class: The class that is not to be predicted.
        min_equal_share: Share of the pixels, 0 to 1, that must have the same class.

    Returns:
        What was seen: of several graphs the smallest share and the largest difference.

    Raises:
        VerificationError: Of a graph, too few pixels are equal, or scores differ by more than
            ``MAX_RELATIVE_DIFFERENCE``; or no graph can be run here.
    """
    config = read_deploy_config(folder)
    comparisons = [_Comparison(run) for run in graph_runs(config)]
    num_pictures, num_resized, classes = 0, 0, set()
    for index, original in enumerate(pictures):
        picture = fit_picture(original, pipeline, config.input_shape[2:])
        num_resized += picture is not original
        sample = {"img": picture.pixels.copy(), "path": picture.name, "trans_info": []}
        expected = _Expected(model, pipeline(sample, sample_rng(0, 0, index)), pipeline.normalize, ignored_class)
        for comparison in comparisons:
            comparison.add(picture, expected)
        classes.update(np.unique(expected.label_map).tolist())
        num_pictures += 1
    if num_resized:
        get_logger().warning(
            "verification: %d of %d pictures have another size than the graph takes and were resized for the "
            "comparison; the transforms of the export do not do that",
            num_resized,
            num_pictures,
        )
    results = [comparison.result(num_pictures, len(classes)) for comparison in comparisons]
    for comparison, result in zip(comparisons, results):
        _judge(comparison.name, result, min_equal_share)
    if len(classes) == 1:
        get_logger().warning(
            "verification says little: the network sees a single class in these pictures; "
            "give others with --verify_images"
        )
    differences = [r.max_relative_difference for r in results if r.max_relative_difference is not None]
    return Verification(num_pictures, min(r.equal_share for r in results), max(differences, default=None), len(classes))


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
    """The picture, resized beforehand where a graph of fixed size (height, width) could not take it otherwise.

    Raises:
        VerificationError: The transforms make another size of every picture.
    """
    own = size_at_network(picture, pipeline)
    height, width = (found if fixed == -1 else fixed for found, fixed in zip(own, size_hw))
    if (height, width) == own:
        return picture
    resized = Picture(picture.name, cv2.resize(picture.pixels, (width, height)).reshape(height, width, -1))
    found = size_at_network(resized, pipeline)
    if found != (height, width):
        raise VerificationError(
            f"--input_shape: height and width are {height} {width}, but the transforms make {found[0]} {found[1]} of "
            "pictures; give these, or leave the flag out; nothing was exported"
        )
    return resized


def size_at_network(picture: Picture, pipeline: Pipeline) -> tuple[int, int]:
    """(height, width) of what the transforms make of a picture."""
    sample = {"img": picture.pixels.copy(), "path": picture.name, "trans_info": []}
    return pipeline(sample, np.random.default_rng(0))["img"].shape[:2]


def _relative_difference(expected: _Expected, output: np.ndarray, output_op: str | None) -> float:
    logits = expected.logits
    if expected.ignored_class is not None:  # its logits were lowered on purpose
        logits, output = (np.delete(scores, expected.ignored_class, axis=1) for scores in (logits, output))
    return relative_difference(output, logits, output_op)


def relative_difference(output: np.ndarray, logits: np.ndarray, output_op: str | None) -> float:
    """The largest difference between the scores of a graph and of its network, in units of the largest logit.

    Probabilities are compared by their logarithms, which differ as logits do: they themselves are 0 and 1, whatever the
    logits are, where a network is sure. Those that are hardly to be told from 0 in float32 are left out.

    Args:
        output: What the graph gives, (N, K, ...).
        logits: The network's, of the same shape.
        output_op: ``softmax`` or ``none``: what the graph gives.
    """
    scale = float(np.abs(logits).max())
    if output_op != "softmax":
        return float(np.abs(output - logits).max()) / max(scale, 1e-12)
    shifted = logits - logits.max(axis=1, keepdims=True)
    expected = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    found = np.log(np.maximum(output, np.finfo(np.float32).tiny))
    differences = np.abs(found - expected)[~((output < _SMALLEST) & (expected < np.log(_SMALLEST)))]  # NaN stays
    return float(differences.max()) / max(scale, _SMALLEST_SCALE)


def _judge(name: str, result: Verification, min_equal_share: float) -> None:
    if result.equal_share < min_equal_share:
        raise VerificationError(
            f"verification failed: {name}: {result.describe()}, at least {100 * min_equal_share:g} % are asked for "
            "(--verify_threshold); nothing was exported"
        )
    difference = result.max_relative_difference
    # Written so that NaN fails too.
    if difference is not None and not difference <= MAX_RELATIVE_DIFFERENCE:
        raise VerificationError(
            f"verification failed: {name}: {result.describe()}, at most {MAX_RELATIVE_DIFFERENCE:g} is allowed; "
            "nothing was exported"
        )
    get_logger().info("verification: %s: %s", name, result.describe())
