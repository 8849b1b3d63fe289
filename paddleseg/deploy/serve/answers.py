# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The answer to a prediction: pictures of ids or colours, an overlay, or JSON."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from paddleseg.deploy.predictor import Segmentation
from paddleseg.deploy.serve.refusals import NO_PICTURE, Refusal
from paddleseg.deploy.serve.regions import TooManyVerticesError, polygons
from paddleseg.deploy.serve.wishes import Wishes
from paddleseg.utils.class_report import FoundClass
from paddleseg.utils.visualize import Palette, encode_image, make_palette, overlay, palette_image, to_display_rgb

PNG, JPEG, JSON = "image/png", "image/jpeg", "application/json"
_MARGIN_UNITS = 20
"""In pictures of margins the value of a margin of 1; the largest that they hold is 12.75, 344,000 to one."""


@dataclass(frozen=True)
class Answer:
    """A body and its type.

    Attributes:
        content: The body; for JSON the data to write, to which the frame adds the request's id.
        media_type: Its type.
        pixels: Pixels of the picture.
        seconds: Time of each stage.
    """

    content: bytes | dict[str, Any]
    media_type: str
    pixels: int
    seconds: dict[str, float]

    def body(self, request_id: str) -> bytes:
        """The bytes to send."""
        if isinstance(self.content, bytes):
            return self.content
        milliseconds = {stage: round(1e3 * value, 2) for stage, value in self.seconds.items()}
        content = {**self.content, "milliseconds": milliseconds, "request_id": request_id}
        return json.dumps(content, ensure_ascii=False, allow_nan=False).encode() + b"\n"


@dataclass(frozen=True)
class Classes:
    """The classes of a network, as named in answers.

    Attributes:
        names: By id.
        palette: Colours of all 256 values, so that palette pictures have 8 bits whatever the number of classes.
    """

    names: tuple[str, ...]
    palette: Palette

    @classmethod
    def of(cls, names: tuple[str, ...], palette: np.ndarray) -> Classes:
        """The classes of a predictor."""
        return cls(names, make_palette(len(names), palette.tolist()))

    def describe(self, class_id: int) -> dict[str, Any]:
        """Id, name and colour."""
        colour = "#" + bytes(self.palette[class_id]).hex()
        return {"id": class_id, "name": self.names[class_id], "color": colour}


def encode_segmentation(wishes: Wishes, image: np.ndarray, found: Segmentation, classes: Classes) -> tuple[Any, str]:
    """The answer a client wants for a segmented picture: content and media type.

    Raises:
        Refusal: There are too many polygons.
    """
    if wishes.output == "labels":
        return encode_image(found.labels), PNG
    if wishes.output == "colors":
        return encode_image(palette_image(found.labels, classes.palette)), PNG
    if wishes.output == "margins":
        return encode_image(_margin_values(found.margins)), PNG
    if wishes.output == "overlay":
        mixed = overlay(to_display_rgb(image), found.labels, classes.palette, 1 - wishes.opacity)
        return encode_image(mixed, ".jpg"), JPEG
    return _segmentation_facts(wishes, found, classes), JSON


def _margin_values(margins: np.ndarray) -> np.ndarray:
    """Margins in units of 1/20 as uint8; NaN, from NaN logits, becomes 0."""
    return np.rint(np.clip(np.nan_to_num(margins, posinf=np.inf) * _MARGIN_UNITS, 0, 255)).astype(np.uint8)


def class_facts(found: list[FoundClass], image: np.ndarray) -> dict[str, Any]:
    """The content of the JSON answer of a classifier."""
    height, width = image.shape[:2]
    return {"task": "classification", "width": width, "height": height, "classes": [vars(one) for one in found]}


def _segmentation_facts(wishes: Wishes, found: Segmentation, classes: Classes) -> dict[str, Any]:
    height, width = found.labels.shape
    counts = np.bincount(found.labels.ravel(), minlength=len(classes.names))
    present = sorted(np.flatnonzero(counts).tolist(), key=lambda class_id: -counts[class_id])
    facts = {
        "task": "segmentation",
        "width": width,
        "height": height,
        "classes": [
            {**classes.describe(i), "pixels": int(counts[i]), "share": round(counts[i] / found.labels.size, 6)}
            for i in present
        ],
    }
    if wishes.polygons:
        try:
            facts["polygons"] = polygons(found.labels, wishes.tolerance, wishes.min_pixels)
        except TooManyVerticesError as error:
            raise Refusal(NO_PICTURE, f"{error}; raise tolerance or min_pixels, or ask for labels") from None
    if wishes.label_png:
        png = encode_image(palette_image(found.labels, classes.palette))
        facts["label_png"] = base64.b64encode(png).decode("ascii")
    return facts
