# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""How the network looks at a picture in evaluation and prediction: whole, in windows, at several scales, flipped.

The keys of ``test_config``, the flags of val.py and predict.py and the arguments of the library's functions
are the same seven, with PaddleSeg's names. One check serves all of them. PaddleSeg ignores an option whose
switch is off (``--scales`` without ``--aug_eval``); here that is an error, for the figures are not what was
asked for.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal, Union

from paddleseg.config.arguments import check_value
from paddleseg.config.load import Config
from paddleseg.config.problems import Problems
from paddleseg.utils.cli import str2bool
from paddleseg.utils.near_miss import suggest

SECTION = "test_config"

_TYPES: dict[str, Any] = {
    "aug_eval": bool,
    "scales": Union[float, Sequence[float]],
    "flip_horizontal": bool,
    "flip_vertical": bool,
    "is_slide": bool,
    "crop_size": tuple[int, int],
    "stride": tuple[int, int],
}
# What each switch turns on.
_SWITCHES = {"aug_eval": ("scales", "flip_horizontal", "flip_vertical"), "is_slide": ("crop_size", "stride")}
_REFUSED = {
    "auc_roc": "the area under the ROC curve is not computed here: it needs the scores of all pixels in memory; "
    "remove it, and use IoU, precision, recall and Dice of the classes, which every evaluation gives",
    "use_multilabel": "each pixel has exactly one class here; remove it, and give labels of class ids",
}


@dataclass(frozen=True)
class InferenceOptions:
    """How the network looks at each picture; the defaults look once at the whole of it.

    Args:
        aug_eval: Whether to sum the class probabilities over ``scales`` and flips.
        scales: One factor or several, each above 0, for the size of the network's input.
        flip_horizontal: Whether to look at the mirror image too.
        flip_vertical: Whether to look at the upside-down picture too; with ``flip_horizontal`` also at the
            picture turned by 180 degrees.
        is_slide: Whether to average the logits over windows.
        crop_size: [width, height] of the windows in pixels. A picture that is smaller makes them smaller.
        stride: [width, height] of the steps between windows, at most ``crop_size``. The last window of a row
            or column is shifted back to the border.

    Raises:
        ConfigError: A value is wrong, or an option is given whose switch (``aug_eval``, ``is_slide``) is off.

    Example:
        >>> InferenceOptions(aug_eval=True, scales=[0.75, 1.0], flip_horizontal=True).views
        [(0.75, ()), (0.75, (3,)), (1.0, ()), (1.0, (3,))]
    """

    aug_eval: bool = False
    scales: float | Sequence[float] = 1.0
    flip_horizontal: bool = False
    flip_vertical: bool = False
    is_slide: bool = False
    crop_size: Sequence[int] | None = None
    stride: Sequence[int] | None = None

    def __post_init__(self) -> None:
        values = {field.name: _plain(getattr(self, field.name)) for field in fields(self)}
        problems = Problems("options of evaluation and prediction", {})
        given = {name: value for name, value in values.items() if value is not None}
        _check_types(given, "", problems)
        if not len(problems):
            for name, message in _find_conflicts(given):
                problems.add(name, message)
        problems.raise_if_any()
        scales = 1.0 if values["scales"] is None else values["scales"]
        values["scales"] = scales if isinstance(scales, list) else [scales]
        for name in ("scales", "crop_size", "stride"):
            object.__setattr__(self, name, None if values[name] is None else tuple(values[name]))

    @classmethod
    def from_test_config(cls, test_config: Mapping[str, Any]) -> InferenceOptions:
        """The options of a checked ``test_config``; an explicit False switches off what stands beside it."""
        return cls(**{name: value for name, value in _switched_on(test_config).items() if name in _TYPES})

    @property
    def views(self) -> list[tuple[float, tuple[int, ...]]]:
        """Each view of a picture: the scale, and the axes of an (N, C, H, W) batch to flip."""
        flips: list[tuple[int, ...]] = [()]
        if self.flip_horizontal:
            flips.append((3,))
        if self.flip_vertical:
            flips += [(2, *axes) for axes in flips]
        return [(scale, axes) for scale in self.scales for axes in flips]

    def see_whole(self, size_hw: Sequence[int]) -> bool:
        """Whether a picture of this (height, width) is looked at once, whole and as it is."""
        windows = self.is_slide and (self.crop_size[0] < size_hw[1] or self.crop_size[1] < size_hw[0])
        return not windows and self.views == [(1, ())]

    def describe(self) -> str:
        """For the log: ``whole``, or such as ``windows of 512x256 every 256x128; scales 0.75, 1; flipped``."""
        parts = ["whole"]
        if self.is_slide:
            parts = ["windows of {}x{} every {}x{}".format(*self.crop_size, *self.stride)]
        if self.scales != (1,):
            parts.append(f"scale{'s' * (len(self.scales) > 1)} {', '.join(f'{scale:g}' for scale in self.scales)}")
        flips = {"horizontally": self.flip_horizontal, "vertically": self.flip_vertical}
        if any(flips.values()):
            parts.append("flipped " + " and ".join(way for way, is_on in flips.items() if is_on))
        return "; ".join(parts)


