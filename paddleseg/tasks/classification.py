# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Classification of whole pictures: one loss on one vector of logits, scored by top-1 and top-5 accuracy."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any

from paddle import Tensor, nn

from paddleseg.datasets.class_check import check_class_data
from paddleseg.datasets.classification import ClassDataset
from paddleseg.datasets.image_folder import CLASSES
from paddleseg.inference.class_logits import check_class_logits, evaluate_classes, rehearse_classes
from paddleseg.inference.preprocess import to_network_input
from paddleseg.losses.soft_target_cross_entropy import takes_picture_classes
from paddleseg.registry import TASKS
from paddleseg.tasks.base import Network, Scores, Task
from paddleseg.tasks.mixing import BatchMixing, mix
from paddleseg.tasks.segmentation import WeightedLoss
from paddleseg.utils.arguments import Fault, checks_arguments
from paddleseg.utils.choices import CheckLevel
from paddleseg.utils.errors import ConfigError, raise_faults
from paddleseg.utils.logging import get_logger
from paddleseg.utils.type_hints import Bound, Probability, is_number

_Alpha = Annotated[float, Bound(0, 100, "from 0 (off) to 100")]
_MIX_PROB, _SWITCH_PROB = 1.0, 0.5
_LONGEST_SUMMARY = 200
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
        ConfigError: There is more than one loss, or it is not for whole pictures; or a data set is of another kind.
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
        mix_prob: Probability = _MIX_PROB,
        switch_prob: Probability = _SWITCH_PROB,
    ) -> None:
        _check_losses(losses)
        for name, dataset in (("train_dataset", train_dataset), ("val_dataset", val_dataset)):
            if not isinstance(dataset, (ClassDataset, type(None))):
                raise ConfigError(f"{name}: found {type(dataset).__name__}; give a ClassDataset, such as ImageFolder")
        self._losses = list(losses)
        self._train_dataset, self._val_dataset = train_dataset, val_dataset
        self._mixing = BatchMixing(mixup_alpha, cutmix_alpha, mix_prob, switch_prob)

    @staticmethod
    def faults(
        mixup_alpha: float = 0.0,
        cutmix_alpha: float = 0.0,
        mix_prob: float = _MIX_PROB,
        switch_prob: float = _SWITCH_PROB,
        batch_size: int | None = None,
        **_: Any,
    ) -> Iterator[Fault]:
        """What does not go together, see :mod:`paddleseg.utils.arguments`.

        The probabilities' defaults are allowed where they have no effect: a base file sets them, and switching mixing
        off need not involve them.
        """
        alphas = {
            name: alpha for name, alpha in (("mixup_alpha", mixup_alpha), ("cutmix_alpha", cutmix_alpha)) if alpha
        }
        if not alphas and mix_prob != _MIX_PROB:
            yield "mix_prob", f"found {mix_prob}, but nothing is mixed: mixup_alpha and cutmix_alpha are 0; remove it"
        if len(alphas) < 2 and switch_prob != _SWITCH_PROB:
            yield (
                "switch_prob",
                f"found {switch_prob}, but it chooses between mixup and cutmix, and not both are on; remove it",
            )
        if batch_size is not None and batch_size % 2 and mix_prob > 0:
            why = f"the batch of {batch_size} pictures is mixed with itself in reverse order; make batch_size even"
            yield from ((name, f"found {alpha}, but {why}") for name, alpha in alphas.items())

    @property
    def can_evaluate(self) -> bool:
        return self._val_dataset is not None

    def loss_terms(self, network: Network, batch: Mapping[str, Any]) -> dict[str, Tensor]:
        num_classes = self._train_dataset.num_classes
        pictures = to_network_input(batch["img"], self._train_dataset.pipeline.normalize)
        target = batch["label"].astype("int64")
        mixture = self._mixing.draw(pictures.shape[2:], batch["rng"])
        if mixture is not None:
            pictures, target = mix(pictures, target, num_classes, mixture)
        logits = network(pictures)
        check_class_logits(logits, len(target), num_classes)
        [(loss, weight)] = self._losses
        return {"loss": loss(logits.astype("float32"), target) * weight}

    def evaluate(
        self,
        model: nn.Layer,
        *,
        batch_size: int = _EVAL_BATCH,
        num_workers: int = 0,
        precision: str = "fp32",
        should_stop: Callable[[], bool] | None = None,
    ) -> Scores:
        if self._val_dataset is None:
            raise ConfigError("ClassificationTask: val_dataset: not given; evaluation needs it")
        result = evaluate_classes(
            model, self._val_dataset, batch_size=batch_size, num_workers=num_workers, precision=precision,
            should_stop=should_stop,
        )  # fmt: skip
        return Scores(result.values, self.primary, result.report(), result.to_dict)

    def rehearse(self, model: nn.Layer, *, precision: str = "fp32") -> None:
        rehearse_classes(model, self._val_dataset, precision=precision)
        get_logger().info("one picture of val_dataset evaluated: evaluation works")

    def check_batch_size(self, batch_size: int) -> None:
        mixing = dataclasses.asdict(self._mixing)
        raise_faults(type(self).__name__, list(self.faults(**mixing, batch_size=batch_size)))

    def check_data(self, level: CheckLevel, num_workers: int) -> None:
        for name, given in (("losses", self._losses or None), ("train_dataset", self._train_dataset)):
            if given is None:
                raise ConfigError(f"ClassificationTask: {name}: not given; training needs it")
        check_class_data(self._train_dataset, self._val_dataset, level=level, num_workers=num_workers)

    def identity(self) -> dict[str, Any]:
        """The classes and each picture's class: with others the same numbers would mean something else."""
        names = self._train_dataset.class_keys
        class_ids = self._train_dataset.class_ids().astype("<i8")
        return {
            **({} if names is None else {"classes": _summary(names)}),
            "classes of the training pictures (checksum)": _checksum(class_ids.tobytes()),
        }

    def facts(self) -> dict[str, Any]:
        return {"classes": self._train_dataset.class_names}


def _check_losses(losses: Any) -> None:
    is_of_pairs = isinstance(losses, (list, tuple)) and all(
        isinstance(pair, (list, tuple)) and len(pair) == 2 and callable(pair[0]) for pair in losses
    )
    if not is_of_pairs:
        raise ConfigError("losses: give a list of a loss and its weight, [(SoftTargetCrossEntropyLoss(), 1.0)]")
    if len(losses) > 1:
        raise ConfigError(f"losses: found {len(losses)}; a classifier has one output, so give one")
    for loss, weight in losses:
        if not takes_picture_classes(loss):
            raise ConfigError(
                f"losses: {type(loss).__name__} is a loss for pixels; give one for pictures, SoftTargetCrossEntropyLoss"
            )
        if not is_number(weight):
            raise ConfigError(f"losses: found the weight {weight!r}; give a number")


def _summary(names: Sequence[str]) -> str:
    """All names if they fit on a line, else the first ones and a checksum of all."""
    text = ", ".join(names)
    if len(text) <= _LONGEST_SUMMARY:
        return text
    return f"{', '.join(names[:3])}, ... ({len(names)}, checksum {_checksum(text.encode('utf-8', 'surrogateescape'))})"


def _checksum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:12]
