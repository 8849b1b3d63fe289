# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The network's output for each picture, in files for the processes that run the graphs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import paddle

from paddleseg.export.graph_runs import VerificationError
from paddleseg.export.verification.cell import INDEX_NAME, StoredPicture
from paddleseg.export.verification.pictures import Picture
from paddleseg.inference.class_logits import class_logits
from paddleseg.inference.label_maps import predict_logits
from paddleseg.inference.preprocess import to_network_input
from paddleseg.transforms.pipeline import Pipeline
from paddleseg.utils.errors import DataError
from paddleseg.utils.label_map import label_maps
from paddleseg.utils.progress import tracked
from paddleseg.utils.seeding import sample_rng

_SCORED_PICTURES = 4
"""Of so many, scores are compared too: those of one picture take 160 MB at 1024 x 2048 with 19 classes."""


@dataclass(frozen=True)
class Reference:
    """The reference of a comparison.

    Attributes:
        model: The exported network, in evaluation mode.
        pipeline: Its preprocessing, built from the training configuration rather than from the export.
        ignored_class: The class that is never predicted.
        ignore_index: Label value of the pixels that do not count; None: 255.
    """

    model: paddle.nn.Layer
    pipeline: Pipeline
    ignored_class: int | None = None
    ignore_index: int | None = None


@dataclass(frozen=True)
class Overview:
    """The pictures of a comparison.

    Attributes:
        num_pictures: Pictures.
        num_labelled: Those with labels.
        num_resized: Those that were resized for a graph of fixed size.
        num_classes: Classes that the network predicted. With one class, equality says little.
    """

    num_pictures: int
    num_labelled: int
    num_resized: int
    num_classes: int


def store_expected(
    reference: Reference,
    pictures: Iterable[tuple[Picture, bool]],
    folder: Path,
    *,
    is_classifier: bool,
    needs: set[str],
) -> Overview:
    """Run the network on the pictures, and store them with its outputs in a folder.

    Args:
        reference: The network.
        pictures: Each with whether it was resized.
        folder: An empty folder.
        is_classifier: Whether the network assigns one class to a picture.
        needs: The outputs of the export's graphs; scores at the size of the input, which are large, are kept only if a
            graph returns them.

    Raises:
        VerificationError: The network's output has NaN, or there is no picture.
    """
    store = _store_classes if is_classifier else _store_label_maps
    stored, num_resized, num_labelled, classes = [], 0, 0, set()
    for index, (picture, is_resized) in enumerate(tracked(pictures, "running the network")):
        sample = {"img": picture.pixels.copy(), "path": picture.name, "trans_info": []}  # transforms work in place
        sample = reference.pipeline(sample, sample_rng(0, 0, index))
        arrays = {} if picture.label is None else {"label": np.asarray(picture.label)}
        with_scores = index < _SCORED_PICTURES
        arrays |= store(reference, sample, picture.name, needs if with_scores else set())
        classes.update(np.unique(arrays["classes"]).tolist())
        np.savez_compressed(folder / f"{index}.npz", **arrays)
        pixels = None
        if picture.file is None:
            pixels = f"{index}.npy"
            np.save(folder / pixels, picture.pixels)
        stored.append(StoredPicture(picture.name, f"{index}.npz", picture.file, pixels))
        num_resized += is_resized
        num_labelled += picture.label is not None
    if not stored:
        raise VerificationError(
            "verification failed: there is no picture to compare on; give some with --verify_images"
        )
    content = {
        "num_classes": reference.model.num_classes,
        "ignore_index": 255 if reference.ignore_index is None else reference.ignore_index,
        "ignored_class": reference.ignored_class,
        "pictures": [asdict(picture) for picture in stored],
    }
    (folder / INDEX_NAME).write_text(json.dumps(content), encoding="utf-8")
    return Overview(len(stored), num_labelled, num_resized, len(classes))


@paddle.no_grad()
def _store_label_maps(reference: Reference, sample: dict[str, Any], name: str, needs: set[str]) -> dict[str, Any]:
    """``classes``: the label map at the picture's own size; ``class_ids``: at that of the input; and scores."""
    model, ignored_class = reference.model, reference.ignored_class
    images = to_network_input(sample["img"][np.newaxis], reference.pipeline.normalize)
    size_hw = tuple(images.shape[2:])
    logits = predict_logits(model, images).numpy()
    if np.isnan(logits).any():
        raise _no_numbers(name)
    arrays = {}
    for key, trans_info in (("classes", sample["trans_info"]), ("class_ids", [])):
        (arrays[key],) = label_maps(logits, size_hw, [trans_info], ignored_class=ignored_class)
    if "stride8" in needs and hasattr(model, "forward_stride8"):
        arrays["logits_stride8"] = logits
    if needs & {"softmax", "none"}:
        arrays["logits"] = model(images)[0].numpy()
    return arrays


def _store_classes(reference: Reference, sample: dict[str, Any], name: str, needs: set[str]) -> dict[str, Any]:
    """``classes``: the best class, and ``class_logits`` (K,)."""
    try:
        (logits,) = class_logits(reference.model, sample["img"][np.newaxis], reference.pipeline.normalize, [name])
    except DataError as error:
        raise _no_numbers(name) from error
    return {"classes": logits.argmax(), "class_logits": logits}


def _no_numbers(name: str) -> VerificationError:
    return VerificationError(f"verification failed: {name}: the network's output is not finite")
