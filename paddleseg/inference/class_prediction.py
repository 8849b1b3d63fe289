# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Prediction with a classifier: from picture files to a table of names and probabilities."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
import paddle

from paddleseg.inference.class_logits import class_logits
from paddleseg.inference.label_maps import refuse_random_transforms
from paddleseg.transforms.pipeline import Pipeline
from paddleseg.utils import distributed
from paddleseg.utils.class_report import ClassReport, best_classes, softmax
from paddleseg.utils.errors import DataError
from paddleseg.utils.evaluation_mode import evaluation_mode
from paddleseg.utils.image_io import READ_DEFAULTS, ReadOptions, read_image
from paddleseg.utils.logging import log_outcome
from paddleseg.utils.picture_failures import note_failure, raise_failures
from paddleseg.utils.progress import tracked
from paddleseg.utils.seeding import sample_rng


def predict_classes(
    model: paddle.nn.Layer,
    pipeline: Pipeline,
    images: Sequence[str],
    save_dir: str | os.PathLike[str],
    *,
    channels: int = 3,
    read_options: ReadOptions = READ_DEFAULTS,
    class_names: Sequence[str] | None = None,
    progress: bool = True,
) -> None:
    """Predict the classes of pictures; see ``ClassReport`` for the files.

    A damaged picture is logged and left out; the error at the end lists all of them. In a distributed run each process
    takes its part of the pictures and writes files of its own.

    Args:
        model: A classifier; its mode (training or evaluation) is restored.
        pipeline: The transforms of evaluation.
        images: Picture files.
        save_dir: Where to save.
        channels: Channels that the network takes.
        read_options: How pictures are read.
        class_names: One name per class.
        progress: Whether to show a progress bar where the output is a terminal.

    Raises:
        ConfigError: A transform is random.
        DataError: Pictures are missing or damaged, after all others were predicted; or a file that no command wrote
            would be replaced.
    """
    refuse_random_transforms(pipeline)
    rank, world_size = distributed.rank(), distributed.world_size()
    report = ClassReport(save_dir, part=rank if world_size > 1 else None)
    own_part = list(dict.fromkeys(images))[rank::world_size]
    failures: list[DataError] = []
    with evaluation_mode(model):
        for index, path in enumerate(tracked(own_part, "predicting", shown=progress)):
            try:
                image = read_image(path, channels, read_options)
                sample = pipeline({"img": image, "path": path, "trans_info": []}, sample_rng(0, 0, index))
                logits = class_logits(model, sample["img"][np.newaxis], pipeline.normalize, [path])
            except DataError as error:
                note_failure(failures, error)
                continue
            report.add(path, best_classes(softmax(logits)[0], class_names))
    report.write()
    log_outcome("%s", report.describe())
    raise_failures(failures, len(own_part))
