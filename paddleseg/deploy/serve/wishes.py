# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A request's wishes: its query, or its Accept header if the query does not decide."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import Headers, QueryParams

from paddleseg.deploy.serve.refusals import BAD_REQUEST, NOT_ACCEPTABLE, Refusal
from paddleseg.utils.near_miss import suggest

OUTPUTS = ("labels", "colors", "overlay", "margins", "json")
# The output for a media type; the first one if any is accepted.
_OF_TYPES = {"application/json": "json", "image/png": "labels", "image/jpeg": "overlay"}
_MOST_PIXELS = 10**9


@dataclass(frozen=True)
class Wishes:
    """The requested answer.

    Attributes:
        output: One of ``OUTPUTS``.
        opacity: Share of the colours in an overlay, from 0 to 1.
        polygons: Whether JSON includes the regions as polygons.
        tolerance: See ``regions.polygons``.
        min_pixels: See ``regions.polygons``.
        label_png: Whether JSON includes the palette PNG of the label map.
    """

    output: str = "json"
    opacity: float = 0.4
    polygons: bool = False
    tolerance: float = 1.0
    min_pixels: int = 16
    label_png: bool = False


def read_wishes(
    query: QueryParams, headers: Headers, *, is_classifier: bool = False, gives_margins: bool = True
) -> Wishes:
    """The wishes of a request.

    Args:
        query: The query string.
        headers: The request's headers, of which Accept is used.
        is_classifier: Whether the model returns classes instead of label maps.
        gives_margins: Whether its label maps have margins.

    Raises:
        Refusal: A parameter is unknown, repeated, wrong or has no effect, or none of the accepted types is available.
    """
    given: dict[str, Any] = {}
    for name, text in query.multi_items():
        if name not in _READERS:
            raise Refusal(BAD_REQUEST, f"there is no parameter {name!r}. {suggest(name, _READERS)}")
        if name in given:
            raise Refusal(BAD_REQUEST, f"{name} is given twice")
        try:
            given[name] = _READERS[name](text)
        except ValueError as error:
            raise Refusal(BAD_REQUEST, f"{name}: found {text!r}; it must be {error}") from None
    wishes = Wishes(**{"output": _accepted(headers), **given}) if "output" not in given else Wishes(**given)
    if is_classifier and (wishes.output != "json" or given.keys() - {"output"}):
        raise Refusal(BAD_REQUEST, "the model is a classifier, which answers output=json without further parameters")
    if wishes.output == "margins" and not gives_margins:
        raise Refusal(BAD_REQUEST, "the model gives class ids only, which have no margins")
    for name, needed in _NEEDED.items():
        if name in given and getattr(wishes, needed[0]) != needed[1]:
            raise Refusal(BAD_REQUEST, f"{name} has no effect without {needed[0]}={str(needed[1]).lower()}")
    return wishes


# The values that enable other parameters.
_NEEDED: dict[str, tuple[str, Any]] = {
    "opacity": ("output", "overlay"),
    "polygons": ("output", "json"),
    "label_png": ("output", "json"),
    "tolerance": ("polygons", True),
    "min_pixels": ("polygons", True),
}


def _accepted(headers: Headers) -> str:
    """The output of the type preferred by the Accept header; ties go to the first in ``_OF_TYPES``."""
    wanted = [_media_range(part) for line in headers.getlist("accept") for part in line.split(",") if part.strip()]
    if not wanted:
        return "json"
    best = max(_OF_TYPES, key=lambda media_type: _quality(media_type, wanted))
    if _quality(best, wanted) <= 0:
        raise Refusal(NOT_ACCEPTABLE, f"Accept: nothing of {', '.join(_OF_TYPES)} is accepted")
    return _OF_TYPES[best]


def _media_range(text: str) -> tuple[str, float]:
    name, *parameters = (part.strip().lower() for part in text.split(";"))
    quality = next((one[2:] for one in parameters if one.startswith("q=")), "1")
    try:
        return name, min(max(float(quality), 0.0), 1.0)
    except ValueError:
        raise Refusal(BAD_REQUEST, f"Accept: found q={quality!r}; it must be a number from 0 to 1") from None


def _quality(media_type: str, wanted: list[tuple[str, float]]) -> float:
    """The quality of the most specific range that includes the type (RFC 9110, 12.5.1)."""
    for form in (media_type, f"{media_type.partition('/')[0]}/*", "*/*"):
        found = [quality for name, quality in wanted if name == form]
        if found:
            return max(found)
    return 0.0


def _choice(text: str) -> str:
    if text not in OUTPUTS:
        raise ValueError(f"one of {', '.join(OUTPUTS)}")
    return text


def _flag(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError("true or false")
    return text == "true"


def _number(kind: Callable[[str], Any], low: float, high: float, words: str) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        try:
            value = kind(text)
        except ValueError:
            raise ValueError(words) from None
        if not low <= value <= high:
            raise ValueError(words)
        return value

    return read


_READERS: dict[str, Callable[[str], Any]] = {
    "output": _choice,
    "opacity": _number(float, 0, 1, "a number from 0 to 1"),
    "polygons": _flag,
    "tolerance": _number(float, 0, 100, "a number of pixels from 0 to 100"),
    "min_pixels": _number(int, 1, _MOST_PIXELS, f"a whole number of pixels from 1 to {_MOST_PIXELS}"),
    "label_png": _flag,
}
