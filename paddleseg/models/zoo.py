# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The model zoo: names of published weights, read from zoo.yml beside this file, and the file behind each name.

Few publishers give a checksum. Where none is known, that of the first download that contains the network's weights is
recorded in the cache, as ``zoo/NAME.json``, and every later copy of that name, from any mirror, must have it.
"""

from __future__ import annotations

import json
import os
import re
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any

from paddleseg.models.kits import KITS, arch_of
from paddleseg.models.weights import read_weights
from paddleseg.registry import MODELS, is_built_in
from paddleseg.utils.atomic_file import write_atomically
from paddleseg.utils.checksum import sha256_of
from paddleseg.utils.download import cache_folder, cached_download
from paddleseg.utils.errors import ConfigError, WeightsError
from paddleseg.utils.logging import get_logger
from paddleseg.utils.near_miss import suggest
from paddleseg.utils.type_hints import fault_of, resolve_hint
from paddleseg.utils.weight_source import first_of, is_url, local_path, places_of, zoo_name
from paddleseg.utils.yaml_text import read_yaml

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SHA256 = re.compile(r"[0-9a-f]{8,64}")


@dataclass(frozen=True)
class ZooEntry:
    """One entry of the zoo.

    Attributes:
        name: The part after ``zoo:``.
        model: The network here that has these weights.
        trained_on: The data.
        kit: The kit that wrote the file; ``models.kits`` reads it.
        result: The published figure with its conditions.
        url: Addresses of the same file, tried in order.
        sha256: Its SHA-256 or the beginning of it, at least 8 digits; None if the publisher gives none.
        classes: Names of the classes in the order of their numbers, which files of other kits do not contain; None for
            weights without a useful last layer.
    """

    name: str
    model: str
    trained_on: str
    kit: str
    result: str
    url: list[str]
    sha256: str | None = None
    classes: list[str] | None = None

    @property
    def file_name(self) -> str:
        """The name of a copy: several publishers call all of theirs model.pdparams."""
        return self.name + Path(urllib.parse.urlsplit(self.url[0]).path).suffix


def zoo_file() -> Path:
    """The list: the file named by ``$PADDLESEG_ZOO``, else zoo.yml beside this one."""
    return Path(os.environ.get("PADDLESEG_ZOO") or Path(__file__).with_name("zoo.yml"))


def read_zoo() -> dict[str, ZooEntry]:
    """The zoo's entries by name.

    Raises:
        ConfigError: There is no list, or one of its entries is wrong; names file, line and key.
    """
    path = str(zoo_file())
    if not os.path.isfile(path):
        raise ConfigError(f"there is no model zoo {path}: it comes with the repository; PADDLESEG_ZOO names another")
    data, places = read_yaml(path)
    for name, values in data.items():
        for key, fault in _entry_faults(name, values):
            dotted = ".".join(filter(None, (str(name), key)))
            raise ConfigError(f"{places.get(dotted, places[str(name)])}: {dotted}: {fault}")
    return {name: ZooEntry(name, **values) for name, values in data.items()}


def zoo_faults(source: Any) -> Iterator[tuple[str, str]]:
    """What is wrong with a source that names the zoo, as (key within it, what was found and what is allowed)."""
    if isinstance(source, Mapping):
        url = source.get("url")
        named = [place for place in (url if isinstance(url, list) else [url]) if zoo_name(place) is not None]
        if named:
            yield "url", f"found {named[0]!r}; a name of the zoo stands alone: write {named[0]} in place of {{url: ..}}"
    elif zoo_name(source) is not None:
        try:
            find(zoo_name(source))
        except ConfigError as error:
            yield "", str(error)


def is_there(source: Any) -> bool:
    """Whether a source without faults is on this machine, or can be fetched from an address or the zoo."""
    if zoo_name(source) is not None:
        return True
    return any(is_url(place) or os.path.exists(local_path(place)) for place in places_of(source)[0])


def find(name: str) -> ZooEntry:
    """The entry with a name.

    Raises:
        ConfigError: There is none; suggests similar names.
    """
    zoo = read_zoo()
    if name not in zoo:
        raise ConfigError(f"the model zoo {zoo_file()} has no {name!r}. {suggest(name, zoo)}")
    return zoo[name]


def other_network(source: Any, network: Any) -> str | None:
    """Why the weights of a source that names the zoo cannot start a network; None if they can, or it is not known.

    Args:
        source: A source without faults.
        network: The network, or its class.
    """
    name = zoo_name(source)
    wanted = getattr(network, "variant", None)
    if name is None or wanted is None:
        return None
    model = find(name).model
    if MODELS[model].variant is wanted:
        return None
    fitting = [entry.name for entry in read_zoo().values() if MODELS[entry.model].variant is wanted]
    return f"{source} is of {model}, the network is {network.arch}, for which there is {', '.join(fitting) or 'none'}"


def fetch(name: str) -> str:
    """The local file of a name: the copy in the cache, or the download from the first mirror with the right file.

    A mirror may send a log-in page or part of the file: a checksum is recorded only after checking the content.

    Raises:
        ConfigError: There is no such name.
        WeightsError: No mirror has it, or they have another file or another network's.
    """
    entry = find(name)
    record = _Record.of(entry)
    expected, says = known_sha256(entry), f"{zoo_file()} says"
    if record is not None and expected == record.sha256:
        says = f"the first download, as {_record_file(name)} has it, had"
    # The mirror that had it first is tried first: its copy is in the cache, and needs no network.
    mirrors = sorted(entry.url, key=lambda url: record is None or url != record.url)
    is_known = record is not None and record.sha256 == expected

    def take(url: str) -> str:
        path = cached_download(url, expected, says)
        if not is_known:
            _check_content(entry, url, path)
        return path

    path, url = first_of(mirrors, take)
    if not is_known:
        sha256 = sha256_of(path)
        content = json.dumps({"url": url, "sha256": sha256}, indent=1)
        write_atomically(_record_file(name), content.encode())
        get_logger().info(
            "zoo: %s has SHA-256 %s, which is required from now on (%s)", name, sha256, _record_file(name)
        )
    return path


def _check_content(entry: ZooEntry, url: str, path: str) -> None:
    """Refuse a first copy that does not contain the entry's network, and remove it from the cache."""
    try:
        arch = arch_of(read_weights(path)[0])
        if arch is None or MODELS[arch].variant is not MODELS[entry.model].variant:
            raise WeightsError(f"weights of {arch or 'no DDRNet'}")
    except WeightsError as error:
        Path(path).unlink(missing_ok=True)  # another process may have removed it already
        raise WeightsError(
            f"{url} has no weights of {entry.model}, and what it sent was not kept: "
            f"{str(error).removeprefix(f'{path}: ')}"
        ) from None


