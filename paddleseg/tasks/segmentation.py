# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Semantic segmentation: losses on the logits of each output, scored by the mean IoU of label maps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from paddle import Tensor, nn

from paddleseg.datasets import data_report, data_table
from paddleseg.datasets.data_check import examine
from paddleseg.datasets.segmentation import SegmentationDataset
from paddleseg.inference.evaluation import evaluate, rehearse
from paddleseg.inference.preprocess import to_network_input
from paddleseg.inference.samples import draw_samples
from paddleseg.inference.views import WHOLE_PICTURE, ViewOptions
from paddleseg.losses.functional import takes_coarse_logits
from paddleseg.metrics.result import EvaluationResult, report_lines
from paddleseg.models.facts import ModelFacts
from paddleseg.registry import TASKS
from paddleseg.tasks.base import Network, Scores, Task
from paddleseg.utils.choices import CheckLevel
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.label_map import LABEL_CLASSES
from paddleseg.utils.logging import get_logger
from paddleseg.utils.tracing import computes_eagerly_on_cpu

WeightedLoss = tuple[Callable[[Tensor, Tensor], Tensor], float]


@TASKS.add_component
class SegmentationTask(Task):
    """Each pixel has one class.

    Args:
        losses: Loss and weight for each output of the network, the main one first; training needs them.
        train_dataset: What is trained on, or None.
        val_dataset: What is evaluated, or None.
        views: How pictures of ``val_dataset`` are processed.
        output_names: The network's names of its outputs, for the log.
    """

    primary = "mIoU"
    predicts = "label map"
    class_numbers = LABEL_CLASSES
    dataset_type = SegmentationDataset

    def __init__(
        self,
        losses: Sequence[WeightedLoss] = (),
        train_dataset: SegmentationDataset | None = None,
        val_dataset: SegmentationDataset | None = None,
        views: ViewOptions = WHOLE_PICTURE,
        output_names: Sequence[str] = ModelFacts.outputs,
    ) -> None:
        self._losses = list(losses)
        self._train_dataset, self._val_dataset, self.views = train_dataset, val_dataset, views
        self._names = ModelFacts(outputs=tuple(output_names)).names_of_outputs(len(self._losses))

    @property
    def can_evaluate(self) -> bool:
        return self._val_dataset is not None

    def loss_terms(self, network: Network, batch: Mapping[str, Any]) -> dict[str, Tensor]:
        """``loss``, the weighted sum; with several outputs also the loss of each, without its weight."""
        pictures = to_network_input(batch["img"], self._train_dataset.pipeline.normalize)
        label = batch["label"].astype("int64")
        in_losses = {}
        if self._leaves_upsampling_to_losses(network) and list(label.shape[1:]) == list(pictures.shape[2:]):
            in_losses = {"coarse": True}
        outputs = network(pictures, **in_losses)
        if len(outputs) != len(self._losses):
            raise ConfigError(
                f"loss.coef: {len(self._losses)} weights, but the network gives {len(outputs)} outputs; "
                "give one for each"
            )
        # In float32 whatever the network computes in: half precision would spoil the losses' own sums and products.
        terms = {
            name: loss(logits.astype("float32"), label, **in_losses)
            for name, logits, (loss, _) in zip(self._names, outputs, self._losses)
        }
        total = sum(term * weight for term, (_, weight) in zip(terms.values(), self._losses))
        return {"loss": total, **terms} if len(terms) > 1 else {"loss": total}

    def _leaves_upsampling_to_losses(self, network: Network) -> bool:
        """Whether the losses get coarse logits, which on a CPU they upsample faster than the network does."""
        return (
            computes_eagerly_on_cpu()
            and getattr(network, "gives_coarse_logits", False)
            and all(takes_coarse_logits(loss) for loss, _ in self._losses)
        )

    def evaluate(
        self,
        model: nn.Layer,
        *,
        batch_size: int = 1,
        num_workers: int = 0,
        precision: str = "fp32",
        should_stop: Callable[[], bool] | None = None,
    ) -> Scores:
        result = self.count(
            model, batch_size=batch_size, num_workers=num_workers, precision=precision, should_stop=should_stop
        )
        return scores_of(result)

    def count(self, model: nn.Layer, **options: Any) -> EvaluationResult:
        """The counts behind the scores of ``evaluate``; ``options`` are those of ``inference.evaluation.evaluate``."""
        return evaluate(model, self._val_dataset, self.views, amp_level="O2", **options)

    def sample_predictions(self, model: nn.Layer, *, precision: str = "fp32") -> dict[str, np.ndarray]:
        return draw_samples(model, self._val_dataset, self.views, precision=precision, amp_level="O2")

    def rehearse(self, model: nn.Layer, *, precision: str = "fp32") -> None:
        rehearse(model, self._val_dataset, self.views, precision=precision, amp_level="O2")
        get_logger().info("one picture of val_dataset evaluated: evaluation works")

    def check_data(self, level: CheckLevel, num_workers: int) -> None:
        if level == "off":
            return
        findings = examine(self._train_dataset, self._val_dataset, level=level, num_workers=num_workers)
        logger = get_logger()
        table = data_table.format_table(findings)
        logger.info("check_labels: %s, %s\n%s", level, data_table.describe_extent(findings), table)
        for warning in data_report.find_warnings(findings):
            logger.warning(warning)
        data_report.raise_problems(data_report.find_problems(findings))

    def facts(self) -> dict[str, Any]:
        return {"classes": self._train_dataset.class_names}


def scores_of(result: EvaluationResult) -> Scores:
    """A segmentation's result in the form that training uses."""
    return Scores(
        values={"mIoU": result.mean_iou, "Acc": result.pixel_accuracy},
        primary=SegmentationTask.primary,
        report=report_lines(result),
        details=result.to_dict(),
    )
