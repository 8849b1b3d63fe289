# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Plant faults of twelve kinds in CamVid and drawn scenes, and count what the label doctor finds and says in vain.

    python benchmark/label_doctor.py --dataset_root data/camvid

Each of 40 faults is planted in a data set of its own. It is found where a finding of its kind names exactly the files
that were changed; everything else that is said of that data set, or of the clean ones, is false. CamVid is split by
drives here, for its usual parts have neighbours in both.
"""

from __future__ import annotations

import argparse
import functools
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import numpy as np

from benchmark import label_faults as faults
from benchmark.label_faults import Pair, Pairs, Planted
from paddleseg.datasets import CamVid
from paddleseg.datasets.doctor import diagnose
from paddleseg.datasets.doctor.alignment import Chance, find_edges, fit, judge
from paddleseg.datasets.doctor.finding import KINDS, Finding
from paddleseg.datasets.doctor.survey import to_grey
from paddleseg.utils.cli import run_command
from paddleseg.utils.json_report import add_json_flag, check_json_flag, write_json

TRAIN_DRIVES, VAL_DRIVES = ["0001TP", "0006R0"], ["0016E5"]
Plant = Callable[[Pairs, np.random.Generator], Planted]


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="label_doctor.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dataset_root", required=True, help="folder of CamVid")
    parser.add_argument("--seed", type=int, default=0, help="another seed, other files (default: %(default)s)")
    parser.add_argument("--train", type=int, default=60, help="training pairs of a planted set (default: %(default)s)")
    parser.add_argument("--val", type=int, default=24, help="validation pairs of one (default: %(default)s)")
    parser.add_argument(
        "--sensitivity",
        action="store_true",
        help="instead: which share of single labels is found, by how far they lie off",
    )
    add_json_flag(parser, "the counts")
    return parser


def read_camvid(root: str, train: int | None, val: int | None) -> Pairs:
    """CamVid split by drives, evenly thinned to so many pairs; None: all there are."""
    parts = {"train": [], "val": []}
    for mode in ("train", "val"):
        for drives, part in ((TRAIN_DRIVES, "train"), (VAL_DRIVES, "val")):
            present = [
                d for d in drives if any(Path(p).name.startswith(d) for p, _ in CamVid([], root, mode).file_list)
            ]
            if present:
                dataset = CamVid([], root, mode, drives=present)
                parts[part] += [(dataset, index) for index in range(len(dataset))]
    for part, count in (("train", train), ("val", val)):
        entries = parts[part]
        chosen = range(len(entries)) if count is None else np.linspace(0, len(entries) - 1, count).astype(int)
        samples = [entries[i][0].read(entries[i][1]) for i in chosen]
        parts[part] = [Pair(Path(s["path"]).stem, s["img"], s["label"], quality=95) for s in samples]
    return Pairs(**parts, num_classes=CamVid.num_classes, palette=CamVid.palette)


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
    last = pairs.num_classes - 1  # without the last class, what is counted from 1 has no wrong value
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
    """Some pictures of a drive that is trained on become validation pictures."""
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
    """The 40 faults: which clean set, and what is done to it."""
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


def is_of(finding: Finding, planted: Planted) -> bool:
    """Whether a finding is the planted fault, with all of its files and no others."""
    if finding.kind != planted.kind:
        return False
    return not planted.files or {Path(file).name for file in finding.files} == planted.files


def is_true(finding: Finding, planted: Planted, hits: list[Finding]) -> bool:
    """Whether a finding says something of the planted fault, which both parts may have."""
    if finding.kind in planted.also:
        return {Path(file).name for file in finding.files} == planted.files
    return finding in hits


def run(pairs: Pairs) -> list[Finding]:
    """The doctor's findings on a data set, written to a folder that is removed again."""
    with tempfile.TemporaryDirectory() as folder:
        train, val = pairs.write(Path(folder))
        found = diagnose(train, val).findings
        for finding in found:
            finding.show()  # pictures are part of it
        return found


