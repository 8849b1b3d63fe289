# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Command-line overrides: ``--opts a.b=v`` changes one value of a loaded configuration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from paddleseg.config.problems import Problems
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.yaml_text import MAX_DEPTH, parse_yaml

_NULLS = ("None", "null", "~")


def apply_overrides(data: dict[str, Any], opts: Sequence[str], problems: Problems) -> list[str]:
    """Write each ``key=value`` into ``data``; ones that cannot be written become problems.

    A key is a dotted path, list entries by number: ``train_dataset.transforms.0.min_scale_factor=0.75``. Absent
    mappings on the way are created, so that an argument can be given that no file mentions; the schema checks whether
    it exists.

    Returns:
        The dotted keys that were written.
    """
    written = []
    for item in opts:
        key, equals, text = item.partition("=")
        key = key.strip()
        if key.count(".") >= MAX_DEPTH:
            problems.add("--opts", f"found {item!r}; a key has at most {MAX_DEPTH} parts")
            continue
        if not (equals and all(key.split("."))):
            problems.add("--opts", f"found {item!r}; write key=value, e.g. batch_size=4 or model.pretrained=w.pdparams")
            continue
        try:
            _assign(data, key.split("."), text)
        except LookupError as error:
            problems.add(f"--opts {key}", str(error.args[0]))
        else:
            written.append(key)
    return written


def parse_value(text: str, old: Any = None) -> Any:
    """Turn the text after ``=`` into a value, of the type of the ``old`` one if possible.

    Text stays text if it replaces text (a folder may be called ``2024``), and an integer that replaces a float becomes
    one. ``None`` and ``null`` mean no value; ``0.5,1.0`` is a list of numbers, as in PaddleSeg.
    """
    if text in _NULLS:
        return None
    if not text.strip():
        return text
    try:
        value, _ = parse_yaml(text, "--opts")
        if isinstance(value, str) and value == text.strip() and "," in text:
            items, _ = parse_yaml(f"[{text}]", "--opts")
            if all(isinstance(entry, (bool, int, float)) for entry in items):
                value = items
    except ConfigError:
        return text  # not YAML, such as a lone comma as the separator of list files
    if isinstance(old, str) and not isinstance(value, str):
        return text
    if isinstance(old, float) and type(value) is int:
        return float(value)
    return value


def _assign(data: dict[str, Any], parts: list[str], text: str) -> None:
    """Follow ``parts`` through mappings and lists and set the last one.

    Raises:
        LookupError: The path leads through a plain value, or past the end of a list; its text says so.
    """
    container: Any = data
    for depth, part in enumerate(parts):
        is_last = depth == len(parts) - 1
        if isinstance(container, list):
            index = _list_index(container, part, ".".join(parts[:depth]))
            if is_last:
                container[index] = parse_value(text, container[index])
            else:
                container = container[index]
        elif isinstance(container, dict):
            if is_last:
                container[part] = parse_value(text, container.get(part))
            else:
                if container.get(part) is None:
                    container[part] = {}
                container = container[part]
        else:
            outer = ".".join(parts[:depth])
            raise LookupError(f"{outer} is the plain value {container!r}; it has no {part!r} inside")


def _list_index(items: list[Any], part: str, key: str) -> int:
    numbers = {str(number): number for number in range(len(items))}
    if part not in numbers:
        allowed = f"0 to {len(items) - 1}" if items else "none, the list is empty"
        raise LookupError(f"{key} is a list of {len(items)}; {part!r} is not an index of it ({allowed})")
    return numbers[part]
