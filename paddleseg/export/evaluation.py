# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The scores of an exported graph on labelled pictures, on the engine that will run it.

Needs no Paddle, unless that is the engine.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from paddleseg.datasets import ClassDataset, PictureDataset, SegmentationDataset
from paddleseg.deploy.classifier import Classifier
from paddleseg.deploy.exported_graph import STAGES, ExportedGraph, NetworkInput, grouped
from paddleseg.deploy.segmenter import Segmenter
from paddleseg.metrics.classes import TOP, ClassificationResult, is_in_top
from paddleseg.metrics.confusion import ConfusionMatrix
from paddleseg.metrics.result import EvaluationResult, report_lines
from paddleseg.utils.errors import ConfigError, DataError
from paddleseg.utils.progress import Progress


@dataclass(frozen=True)
class Evaluation:
    """The result of an evaluation.

    Attributes:
        result: mIoU and more, or top-1 and top-5.
        milliseconds: For each of ``STAGES`` the median time for a picture; reading it is part of ``preprocess``.
        sizes_hw: Heights and widths at which the network ran.
    """

    result: EvaluationResult | ClassificationResult
    milliseconds: dict[str, float]
    sizes_hw: list[tuple[int, int]]

    @property
    def report(self) -> list[str]:
        """Lines for the log, like val.py's."""
        is_classifier = isinstance(self.result, ClassificationResult)
        return self.result.report() if is_classifier else report_lines(self.result)

    @property
    def pictures_per_second(self) -> float:
        """Speed of the network and the label map from its output, without reading and preparing the picture."""
        return 1e3 / (self.milliseconds["inference"] + self.milliseconds["postprocess"])

    @property
    def score(self) -> tuple[str, float]:
        """Name and value, 0 to 1, of the primary score."""
        if isinstance(self.result, ClassificationResult):
            return "top-1", self.result.top1
        return "mIoU", self.result.mean_iou


def evaluate_exported(graph: Segmenter | Classifier, dataset: PictureDataset, batch_size: int = 1) -> Evaluation:
    """Score a graph.

    Pictures are read as deploy.yaml says, labels as the data set does.

    Args:
        graph: An exported graph.
        dataset: The labelled pictures; its transforms are not used.
        batch_size: Most pictures in a batch; only neighbours of one size share one.

    Raises:
        ConfigError: The graph's output has another form, or it cuts off parts of the pictures.
        DataError: A picture or label is missing, damaged or out of range, or there are none.
    """
    graph.check_batch_size(batch_size)
    counter = _Classes(graph, dataset) if isinstance(graph, Classifier) else _LabelMaps(graph, dataset)
    times: list[dict[str, float]] = []
    sizes: list[tuple[int, int]] = []
    index = 0
    with Progress("evaluating", len(dataset)) as progress:
        graph.reset_times()
        for batch in grouped(network_inputs(graph, dataset), batch_size):
            output = graph.run(batch)
            counter.add(range(index, index + len(batch)), batch, output)
            size = tuple(map(int, batch[0].size_hw))
            # The first run at a size builds the engine's kernels.
            times.append(
                {**{stage: 1e3 * graph.seconds[stage] / len(batch) for stage in STAGES}, "new": size not in sizes}
            )
            sizes += [size] if size not in sizes else []
            graph.reset_times()
            index += len(batch)
            progress.update(len(batch))
    if not index:
        raise DataError("the data set has no pictures")
    later = [entry for entry in times if not entry["new"]] or times
    medians = {stage: statistics.median(entry[stage] for entry in later) for stage in STAGES}
    return Evaluation(counter.result(), medians, sizes)


def network_inputs(graph: ExportedGraph, dataset: PictureDataset) -> Iterator[NetworkInput]:
    """The pictures of a data set as the graph's inputs."""
    for index in range(len(dataset)):
        path = picture_file(dataset, index)
        if path is not None:
            yield graph.read(path)
        else:
            sample = dataset.read(index)
            yield graph.prepare(sample["img"], sample["path"])


def picture_file(dataset: PictureDataset, index: int) -> str | None:
    """The file of a picture, if its data set only reads it; None: the data set creates the pixels itself."""
    reads_files = type(dataset).read in (SegmentationDataset.read, ClassDataset.read)
    return dataset.file_list[index][0] if reads_files else None


class _LabelMaps:
    """Counts of label maps."""

    def __init__(self, graph: Segmenter, dataset: SegmentationDataset) -> None:
        self._graph, self._dataset = graph, dataset
        self._confusion = ConfusionMatrix(dataset.num_classes, dataset.ignore_index)
        self._num_images = 0

    def add(self, indices: range, batch: list[NetworkInput], output: np.ndarray) -> None:
        for index, item, found in zip(indices, batch, self._graph.to_label_maps(output, batch)):
            label = self._dataset.read_label(index)
            if label is None:
                raise DataError(f"{item.path}: has no label; evaluation needs one for each picture")
            if found.shape != label.shape:
                raise ConfigError(
                    f"{item.path}: the label map has {list(found.shape)} pixels and the label {list(label.shape)}; "
                    "export and data set do not match"
                )
            if found.max() >= self._dataset.num_classes:
                raise ConfigError(
                    f"{item.path}: class {int(found.max())} found, the data set has {self._dataset.num_classes} classes"
                )
            self._confusion.update(found, label, path=item.path)
        self._num_images += len(batch)

    def result(self) -> EvaluationResult:
        if not self._confusion.matrix.any():
            raise DataError(f"{self._num_images} pictures evaluated, but every pixel of their labels is ignored")
        names = self._dataset.class_names or self._graph.config.class_names
        return EvaluationResult(self._confusion.matrix, self._num_images, names, self._graph.config.ignored_class)


class _Classes:
    """Counts of classes."""

    def __init__(self, graph: Classifier, dataset: ClassDataset) -> None:
        self._graph, self._dataset = graph, dataset
        self._classes = dataset.class_ids()
        self._confusion = ConfusionMatrix(dataset.num_classes, ignore_index=-1)
        self._num_in_top: int | None = None if graph.graph.gives == "argmax" else 0

    def add(self, indices: range, batch: list[NetworkInput], output: np.ndarray) -> None:
        classes = self._classes[indices.start : indices.stop]
        if self._num_in_top is None:
            self._confusion.update(np.asarray(output), classes)
            return
        if output.shape[1] != self._dataset.num_classes:
            raise ConfigError(
                f"{self._graph.config.path}: the graph has {output.shape[1]} classes and the data set "
                f"{self._dataset.num_classes}"
            )
        self._confusion.update(output.argmax(axis=1), classes)
        self._num_in_top += int(is_in_top(output, classes, TOP).sum())

    def result(self) -> ClassificationResult:
        matrix = self._confusion.matrix
        names = self._dataset.class_names or self._graph.config.class_names
        return ClassificationResult(matrix, int(np.trace(matrix)), self._num_in_top, names)
