# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Write the reference derived from the code into docs/config.md: keys, components, arguments, types, defaults.

python tools/update_docs.py

Each block is between two marks, ``<!-- NAME: written by tools/update_docs.py -->`` and ``<!-- end -->``; text outside
is written by hand. Meanings come from the docstrings, types and bounds from the signatures.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import sys
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))

from paddleseg import registry
from paddleseg.config import distillation, loss_lists, schema
from paddleseg.config.components import import_components
from paddleseg.inference.views import ViewOptions
from paddleseg.training.run_settings import knobs
from paddleseg.utils.atomic_file import write_atomically
from paddleseg.utils.type_hints import Bound, describe_hint, resolve_hint, without_null

PAGE = REPOSITORY / "docs/config.md"
BEGIN, END = "<!-- {}: written by tools/update_docs.py -->\n", "<!-- end -->"

# Passed by the builder, never written in YAML.
SUPPLIED = {
    "OPTIMIZERS": {"parameters", "learning_rate"},
    "LR_SCHEDULERS": {"total_steps"},
    "TASKS": {"losses", "train_dataset", "val_dataset", "views", "output_names"},
}
# Defaults in a configuration that differ from the signature's.
DEFAULTS = {
    "MODELS": {"num_classes": "the data set's", "in_channels": "the data set's", "class_names": "the data set's",
               "data_format": "NHWC on a CPU with oneDNN, else NCHW", "padding_mode": "that of the weights"},
    "LOSSES": {"ignore_index": "the data set's"},
    "DATASETS": {"mode": "the section's"},
    "TRANSFORMS": {"ignore_index": "the data set's"},
    "LR_SCHEDULERS": {"end_lr": "0", "power": "0.9"},
}  # fmt: skip
# Where the type says less than a user needs to know.
TAKES = {
    "transforms": "list of transforms",
    "palette": "list of [red, green, blue]",
    "custom_cfg": "list of mappings",
}
# Title of a part of the reference: the place of its components in a configuration, and their registry.
PARTS = {
    "Networks": ("`model`", "MODELS"),
    "Losses": ("`loss.types`, a list", "LOSSES"),
    "Losses of distillation": ("`distillation.losses`, a list", "DISTILLATION_LOSSES"),
    "Tasks": ("`task`", "TASKS"),
    "Optimisers": ("`optimizer`", "OPTIMIZERS"),
    "Learning-rate schedules": ("`lr_scheduler`", "LR_SCHEDULERS"),
    "Data sets": ("`train_dataset` and `val_dataset`", "DATASETS"),
    "Transforms": ("`transforms` of a data set or of `export`, a list", "TRANSFORMS"),
}
BLOCKS: dict[str, Callable[[], str]] = {
    "sections": lambda: _key_table(schema.SECTIONS),
    "settings of a run": lambda: _settings_of_a_run(),
    "loss": lambda: _key_table(loss_lists.KEYS),
    "distillation": lambda: _key_table(distillation.KEYS),
    "test_config": lambda: _view_options(),
    "components": lambda: "\n\n".join(
        f"## {title}\n\nUnder {key}.\n\n{_components(role)}" for title, (key, role) in PARTS.items()
    ),
}


def updated(text: str) -> str:
    """The page with its blocks updated from the code.

    Raises:
        ValueError: A block does not have exactly one place in the page.
    """
    for name, write in BLOCKS.items():
        begin = BEGIN.format(name)
        if text.count(begin) != 1:
            raise ValueError(f"{PAGE.name} has {text.count(begin)} lines '{begin.strip()}'; it needs one")
        before, after = text.split(begin)
        _, after = after.split(END, maxsplit=1)
        text = f"{before}{begin}{write()}\n{END}{after}"
    return text


def _key_table(keys: Mapping[str, tuple[Any, str]]) -> str:
    rows = (f"| `{name}` | {_type_words(hint)} | {words} |" for name, (hint, words) in keys.items())
    return "\n".join(["| key | takes | meaning |", "|-|-|-|", *rows])


