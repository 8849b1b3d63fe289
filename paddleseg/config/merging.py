# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Merging mappings by PaddleSeg's rules, and values at dotted keys of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from paddleseg.utils.weight_source import is_of_another_file

INHERIT_KEY = "_inherited_"


def merge(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """``own`` over ``base`` by PaddleSeg's rules; the result shares no list or dict with either.

    A checksum belongs to its ``url``: if ``own`` gives another one without checksum, that of ``base`` is dropped. An
    ``_inherited_: False`` is dropped once it has discarded something, so that it does not apply to the next base.
    """
    if own.get(INHERIT_KEY) is False:
        return {key: copy_of(value) for key, value in own.items() if key != INHERIT_KEY}
    result = copy_of(base)
    if is_of_another_file(base, own):
        result.pop("sha256", None)
    for key, value in own.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            result[key] = merge(base[key], value)
        else:
            result[key] = copy_of(value)
    return result


def drop_checksums(before: Mapping[str, Any], data: Mapping[str, Any], written: Sequence[str]) -> None:
    """The same for single keys, ``written`` into ``data``, which was ``before``; those in a list of urls too."""
    parts = [key.split(".") for key in written]
    sources = {".".join(key[:place]) for key in parts for place in range(len(key)) if key[place] == "url"}
    for outer in sources - {key.removesuffix(".sha256") for key in written if key.endswith(".sha256")}:
        former, source = value_at(before, outer), value_at(data, outer)
        if not (isinstance(former, dict) and isinstance(source, dict) and "url" in source):
            continue
        if is_of_another_file(former, {"url": source["url"]}):
            source.pop("sha256", None)


def copy_of(value: Any) -> Any:
    """A copy that shares no list or dict with the original, nor between its own parts.

    copy.deepcopy would keep two uses of a YAML anchor one object, and an override would change both.
    """
    if isinstance(value, dict):
        return {key: copy_of(item) for key, item in value.items()}
    return [copy_of(item) for item in value] if isinstance(value, list) else value


def dotted_keys(value: Any, prefix: str = "") -> Iterator[str]:
    """The dotted key of everything inside a mapping or list, at any depth."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield f"{prefix}{key}"
        yield from dotted_keys(item, f"{prefix}{key}.")


def value_at(data: Any, key: str) -> Any:
    """The value at a dotted key; None if there is none."""
    for part in key.split("."):
        if isinstance(data, list):
            data = next((item for number, item in enumerate(data) if str(number) == part), None)
        else:
            data = data.get(part) if isinstance(data, dict) else None
    return data
