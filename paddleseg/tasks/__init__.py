# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""What is learnt: the meaning of a step and of a score. Importing the package registers the tasks."""

from paddleseg.inference.evaluation import EvaluationStopped
from paddleseg.tasks.base import Scores, Task
from paddleseg.tasks.classification import ClassificationTask
from paddleseg.tasks.distillation import Distance, DistillationTask
from paddleseg.tasks.segmentation import SegmentationTask

__all__ = [
    "ClassificationTask",
    "Distance",
    "DistillationTask",
    "EvaluationStopped",
    "Scores",
    "SegmentationTask",
    "Task",
]
