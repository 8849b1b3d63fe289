# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The views of a picture in evaluation and prediction: whole, in windows, at several scales, flipped.

The keys of ``test_config``, the flags of val.py and predict.py and the arguments of the library's functions
are the same seven, with PaddleSeg's names. One check serves all of them. PaddleSeg ignores an option whose
switch is off (``--scales`` without ``--aug_eval``); here that is an error, since the figures would not be what was
asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from paddleseg.utils.errors import raise_faults
from paddleseg.utils.type_hints import ScaleFactor, SideLength, fault_of, resolve_hint, without_null

# The options that each switch turns on.
SWITCHES = {"aug_eval": ("scales", "flip_horizontal", "flip_vertical"), "is_slide": ("crop_size", "stride")}


@dataclass(frozen=True)
class ViewOptions:
    """The views of each picture; by default one view of the whole picture.

    Args:
        aug_eval: Whether to sum the class probabilities over ``scales`` and flips.
        scales: One factor or several, each above 0, for the size of the network's input.
        flip_horizontal: Whether to also use the mirror image.
        flip_vertical: Whether to also use the upside-down picture; with ``flip_horizontal`` also the picture
            rotated by 180 degrees.
        is_slide: Whether to average the logits over windows.
        crop_size: [width, height] of the windows in pixels. They shrink to a smaller picture.
        stride: [width, height] of the steps between windows, at most ``crop_size``. The last window of a row
            or column is shifted back to the border.

    Raises:
        ConfigError: A value is wrong, or an option is given whose switch (``aug_eval``, ``is_slide``) is off.

    Example:
        >>> ViewOptions(aug_eval=True, scales=[0.75, 1.0], flip_horizontal=True).views
        [(0.75, ()), (0.75, (3,)), (1.0, ()), (1.0, (3,))]
    """

    aug_eval: bool = False
    scales: ScaleFactor | Sequence[ScaleFactor] = 1.0
    flip_horizontal: bool = False
    flip_vertical: bool = False
    is_slide: bool = False
    crop_size: tuple[SideLength, SideLength] | None = None
    stride: tuple[SideLength, SideLength] | None = None

    def __post_init__(self) -> None:
        values = {field.name: as_list(getattr(self, field.name)) for field in fields(self)}
        given = {name: value for name, value in values.items() if value is not None}
        faults = list(find_type_faults(given)) or list(find_conflicts(given))
        raise_faults("options of evaluation and prediction", faults)
        scales = 1.0 if values["scales"] is None else values["scales"]
        values["scales"] = scales if isinstance(scales, list) else [scales]
        for name in ("scales", "crop_size", "stride"):
            object.__setattr__(self, name, None if values[name] is None else tuple(values[name]))

    @classmethod
    def from_test_config(cls, test_config: Mapping[str, Any]) -> ViewOptions:
        """The options of a checked ``test_config``; an explicit False switches off the options beside it."""
        return cls(**{name: value for name, value in switched_on(test_config).items() if name in OPTION_NAMES})

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
        """Whether a picture of this (height, width) is processed once, whole and unscaled."""
        windows = self.is_slide and (self.crop_size[0] < size_hw[1] or self.crop_size[1] < size_hw[0])
        return not windows and self.views == [(1, ())]

    def describe(self) -> str:
        """For the log: ``whole``, or for example ``windows of 512x256 every 256x128; scales 0.75, 1; flipped``."""
        parts = ["whole"]
        if self.is_slide:
            parts = ["windows of {}x{} every {}x{}".format(*self.crop_size, *self.stride)]
        if self.scales != (1,):
            parts.append(f"scale{'s' * (len(self.scales) > 1)} {', '.join(f'{scale:g}' for scale in self.scales)}")
        flips = {"horizontally": self.flip_horizontal, "vertically": self.flip_vertical}
        if any(flips.values()):
            parts.append("flipped " + " and ".join(way for way, is_on in flips.items() if is_on))
        return "; ".join(parts)


def find_type_faults(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(option, message) for values of a wrong type or out of range; unknown names are left out."""
    for field in fields(ViewOptions):
        if field.name not in values:
            continue
        value = as_list(values[field.name])
        fault = fault_of(value, without_null(resolve_hint(ViewOptions, field.type)))
        if fault is not None:
            yield field.name, fault
        elif value == []:
            yield field.name, "empty; give at least one number"


def switched_on(test_config: Mapping[str, Any]) -> dict[str, Any]:
    """The options without those whose switch is explicitly False."""
    off = {name for switch, names in SWITCHES.items() if test_config.get(switch) is False for name in names}
    return {name: as_list(value) for name, value in test_config.items() if name not in off}


def find_conflicts(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(option, message) for contradictions; the types are right."""
    for switch, names in SWITCHES.items():
        flag = "--aug_eval of val.py, --aug_pred of predict.py" if switch == "aug_eval" else f"--{switch}"
        for name in names:
            if not values.get(switch) and _asks_for_something(name, values.get(name)):
                yield name, f"has no effect without {switch}: add {switch}: True ({flag}), or remove it"
    if not values.get("is_slide"):
        return
    missing = [name for name in SWITCHES["is_slide"] if values.get(name) is None]
    if missing:
        advice = ", ".join(f"{name}: [width, height] (--{name} W H)" for name in missing)
        yield "is_slide", f"{' and '.join(missing)} missing; add {advice}"
    else:
        crop_size, stride = values["crop_size"], values["stride"]
        if stride[0] > crop_size[0] or stride[1] > crop_size[1]:
            yield "stride", f"{stride} is above crop_size {crop_size}, so that pixels would be left out; lower it"


def _asks_for_something(name: str, value: Any) -> bool:
    """Whether a value differs from the default without its switch."""
    return value not in (1, [1]) if name == "scales" and value is not None else bool(value)


def as_list(value: Any) -> Any:
    """Tuples as lists, as YAML has them."""
    return list(value) if isinstance(value, tuple) else value


OPTION_NAMES = tuple(field.name for field in fields(ViewOptions))
WHOLE_PICTURE = ViewOptions()
"""The default: each picture is looked at once, whole and as it is."""