def check_test_config(test_config: Mapping[str, Any], problems: Problems) -> None:
    """Note what is wrong with the section ``test_config``: keys, types, ranges and what does not go together."""
    before = len(problems)
    for name, value in test_config.items():
        if name in _REFUSED and value is not False:
            problems.add(f"{SECTION}.{name}", _REFUSED[name])
        elif name not in _TYPES and name not in _REFUSED:
            problems.add(f"{SECTION}.{name}", f"there is no such key. {suggest(name, _TYPES)}")
    _check_types(test_config, f"{SECTION}.", problems)
    if len(problems) == before:
        for name, message in _find_conflicts(_switched_on(test_config)):
            problems.add(f"{SECTION}.{name}", message)


def add_inference_arguments(
    parser: argparse.ArgumentParser, *, switch: Literal["aug_eval", "aug_pred"], refused: Sequence[str]
) -> None:
    """Add PaddleSeg's flags to the parser of a command.

    Args:
        parser: The command's parser.
        switch: What the command calls the switch of scales and flips.
        refused: PaddleSeg's flags of this command that are refused by name.
    """
    group = parser.add_argument_group(
        "how to look at a picture", f"each flag wins over its key under {SECTION}; see docs/config.md"
    )
    given = {"action": "store_true", "default": None}
    size = {"nargs": 2, "type": int, "metavar": ("W", "H")}
    group.add_argument(f"--{switch}", **given, help="sum the probabilities over --scales and flips")
    group.add_argument(
        "--scales", nargs="+", type=float, metavar="S", help=f"factors for the size, with --{switch} (default 1.0)"
    )
    group.add_argument("--flip_horizontal", **given, help=f"the mirror image too, with --{switch}")
    group.add_argument("--flip_vertical", **given, help=f"the upside-down picture too, with --{switch}")
    group.add_argument("--is_slide", **given, help="average over windows of --crop_size, --stride apart")
    group.add_argument("--crop_size", **size, help="width and height of a window, with --is_slide")
    group.add_argument("--stride", **size, help="steps to the right and down, at most --crop_size, with --is_slide")
    for name in refused:
        group.add_argument(f"--{name}", nargs="?", type=str2bool, const=True, help=argparse.SUPPRESS)


def apply_inference_arguments(
    config: Config, arguments: argparse.Namespace, *, switch: Literal["aug_eval", "aug_pred"]
) -> None:
    """Write the flags that were given into ``test_config``, where ``check_config`` looks at them.

    Prediction looks at scales and flips only when ``--aug_pred`` says so; ``test_config.aug_eval`` is for
    evaluation, as in PaddleSeg. Windows are for both.

    Args:
        config: A loaded configuration, not checked yet; it is changed.
        arguments: What a parser with ``add_inference_arguments`` gave.
        switch: As there.
    """
    section = config.data.setdefault(SECTION, {})
    if not isinstance(section, dict):
        return  # for check_config to say
    if switch == "aug_pred" and not arguments.aug_pred:
        for name in ("aug_eval", *_SWITCHES["aug_eval"]):
            section.pop(name, None)
    for name in (*_TYPES, *_REFUSED):
        flag = switch if name == "aug_eval" else name
        value = getattr(arguments, flag, None)
        if value is not None:
            section[name] = value
            config.sources[f"{SECTION}.{name}"] = f"--{flag}"
    for own_switch, names in _SWITCHES.items():
        # A False in the file must not silence a flag.
        if section.get(own_switch) is False and any(getattr(arguments, name) is not None for name in names):
            del section[own_switch]


def _check_types(values: Mapping[str, Any], prefix: str, problems: Problems) -> None:
    for name in _TYPES:
        if name in values:
            check_value(_plain(values[name]), _TYPES[name], prefix + name, problems)
            if values[name] in ([], ()):
                problems.add(prefix + name, "empty; give at least one number")


def _switched_on(test_config: Mapping[str, Any]) -> dict[str, Any]:
    off = {name for switch, names in _SWITCHES.items() if test_config.get(switch) is False for name in names}
    return {name: _plain(value) for name, value in test_config.items() if name not in off}


def _find_conflicts(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(key, message) of what does not go together; the types are right."""
    for switch, names in _SWITCHES.items():
        flag = "--aug_eval of val.py, --aug_pred of predict.py" if switch == "aug_eval" else f"--{switch}"
        for name in names:
            if not values.get(switch) and _asks_for_something(name, values.get(name)):
                yield name, f"has no effect without {switch}: add {switch}: True ({flag}), or remove it"
    if not values.get("is_slide"):
        return
    missing = [name for name in _SWITCHES["is_slide"] if values.get(name) is None]
    if missing:
        advice = ", ".join(f"{name}: [width, height] (--{name} W H)" for name in missing)
        yield "is_slide", f"{' and '.join(missing)} missing; add {advice}"
    else:
        crop_size, stride = values["crop_size"], values["stride"]
        if stride[0] > crop_size[0] or stride[1] > crop_size[1]:
            yield "stride", f"{stride} is above crop_size {crop_size}, so that pixels would be left out; lower it"


def _asks_for_something(name: str, value: Any) -> bool:
    """Whether a value differs from what holds without its switch."""
    return value not in (1, [1]) if name == "scales" and value is not None else bool(value)


def _plain(value: Any) -> Any:
    """Tuples as lists, as YAML has them."""
    return list(value) if isinstance(value, tuple) else value


WHOLE_PICTURE = InferenceOptions()
"""The default: each picture is looked at once, whole and as it is."""
