# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Sources of weights: paths and addresses, several of them as mirrors, and the checksum of the file."""

from __future__ import annotations

import os
import re
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any

from paddleseg.utils.errors import WeightsError
from paddleseg.utils.logging import get_logger
from paddleseg.utils.near_miss import suggest

WeightSource = Annotated[str | dict[str, Any], "a file, a folder, an address, zoo:NAME, or {url: ..., sha256: ...}"]
"""What ``model.pretrained`` may be; ``url`` is an address or a path, or a list of them that are tried in order. What a
name of the zoo stands for is in ``models.zoo``."""

_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_KEYS = ("url", "sha256")
_ZOO = "zoo:"


def zoo_name(source: Any) -> str | None:
    """The name in a source such as ``zoo:ddrnet23_imagenet``; None for all other sources."""
    return source[len(_ZOO) :] if isinstance(source, str) and source.startswith(_ZOO) else None


def source_faults(source: Any) -> Iterator[tuple[str, str]]:
    """What is wrong with a source, as (key within it, what was found and what is allowed); the type is right."""
    if not isinstance(source, Mapping):
        return
    for key in source:
        if key not in _KEYS:
            yield key, f"no such key. {suggest(str(key), _KEYS)}"
    url = source.get("url")
    places = [url] if isinstance(url, str) else url
    if not (isinstance(places, list) and places and all(isinstance(place, str) and place for place in places)):
        yield "url", f"found {url!r}; give an address or a list of addresses, which are tried in order"
    sha256 = source.get("sha256")
    if sha256 is not None and not (isinstance(sha256, str) and _SHA256.fullmatch(sha256)):
        yield "sha256", f"found {sha256!r}; it must be the 64 hexadecimal digits that sha256sum prints, in quotes"


def places_of(source: Any) -> tuple[list[str], str | None]:
    """Paths and addresses of a source that has no faults, in the order in which they are tried, and its checksum."""
    if not isinstance(source, Mapping):
        return [os.fspath(source)], None
    url, sha256 = source["url"], source.get("sha256")
    places = url if isinstance(url, (list, tuple)) else [url]
    return [os.fspath(place) for place in places], sha256 and sha256.lower()


def first_of(places: Sequence[str], take: Callable[[str], str]) -> tuple[str, str]:
    """Take a file from the first of several places that has it.

    Args:
        places: In the order in which they are tried.
        take: Fetches from a place to a local file.

    Returns:
        The file, and the place.

    Raises:
        WeightsError: None has it; gives the reason for each.
    """
    errors = []
    for place in places:
        try:
            return take(place), place
        except WeightsError as error:
            if len(places) == 1:
                raise
            errors.append(str(error))
            get_logger().warning("%s", error)
    raise WeightsError(f"none of {len(places)} places has the weights: {'; '.join(errors)}")


def is_of_another_file(former: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether ``now`` gives a source entirely different places, and no checksum of its own."""
    if "url" not in now or "sha256" in now or former.keys() != {*_KEYS}:
        return False
    before, after = (url if isinstance(url, list) else [url] for url in (former["url"], now["url"]))
    return not any(place in before for place in after)


def is_url(place: str) -> bool:
    """Whether ``place`` is a network address rather than a path."""
    return place.startswith(("http://", "https://"))


def local_path(place: str | os.PathLike[str]) -> str:
    """A path as it is, and that of an address such as ``file:///weights/model.pdparams``."""
    place = os.fspath(place)
    if not place.lower().startswith("file:"):
        return place
    parts = urllib.parse.urlsplit(place)
    if parts.netloc in ("", "localhost"):
        return urllib.request.url2pathname(parts.path)
    return place
