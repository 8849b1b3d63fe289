# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""YAML as used in the configurations.

Three things differ from PyYAML's ``safe_load``: ``1e-3`` is a number, as in YAML 1.2 (PyYAML wants
``1.0e-3``), a key that occurs twice in one mapping is an error (PyYAML silently keeps the last one), and so
are an anchor that contains itself, an integer of more than 64 bits, and a document that is enormous or deeply nested
once its aliases are expanded.
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
_INTEGER_TAG = "tag:yaml.org,2002:int"

MAX_DEPTH = 50
"""Mappings and lists inside each other; far from where Python's own recursion ends."""
_MAX_ENTRIES = 100_000
"""Keys and list entries; a few lines of aliases of aliases can stand for billions."""


class _Loader(yaml.SafeLoader):
    """Plain data only, with YAML 1.2 floats and integers of 64 bits."""

    def construct_yaml_int(self, node: yaml.ScalarNode) -> int:
        # More digits than Python converts are a ValueError.
        value = super().construct_yaml_int(node)
        if not -(2**63) <= value < 2**63:
            problem = "this number has more than 64 bits; write a smaller one, or quotes around it if it is a text"
            raise yaml.constructor.ConstructorError(problem=problem, problem_mark=node.start_mark)
        return value


class _Dumper(yaml.SafeDumper):
    """Quotes the text ``1e-3``, which this module's loader would take for a number; writes no anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


_Loader.add_constructor(_INTEGER_TAG, _Loader.construct_yaml_int)
for _class in (_Loader, _Dumper):
    _class.add_implicit_resolver(_FLOAT_TAG, _FLOAT, list("-+.0123456789"))


def parse_yaml(text: str, name: str) -> tuple[Any, dict[str, str]]:
    """Parse one YAML document.

    Args:
        text: The document.
        name: Its name in messages: the file's path.

    Returns:
        The data, and the place (``name:line``) of every key and list entry by its dotted path
        (``train_dataset.transforms.0.type``).

    Raises:
        ConfigError: It is not YAML, too large or too deep, a key occurs twice in one mapping, or an anchor contains
            itself.
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
        raise ConfigError(f"{name}: {_TOO_DEEP}") from None
    except ConfigError:
        raise
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError) as error:
        # A character that YAML forbids, a date such as 2026-13-45, or a tag that does not fit its text: PyYAML reports
        # for `!!timestamp x` that None has no attribute.
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
    except OSError as error:
        raise ConfigError(f"{path}: the configuration cannot be read ({error.strerror})") from error
    data, places = parse_yaml(text, path)
    if not isinstance(data, dict):
        found = "it is empty" if data is None else f"its top level is a {type(data).__name__}"
        raise ConfigError(f"{path}: a configuration is a mapping of keys to values, but {found}")
    return data, places


def to_yaml(data: Any) -> str:
    """Write plain data as YAML that :func:`parse_yaml` turns into the same data again."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=None, width=110)


_TOO_DEEP = f"lists and mappings are nested too deeply to be read; at most {MAX_DEPTH} inside each other"


def _record_places(
    node: yaml.Node, prefix: str, name: str, places: dict[str, str], parents: tuple[yaml.Node, ...]
) -> None:
    """Walk the parsed tree, note the line of everything in it, and refuse duplicate keys and circles."""
    if any(node is parent for parent in parents):
        key = prefix.rstrip(".")
        raise ConfigError(f"{places[key]}: {key}: this alias stands inside its own anchor; write the value out")
    if len(parents) > MAX_DEPTH:
        raise ConfigError(f"{name}:{node.start_mark.line + 1}: {_TOO_DEEP}")
    if len(places) > _MAX_ENTRIES:
        raise ConfigError(f"{name}: has more than {_MAX_ENTRIES} keys and list entries, those of aliases included")
    parents = (*parents, node)
    if isinstance(node, yaml.MappingNode):
        lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            key, line = str(key_node.value), key_node.start_mark.line + 1
            if key in lines:
                raise ConfigError(
                    f"{name}:{line}: {prefix}{key}: the key is already in line {lines[key]}; keep one of them"
                )
            lines[key] = line
            places[prefix + key] = f"{name}:{line}"
            _record_places(value_node, f"{prefix}{key}.", name, places, parents)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            places[f"{prefix}{index}"] = f"{name}:{item.start_mark.line + 1}"
            _record_places(item, f"{prefix}{index}.", name, places, parents)
