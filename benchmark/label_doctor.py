# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Plant faults of twelve kinds in CamVid and drawn scenes, and count the label doctor's hits and false alarms.

    python benchmark/label_doctor.py --dataset_root data/camvid

Each of 40 faults is planted in a separate data set. It is found if a finding of its kind names exactly the changed
files; all other findings on that data set, or on the clean ones, are false. CamVid is split by drives here, because its
usual parts have neighbours in both.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import numpy as np

from benchmark import label_faults as faults
from benchmark.label_faults import Pair, Pairs, Planted
from benchmark.label_plants import flip_across, flip_over, plants
from paddleseg.datasets import CamVid
from paddleseg.datasets.doctor import diagnose
from paddleseg.datasets.doctor.alignment import Chance, find_edges, fit, judge
from paddleseg.datasets.doctor.finding import KINDS, Finding
from paddleseg.datasets.doctor.survey import to_grey
from paddleseg.utils.cli import run_command
from paddleseg.utils.json_report import add_json_flag, check_json_flag, write_json

TRAIN_DRIVES, VAL_DRIVES = ["0001TP", "0006R0"], ["0016E5"]


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
    """CamVid split by drives, evenly thinned to the given numbers of pairs; None: all."""
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


def is_of(finding: Finding, planted: Planted) -> bool:
    """Whether a finding is the planted fault, with all of its files and no others."""
    if finding.kind != planted.kind:
        return False
    return not planted.files or {Path(file).name for file in finding.files} == planted.files


def is_true(finding: Finding, planted: Planted, hits: list[Finding]) -> bool:
    """Whether a finding is about the planted fault, which both parts may have."""
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
    """Share of labels that are found if each is the only wrong one, by the kind of fault."""
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
    """Data sets without faults: those used for planting, all of CamVid by drives, and scenes of two sizes."""
    return {
        **small,
        "CamVid by drives": read_camvid(arguments.dataset_root, None, None),
        "RoadScenes 256x128": faults.draw_road_scenes(200, 50, seed=arguments.seed + 1),
        "RoadScenes 512x256": faults.draw_road_scenes(60, 20, (512, 256), seed=arguments.seed + 2),
    }


if __name__ == "__main__":
    run_command(main, make_parser())
