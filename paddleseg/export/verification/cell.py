# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""One graph on one engine, in a separate process: ``python -m paddleseg.export.verification.cell TASK.json``.

Engines share libraries (OpenVINO's own and the one in Paddle's wheel, several OpenMPs), and one that crashes takes its
process with it. Like deploy/python/infer.py, the process reads deploy.yaml and the pictures' files itself and imports
no network; it has the network's outputs from the files of ``expected``.
"""

from __future__ import annotations

import abc
import json
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from paddleseg.deploy.classifier import Classifier
from paddleseg.deploy.deploy_config import CLASSIFICATION, read_deploy_config
from paddleseg.deploy.engines.base import EngineOptions
from paddleseg.deploy.exported_graph import STAGES, NetworkInput
from paddleseg.deploy.graph_spec import STRIDE8
from paddleseg.deploy.segmenter import Segmenter
from paddleseg.export.graph_runs import VerificationError, graph_of
from paddleseg.export.verification.differences import gap_of_best, relative_difference
from paddleseg.export.verification.limits import Seen, limits_of
from paddleseg.metrics.confusion import ConfusionMatrix
from paddleseg.metrics.result import EvaluationResult
from paddleseg.metrics.scores import pixel_accuracy
from paddleseg.utils.errors import DeviceError, UserError
from paddleseg.utils.way_back import restore_ids

INDEX_NAME = "pictures.json"


@dataclass(frozen=True)
class StoredPicture:
    """A picture, and the network's output for it.

    Attributes:
        name: For messages.
        arrays: File of the network's output, and of the label.
        file: The picture's own file; None: there is ``pixels``.
        pixels: File of its (H, W, C) pixels.
    """

    name: str
    arrays: str
    file: str | None
    pixels: str | None


def work(task: Mapping[str, Any]) -> Seen:
    """Run one graph on all pictures.

    Args:
        task: ``deploy``: the deploy.yaml; ``graph``: as ``GraphRun.key``; ``options``: of ``EngineOptions``;
            ``pictures``: the folder filled by ``expected.store_expected``.

    Raises:
        UserError: The graph cannot be loaded or does not run; or its output's form differs from the network's.
    """
    config = graph_of(read_deploy_config(task["deploy"]), task["graph"])
    options, folder = EngineOptions(**task["options"]), Path(task["pictures"])
    index = json.loads((folder / INDEX_NAME).read_text(encoding="utf-8"))
    pictures = [StoredPicture(**entry) for entry in index.pop("pictures")]
    if config.task == CLASSIFICATION:
        return _Classes(Classifier(config, options), index).run(folder, pictures)
    return _LabelMaps(Segmenter(config, options, main_graph=True), index).run(folder, pictures)


class _Comparison(abc.ABC):
    """A graph's output against the network's, counted picture by picture.

    Args:
        graph: The exported graph, ready to run.
        index: The facts of ``expected`` on the network and the labels.
    """

    unit: ClassVar[str]

    def __init__(self, graph: Segmenter | Classifier, index: Mapping[str, Any]) -> None:
        self._graph, self._gives = graph, graph.graph.gives or "argmax"
        self._ignored_class = index["ignored_class"]
        # Against the labels: the graph's predictions, and the network's.
        self._confusions = [ConfusionMatrix(index["num_classes"], index["ignore_index"]) for _ in range(2)]
        self._equal = self._total = self._num_labelled = 0
        self._differences: list[float] = []

    def run(self, folder: Path, pictures: Sequence[StoredPicture]) -> Seen:
        """Run the graph on all pictures."""
        graph, sizes, seconds = self._graph, [], []
        for picture in pictures:
            expected = np.load(folder / picture.arrays)
            item = self._read(folder, picture)
            size = [int(side) for side in item.size_hw]
            if size not in sizes:  # the first run at a size builds the engine's kernels
                graph.run([item])
                sizes.append(size)
            graph.reset_times()
            self._compare(picture.name, item, graph.run([item]), expected)
            seconds.append(graph.seconds)
        score, network_score = map(self._score, self._confusions) if self._num_labelled else (None, None)
        network_ms, tail_ms = (1e3 * statistics.median(s[stage] for s in seconds) for stage in STAGES[1:])
        return Seen(
            equal=self._equal,
            total=self._total,
            unit=self.unit,
            difference=max(self._differences, default=None),
            score=score,
            network_score=network_score,
            num_pictures=len(pictures),
            num_labelled=self._num_labelled,
            sizes_hw=sizes,
            network_ms=network_ms,
            tail_ms=tail_ms,
            about=graph.engine.about,
        )

    @abc.abstractmethod
    def _compare(self, name: str, item: NetworkInput, output: np.ndarray, expected: Mapping[str, np.ndarray]) -> None:
        """Count one picture."""

    @abc.abstractmethod
    def _score(self, confusion: ConfusionMatrix) -> float:
        """The primary score, in per cent."""

    def _read(self, folder: Path, picture: StoredPicture) -> NetworkInput:
        if picture.file is not None:
            return self._graph.read(picture.file)
        return self._graph.prepare(np.load(folder / picture.pixels), picture.name)

    def _count_label(
        self, name: str, found: np.ndarray, wanted: np.ndarray, expected: Mapping[str, np.ndarray]
    ) -> None:
        if "label" not in expected:
            return
        self._num_labelled += 1
        for confusion, classes in zip(self._confusions, (found, wanted)):
            confusion.update(np.atleast_1d(classes), np.atleast_1d(expected["label"]), path=name)

    def _compare_scores(self, name: str, found: np.ndarray, wanted: np.ndarray) -> None:
        self._check_shape("scores", name, found, wanted)
        self._differences.append(relative_difference(found, wanted, self._gives, self._ignored_class))

    def _check_shape(self, what: str, name: str, found: np.ndarray, wanted: np.ndarray) -> None:
        if found.shape != wanted.shape:
            raise VerificationError(f"{name}: gives {what} of {found.shape}, the network of {wanted.shape}")


class _LabelMaps(_Comparison):
    """Compares class ids, and for a graph of scores also the scores and the label maps made from them.

    The ids have the size of the network's input, the label maps the pictures' own.
    """

    unit = "pixels"

    def _compare(self, name: str, item: NetworkInput, output: np.ndarray, expected: Mapping[str, np.ndarray]) -> None:
        (found,) = self._graph.to_label_maps(output, [item])
        if self._gives == "argmax":
            self._count("class ids", name, output[0], expected["class_ids"])
            wanted = restore_ids(expected["class_ids"], item.trans_info)
        else:
            wanted = expected["classes"]
            self._count("a label map", name, found, wanted)
            key = "logits_stride8" if self._gives == STRIDE8 else "logits"
            if key in expected:
                self._compare_scores(name, output, expected[key])
        self._count_label(name, found, wanted, expected)

    def _count(self, what: str, name: str, found: np.ndarray, wanted: np.ndarray) -> None:
        self._check_shape(what, name, found, wanted)
        self._equal += int((found == wanted).sum())
        self._total += found.size

    def _score(self, confusion: ConfusionMatrix) -> float:
        return 100 * EvaluationResult(confusion.matrix, self._num_labelled, ignored_class=self._ignored_class).mean_iou


class _Classes(_Comparison):
    """Compares the best class of each picture, and scores if the graph returns them.

    A class that the network rates as high as its best one, within the precision's limits, is equal.
    """

    unit = "pictures"

    def _compare(self, name: str, item: NetworkInput, output: np.ndarray, expected: Mapping[str, np.ndarray]) -> None:
        logits = expected["class_logits"]
        if self._gives != "argmax":
            self._compare_scores(name, output, logits[np.newaxis])
        tie = limits_of(self._graph.graph, self._graph.engine.options.precision).tie
        self._equal += gap_of_best(output[0], logits) <= tie
        self._total += 1
        found = output[0] if self._gives == "argmax" else output[0].argmax()
        self._count_label(name, found, expected["classes"], expected)

    def _score(self, confusion: ConfusionMatrix) -> float:
        return 100 * pixel_accuracy(confusion.matrix)


def main(task: Mapping[str, Any]) -> None:
    """Do the task, and write the outcome, or a user error, into its ``result``."""
    try:
        result = {"seen": asdict(work(task))}
    except UserError as error:
        result = {"error": str(error), "is_of_device": isinstance(error, DeviceError)}
    Path(task["result"]).write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
