# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Does the export of a classifier do what the network does? Both run on the same pictures."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import paddle

from paddleseg.deploy.classifier import Classifier
from paddleseg.deploy.deploy_config import read_deploy_config
from paddleseg.export.verify import MAX_RELATIVE_DIFFERENCE, Picture, VerificationError, fit_picture
from paddleseg.inference.class_logits import class_logits
from paddleseg.transforms.pipeline import Pipeline
from paddleseg.utils.class_report import softmax
from paddleseg.utils.logging import get_logger
from paddleseg.utils.seeding import sample_rng


def verify_classifier(
    model: paddle.nn.Layer, folder: str | Path, pictures: Iterable[Picture], *, pipeline: Pipeline
) -> int:
    """Compare an export, run as by deploy/python/infer.py on the CPU, with the network, run as by predict.py.

    Args:
        model: The network that was exported, in evaluation mode.
        folder: The export.
        pictures: On what to compare.
        pipeline: The network's preprocessing, built from the training configuration and not from the export.

    Returns:
        How many pictures were compared.

    Raises:
        VerificationError: Scores differ by more than ``MAX_RELATIVE_DIFFERENCE`` of the largest logit, or the class of
            a picture is another one although its logits are further apart than that.
    """
    classifier = Classifier(read_deploy_config(folder))
    worst, count = 0.0, 0
    for index, original in enumerate(pictures):
        picture = fit_picture(original, pipeline, classifier.config.input_shape[2:])
        [output] = classifier.run([classifier.prepare(picture.pixels.copy(), picture.name)])
        sample = {"img": picture.pixels.copy(), "path": picture.name, "trans_info": []}
        sample = pipeline(sample, sample_rng(0, 0, index))
        logits = class_logits(model, sample["img"][np.newaxis], pipeline.normalize)
        difference = _difference(output, logits, classifier.config.output_op)
        if not difference <= MAX_RELATIVE_DIFFERENCE:  # NaN fails too
            raise VerificationError(
                f"verification failed: {picture.name}: export and network differ by {difference:.1e} of the largest "
                f"logit, at most {MAX_RELATIVE_DIFFERENCE:g} is allowed; nothing was exported"
            )
        worst, count = max(worst, difference), count + 1
    get_logger().info("verification: %d pictures, scores differ by %.1e of the largest logit at most", count, worst)
    return count


def _difference(output: np.ndarray, logits: np.ndarray, output_op: str | None) -> float:
    """How far the export is from the network on one picture, in units of its largest logit."""
    scale = max(float(np.abs(logits).max()), 1e-12)
    if output_op == "argmax":  # by how much another class than the best was taken for it
        return float(logits.max() - logits[0, int(output)]) / scale
    if output_op == "softmax":
        # Probabilities change by less than half of what the logits change by: these are the measure here too.
        return float(np.abs(output - softmax(logits)[0]).max()) / max(scale, 1.0)
    return float(np.abs(output - logits[0]).max()) / scale
