# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""YAML as the configurations use it.

Three things differ from PyYAML's ``safe_load``: ``1e-3`` is a number, as in YAML 1.2 (PyYAML wants
``1.0e-3``), a key that is written twice in one mapping is an error (PyYAML keeps the last one in silence), and so
is an anchor that contains itself.
"""

from __future__ import annotations

import os
import re
from typing import Any

import yaml

from paddleseg.utils.errors import ConfigError

# YAML 1.2 core schema, 10.3.2. PyYAML's own pattern stays in force for the rest (``.inf``, ``1_000.5``).
_FLOAT = re.compile(r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)[eE][-+]?[0-9]+$")
_FLOAT_TAG = "tag:yaml.org,2002:float"


class _Loader(yaml.SafeLoader):
    """Plain data only, with YAML 1.2 floats."""


class _Dumper(yaml.SafeDumper):
    """Quotes the text ``1e-3``, which this module's loader would take for a number; writes no anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


for _class in (_Loader, _Dumper):
    _class.add_implicit_resolver(_FLOAT_TAG, _FLOAT, list("-+.0123456789"))


def parse_yaml(text: str, name: str) -> tuple[Any, dict[str, str]]:
    """Parse one YAML document.

    Args:
        text: The document.
        name: What messages call it: the file's path.

    Returns:
        The data, and the place (``name:line``) of every key and list entry by its dotted path
        (``train_dataset.transforms.0.type``).

    Raises:
        ConfigError: It is no YAML, a key occurs twice in one mapping, or an anchor contains itself.
    """
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            if node is None:
                return None, {}
            places: dict[str, str] = {}
            _record_places(node, "", name, places, ())
            return loader.construct_document(node), places
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f":{mark.line + 1}" if mark else ""
        raise ConfigError(f"{name}{line}: this is not valid YAML: {error.problem or error.context}") from error
    except RecursionError:
        raise ConfigError(f"{name}: lists and mappings are nested too deeply to be read") from None
    except ConfigError:
        raise
    except (yaml.YAMLError, ValueError) as error:  # a character that YAML forbids; a date such as 2026-13-45
        raise ConfigError(f"{name}: this is not valid YAML: {' '.join(str(error).split())}") from error


def read_yaml(path: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Read one file whose top level is a mapping; returns and raises as :func:`parse_yaml`."""
    if not os.path.isfile(path):
        raise ConfigError(f"{path}: there is no such configuration file (working directory: {os.getcwd()})")
    if not path.lower().endswith((".yml", ".yaml")):
        raise ConfigError(f"{path}: a configuration file ends in .yml or .yaml")
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: this is not UTF-8 text (byte {error.start}); save it as UTF-8") from error
    data, places = parse_yaml(text, path)
    if not isinstance(data, dict):
        found = "it is empty" if data is None else f"its top level is a {type(data).__name__}"
        raise ConfigError(f"{path}: a configuration is a mapping of keys to values, but {found}")
    return data, places


def to_yaml(data: Any) -> str:
    """Write plain data as YAML that :func:`parse_yaml` turns into the same data again."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=None, width=110)


def _record_places(
    node: yaml.Node, prefix: str, name: str, places: dict[str, str], parents: tuple[yaml.Node, ...]
) -> None:
    """Walk the parsed tree, note the line of everything in it, and refuse keys that occur twice and circles."""
    if any(node is parent for parent in parents):
        key = prefix.rstrip(".")
        raise ConfigError(f"{places[key]}: {key}: this alias stands inside its own anchor; write the value out")
    parents = (*parents, node)
    if isinstance(node, yaml.MappingNode):
        lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            key, line = str(key_node.value), key_node.start_mark.line + 1
            if key in lines:
                raise ConfigError(
                    f"{name}:{line}: {prefix}{key}: the key is in line {lines[key]} already; keep one of them"
                )
            lines[key] = line
            places[prefix + key] = f"{name}:{line}"
            _record_places(value_node, f"{prefix}{key}.", name, places, parents)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            places[f"{prefix}{index}"] = f"{name}:{item.start_mark.line + 1}"
            _record_places(item, f"{prefix}{index}.", name, places, parents)
