# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Distillation: a network learns its own task and, at the same time, to resemble a trained network, its teacher."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import paddle
from paddle import Tensor, nn

from paddleseg.models.facts import ModelFacts
from paddleseg.models.layers import initialize_weights, upsample_logits
from paddleseg.models.weights import describe_model
from paddleseg.tasks.base import Network, Scores, Task
from paddleseg.tasks.feature_taps import FeatureTaps
from paddleseg.utils.choices import CheckLevel
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.evaluation_mode import evaluation_mode
from paddleseg.utils.layer_hooks import gives_coarse_logits
from paddleseg.utils.precision import mixed_precision
from paddleseg.utils.tensors import to_arrays

TEACHER = "teacher (checksum)"
"""Its key in what a run is known by."""


@dataclass(frozen=True)
class Distance:
    """One term of a distillation.

    Attributes:
        loss: Called with maps (N, C, H, W) float32 of student and teacher; returns a scalar.
        weight: Its factor in the total loss.
        features: The student's sublayer whose maps are compared; None: the logits of the main output.
        teacher_features: The teacher's; None: of the same name.
    """

    loss: Callable[[Tensor, Tensor], Tensor]
    weight: float
    features: str | None = None
    teacher_features: str | None = None

    @property
    def name_in_teacher(self) -> str | None:
        """The teacher's sublayer."""
        return self.teacher_features or self.features


class DistillationTask(Task):
    """Adds distances to a teacher to the loss of another task of label maps; scores and data are those of that task.

    The teacher computes without gradients and in evaluation mode; it is never changed and never saved. Where the
    features of the two have different numbers of channels, a 1x1 convolution without bias brings the student's to the
    teacher's number. These projections are the ``extra_layers``: the optimiser must have their parameters as well.

    Logits are compared at 1/8 if both networks only resize those of ``forward_stride8``, otherwise at the size of the
    network's input.

    Args:
        task: The student's own task.
        student: The network that is trained.
        teacher: Returns a list of logits (N, K, H, W) of the same classes, the main output first.
        distances: The terms to add.

    Raises:
        ConfigError: A sublayer does not exist, or its output cannot be compared; classes or sizes of the logits
            differ; teacher and student share layers.
    """

    logs_terms = True

    def __init__(self, task: Task, student: nn.Layer, teacher: nn.Layer, distances: Sequence[Distance]) -> None:
        trained = {id(parameter) for parameter in student.parameters()}
        if any(id(parameter) in trained for parameter in teacher.parameters()):
            raise ConfigError("teacher: it is the student, or shares weights with it; give a separate network")
        self.task, self.primary, self.predicts = task, task.primary, task.predicts
        self._teacher = teacher
        teacher.eval()
        self._distances = dict(zip(_names_of(distances), distances))
        of_features = [distance for distance in distances if distance.features is not None]
        self._student_taps = FeatureTaps(
            student, [distance.features for distance in of_features], f"the student {describe_model(student)}"
        )
        self._teacher_taps = FeatureTaps(
            teacher, [distance.name_in_teacher for distance in of_features], f"the teacher {describe_model(teacher)}"
        )
        self._compares_coarse, self._projections = self._try_out(student)
        own = {} if task.extra_layers is None else {"task": task.extra_layers}
        extra = {**own, **self._projections}
        self.extra_layers = nn.LayerDict(extra) if extra else None

    def loss_terms(self, network: Network, batch: Mapping[str, Any]) -> dict[str, Tensor]:
        """``loss``, the sum; the terms of the task; ``labels``, its loss; and each distance, without its weight.

        Raises:
            ConfigError: The compared maps depend on no trained part of the student, or have a single position.
        """
        watched = _WatchedNetwork(network, self._compares_coarse)
        with self._student_taps.watching() as own:
            terms = self.task.loss_terms(watched, batch)
        precision = getattr(network, "precision", "fp32")
        logits, wanted = self._run_teacher(watched.pictures, coarse=watched.is_coarse, precision=precision)
        found = {}
        for name, distance in self._distances.items():
            if distance.features is None:
                pair = watched.logits, logits
            else:
                pair = own[distance.features], wanted[distance.name_in_teacher]
            if pair[0].stop_gradient:
                raise ConfigError(
                    f"{name}: everything before it in the student is frozen, so the student cannot learn it"
                )
            student, teacher = (maps.astype("float32") for maps in pair)
            if name in self._projections:
                student = self._projections[name](student)
            try:
                found[name] = distance.loss(student, teacher)
            except ConfigError as error:
                raise ConfigError(f"{name}: {error}") from None
        total = sum((found[name] * distance.weight for name, distance in self._distances.items()), terms["loss"])
        return {**terms, "loss": total, "labels": terms["loss"], **found}

    @paddle.no_grad()
    def _run_teacher(self, pictures: Tensor, *, coarse: bool, precision: str) -> tuple[Tensor, dict[str, Tensor]]:
        """The teacher's main logits, at 1/8 or at the pictures' size, and its features by name."""
        forward = self._teacher.forward_stride8 if coarse else self._teacher
        # Its weights are in float32 at whatever level the student is trained.
        with mixed_precision(precision, "O1"), self._teacher_taps.watching() as features:
            return forward(pictures)[0], features

    @paddle.no_grad()
    def _try_out(self, student: nn.Layer) -> tuple[bool, dict[str, nn.Layer]]:
        """Run both networks on a picture and compare their outputs.

        Returns:
            Whether logits can be compared at 1/8, and the projections by the names of their distances.
        """
        side = 2 * max(ModelFacts.of(network).smallest_side for network in (student, self._teacher))
        picture = paddle.zeros([1, getattr(student, "in_channels", 3), side, side])
        networks = {"student": student, "teacher": self._teacher}
        with evaluation_mode(student), self._student_taps.watching() as own, self._teacher_taps.watching() as wanted:
            shapes = {name: list(network(picture)[0].shape) for name, network in networks.items()}
            can_be_coarse = all(gives_coarse_logits(network) for network in networks.values())
            if can_be_coarse:
                coarse = [list(network.forward_stride8(picture)[0].shape) for network in networks.values()]
                can_be_coarse = coarse[0] == coarse[1]
        if shapes["student"] != shapes["teacher"]:
            found = " and ".join(f"the {name} gives {shape}" for name, shape in shapes.items())
            raise ConfigError(f"logits of a {side}x{side} picture: {found}; both must have the same classes and size")
        self._student_taps.check(own)
        self._teacher_taps.check(wanted)
        return can_be_coarse, self._make_projections(own, wanted, side)

    def _make_projections(
        self, own: Mapping[str, Tensor], wanted: Mapping[str, Tensor], side: int
    ) -> dict[str, nn.Layer]:
        """Projections for the features of both networks, by the names of the distances that need one."""
        projections: dict[str, nn.Layer] = {}
        for name, distance in self._distances.items():
            if distance.features is None:
                continue
            here, there = list(own[distance.features].shape), list(wanted[distance.name_in_teacher].shape)
            _check_sizes(distance, here, there, side)
            if here[1] != there[1]:
                projections[name] = nn.Conv2D(here[1], there[1], 1, bias_attr=False)
                initialize_weights(projections[name])
        return projections

    @property
    def can_evaluate(self) -> bool:
        return self.task.can_evaluate

    def evaluate(self, model: nn.Layer, **settings: Any) -> Scores:
        return self.task.evaluate(model, **settings)

    def check_batch_size(self, batch_size: int) -> None:
        self.task.check_batch_size(batch_size)

    def check_data(self, level: CheckLevel, num_workers: int) -> None:
        self.task.check_data(level, num_workers)

    def rehearse(self, model: nn.Layer, *, precision: str = "fp32") -> None:
        self.task.rehearse(model, precision=precision)

    def sample_predictions(self, model: nn.Layer, *, precision: str = "fp32") -> dict[str, np.ndarray]:
        return self.task.sample_predictions(model, precision=precision)

    def identity(self) -> dict[str, Any]:
        """The teacher's weights too: with others the steps would be others."""
        digest = hashlib.sha256()
        for name, array in sorted(to_arrays(dict(self._teacher.state_dict())).items()):
            digest.update(name.encode("utf-8"))
            digest.update(array.tobytes())
        return {**self.task.identity(), TEACHER: digest.hexdigest()[:12]}

    def facts(self) -> dict[str, Any]:
        return self.task.facts()


