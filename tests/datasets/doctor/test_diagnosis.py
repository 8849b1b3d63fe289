# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The label doctor on drawn scenes with one fault each: it names that and nothing else."""

import functools
import re
import shlex
import subprocess
from pathlib import Path

import numpy as np
import pytest

from benchmark import label_doctor, label_faults, label_plants
from benchmark.label_faults import Planted
from paddleseg.datasets import Dataset
from paddleseg.datasets.data_check import examine
from paddleseg.datasets.data_report import find_problems
from paddleseg.datasets.doctor import cures, diagnose, page, propose_maps
from paddleseg.datasets.doctor.finding import KINDS
from paddleseg.datasets.doctor.survey import Survey
from paddleseg.utils.image_io import read_label
from paddleseg.utils.yaml_text import parse_yaml
from tests.scripts import load_script

ROOT = Path(__file__).resolve().parents[3]
FLIPPED = label_plants.simply(label_plants.flip_across)


@pytest.fixture(scope="module")
def scenes():
    """Twenty-four drawn scenes to train on, eight to evaluate."""
    return label_faults.draw_road_scenes(24, 8)


def shifted(right, down):
    return label_plants.simply(functools.partial(label_faults.shift, right=right, down=down))


def coloured(pairs, label):
    return label_faults.colour(label, pairs.palette)


def halved(pairs, label):
    return label_faults.smooth(label, 0.5)


def in_labels(kind, change, part="train", count=None):
    return label_plants.plant_in_labels(kind, kind, change, part, count)


def plant_speck(pairs, rng):
    """Three pixels of a class."""
    for pair in pairs.train:
        pair.label = np.where(pair.label == 13, 255, pair.label)
    pairs.train[4].label[60:63, 100] = 13
    return Planted("few_pixels", "3 pixels", pairs, files={f"{pairs.train[4].name}.png"})


COPIES = label_plants.plant_copies
FAULTS = {
    "all labels count from 1": label_plants.plant_off_by_one_everywhere,
    "some labels count from 1": label_plants.plant_off_by_one_in_some,
    "masks of 0 and 255": label_plants.plant_masks(0),
    "colours": in_labels("colours", coloured, "val"),
    "smoothed edges everywhere": in_labels("antialiased", halved),
    "smoothed edges in some labels": in_labels("antialiased", halved, "val", 2),
    "all labels shifted": in_labels("shifted", shifted(3, -2)),
    "some labels shifted": in_labels("shifted", shifted(-8, 5), "train", 3),
    "all labels mirrored": in_labels("mirrored", FLIPPED),
    "some labels mirrored": in_labels("mirrored", FLIPPED, "train", 2),
    "columns swapped": label_plants.plant_swapped_columns,
    "parts swapped": label_plants.plant_swapped_parts,
    "two labels exchanged": label_plants.plant_exchanged,
    "labels out of step": label_plants.plant_out_of_step,
    "the same pictures": COPIES("same_picture", "", np.copy, None, 2),
    "resized pictures": COPIES("resized_copy", "", functools.partial(label_faults.resize, factor=0.5), 90, 2),
    "pictures saved anew": COPIES("reencoded_copy", "", np.copy, 70, 2),
    "films": label_plants.plant_film,
    "a rare class": plant_speck,
}


def test_clean_scenes_have_nothing(scenes, tmp_path):
    assert [finding.message for finding in diagnose(*scenes.write(tmp_path)).findings] == []


@pytest.mark.parametrize("name", FAULTS)
def test_the_fault_is_found_with_its_files_and_nothing_else(name, scenes, tmp_path):
    planted: Planted = FAULTS[name](scenes.copy(), np.random.default_rng(3))
    found = diagnose(*planted.pairs.write(tmp_path)).findings
    hits = [finding for finding in found if label_doctor.is_of(finding, planted)]
    assert hits, [finding.message for finding in found]
    assert {finding.kind for finding in found} == {planted.kind}
    assert planted.section in {finding.section for finding in hits}
    for finding in hits:
        assert finding.cure.strip()
        assert all(exhibit.picture.dtype == np.uint8 and exhibit.picture.ndim == 3 for exhibit in finding.show())