def _settings_of_a_run() -> str:
    lines = ["| name | YAML | flag | `train()` | takes | default | meaning |", "|-|-|-|-|-|-|-|"]
    for knob in knobs():
        places = " | ".join("x" if there else "" for there in (knob.in_yaml, knob.is_flag, knob.is_argument))
        default = "" if knob.default is None else f"{_shown(knob.default)}"
        lines.append(f"| `{knob.name}` | {places} | {_type_words(knob.hint)} | {default} | {knob.words} |")
    return "\n".join(lines)


def _view_options() -> str:
    meanings = argument_meanings(inspect.getdoc(ViewOptions))
    rows = [
        (field.name, _type_words(resolve_hint(ViewOptions, field.type)), _default(field.default), meanings[field.name])
        for field in dataclasses.fields(ViewOptions)
    ]
    return _argument_table(rows)


def _components(role: str) -> str:
    """All components of a role; those that take the same arguments share a table."""
    components = getattr(registry, role)
    tables: dict[str, list[str]] = {}
    for name in components if role == "MODELS" else sorted(components):
        rows = argument_rows(role, components[name])
        if rows or role != "TASKS":  # a task without settings needs no name in a configuration
            tables.setdefault(_argument_table(rows), []).append(name)
    return "\n\n".join(
        "\n\n".join((f"### {', '.join(names)}", _summaries(names, components), table)).rstrip()
        for table, names in tables.items()
    )


def _summaries(names: Sequence[str], components: Mapping[str, Any]) -> str:
    if len(names) == 1:
        return summary(components[names[0]])
    return "\n".join(f"* `{name}`: {summary(components[name])}" for name in names)


def _argument_table(rows: Sequence[tuple[str, str, str, str]]) -> str:
    if not rows:
        return ""
    lines = (f"| `{name}` | {takes} | {default} | {meaning} |" for name, takes, default, meaning in rows)
    return "\n".join(["| argument | takes | default | meaning |", "|-|-|-|-|", *lines])


def argument_rows(role: str, component: Callable[..., Any]) -> list[tuple[str, str, str, str]]:
    """(name, type, default, meaning) of each argument that a configuration may give."""
    rows = []
    for name, parameter in inspect.signature(component).parameters.items():
        if name in SUPPLIED.get(role, ()):
            continue
        default = DEFAULTS.get(role, {}).get(name) or _default(parameter.default)
        takes = TAKES.get(name) or _type_words(resolve_hint(component, parameter.annotation))
        rows.append((name, takes, default, meaning(role, component, name)))
    return rows


def meaning(role: str, component: Callable[..., Any], name: str) -> str:
    """The meaning of an argument; empty if no docstring gives it.

    It is searched for in the component's own docstring, those of its base classes, and those that the first paragraph
    refers to. ``See `SGD`.`` or ``As for `SGD`.`` instead of a meaning leads there, too.
    """
    bases = list(inspect.getmro(component)) if inspect.isclass(component) else [component]
    named = re.findall(r"`(\w+)`", summary(component, whole=True))
    for source in [*bases, *(_by_name(role, component, other) for other in named)]:
        text = argument_meanings(inspect.getdoc(source) or "").get(name)
        if text is None:
            continue
        reference = re.match(r"(?:See|As for) `(\w+)`[.;]? *(.*)", text)
        if reference is None:
            return text
        there = meaning(role, _by_name(role, component, reference[1]), name)
        rest = reference[2]
        return f"{there} {rest[:1].upper()}{rest[1:]}".strip()
    return ""


def _by_name(role: str, component: Callable[..., Any], name: str) -> Any:
    """The class or function that a docstring refers to."""
    bases = {base.__name__: base for base in inspect.getmro(component)} if inspect.isclass(component) else {}
    home = vars(sys.modules[component.__module__])
    components = getattr(registry, role)
    return bases.get(name) or (components[name] if name in components else home.get(name))


