# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""RandAugment (Cubuk et al. 2020, arXiv 1909.13719) in the form that timm calls ``rand-m9-mstd0.5-inc1``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any

import cv2
import numpy as np

from paddleseg.registry import TRANSFORMS
from paddleseg.transforms import rand_operators as operators
from paddleseg.transforms.functional import warp_back
from paddleseg.transforms.limits import up_to
from paddleseg.transforms.sample import Sample
from paddleseg.utils.arguments import Fault, checks_arguments
from paddleseg.utils.errors import DataError
from paddleseg.utils.label_map import LabelValue
from paddleseg.utils.type_hints import Bound, Probability

_LARGEST = 10.0
_Magnitude = Annotated[float, Bound(0, _LARGEST, "from 0 to 10")]
_Level = Annotated[int, Bound(0, 255, "whole numbers from 0 to 255")]

# The argument of a point operator at a magnitude from 0 to 1, as a share of the largest; operators that go both ways
# draw a sign.
_POINT_OPERATORS: dict[str, Callable[[np.ndarray, float, int], np.ndarray]] = {
    "AutoContrast": lambda image, share, sign: operators.autocontrast(image),
    "Equalize": lambda image, share, sign: operators.equalize(image),
    "Invert": lambda image, share, sign: operators.invert(image),
    "Posterize": lambda image, share, sign: operators.posterize(image, 4 - int(share * 4)),
    "Solarize": lambda image, share, sign: operators.solarize(image, 256 - int(share * 256)),
    "SolarizeAdd": lambda image, share, sign: operators.solarize_add(image, min(128, int(share * 110))),
    "Color": lambda image, share, sign: operators.color(image, 1 + sign * share * 0.9),
    "Contrast": lambda image, share, sign: operators.contrast(image, 1 + sign * share * 0.9),
    "Brightness": lambda image, share, sign: operators.brightness(image, 1 + sign * share * 0.9),
    "Sharpness": lambda image, share, sign: operators.sharpness(image, 1 + sign * share * 0.9),
}
# The extent of a move at the largest magnitude: degrees, pixels per pixel, a share of the side.
_MOVES: dict[operators.Move, float] = {
    "Rotate": 30.0, "ShearX": 0.3, "ShearY": 0.3, "TranslateX": 0.45, "TranslateY": 0.45,
}  # fmt: skip
OPERATORS = (*_POINT_OPERATORS, *_MOVES)


@TRANSFORMS.add_component
class RandAugment:
    """Some of fifteen operators on an 8-bit RGB or grey picture, drawn with replacement; all grow with the magnitude.

    Label maps move with the picture; pixels from outside become ``label_padding_value``.

    Args:
        magnitude: Strength of all operators; 0 hardly changes anything.
        magnitude_std: Deviation of the normal distribution that each operator's magnitude is drawn from.
        num_ops: Operators drawn for each picture.
        prob: Probability of running each of them.
        fill: Levels of pixels from outside the picture, one or one per channel; ImageNet's mean colour by default.
        label_padding_value: Label value of pixels from outside the picture.
    """

    is_random = True

    @checks_arguments
    def __init__(
        self,
        magnitude: _Magnitude = 9.0,
        magnitude_std: Annotated[float, up_to(_LARGEST)] = 0.5,
        num_ops: Annotated[int, Bound(1, len(OPERATORS), f"from 1 to {len(OPERATORS)}")] = 2,
        prob: Probability = 0.5,
        fill: Sequence[_Level] = (124, 116, 104),
        label_padding_value: LabelValue = 255,
    ) -> None:
        self.magnitude, self.magnitude_std = magnitude, magnitude_std
        self.num_ops, self.prob = num_ops, prob
        self.fill = tuple(int(level) for level in fill)
        self.label_padding_value = label_padding_value

    @staticmethod
    def faults(fill: Sequence[int], **_: Any) -> Iterator[Fault]:
        """What does not go together, see :mod:`paddleseg.utils.arguments`."""
        if len(fill) not in (1, 3):
            yield "fill", f"{len(fill)} levels; give one, or one for each of red, green and blue"

    def draw(self, rng: np.random.Generator) -> list[tuple[str, float, int]]:
        """Draw the operators for one picture: the operator's name, its magnitude as a share of 10, and a sign."""
        drawn = []
        for _ in range(self.num_ops):
            name = OPERATORS[rng.integers(len(OPERATORS))]
            is_run = rng.random() < self.prob
            magnitude = np.clip(rng.normal(self.magnitude, self.magnitude_std), 0, _LARGEST)
            sign = 1 if rng.random() < 0.5 else -1
            if is_run:
                drawn.append((name, float(magnitude) / _LARGEST, sign))
        return drawn

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        image = sample["img"]
        if image.dtype != np.uint8 or image.shape[2] not in (1, 3):
            raise DataError(
                f"{sample['path']}: RandAugment works on 8-bit RGB or grey pictures, this one has {image.shape[2]} "
                f"channels of {image.dtype}; remove RandAugment from the transforms"
            )
        for name, share, sign in self.draw(rng):
            if name in _POINT_OPERATORS:
                sample["img"] = _POINT_OPERATORS[name](sample["img"], share, sign)
            else:
                self._move(sample, name, sign * share * _MOVES[name])
        return sample

    def _move(self, sample: Sample, name: operators.Move, amount: float) -> None:
        image = sample["img"]
        height, width = image.shape[:2]
        if name.startswith("Translate"):
            amount *= width if name == "TranslateX" else height
        matrix = operators.move_matrix(name, amount, width, height)
        fill = self.fill if image.shape[2] == 3 else self.fill[:1]
        sample["img"] = warp_back(image, matrix, cv2.INTER_CUBIC, fill)
        if "label" in sample and sample["label"].ndim == 2:
            sample["label"] = warp_back(sample["label"], matrix, cv2.INTER_NEAREST, (self.label_padding_value,))