@pytest.mark.slow
def test_labels_of_a_film_that_are_one_picture_out_of_step_are_found_though_they_nearly_fit(scenes, tmp_path):
    film = label_plants.plant_film(scenes.copy(), np.random.default_rng(3)).pairs.train[24:]
    labels = [pair.label for pair in film]
    pairs = scenes.copy()
    pairs.train = film
    assert "swapped" not in {finding.kind for finding in diagnose(*pairs.write(tmp_path / "right")).findings}
    for pair, label in zip(film, [labels[-1], *labels]):
        pair.label = label
    found = {finding.kind: finding for finding in diagnose(*pairs.write(tmp_path / "late")).findings}
    assert "1 line further down" in found["swapped"].message
    command = found["swapped"].cure.replace("NEW_LIST", "new.txt").replace("LIST", "train.txt")
    subprocess.run(["bash", "-c", command], cwd=tmp_path / "late", check=True)
    lines = [line.split() for line in (tmp_path / "late/new.txt").read_text().splitlines()]
    right = {pair.name: label for pair, label in zip(film, labels)}
    assert len(lines) == len(film) - 1
    for picture, label in lines:
        assert (read_label(tmp_path / "late" / label) == right[Path(picture).stem]).all()


def test_every_kind_is_tried(scenes):
    tried = {plant(scenes.copy(), np.random.default_rng(3)).kind for plant in FAULTS.values()}
    assert tried == set(KINDS)


@pytest.mark.parametrize("name", ["all labels count from 1", "masks of 0 and 255"])
def test_the_proposed_lines_can_be_pasted_and_mend_the_data(name, scenes, tmp_path):
    planted = FAULTS[name](scenes.copy(), np.random.default_rng(3))
    train, val = planted.pairs.write(tmp_path)
    assert find_problems(examine(train, val))
    pasted, _ = parse_yaml("\n".join(finding.cure for finding in propose_maps(train, val).findings), "cures")
    mended = [
        Dataset(
            part,
            str(tmp_path),
            [],
            planted.pairs.num_classes,
            **{f"{part}_path": str(tmp_path / f"{part}.txt")},
            **pasted[f"{part}_dataset"],
        )
        for part in ("train", "val")
    ]
    assert find_problems(examine(*mended)) == []


@pytest.mark.parametrize("name", ["all labels shifted", "some labels mirrored", "some labels count from 1"])
def test_the_command_that_is_proposed_mends_the_labels(name, scenes, tmp_path, monkeypatch):
    planted = FAULTS[name](scenes.copy(), np.random.default_rng(3))
    train, val = planted.pairs.write(tmp_path)
    (finding,) = [found for found in diagnose(train, val).findings if found.kind == planted.kind]
    words = shlex.split(finding.cure.splitlines()[0].replace("*.png", ""))
    assert words[:2] == ["python", "tools/mend_labels.py"]
    files = [str(path) for word in words if word.endswith("/") for path in sorted(Path(word).glob("*.png"))]
    words = [word for word in words[2:] if not word.endswith("/")] + files
    monkeypatch.chdir(tmp_path)
    tool = load_script(ROOT / "tools/mend_labels.py")
    arguments = tool.make_parser().parse_args(words)
    tool.main(arguments)
    (folder,) = {Path(file).parent for file in finding.files}
    for file in finding.files:  # as a user does who agrees
        Path(file).write_bytes(Path(arguments.save_dir, Path(file).relative_to(folder)).read_bytes())
    assert diagnose(train, val).findings == []


def test_the_command_for_colours_gives_back_the_class_ids(scenes, tmp_path, monkeypatch):
    planted = FAULTS["colours"](scenes.copy(), np.random.default_rng(3))
    (finding,) = propose_maps(*planted.pairs.write(tmp_path)).findings
    monkeypatch.chdir(tmp_path)
    listed, command = finding.cure.split("# then\n")
    Path("classes.txt").write_text(listed)
    words = shlex.split(command)
    assert words[:2] == ["python", "tools/convert_dataset.py"]
    tool = load_script(ROOT / "tools/convert_dataset.py")
    tool.main(tool.make_parser().parse_args(words[2:]))
    written = dict(line.split() for line in Path("NEW_FOLDER/all.txt").read_text().splitlines())
    found = {Path(picture).stem: read_label(f"NEW_FOLDER/{label}") for picture, label in written.items()}
    assert found.keys() == {pair.name for pair in scenes.val}
    assert all((found[pair.name] == pair.label).all() for pair in scenes.val)


