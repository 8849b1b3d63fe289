# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The 40 faults of twelve kinds that ``label_doctor.py`` plants, each in one clean data set."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator

import numpy as np

from benchmark import label_faults as faults
from benchmark.label_faults import Pair, Pairs, Planted

Plant = Callable[[Pairs, np.random.Generator], Planted]
"""Spoils a data set of its own and says what it did."""


def some_of(pairs: Pairs, part: str, rng: np.random.Generator, count: int = 4) -> list[int]:
    """Positions in a part, in order."""
    return sorted(rng.choice(len(pairs.part(part)), count, replace=False).tolist())


def plant_in_labels(
    kind: str, what: str, change, part: str = "train", count: int | None = None, also: str = ""
) -> Plant:
    """A fault of all labels of a part, or of some; ``change`` may depend on the number of classes and the palette."""

    def plant(pairs: Pairs, rng: np.random.Generator) -> Planted:
        chosen = None if count is None else some_of(pairs, part, rng, count)
        names = faults.in_labels(pairs, part, functools.partial(change, pairs), chosen)
        where = f"all labels of {part}" if count is None else f"{count} labels of {part}"
        return Planted(
            kind, f"{what}, {where}", pairs, f"{part}_dataset", names if count else set(), tuple(also.split())
        )

    return plant


def plant_masks(class_id: int) -> Plant:
    def plant(pairs: Pairs, rng: np.random.Generator) -> Planted:
        pairs.num_classes, pairs.palette = 2, None
        for part in ("train", "val"):
            faults.in_labels(pairs, part, lambda label: faults.mask_of(label, class_id))
        return Planted("other_values", "masks of 0 and 255, both parts", pairs)

    return plant


def plant_off_by_one_everywhere(pairs: Pairs, rng: np.random.Generator) -> Planted:
    for part in ("train", "val"):
        faults.in_labels(pairs, part, faults.count_from_one)
    return Planted("off_by_one", "counted from 1, both parts", pairs)


def plant_off_by_one_in_some(pairs: Pairs, rng: np.random.Generator) -> Planted:
    last = pairs.num_classes - 1  # without the last class, ids counted from 1 have no wrong value
    having = [i for i, pair in enumerate(pairs.train) if (pair.label == last).any() and (pair.label == 0).any()]
    names = faults.in_labels(
        pairs, "train", faults.count_from_one, sorted(rng.choice(having, 4, replace=False).tolist())
    )
    return Planted("off_by_one", "counted from 1, 4 labels of train", pairs, "train_dataset", names)


def plant_swapped_columns(pairs: Pairs, rng: np.random.Generator) -> Planted:
    pairs.swaps_columns = True
    return Planted("swapped", "columns of both lists", pairs)


def plant_swapped_parts(pairs: Pairs, rng: np.random.Generator) -> Planted:
    pairs.swaps_parts = True
    return Planted("swapped", "the lists of train and val", pairs)


def plant_exchanged(pairs: Pairs, rng: np.random.Generator) -> Planted:
    one, other = some_of(pairs, "train", rng, 2)
    first, second = pairs.train[one], pairs.train[other]
    first.label, second.label = second.label, first.label
    return Planted("swapped", "labels of 2 pictures", pairs, files={f"{first.name}.png", f"{second.name}.png"})


def plant_out_of_step(pairs: Pairs, rng: np.random.Generator) -> Planted:
    labels = [pair.label for pair in pairs.train]
    for pair, label in zip(pairs.train, [*labels[1:], labels[0]]):
        pair.label = label
    return Planted("swapped", "labels one line out of step", pairs)


def plant_copies(kind: str, what: str, change, quality: int | None, count: int = 3) -> Plant:
    def plant(pairs: Pairs, rng: np.random.Generator) -> Planted:
        chosen = some_of(pairs, "train", rng, count)
        if kind == "same_picture":  # the same bytes, in a file of another name
            for index in chosen:
                pairs.train[index].quality = quality
        names = faults.copy_to_val(pairs, chosen, change, quality)
        return Planted(kind, f"{what}, {count} pictures", pairs, "val_dataset", names)

    return plant


def plant_neighbours(pairs: Pairs, rng: np.random.Generator) -> Planted:
    """Some pictures of a training drive become validation pictures."""
    drive = [i for i, pair in enumerate(pairs.train) if pair.name.startswith("0006R0")]
    chosen = sorted(rng.choice(drive[1:-1:3], 3, replace=False).tolist(), reverse=True)
    moved = [pairs.train.pop(index) for index in chosen]
    pairs.val += moved
    return Planted(
        "sequence_neighbours", "3 pictures of a drive", pairs, "val_dataset", {m.picture_file for m in moved}
    )


