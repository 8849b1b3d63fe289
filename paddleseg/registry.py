# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Registries: one per role, so that a ``type`` in YAML is looked up among its own kind only.

The name in YAML equals the name of the class or function, so that grep finds it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


class Registry:
    """A table from names to classes or functions of one role.

    Args:
        role: What the members are, in the singular, for messages: ``"model"``.
        contract: One sentence: what a member takes and returns.

    Attributes:
        kind: The class that members' results must be instances of, set where that class is defined; None: any.
    """

    def __init__(self, role: str, contract: str) -> None:
        self.role = role
        self.contract = contract
        self.kind: type | None = None
        self._components: dict[str, Callable[..., Any]] = {}

    def add_component(self, component: Any) -> Any:
        """Register a class or function, or each of a list of them, under its own name; usable as a decorator.

        Returns:
            Its argument.

        Raises:
            KeyError: The name is already taken.
        """
        if isinstance(component, (list, tuple)):
            for item in component:
                self.add_component(item)
            return component
        name = component.__name__
        if name in self._components:
            owner = self._components[name].__module__
            raise KeyError(f"there is a {self.role} {name!r} already, in {owner}; give the new one another name")
        self._components[name] = component
        return component

    def __getitem__(self, name: str) -> Callable[..., Any]:
        return self._components[name]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self._components  # YAML may have a list there

    def __iter__(self) -> Iterator[str]:
        return iter(self._components)


MODELS = Registry(
    "model",
    "Takes num_classes and in_channels; a paddle.nn.Layer whose forward turns (N, C, H, W) float32 pictures into a "
    "list of logits (N, num_classes, H, W), the main output first; of a classifier, into logits (N, num_classes). One "
    "that can give them at 1/8 too, before the last resize, has forward_stride8: label maps are faster then.",
)
BACKBONES = Registry(
    "backbone",
    "A paddle.nn.Layer that a model takes as its argument backbone; for users' own models, those here have none.",
)
LOSSES = Registry(
    "loss",
    "Called with logits (N, K, H, W) and int64 label (N, H, W); gives one scalar tensor. One whose class states "
    "takes_coarse_logits may be called with smaller logits and coarse=True, one that states takes_picture_classes with "
    "logits (N, K) and classes (N,) or their shares (N, K).",
)
DISTILLATION_LOSSES = Registry(
    "distillation loss",
    "Called with float32 maps (N, C, H, W) of the network that is trained and of its teacher, of one shape; gives one "
    "scalar tensor.",
)
TRANSFORMS = Registry(
    "transform",
    "Called with a sample (a dict) and a numpy.random.Generator; gives the changed sample. One whose is_random is True "
    "is refused outside of training.",
)
DATASETS = Registry(
    "dataset",
    "A paddleseg.datasets.SegmentationDataset, or for classifiers a ClassDataset: len(), read(index) and the numbers "
    "of its classes.",
)
TASKS = Registry(
    "task",
    "A paddleseg.tasks.Task: what a step and a score are. Called with those of losses, train_dataset, val_dataset, "
    "views and task (the one that the model has by itself) that it has parameters for, and with its own settings.",
)
HOOKS = Registry(
    "hook", "A paddleseg.training.hooks.Hook, called around the steps of a training; made with its own settings."
)
OPTIMIZERS = Registry(
    "optimizer",
    "Called with parameters, learning_rate and its own settings; gives a paddle.optimizer.Optimizer.",
)
LR_SCHEDULERS = Registry(
    "learning-rate schedule",
    "Called with learning_rate, total_steps and its own settings; gives a paddle LRScheduler that is stepped once "
    "per optimiser step.",
)


def is_built_in(component: Callable[..., Any]) -> bool:
    """Whether a component is the toolkit's own; a user's own may mean something else by the same names."""
    return component.__module__.partition(".")[0] == __name__.partition(".")[0]
