# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Whether a number means the same class in the weights and in the data, as far as both name their classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from paddleseg.utils.errors import WeightsError, printable_line
from paddleseg.utils.logging import get_logger


def check_class_names(
    path: Any, meta: Mapping[str, Any] | None, names: Sequence[str] | None, *, refuses_other_order: bool
) -> None:
    """Compare the names of the classes in weights with those of the data, and say where they differ.

    Names may be other words for the same classes, so a mismatch is only a warning. If the weights have a name at
    another number, scores and names would belong to other classes.

    Args:
        path: The weights, for messages.
        meta: Their ``__meta__``; None, or one without ``classes``, says nothing.
        names: Class names of the data; None: they have none.
        refuses_other_order: Whether names at other numbers are an error rather than a warning: the classes of a data
            set of class folders follow from the names of its folders, others from the values of labels.

    Raises:
        WeightsError: The weights have the same names in another order.
    """
    theirs = (meta or {}).get("classes")
    if names is None or not isinstance(theirs, list) or len(theirs) != len(names) or theirs == list(names):
        return
    differing = [class_id for class_id, name in enumerate(names) if name != theirs[class_id]]
    moved = [class_id for class_id in differing if names[class_id] in theirs]
    class_id = (moved or differing)[0]
    found = f"{path}: class {class_id} is {theirs[class_id]!r} in the weights, and {names[class_id]!r} here"
    if moved and refuses_other_order:
        raise WeightsError(
            printable_line(
                f"{found}, which the weights have as class {theirs.index(names[class_id])}; give data with the class "
                "folders, or class_names, of the training"
            )
        )
    get_logger().warning(
        "%s; unless these mean the same thing, results are given under wrong names", printable_line(found)
    )