def known_sha256(entry: ZooEntry) -> str | None:
    """The SHA-256 that the file must have, or its beginning: from the list, else as recorded."""
    record = _Record.of(entry)
    if record is not None and record.sha256.startswith(entry.sha256 or ""):
        return record.sha256
    return entry.sha256


@dataclass(frozen=True)
class _Record:
    """The first download of a name.

    Attributes:
        url: Where it came from.
        sha256: The file's, 64 digits.
    """

    url: str
    sha256: str

    @classmethod
    def of(cls, entry: ZooEntry) -> _Record | None:
        """The record; None if there is none, or if the list now has other addresses, that is, another file.

        Raises:
            WeightsError: The record is damaged.
        """
        path = _record_file(entry.name)
        try:
            known = json.loads(path.read_text(encoding="utf-8"))
            record = cls(known["url"], known["sha256"])
            if not (isinstance(record.url, str) and _SHA256.fullmatch(record.sha256)):
                raise ValueError("no address and checksum")
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise WeightsError(f"{path}: the record of a download is damaged ({error}); delete it") from None
        return record if record.url in entry.url else None


def _record_file(name: str) -> Path:
    return cache_folder() / "zoo" / f"{name}.json"


def _entry_faults(name: Any, values: Any) -> Iterator[tuple[str, str]]:
    if not (isinstance(name, str) and _NAME.fullmatch(name)):
        yield "", "found a name with other characters than letters, digits, dot, dash and underscore"
    known = {one.name: one for one in fields(ZooEntry) if one.name != "name"}
    if not isinstance(values, dict):
        yield "", f"found {values!r}; it must be a mapping with {', '.join(known)}"
        return
    for key in values:
        if key not in known:
            yield str(key), f"there is no such key. {suggest(key, known)}"
    for key, one in known.items():
        if key not in values:
            if one.default is MISSING:
                yield key, "missing; give it"
            continue
        fault = fault_of(values[key], resolve_hint(ZooEntry, one.type))
        if fault is not None:
            yield key, fault
        elif key == "url" and not (values[key] and all(map(is_url, values[key]))):
            yield key, f"found {values[key]!r}; it must be a list of addresses, http:// or https://"
        elif key == "sha256" and values[key] is not None and not _SHA256.fullmatch(values[key]):
            yield key, f"found {values[key]!r}; it must be the first 8 to 64 hexadecimal digits, in quotes"
        elif key == "model" and not _is_network_here(values[key]):
            yield key, f"found {values[key]!r}. {suggest(values[key], filter(_is_network_here, MODELS))}"
        elif key == "kit" and values[key] not in KITS:
            yield key, f"found {values[key]!r}. {suggest(values[key], KITS)}"


def _is_network_here(name: str) -> bool:
    return name in MODELS and is_built_in(MODELS[name]) and hasattr(MODELS[name], "variant")
