# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""``loss.class_weights``: weights counted from the training labels, for losses that take them."""

from __future__ import annotations

from typing import Any

from paddleseg.config.arguments import check_value
from paddleseg.config.load import Config
from paddleseg.config.problems import Problems
from paddleseg.config.shared_values import loss_sections
from paddleseg.datasets.class_counts import count_class_pixels
from paddleseg.datasets.segmentation import SegmentationDataset
from paddleseg.losses.class_weights import class_weights, takes_class_weights
from paddleseg.registry import LOSSES
from paddleseg.utils.choices import ClassWeights
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.logging import get_logger
from paddleseg.utils.spread import spread
from paddleseg.utils.visualize import names_of_classes

KEY = "class_weights"
SAMPLES_READ = 500
"""Of a data set with a ``read`` of its own, which makes the picture too, so many evenly spread samples are counted."""


def check_class_weights(config: Config, problems: Problems) -> None:
    """Note an unknown formula, and one that no loss of the configuration would use."""
    kind = config.section("loss").get(KEY)
    if kind is None:
        return
    before = len(problems)
    check_value(kind, ClassWeights, f"loss.{KEY}", problems)
    sections = [section for _, section in loss_sections(config.section("loss").get("types"), "loss.types")]
    without_own = [section.get("type") for section in sections if section.get("weight") is None]
    takers_here = [name for name in without_own if name in LOSSES and takes_class_weights(LOSSES[name])]
    if len(problems) == before and not takers_here:
        takers = ", ".join(name for name in LOSSES if takes_class_weights(LOSSES[name]))
        problems.add(f"loss.{KEY}", f"found {kind}, but none of the losses takes weights from here; these do: {takers}")


def count_weights(dataset: Any, kind: ClassWeights) -> list[float]:
    """The weights from the labels of ``dataset``, which are also logged; see also ``SAMPLES_READ``.

    Raises:
        ConfigError: There is nothing to count.
        DataError: A label is missing, damaged or wrong.
    """
    if not isinstance(dataset, SegmentationDataset):
        found = "no training data set" if dataset is None else type(dataset).__name__
        raise ConfigError(f"loss.{KEY}: found {found}; weights are counted from the labels of a SegmentationDataset")
    indices = spread(len(dataset), SAMPLES_READ if dataset.has_own_read else len(dataset))
    counted = f"{len(indices)} of {len(dataset)}" if len(indices) < len(dataset) else f"{len(indices)}"
    pixels = count_class_pixels(dataset, indices)
    weights = class_weights(kind, pixels)
    names = names_of_classes(dataset.num_classes, dataset.class_names)
    described = ", ".join(f"{name} {weight:.3g}" for name, weight in zip(names, weights))
    get_logger().info("class_weights %s, from %s labels: %s", kind, counted, described)
    totals = pixels.sum(axis=0)
    absent = [name for i, name in enumerate(names) if totals[i] == 0 and i != dataset.ignore_index]
    if absent:
        get_logger().warning(
            "class_weights: %s never occur%s in the %s labels; the weight is 1",
            ", ".join(absent), "s" * (len(absent) == 1), counted,
        )  # fmt: skip
    return weights