def test_the_page_needs_nothing_else_and_holds_every_finding(scenes, tmp_path):
    pairs = scenes.copy()
    pairs.train[0].name = "a & <b> 'c'"
    planted = FAULTS["some labels mirrored"](pairs, np.random.default_rng(3))
    for part in ("train", "val"):
        for pair in planted.pairs.part(part):
            pair.name = pair.name.replace(" ", "_")
    diagnosis = diagnose(*planted.pairs.write(tmp_path))
    text = page.make_page(diagnosis, "my <config>.yml")
    assert "my &lt;config&gt;.yml" in text and "<b>" not in text
    assert "default-src 'none'" in text
    assert not re.search(r"(src|href)=\"(?!data:)", text)
    assert text.count("<section>") == len(diagnosis.findings) and text.count("<img") >= 4
    assert len(text) < 1_000_000


@pytest.mark.parametrize("name", ["some labels mirrored", "some labels shifted", "two labels exchanged"])
def test_the_page_does_not_say_of_labels_that_were_found_elsewhere_that_they_cannot_be_judged(name, scenes, tmp_path):
    planted = FAULTS[name](scenes.copy(), np.random.default_rng(3))
    diagnosis = diagnose(*planted.pairs.write(tmp_path))
    unclear = page.make_page(diagnosis, "mine.yml").rpartition("</section>")[2]
    survey = diagnosis.surveys[0]
    wrong = [survey.picture(fact) for fact in survey.facts if Path(survey.label(fact)).name in planted.files]
    assert len(wrong) >= 2 and not any(picture in unclear for picture in wrong)


def test_a_part_whose_labels_are_right_keeps_them_where_the_other_gets_a_map(scenes, tmp_path):
    pairs = scenes.copy()
    label_faults.in_labels(pairs, "train", label_faults.count_from_one)
    (finding,) = propose_maps(*pairs.write(tmp_path)).findings
    pasted, _ = parse_yaml(finding.cure, "cure")
    assert pasted["train_dataset"]["label_map"][19] == 18 and pasted["val_dataset"] == {"label_map": {}}


def test_lines_for_the_terminal_say_what_mends(scenes, tmp_path):
    planted = FAULTS["masks of 0 and 255"](scenes.copy(), np.random.default_rng(3))
    lines = list(page.describe(propose_maps(*planted.pairs.write(tmp_path))))
    assert lines[0].startswith("error: train_dataset: ")
    assert "      label_map: {255: 1}" in lines
    assert lines[-1].startswith("label doctor: 2 findings in 32 pairs")


def test_data_sets_that_read_labels_in_their_own_way_are_judged_by_what_they_read(scenes, tmp_path):
    class CountedFromOne(Dataset):
        def _read_label_file(self, path):
            label = super()._read_label_file(path)
            return np.where(label == 255, 255, label - 1).astype(np.uint8)

    pairs = scenes.copy()
    for part in ("train", "val"):
        label_faults.in_labels(pairs, part, label_faults.count_from_one)
    pairs.write(tmp_path)
    read = [
        CountedFromOne(part, str(tmp_path), [], 19, **{f"{part}_path": str(tmp_path / f"{part}.txt")})
        for part in ("train", "val")
    ]
    assert diagnose(*read).findings == []


@pytest.mark.parametrize(
    "spoil", [lambda label: label[..., None], lambda label: label.astype(np.int16) - 1, lambda label: label[:-1]]
)
def test_labels_that_no_training_could_use_are_left_to_the_check(spoil, scenes, tmp_path):
    class Spoilt(Dataset):
        def read(self, index):
            sample = super().read(index)
            return {**sample, "label": spoil(sample["label"])}

    scenes.write(tmp_path)
    train = Spoilt("train", str(tmp_path), [], 19, train_path=str(tmp_path / "train.txt"))
    assert find_problems(examine(train)) and diagnose(train).findings == []


def test_labels_that_cannot_be_read_are_left_to_the_check(scenes, tmp_path):
    train, val = scenes.write(tmp_path)
    Path(train.file_list[0][1]).write_bytes(b"no picture")
    Path(train.file_list[1][0]).write_bytes(b"")
    assert diagnose(train, val).findings == []


def test_mended_copies_of_one_cure_do_not_take_the_place_of_those_of_another():
    """A picture of training and one of validation often have the same name."""
    surveys = [Survey(section, dataset=None, facts=[]) for section in ("train_dataset", "val_dataset")]
    flags = ("--flip horizontal", "--flip both", "--shift -5 3", '--label_map "{1: 0}"')
    words = [cures.mend(survey, ["0001.png"], flag).split() for survey in surveys for flag in flags]
    places = {line[line.index("--save_dir") + 1] for line in words}
    assert len(places) == 8 and "mended_train_flip_horizontal" in places