def summary(component: Any, whole: bool = False) -> str:
    """The first paragraph of a docstring in one line, as Markdown; ``whole`` keeps "See ..." at its end."""
    text = _markdown((inspect.getdoc(component) or "").partition("\n\n")[0])
    return text if whole else re.sub(r" ?(See|Folders as for) `\w+`\.$", "", text)


def argument_meanings(docstring: str) -> dict[str, str]:
    """Name to meaning, in one line of Markdown, of the section ``Args`` of a docstring."""
    section = re.search(r"^Args:\n((?:(?:    .*)?\n?)*)", docstring or "", flags=re.MULTILINE)
    entries = re.split(r"^    (?=\w+: )", section[1] if section else "", flags=re.MULTILINE)[1:]
    pairs = (entry.partition(": ") for entry in entries)
    return {name: _markdown(text) for name, _, text in pairs}


def _markdown(text: str) -> str:
    """Text of a docstring in one line: ``name`` and :func:`name` become code, and no ``|`` ends a cell."""
    text = re.sub(r":\w+:`([^`]+)`", r"`\1`", " ".join(text.split()))
    return text.replace("``", "`").replace('`"', "`").replace('"`', "`").replace("|", "\\|")


def _type_words(hint: Any) -> str:
    """The values that a configuration may have there."""
    hint = without_null(hint)
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        said = [extra for extra in hint.__metadata__ if isinstance(extra, str)]
        bounds = [extra.words for extra in hint.__metadata__ if isinstance(extra, Bound)]
        return said[0] if said else ", ".join((_type_words(parts[0]), *map(_short, bounds)))
    if origin is Literal:
        return ", ".join(f"`{part}`" for part in parts)
    if origin in (list, Sequence) and len(parts) == 1 and typing.get_origin(parts[0]) is Annotated:
        bounds = [_short(extra.words) for extra in parts[0].__metadata__ if isinstance(extra, Bound)]
        return ", ".join((_plain_words(hint), *bounds))
    if len(parts) > 1 and origin is not tuple and "Union" in f"{origin} {type(hint).__name__}":
        return _either([_type_words(part) for part in parts])
    if origin is tuple and len(parts) == 2 and Ellipsis not in parts:
        return f"two of: {_type_words(parts[0])}"
    return _plain_words(hint)


def _either(words: Sequence[str]) -> str:
    """Several types; a bound shared by a number and a list of them is written once."""
    kinds, bounds = zip(*(part.partition(", ")[::2] for part in words))
    shared = f", {bounds[0]}" if len(set(bounds)) == 1 and bounds[0] and kinds[1].startswith("list of") else ""
    return " or ".join(dict.fromkeys(kinds)) + shared if shared else " or ".join(dict.fromkeys(words))


def _plain_words(hint: Any) -> str:
    return re.sub(r"^an? | of keys to values$", "", describe_hint(hint))


def _short(bound: str) -> str:
    """A bound without the limits of all numbers, which the page names once."""
    return (
        re.sub(r", at most (1000000000|1000000)$| \(at least 1e-30\)", "", bound)
        .removeprefix("a number ")
        .removeprefix("whole numbers ")
    )


def _default(value: Any) -> str:
    if value in (inspect.Parameter.empty, dataclasses.MISSING):
        return "required"
    return "" if value is None else _shown(value)


def _shown(value: Any) -> str:
    """A default as written in YAML."""
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_shown, value))}]"
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"`{value!r}`" if value == " " else f"{value}"


def uninformative(entries: Iterable[tuple[str, str]]) -> list[str]:
    """The names among (name, meaning) whose meaning is empty or repeats the name."""
    filler = {"the", "a", "an", "of", "its", "this", "one", ""}
    return [name for name, text in entries if set(re.split(r"\W+|_", text.lower())) <= filler | set(name.split("_"))]


if __name__ == "__main__":
    import_components()
    write_atomically(PAGE, updated(PAGE.read_text(encoding="utf-8")).encode("utf-8"))
