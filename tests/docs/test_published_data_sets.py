# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""docs/datasets.md describes the data sets correctly."""

import json
import re
from pathlib import Path

import pytest

from paddleseg.config.load import load_config
from paddleseg.datasets import PublishedDataset
from paddleseg.registry import DATASETS

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs/datasets.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in line.split("|")[1:-1]] for line in TEXT.splitlines() if line.startswith("| [")]
KINDS = {name: DATASETS[name] for name in DATASETS if issubclass(DATASETS[name], PublishedDataset)}


def test_each_data_set_has_its_row_with_classes_and_modes():
    found = {}
    for _, types, classes, modes, *_ in ROWS:
        names = re.findall(r"`(\w+)`", types)
        numbers = [int(number) for number in classes.split(";")]
        found |= {name: (number, modes) for name, number in zip(names, numbers * len(names))}
    assert found == {name: (kind.num_classes, ", ".join(kind.parts)) for name, kind in KINDS.items()}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_each_configuration_is_there_and_of_its_type(row):
    [path] = re.findall(r"`([\w/.]+)`", row[-1])
    path = ROOT / "configs" / path
    assert path.exists()
    if path.is_file():
        assert f"`{load_config(path).section('train_dataset')['type']}`" in row[1]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_each_path_of_the_folders_is_one_that_the_data_set_looks_for(row):
    kinds = [KINDS[name] for name in re.findall(r"`(\w+)`", row[1])]
    parts = [part for kind in kinds for parts in kind.parts.values() for part in parts]
    patterns = {p for part in parts for p in (*part.names, *part.pictures, *(form.pattern for form in part.labels))}
    written = [path.split()[0] for path in re.findall(r"`([^`]+)`", row[4]) if not path.startswith("JPEGImages/x")]
    for path in written:
        assert any(pattern == path or pattern.endswith(path.lstrip("*")) for pattern in patterns) or any(
            path in pattern.split("/") for pattern in patterns
        ), path


def test_the_map_of_mapillary_vistas_is_that_of_the_table():
    table = json.loads((ROOT / "paddleseg/datasets/tables/mapillary_vistas.json").read_text(encoding="utf-8"))
    names = KINDS["Cityscapes"].class_names
    mapped = {label: names[class_id] for label, _, class_id in table["labels"] if class_id != 255}
    lines = re.findall(r"^  \| ([a-z ,]+) \| (.+) \|$", TEXT, flags=re.MULTILINE)
    stated = {}
    for classes, labels in lines:
        if classes in ("class", "ignored"):
            continue
        groups = labels.split("; ") if ", " in classes else [labels]
        stated |= {
            label: class_name
            for class_name, group in zip(classes.split(", "), groups)
            for label in group.split(", ")
        }  # fmt: skip
    assert stated == mapped
