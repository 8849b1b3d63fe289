# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""From YAML files and command-line values to one plain dict.

Merging follows PaddleSeg. ``_base_`` names one file or a list of them, relative to the file that contains it. The
file's own values override its bases; mappings are merged key by key, lists and plain values are replaced. An earlier
base overrides a later one. ``_inherited_: False`` in a mapping discards the base's values there, with several bases
those of the first that has any. A key whose final value is None counts as not given: its default applies.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from paddleseg.config.foreign_configs import refuse_foreign_file, refuse_foreign_keys
from paddleseg.config.merging import INHERIT_KEY, copy_of, dotted_keys, drop_checksums, merge, value_at
from paddleseg.config.old_learning_rate import translate_learning_rate
from paddleseg.config.old_paddings import translate_paddings
from paddleseg.config.overrides import apply_overrides
from paddleseg.config.paddleseg_names import KEY_ALIASES, OPTIMIZER_SPELLINGS, SCHEDULE_DEFAULTS
from paddleseg.config.problems import Problems
from paddleseg.training.run_settings import resolved_defaults
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.yaml_text import read_yaml, to_yaml

BASE_KEY = "_base_"
CUSTOM_IMPORTS_KEY = "custom_imports"

# The length of a training is given in one of these; the nearer file decides which.
_DURATIONS = ("iters", "epochs")


@dataclass
class Config:
    """A loaded configuration.

    Attributes:
        path: The file it was loaded from, as given by the user.
        data: The resolved values: plain dicts, lists, numbers and text. Keys without value are absent.
        sources: The place of each value, ``file:line`` or the flag's name, by dotted key, including nulls; defaults
            have none.
    """

    path: str
    data: dict[str, Any]
    sources: dict[str, str] = field(default_factory=dict)

    def section(self, name: str) -> dict[str, Any]:
        """The mapping at the top-level key ``name``; empty if it is absent or, before the check, not a mapping."""
        value = self.data.get(name)
        return value if isinstance(value, dict) else {}

    def names(self, key: str) -> bool:
        """Whether a file or a flag gives the dotted ``key`` a value other than null."""
        return key in self.sources and value_at(self.data, key) is not None

    def to_text(self) -> str:
        """The resolved configuration as one YAML text without bases, which loads to the same values."""
        return to_yaml(self.data)

    def dump(self, path: str | os.PathLike[str]) -> None:
        """Write ``to_text`` to a file."""
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.to_text())


def load_config(
    path: str | os.PathLike[str],
    *,
    opts: Sequence[str] | None = None,
    flags: Mapping[str, Any] = MappingProxyType({}),
) -> Config:
    """Load a configuration, its bases and the command line's overrides.

    Args:
        path: A .yml or .yaml file.
        opts: ``key=value`` items, see :func:`paddleseg.config.overrides.apply_overrides`.
        flags: Values that replace those of the files, by dotted key: ``{"iters": 100, "model.data_format": "NHWC"}``;
            None if a flag was not given. ``iters`` also replaces ``epochs``.

    Returns:
        The resolved configuration. Loading twice gives equal, independent objects. It is not checked yet: see
        :func:`paddleseg.config.schema.check_config`.

    Raises:
        ConfigError: A file is missing or not valid YAML, a base leads back to itself, or an override has no place.
    """
    path = os.fspath(path)
    data, sources = _load_file(path, ())
    data = _strip_inherit_keys(data)
    translate_learning_rate(data, sources, path)
    sources = {key: sources[key] for key in dotted_keys(data) if key in sources}  # of what was replaced: gone
    problems = Problems(path, sources)
    before = copy_of(data)
    written = apply_overrides(data, [_rename_override(item) for item in opts or ()], problems)
    for key in written:
        _forget(sources, key)
        sources[key] = "--opts"
        for end in (end for end, letter in enumerate(key) if letter == "."):
            sources.setdefault(key[:end], "--opts")  # a mapping created for the key
        _keep_one_duration(data, key)
    for key in written:
        sources.update(dict.fromkeys(dotted_keys(value_at(data, key), f"{key}."), "--opts"))
    drop_checksums(before, data, written)
    _apply_flags(data, sources, flags)
    problems.raise_if_any()
    _make_files_absolute(data, os.getcwd())  # those of --opts: the others already are
    data = _drop_nulls(data)
    translate_paddings(data)
    for key in [*_resolve_optimizer_name(data), *_fill_schedule(data)]:
        sources.pop(key, None)  # of a null
    if data.get("check_labels") is False:  # YAML 1.1's reading of ``off``
        data["check_labels"] = "off"
    return Config(
        path, {**data, **{key: value for key, value in resolved_defaults().items() if key not in data}}, sources
    )