def measure_sensitivity(pairs: Pairs, seed: int) -> dict[str, float]:
    """Share of labels that are found when each is the only one that is off, by what is wrong with it."""
    greys = [to_grey(pair.picture) for pair in pairs.train]
    right = [find_edges(grey, pair.label.astype(np.int32)) for grey, pair in zip(greys, pairs.train)]
    chance = Chance.measure([edges for edges in right if edges is not None])
    scale = next(edges.scale for edges in right if edges is not None)
    rng = np.random.default_rng(seed)

    def is_found(grey: np.ndarray, label: np.ndarray) -> bool:
        edges = find_edges(grey, np.ascontiguousarray(label).astype(np.int32))
        return edges is not None and judge([fit(edges, edges)], chance, scale).elsewhere == [0]

    shares = {"clean": float(np.mean([is_found(grey, pair.label) for grey, pair in zip(greys, pairs.train)]))}
    for length in (3, 4, 5, 6, 8):
        angles = rng.uniform(0, 2 * np.pi, len(greys))
        moved = [
            faults.shift(pair.label, round(length * scale * np.cos(angle)), round(length * scale * np.sin(angle)))
            for pair, angle in zip(pairs.train, angles)
        ]
        shares[f"shifted by {length} of 384 pixels"] = float(np.mean(list(map(is_found, greys, moved))))
    for name, change in (("mirrored", flip_across), ("upside down", flip_over)):
        shares[name] = float(np.mean([is_found(g, change(pair.label)) for g, pair in zip(greys, pairs.train)]))
    return shares


def main(arguments: argparse.Namespace) -> None:
    check_json_flag(arguments.json)
    if arguments.sensitivity:
        found = {
            "CamVid": measure_sensitivity(read_camvid(arguments.dataset_root, arguments.train, 1), arguments.seed),
            "RoadScenes": measure_sensitivity(
                faults.draw_road_scenes(arguments.train, 1, (384, 192), arguments.seed), arguments.seed
            ),
        }
        for what in found["CamVid"]:
            print(f"{what:<28}{''.join(f'{name} {shares[what]:>6.1%}  ' for name, shares in found.items())}")
        write_json(arguments.json, found)
        return
    started = time.perf_counter()
    small = {
        "camvid": read_camvid(arguments.dataset_root, arguments.train, arguments.val),
        "scenes": faults.draw_road_scenes(arguments.train, arguments.val, seed=arguments.seed),
    }
    counts = {kind: {"planted": 0, "found": 0, "false": 0} for kind in (*KINDS, "(clean)")}
    for number, (name, plant) in enumerate(plants()):
        planted = plant(small[name].copy(), np.random.default_rng([arguments.seed, number]))
        found = run(planted.pairs)
        hits = [finding for finding in found if is_of(finding, planted)]
        others = [finding for finding in found if not is_true(finding, planted, hits)]
        row = counts[planted.kind]
        row["planted"] += 1
        row["found"] += bool(hits)
        row["false"] += len(others)
        said = f"; also: {'; '.join(f'{o.kind}: {o.message}' for o in others)}" if others else ""
        print(f"{name:<7} {planted.kind:<20} {planted.what:<45} {'found' if hits else 'MISSED'}{said}", flush=True)
    for name, pairs in clean_sets(arguments, small).items():
        found = run(pairs)
        counts["(clean)"]["false"] += len(found)
        print(f"clean: {name}: {[f'{f.kind}: {f.message}' for f in found] or 'nothing'}", flush=True)
    print(f"\n{'kind':<22}{'planted':>8}{'found':>7}{'false':>7}")
    for kind, row in counts.items():
        print(f"{kind:<22}{row['planted']:>8}{row['found']:>7}{row['false']:>7}")
    totals = {key: sum(row[key] for row in counts.values()) for key in ("planted", "found", "false")}
    print(f"{'all':<22}{totals['planted']:>8}{totals['found']:>7}{totals['false']:>7}")
    print(f"{time.perf_counter() - started:.0f} s")
    write_json(arguments.json, counts)


def clean_sets(arguments: argparse.Namespace, small: dict[str, Pairs]) -> dict[str, Pairs]:
    """Data sets without any fault: those that were spoilt, all of CamVid by drives, and scenes of two sizes."""
    return {
        **small,
        "CamVid by drives": read_camvid(arguments.dataset_root, None, None),
        "RoadScenes 256x128": faults.draw_road_scenes(200, 50, seed=arguments.seed + 1),
        "RoadScenes 512x256": faults.draw_road_scenes(60, 20, (512, 256), seed=arguments.seed + 2),
    }


if __name__ == "__main__":
    run_command(main, make_parser())
