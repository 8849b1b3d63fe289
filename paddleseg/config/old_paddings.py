# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""PaddleSeg's first form of a padding value, ``im_padding_value: [127.5, 127.5, 127.5]``, up to its version 2.5."""

from __future__ import annotations

from typing import Any

from paddleseg.utils.type_hints import is_number

_NAMES = ("im_padding_value", "label_padding_value")


def translate_paddings(data: dict[str, Any]) -> None:
    """Replace a list that repeats one number by the number; other lists are left to the check.

    Args:
        data: A configuration merged over its bases; the transforms of its sections are changed.
    """
    for section in data.values():
        transforms = section.get("transforms") if isinstance(section, dict) else None
        for transform in transforms if isinstance(transforms, list) else []:
            if isinstance(transform, dict):
                for name in _NAMES:
                    transform.update({name: transform[name][0]} if _repeats_one(transform.get(name)) else {})


def _repeats_one(value: Any) -> bool:
    return isinstance(value, list) and all(map(is_number, value)) and len(set(value)) == 1
