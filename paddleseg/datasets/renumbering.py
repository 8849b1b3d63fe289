# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Label files whose values are not the class ids: a table from one to the other, applied when a label is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from paddleseg.utils.arguments import Fault
from paddleseg.utils.label_map import LABEL_VALUES
from paddleseg.utils.type_hints import is_number


def renumbering_faults(
    label_map: Any, reduce_zero_label: bool | None, ignore_index: Any, num_classes: Any
) -> Iterator[Fault]:
    """Faults of the two arguments, individually, in combination, and with the classes."""
    if label_map is not None:
        numbers = [number for pair in label_map.items() for number in pair]
        wrong = [n for n in numbers if not (is_number(n) and isinstance(n, int) and LABEL_VALUES.holds(n))]
        if wrong:
            yield "label_map", f"found {wrong[0]!r}; both sides of each pair must be whole numbers {LABEL_VALUES.words}"
        if reduce_zero_label:
            yield "label_map", "does not go with reduce_zero_label: True, which renumbers all values; give one of them"
    if reduce_zero_label and ignore_index == 0:
        yield "reduce_zero_label", "with ignore_index: 0 no class would be left at 0; make ignore_index 255"
    elif reduce_zero_label and is_number(num_classes) and is_number(ignore_index) and ignore_index <= num_classes:
        yield (
            "reduce_zero_label",
            f"files hold the classes as 1 to {num_classes}, of which ignore_index: {ignore_index} would take one; "
            "make ignore_index 255",
        )


def renumbering_table(
    label_map: Mapping[int, int] | None, reduce_zero_label: bool | None, ignore_index: int
) -> np.ndarray | None:
    """The new value of each value in a label file.

    Args:
        label_map: Value in the file to value in the label; others stay.
        reduce_zero_label: Whether 0 becomes ``ignore_index`` and every other value one less, ``ignore_index`` itself
            excepted.
        ignore_index: The value of pixels that do not count.

    Returns:
        (256,) uint8, or None if nothing changes.

    Example:
        >>> renumbering_table(None, True, 255)[[0, 1, 150, 255]].tolist()
        [255, 0, 149, 255]
    """
    table = np.arange(256, dtype=np.uint8)
    if reduce_zero_label:
        table[1:] -= 1
        table[[0, ignore_index]] = ignore_index
    elif label_map:
        table[list(label_map)] = list(label_map.values())
    else:
        return None
    return table
