# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""``custom_imports``: a user's own modules, imported so that their registered components can be named in YAML.

An entry is a file, ``my_parts.py``, relative to the YAML file that names it, or the dotted name of a module that
Python finds, ``my_package.parts``. A file is imported under its name without ``.py``, with its folder on Python's
path, so that it can import its neighbours; a module is also searched for in the current folder.
"""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from typing import Any

from paddleseg.config.load import CUSTOM_IMPORTS_KEY, Config, is_python_file
from paddleseg.config.problems import place_of
from paddleseg.utils.errors import ConfigError


def import_custom_modules(config: Config) -> None:
    """Import every module under ``custom_imports``; already imported ones are not reloaded.

    Raises:
        ConfigError: An entry is not text, a module is not found, or its import fails; the message names the line.
    """
    entries = config.data.get(CUSTOM_IMPORTS_KEY, [])
    if not isinstance(entries, list):
        place = place_of(CUSTOM_IMPORTS_KEY, config.sources, config.path)
        raise ConfigError(f"{place}: {CUSTOM_IMPORTS_KEY}: found {entries!r}; give a list")
    for index, entry in enumerate(entries):
        key = f"{CUSTOM_IMPORTS_KEY}.{index}"
        place = f"{place_of(key, config.sources, config.path)}: {key}"
        if not (isinstance(entry, str) and entry):
            raise ConfigError(f"{place}: found {entry!r}; give a file, e.g. my_parts.py, or the name of a module")
        if is_python_file(entry):
            _import_file(entry, place)
        else:
            _add_to_path(os.getcwd())
            _import(entry, place)


def _import_file(path: str, place: str) -> None:
    if not os.path.isfile(path):
        raise ConfigError(f"{place}: there is no file {path}; a .py file is relative to the YAML file that names it")
    folder, name = os.path.split(path[: -len(".py")])
    if not name.isidentifier():
        raise ConfigError(f"{place}: {path} cannot be imported; give the file a name of letters, digits and _")
    _add_to_path(folder)
    module = _import(name, place)
    found = getattr(module, "__file__", None)
    if found is None or not os.path.samefile(found, path):
        raise ConfigError(f"{place}: Python already has another module {name!r} ({found}); rename {path}")


def _add_to_path(folder: str) -> None:
    if folder not in sys.path:
        sys.path.append(folder)  # at the end, so that it hides no installed package


def _import(name: str, place: str) -> Any:
    try:
        return importlib.import_module(name)
    except Exception as error:  # a user's file may raise anything
        raise ConfigError(f"{place}: importing {name} failed: {describe_error(error)}") from error


def describe_error(error: Exception) -> str:
    """One line: the error, and the last line of the user's own code in its traceback."""
    folders = (os.path.dirname(os.path.dirname(__file__)), os.path.dirname(importlib.__file__))
    ours_and_pythons = (*(folder + os.sep for folder in folders), "<frozen")
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith(ours_and_pythons)]
    text = str(error.args[0] if isinstance(error, KeyError) else error).strip() or "no message"
    # None: the module itself was not found or not parsed, which the error's own text says.
    where = f" ({own[-1].filename}, line {own[-1].lineno})" if own else ""
    return f"{type(error).__name__}: {text}{where}"