def plant_film(pairs: Pairs, rng: np.random.Generator) -> Planted:
    """Films of a moving window over large scenes; three pictures out of the middle of one are evaluated."""
    wide = faults.draw_road_scenes(6, 0, (512, 256), seed=int(rng.integers(1000)))
    film = []
    for scene in wide.train:
        for step in range(8):
            top, left = 60, 12 * step
            window = np.s_[top : top + 128, left : left + 256]
            film.append(Pair(f"film_{len(film):04d}", scene.picture[window], scene.label[window]))
    moved = [film.pop(index) for index in (35, 27, 11)]
    pairs.train += film
    pairs.val += moved
    return Planted("sequence_neighbours", "3 pictures of films", pairs, "val_dataset", {m.picture_file for m in moved})


def plant_rare(class_id: int, keep: int) -> Plant:
    def plant(pairs: Pairs, rng: np.random.Generator) -> Planted:
        having = [pair for pair in pairs.train if (pair.label == class_id).any()]
        for pair in having[keep:]:
            pair.label = np.where(pair.label == class_id, 255, pair.label)
        return Planted(
            "few_pixels", f"class {class_id} in {keep} labels", pairs, files={f"{p.name}.png" for p in having[:keep]}
        )

    return plant


def of_class_count(function) -> Callable[[Pairs, np.ndarray], np.ndarray]:
    return lambda pairs, label: function(label, pairs.num_classes)


def simply(function) -> Callable[[Pairs, np.ndarray], np.ndarray]:
    return lambda pairs, label: function(label)


def flip_across(label: np.ndarray) -> np.ndarray:
    return label[:, ::-1]


def flip_over(label: np.ndarray) -> np.ndarray:
    return label[::-1]


def plants() -> Iterator[tuple[str, Plant]]:
    """The 40 faults: the clean set, and the change to it."""
    on = plant_in_labels
    in_colours = lambda pairs, label: faults.colour(label, pairs.palette)  # noqa: E731
    smooth_colours = lambda pairs, label: faults.smooth(faults.colour(label, pairs.palette), 0.7)  # noqa: E731
    yield "camvid", plant_off_by_one_everywhere
    yield "scenes", plant_off_by_one_everywhere
    yield "camvid", plant_off_by_one_in_some
    yield "scenes", on("off_by_one", "counted from 1", simply(faults.count_from_one), "val")
    yield "camvid", plant_masks(3)
    yield "scenes", plant_masks(0)
    yield "camvid", on("other_values", "ids stretched to 255", of_class_count(faults.stretch))
    yield "camvid", on("other_values", "colours read as grey", of_class_count(faults.brightness), "val")
    yield "camvid", on("colours", "the palette's colours", in_colours)
    yield "scenes", on("colours", "the palette's colours", in_colours, "val")
    yield "camvid", on("colours", "colours with smooth edges", smooth_colours, "train", 4, also="antialiased")
    for clean in ("camvid", "scenes"):
        for part, count, factor in (("train", None, 0.75), ("val", 4, 0.5)):
            change = simply(functools.partial(faults.smooth, factor=factor))
            yield clean, on("antialiased", f"resized by {factor:g}", change, part, count)
    for clean, (right, down) in (("camvid", (4, -3)), ("scenes", (3, 2))):
        change = simply(functools.partial(faults.shift, right=right, down=down))
        yield clean, on("shifted", f"{right} and {down} pixels", change)
    for clean, (right, down) in (("camvid", (-9, 5)), ("scenes", (6, -5))):
        change = simply(functools.partial(faults.shift, right=right, down=down))
        yield clean, on("shifted", f"{right} and {down} pixels", change, "train", 4)
    for change, name in ((flip_across, "mirrored"), (flip_over, "upside down")):
        yield "camvid", on("mirrored", name, simply(change), "val", None if change is flip_over else 3)
        yield "scenes", on("mirrored", name, simply(change), "train", None if change is flip_across else 3)
    yield "camvid", plant_swapped_columns
    yield "scenes", plant_swapped_parts
    yield "camvid", plant_exchanged
    yield "scenes", plant_out_of_step
    yield "camvid", plant_copies("same_picture", "the same bytes", np.copy, 95)
    yield "scenes", plant_copies("same_picture", "the same bytes", np.copy, None)
    yield "camvid", plant_copies("resized_copy", "half the size", functools.partial(faults.resize, factor=0.5), 90)
    yield (
        "scenes",
        plant_copies("resized_copy", "three times as large", functools.partial(faults.resize, factor=3), None),
    )
    yield "camvid", plant_copies("resized_copy", "0.7 of the size", functools.partial(faults.resize, factor=0.7), 60)
    yield "camvid", plant_copies("reencoded_copy", "JPEG of quality 50", np.copy, 50)
    yield "scenes", plant_copies("reencoded_copy", "JPEG of quality 80", np.copy, 80)
    yield "camvid", plant_copies("reencoded_copy", "PNG", np.copy, None)
    yield "camvid", plant_neighbours
    yield "scenes", plant_film
    yield "camvid", plant_rare(10, 2)
    yield "camvid", plant_rare(7, 1)
    yield "scenes", plant_rare(11, 2)
