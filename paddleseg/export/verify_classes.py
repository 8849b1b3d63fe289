# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Does the export of a classifier do what the network does? Both run on the same pictures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import paddle

from paddleseg.deploy.classifier import Classifier
from paddleseg.deploy.deploy_config import read_deploy_config
from paddleseg.export.graph_runs import GraphRun, VerificationError, graph_runs
from paddleseg.export.verify import (
    DEFAULT_EQUAL_SHARE,
    MAX_RELATIVE_DIFFERENCE,
    Picture,
    fit_picture,
    relative_difference,
)
from paddleseg.inference.class_logits import class_logits
from paddleseg.transforms.pipeline import Pipeline
from paddleseg.utils.logging import get_logger
from paddleseg.utils.seeding import sample_rng


def verify_classifier(
    model: paddle.nn.Layer,
    folder: str | Path,
    pictures: Iterable[Picture],
    *,
    pipeline: Pipeline,
    min_equal_share: float = DEFAULT_EQUAL_SHARE,
) -> None:
    """Compare an export, run as by deploy/python/infer.py on the CPU, with the network, run as by predict.py.

    Args:
        model: The network that was exported, in evaluation mode.
        folder: The export.
        pictures: On what to compare.
        pipeline: The network's preprocessing, built from the training configuration and not from the export.
        min_equal_share: Share of the pictures, 0 to 1, that must get the same class. One that the network takes for as
            good, within ``MAX_RELATIVE_DIFFERENCE`` of the largest logit, is the same.

    Raises:
        VerificationError: With a graph, too few pictures get the same class, or scores differ by more than that; or no
            graph can be run here.
    """
    config = read_deploy_config(folder)
    fitting = [fit_picture(picture, pipeline, config.input_shape[2:]) for picture in pictures]
    expected = []
    for index, picture in enumerate(fitting):
        sample = {"img": picture.pixels.copy(), "path": picture.name, "trans_info": []}
        sample = pipeline(sample, sample_rng(0, 0, index))
        expected.append(class_logits(model, sample["img"][np.newaxis], pipeline.normalize, [picture.name])[0])
    for run in graph_runs(config):
        _verify_graph(run, fitting, expected, min_equal_share)


def _verify_graph(
    run: GraphRun, pictures: Sequence[Picture], expected: Sequence[np.ndarray], min_equal_share: float
) -> None:
    """Compare one graph with logits (K,) of the network for each picture."""
    classifier = Classifier(run.config, run.options)
    worst, num_equal, count = 0.0, 0, 0
    for picture, logits in zip(pictures, expected):
        [output] = classifier.run([classifier.prepare(picture.pixels.copy(), picture.name)])
        difference, gap = _compare(output, logits, run.config.output_op)
        if not difference <= MAX_RELATIVE_DIFFERENCE:  # NaN fails too
            raise VerificationError(
                f"verification failed: {picture.name}: scores of {run.name} and network differ by "
                f"{difference:.1e} of the largest logit, at most {MAX_RELATIVE_DIFFERENCE:g} is allowed; nothing was "
                "exported"
            )
        worst, num_equal, count = max(worst, difference), num_equal + (gap <= MAX_RELATIVE_DIFFERENCE), count + 1
    if num_equal < min_equal_share * count:
        raise VerificationError(
            f"verification failed: {run.name}: {num_equal} of {count} pictures get the same class, at least "
            f"{100 * min_equal_share:g} % are asked for (--verify_threshold); nothing was exported"
        )
    get_logger().info(
        "verification: %s: %d of %d pictures get the same class, scores differ by %.1e of the largest logit at most",
        run.name, num_equal, count, worst,
    )  # fmt: skip


def _compare(output: np.ndarray, logits: np.ndarray, output_op: str | None) -> tuple[float, float]:
    """How far an export is from the network on one picture, in units of its largest logit.

    Args:
        output: What the graph gives: scores (K,), or a class id ().
        logits: The network's, (K,).
        output_op: What the graph gives.

    Returns:
        The largest difference of scores, 0 for ids; and by how much the graph's class is behind the best one.
    """
    best = int(output) if output_op == "argmax" else int(output.argmax())
    gap = float(logits.max() - logits[best]) / max(float(np.abs(logits).max()), 1e-12)
    if output_op == "argmax":
        return 0.0, gap
    return relative_difference(output[np.newaxis], logits[np.newaxis], output_op), gap