class _WatchedNetwork:
    """The network of a step; records its input, and the main logits for comparison.

    If logits are compared at 1/8, it computes them there, and resizes them for a task that wants full size, as the
    network itself does.
    """

    def __init__(self, network: Network, compares_coarse: bool) -> None:
        self._network = network
        # Static graphs, for one, return logits only at the pictures' size.
        self.gives_coarse_logits = self.is_coarse = compares_coarse and getattr(network, "gives_coarse_logits", False)

    def __call__(self, pictures: Tensor, coarse: bool = False) -> list[Tensor]:
        outputs = self._network(pictures, coarse=True) if self.is_coarse else self._network(pictures)
        self.pictures, self.logits = pictures, outputs[0]
        if coarse or not self.is_coarse:
            return outputs
        return [upsample_logits(logits.astype("float32"), pictures.shape[2:]) for logits in outputs]


def _names_of(distances: Sequence[Distance]) -> list[str]:
    """Names for the log: ``teacher_logits``, ``teacher_layer5_``; numbered if the same maps are compared again."""
    plain = [f"teacher_{(distance.features or 'logits').replace('.', '_')}" for distance in distances]
    earlier = [plain[:index].count(name) for index, name in enumerate(plain)]
    return [f"{name}_{count + 1}" if count else name for name, count in zip(plain, earlier)]


def _check_sizes(distance: Distance, student: Sequence[int], teacher: Sequence[int], side: int) -> None:
    if student[2:] != teacher[2:]:
        raise ConfigError(
            f"features of a {side}x{side} picture: {distance.features} of the student is {student[2]}x{student[3]}, "
            f"{distance.name_in_teacher} of the teacher {teacher[2]}x{teacher[3]}; choose layers of the same size"
        )