def _load_file(path: str, chain: tuple[str, ...]) -> tuple[dict[str, Any], dict[str, str]]:
    """One file merged over its bases; ``chain`` has the files that led here, to detect a circle."""
    real = os.path.realpath(path)
    if real in chain:
        files = [os.path.basename(name) for name in (*chain[chain.index(real) :], real)]
        raise ConfigError(f"{path}: {BASE_KEY}: the base files form a cycle: {' -> '.join(files)}")
    refuse_foreign_file(path)
    own, own_sources = read_yaml(path)
    refuse_foreign_keys(path, own)
    problems = Problems(path, own_sources)
    _rename_keys(own, own_sources, problems)
    _make_files_absolute(own, os.path.dirname(os.path.abspath(path)))
    bases = own.pop(BASE_KEY, None)
    bases = [] if bases is None else [bases] if isinstance(bases, str) else bases
    if not (isinstance(bases, list) and all(isinstance(base, str) for base in bases)):
        problems.add(BASE_KEY, f"found {bases!r}; give a file or a list of files, relative to this file")
    if all(own.get(key) is not None for key in _DURATIONS):
        problems.add("epochs", "this file has iters too; keep one of them")
    problems.raise_if_any()

    data, sources = own, own_sources
    for base in bases:
        base_path = os.path.normpath(os.path.join(os.path.dirname(path), base))
        if not os.path.isfile(base_path):
            problems.add(BASE_KEY, f"there is no file {base_path}; bases are relative to the file that names them")
            problems.raise_if_any()
        base_data, base_sources = _load_file(base_path, (*chain, real))
        data, sources = _merge_files(base_data, data), {**base_sources, **sources}
        sources = {key: sources[key] for key in dotted_keys(data) if key in sources}  # of what was cut off: gone
    return copy_of(data), sources


def _merge_files(base: dict[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    for key in _DURATIONS:
        if own.get(key) is not None:
            _keep_one_duration(base, key)
    return merge(base, own)


def _strip_inherit_keys(value: Any) -> Any:
    if isinstance(value, dict):
        # Anything but a truth value stays, to be reported by the schema.
        return {
            key: _strip_inherit_keys(item)
            for key, item in value.items()
            if not (key == INHERIT_KEY and isinstance(item, bool))
        }
    return value


def _drop_nulls(value: Any) -> Any:
    """Leave out the keys whose value is None; in a plain list a None stays, to be reported by the schema."""
    if isinstance(value, dict):
        return {key: _drop_nulls(item) for key, item in value.items() if item is not None}
    return [_drop_nulls(item) for item in value] if isinstance(value, list) else value


def _rename_keys(data: dict[str, Any], sources: dict[str, str], problems: Problems) -> None:
    """Replace alternative names of keys by the main one, file by file, so that merging sees only one name."""
    for (section, alias), name in KEY_ALIASES.items():
        values = data.get(section)
        if not isinstance(values, dict) or alias not in values:
            continue
        if name in values:
            problems.add(f"{section}.{alias}", f"this is another name of {name}, which stands here too; keep {name}")
        values[name] = values.pop(alias)
        sources[f"{section}.{name}"] = sources.pop(f"{section}.{alias}", problems.path)


def _rename_override(item: str) -> str:
    key, equals, value = item.partition("=")
    section, _, alias = key.strip().partition(".")
    name = KEY_ALIASES.get((section, alias))
    return f"{section}.{name}{equals}{value}" if name else item


def is_python_file(entry: object) -> bool:
    """Whether an entry of ``custom_imports`` is a file rather than the name of a module."""
    return isinstance(entry, str) and entry.endswith(".py")


def _make_files_absolute(data: dict[str, Any], folder: str) -> None:
    """Relative ``custom_imports`` are in ``folder``; the copy of the configuration in a run's folder must find them."""
    if isinstance(data.get(CUSTOM_IMPORTS_KEY), list):
        data[CUSTOM_IMPORTS_KEY] = [
            os.path.normpath(os.path.join(folder, entry)) if is_python_file(entry) else entry
            for entry in data[CUSTOM_IMPORTS_KEY]
        ]


def _apply_flags(data: dict[str, Any], sources: dict[str, str], flags: Mapping[str, Any]) -> None:
    for dotted, value in flags.items():
        if value is None:
            continue
        section, _, key = dotted.rpartition(".")
        if section and not isinstance(data.get(section), dict):
            data[section] = {}
        (data[section] if section else data)[key] = value
        sources[dotted] = f"--{key}"
        _keep_one_duration(data, dotted)


def _keep_one_duration(data: dict[str, Any], key: str) -> None:
    if key in _DURATIONS:
        for other in _DURATIONS:
            if other != key:
                data.pop(other, None)


def _forget(sources: dict[str, str], key: str) -> None:
    """Drop the sources of values inside a replaced one."""
    for name in [name for name in sources if name.startswith(f"{key}.")]:
        del sources[name]


def _resolve_optimizer_name(data: dict[str, Any]) -> list[str]:
    """Translate PaddleSeg's first spelling of an optimiser, with its defaults; return the keys that gained one."""
    optimizer = data.get("optimizer")
    if not (isinstance(optimizer, dict) and isinstance(optimizer.get("type"), str)):
        return []
    meant = OPTIMIZER_SPELLINGS.get(optimizer["type"], {})
    if meant:
        optimizer["type"] = meant["type"]
    return _fill(data, "optimizer", meant)


def _fill_schedule(data: dict[str, Any]) -> list[str]:
    """Fill in PaddleSeg's defaults of a schedule for the resolved configuration; return the keys that gained one."""
    schedule = data.get("lr_scheduler")
    if not (isinstance(schedule, dict) and isinstance(schedule.get("type"), str)):
        return []
    return _fill(data, "lr_scheduler", SCHEDULE_DEFAULTS.get(schedule["type"], {}))


def _fill(data: dict[str, Any], section: str, defaults: Mapping[str, Any]) -> list[str]:
    lacking = {name: value for name, value in defaults.items() if name not in data[section]}
    data[section].update(lacking)
    return [f"{section}.{name}" for name in lacking]
