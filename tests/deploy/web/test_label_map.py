# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The label map in JavaScript equals Python's for the same logits, to the last pixel."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from paddleseg.utils.label_map import label_maps
from tests.conftest import REPOSITORY

NODE = shutil.which("node")
pytestmark = [pytest.mark.extras, pytest.mark.skipif(NODE is None, reason="needs Node.js on the PATH")]
SCRIPT = Path(__file__).with_name("label_maps.mjs")
WAYS = [  # size of the network's input, and what came before it
    ((64, 96), []),
    ((61, 93), []),
    ((40, 32), [("resize", (97, 131))]),
    ((128, 160), [("resize", (33, 200))]),
    ((96, 128), [("padding", (75, 101))]),
    ((96, 128), [("resize", (150, 90)), ("padding", (80, 128))]),
    ((64, 64), [("resize", (30, 47)), ("resize", (200, 120)), ("padding", (64, 50))]),
]


def logits_of(kind: str, shape: tuple[int, int, int], seed: int) -> np.ndarray:
    """(K, h, w) float32: "noise", all border; "blots", a class each; "ties", of few whole numbers; "spoilt"."""
    random = np.random.default_rng(seed)
    noise = random.standard_normal(shape).astype(np.float32)
    if kind == "ties":
        return np.round(noise).astype(np.float32)
    if kind == "blots":
        blots = random.integers(0, shape[0], (1 + shape[1] // 4, 1 + shape[2] // 4))
        inside = np.kron(blots, np.ones((4, 4), int))[: shape[1], : shape[2]]
        return noise + 6 * (inside == np.arange(shape[0])[:, None, None])
    if kind == "spoilt":
        noise[random.random(shape) < 0.05] = np.nan
        noise[random.random(shape) < 0.05] = np.inf
    return noise


def in_javascript(folder: Path, cases) -> list[np.ndarray]:
    """The ids of each case (logits, size, trans_info, ignored class), flat."""
    facts = []
    for number, (logits, size, trans_info, ignored) in enumerate(cases):
        (folder / f"{number}.logits").write_bytes(logits.astype("<f4").tobytes())
        facts.append({"shape": logits.shape, "size": size, "transInfo": trans_info, "ignored": ignored})
    (folder / "cases.json").write_text(json.dumps(facts))
    subprocess.run([NODE, SCRIPT, REPOSITORY / "deploy/web/page/label_map.js", folder], check=True, timeout=120)
    return [np.frombuffer((folder / f"{number}.ids").read_bytes(), np.uint8) for number in range(len(facts))]


@pytest.mark.parametrize("kind", ["noise", "blots", "ties", "spoilt"])
def test_ids_are_those_of_python_to_the_last_pixel(tmp_path, kind):
    cases = []
    for seed, (size, trans_info) in enumerate(WAYS):
        grid = [-(-side // 8) for side in size]
        cases += [
            (logits_of(kind, (19, *grid), seed), size, trans_info, None),
            (logits_of(kind, (7, *grid), seed), size, trans_info, 3),
            (logits_of(kind, (5, *size), seed), size, trans_info, None),  # logits at the size of the input
            (logits_of(kind, (1, *grid), seed), size, trans_info, None),
        ]
    for (logits, size, trans_info, ignored), found in zip(cases, in_javascript(tmp_path, cases)):
        with np.errstate(invalid="ignore"):
            expected = label_maps(logits[None], size, [trans_info], ignored_class=ignored)[0]
        np.testing.assert_array_equal(found, expected.ravel(), err_msg=f"{logits.shape} {size} {trans_info}")
