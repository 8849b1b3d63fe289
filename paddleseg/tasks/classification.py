# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Classification of whole pictures: one loss on one vector of logits, scored by top-1 and top-5 accuracy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any

from paddle import Tensor, nn

from paddleseg.datasets.class_check import check_class_data
from paddleseg.datasets.classification import ClassDataset
from paddleseg.datasets.image_folder import CLASSES
from paddleseg.inference.class_logits import class_logits, evaluate_classes
from paddleseg.inference.preprocess import to_network_input
from paddleseg.losses.soft_target_cross_entropy import takes_picture_classes
from paddleseg.registry import TASKS
from paddleseg.tasks.base import Network, Scores, Task
from paddleseg.tasks.mixing import BatchMixing, mix
from paddleseg.tasks.segmentation import WeightedLoss
from paddleseg.utils.arguments import Fault, checks_arguments
from paddleseg.utils.choices import CheckLevel
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.evaluation_mode import evaluation_mode
from paddleseg.utils.logging import get_logger
from paddleseg.utils.precision import MixedPrecisionNetwork
from paddleseg.utils.seeding import sample_rng
from paddleseg.utils.type_hints import Bound, Probability

_Alpha = Annotated[float, Bound(0, 100, "from 0 (off) to 100")]
_EVAL_BATCH = 64
"""Pictures that are evaluated at once where nobody says: all have one size after the usual crop."""


@TASKS.add_component
class ClassificationTask(Task):
    """Each picture has one class; the network gives logits (N, K).

    Args:
        losses: One loss of logits (N, K), with its weight; training needs it.
        train_dataset: What is trained on, or None.
        val_dataset: What is evaluated, or None.
        mixup_alpha: Mix pictures pixel by pixel, with a share drawn from Beta(alpha, alpha); 0: never.
        cutmix_alpha: Put a rectangle of another picture into each, of an area drawn likewise; 0: never.
        mix_prob: Probability that a batch is mixed, where one of the two is on.
        switch_prob: Probability of cutmix, where both are on.

    Raises:
        ConfigError: There is not one loss, or it is none for whole pictures.
    """

    primary = "top1"
    predicts = "class"
    class_numbers = CLASSES
    dataset_type = ClassDataset

    @checks_arguments(unchecked=("losses", "train_dataset", "val_dataset"))
    def __init__(
        self,
        losses: Sequence[WeightedLoss] = (),
        train_dataset: ClassDataset | None = None,
        val_dataset: ClassDataset | None = None,
        mixup_alpha: _Alpha = 0.0,
        cutmix_alpha: _Alpha = 0.0,
        mix_prob: Probability = 1.0,
        switch_prob: Probability = 0.5,
    ) -> None:
        self._losses = list(losses)
        self._train_dataset, self._val_dataset = train_dataset, val_dataset
        _check_losses(self._losses)
        is_mixed = mixup_alpha > 0 or cutmix_alpha > 0
        self._mixing = BatchMixing(mixup_alpha, cutmix_alpha, mix_prob, switch_prob) if is_mixed else None

    @staticmethod
    def faults(
        mixup_alpha: float = 0.0, cutmix_alpha: float = 0.0, batch_size: int | None = None, **_: Any
    ) -> Iterator[Fault]:
        """What does not go together, see :mod:`paddleseg.utils.arguments`."""
        for name, alpha in (("mixup_alpha", mixup_alpha), ("cutmix_alpha", cutmix_alpha)):
            if alpha > 0 and batch_size is not None and batch_size % 2:
                yield name, f"found {alpha}, {_odd(batch_size)}"

    @property
    def can_evaluate(self) -> bool:
        return self._val_dataset is not None

    def loss_terms(self, network: Network, batch: Mapping[str, Any]) -> dict[str, Tensor]:
        pictures = to_network_input(batch["img"], self._train_dataset.pipeline.normalize)
        target = batch["label"].astype("int64")
        if self._mixing is not None:
            if len(target) % 2:  # a configuration is checked before; a program's batches are seen here only
                raise ConfigError(f"ClassificationTask: mixup_alpha and cutmix_alpha: {_odd(len(target))}")
            mixture = self._mixing.draw(pictures.shape[2:], batch["rng"])
            if mixture is not None:
                pictures, target = mix(pictures, target, self._train_dataset.num_classes, mixture)
        [(loss, weight)] = self._losses
        return {"loss": loss(network(pictures).astype("float32"), target) * weight}

    def evaluate(
        self,
        model: nn.Layer,
        *,
        batch_size: int = _EVAL_BATCH,
        num_workers: int = 0,
        precision: str = "fp32",
        should_stop: Callable[[], bool] | None = None,
    ) -> Scores:
        result = evaluate_classes(
            model, self._val_dataset, batch_size=batch_size, num_workers=num_workers, precision=precision,
            should_stop=should_stop,
        )  # fmt: skip
        return Scores(result.values, self.primary, result.report(), result.to_dict())

    def rehearse(self, model: nn.Layer, *, precision: str = "fp32") -> None:
        dataset = self._val_dataset
        sample = dataset.sample(0, sample_rng(0, 0, 0))
        with evaluation_mode(model):
            network = model if precision == "fp32" else MixedPrecisionNetwork(model, precision, "O2")
            class_logits(network, sample["img"][None], dataset.pipeline.normalize)
        get_logger().info("one picture of val_dataset evaluated: evaluation works")

    def check_data(self, level: CheckLevel, num_workers: int) -> None:
        if level != "off":
            check_class_data(self._train_dataset, self._val_dataset, level=level, num_workers=num_workers)

    def facts(self) -> dict[str, Any]:
        return {"classes": self._train_dataset.class_names}


def _check_losses(losses: Sequence[WeightedLoss]) -> None:
    if len(losses) > 1:
        raise ConfigError(f"loss.coef: found {len(losses)} weights; a classifier has one output, so give one")
    for loss, _ in losses:
        if not takes_picture_classes(loss):
            raise ConfigError(
                f"loss: {type(loss).__name__} is a loss of pixels; give one of pictures, SoftTargetCrossEntropyLoss"
            )


def _odd(batch_size: int) -> str:
    return f"but the batch of {batch_size} pictures is mixed with itself in reverse order; make batch_size even"
