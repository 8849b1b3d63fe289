# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A card has the facts of the run's folder, marks the rest, and is never replaced once filled in."""

import dataclasses
import json
import shutil
from pathlib import Path

import pytest
import yaml

import paddleseg
import train
from paddleseg.model_card.citation import PAPER, TOOLKIT
from paddleseg.model_card.facts import gather
from paddleseg.model_card.markdown import FILL_IN, card_text
from paddleseg.utils.checksum import sha256_of
from paddleseg.utils.errors import DataError, UserError
from tests.conftest import TINY_CONFIG, make_dataset
from tests.messages import naming
from tests.scripts import load_script

ROOT = Path(__file__).resolve().parents[2]
# Version 1.2.0 of the format: what has to be there, and what of the rest is used.
CFF_REQUIRED = {"authors", "cff-version", "message", "title"}
CFF_KEYS = CFF_REQUIRED | {"abstract", "identifiers", "keywords", "license", "references", "type", "version"}
CFF_REFERENCE_KEYS = {"authors", "identifiers", "license", "title", "type", "url", "version", "year"}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A run of two steps with its best model."""
    folder = tmp_path_factory.mktemp("made")
    make_dataset(folder / "streets")
    (folder / "tiny.yml").write_text(TINY_CONFIG.format(root=folder / "streets"))
    given = (
        "--config", folder / "tiny.yml", "--save_dir", folder / "run", "--num_workers", 0, "--device", "cpu", "--iters",
        2, "--do_eval",
    )  # fmt: skip
    train.main(train.make_parser().parse_args(list(map(str, given))))
    return folder / "run"


@pytest.fixture
def run(made, tmp_path):
    return shutil.copytree(made, tmp_path / "run")


def write_card(*arguments):
    tool = load_script(ROOT / "tools" / "model_card.py")
    tool.main(tool.make_parser().parse_args(list(map(str, arguments))))


def scores_of(weights, folder):
    """As ``val.py --json`` writes them: a weak class, a rare one, and one that is absent."""
    rows = [("road", 0.9, 10**6), ("tree|bush", 0.2, 10**5), ("bird", 0.5, 20), ("boat", None, 0)]
    classes = [
        {"id": number, "name": name, "iou": iou, "precision": iou, "recall": iou, "dice": iou, "label_pixels": pixels}
        for number, (name, iou, pixels) in enumerate(rows)
    ]
    content = {"model_path": str(weights), "num_images": 3, "mean_iou": 0.5333, "classes": classes}
    file = folder / "scores.json"
    file.write_text(json.dumps(content))
    return file


def test_the_card_says_what_the_run_and_its_evaluation_say(run, tmp_path):
    write_card(run, "--scores", scores_of(run / "best_model", tmp_path))
    text = (run / "MODEL_CARD.md").read_text()
    weights = run / "best_model" / "model.pdparams"
    for words in (
        "# DDRNet_23_slim, trained on streets", "2 of 2", "| pictures trained on | 8 |", sha256_of(weights),
        "RandomPaddingCrop (crop_size [64, 64])", "| road | 0.9000 |", "| boat | - |", "tree\\|bush", "mIoU | 0.5333 |",
        "Below 30% IoU: tree|bush.", "of the labels): bird, boat", "GMACs at 1024x2048 | 36.2 |", "3 pictures of val",
    ):  # fmt: skip
        assert words in text, words
    assert text.count(FILL_IN) == 5
    assert str(tmp_path) not in text


def test_without_scores_of_classes_the_card_says_how_to_get_them(run, capsys):
    manifest = json.loads((run / "best_model/manifest.json").read_text())
    del manifest["files"]["scores.json"]  # as of versions that did not keep them
    (run / "best_model/manifest.json").write_text(json.dumps(manifest))
    (run / "best_model/scores.json").unlink()
    write_card(run)
    assert "val.py --json scores.json" in (run / "MODEL_CARD.md").read_text()
    assert "--scores" in capsys.readouterr().out


@pytest.mark.parametrize(("precision", "amp_level", "named"), [("bf16", "O2", "bf16"), ("bf16", "O1", "fp32")])
def test_figures_of_the_run_itself_are_said_to_be_of_the_precision_it_evaluated_in(run, precision, amp_level, named):
    facts = gather(run, None)
    start = {**facts.start, "settings": {**facts.start["settings"], "precision": precision, "amp_level": amp_level}}
    text = card_text(dataclasses.replace(facts, start=start, scores=None))
    assert f"after 2 steps, in Paddle with {named} (pictures: whole)" in text


def test_a_card_is_written_again_but_not_over_what_somebody_filled_in(run):
    write_card(run)
    write_card(run / "best_model")
    card = run / "MODEL_CARD.md"
    card.write_text(card.read_text().replace(FILL_IN, "for streets", 1))
    with pytest.raises(DataError, match=naming(str(card), "would be replaced")):
        write_card(run)


@pytest.mark.parametrize("fault", ["no run", "other weights", "no scores", "no file", "damaged"])
def test_what_cannot_be_a_card_is_refused(run, tmp_path, fault):
    scores = scores_of(run / ("iter_2" if fault == "other weights" else "best_model"), tmp_path)
    if fault == "no scores":
        scores.write_text("{}")
    if fault == "no file":
        scores.unlink()
    if fault == "damaged":
        (run / "best_model" / "model.pdparams").write_bytes(b"x")
    with pytest.raises(UserError) as caught:
        write_card(tmp_path if fault == "no run" else run, "--scores", scores)
    assert "\n" not in str(caught.value)
    assert not (run / "MODEL_CARD.md").exists()


def check_citation(content):
    assert set(content) >= CFF_REQUIRED and set(content) <= CFF_KEYS
    assert content["cff-version"] == "1.2.0" and content["type"] == "software"
    for one in [content, *content["references"]]:
        assert one["authors"] and all(
            set(author) in ({"name"}, {"family-names", "given-names"}) for author in one["authors"]
        )
    assert all(set(one) <= CFF_REFERENCE_KEYS for one in content["references"])
    assert content["references"][0] == PAPER


def test_the_citation_of_a_network_names_paper_and_toolkit(run):
    write_card(run)
    content = yaml.safe_load((run / "CITATION.cff").read_text())
    check_citation(content)
    assert content["references"][1] == {"type": "software", **TOOLKIT}
    assert content["identifiers"][0]["value"] == f"sha256:{sha256_of(run / 'best_model' / 'model.pdparams')}"


def test_the_citation_of_the_repository_is_that_of_this_version():
    content = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    check_citation(content)
    assert content["version"] == paddleseg.__version__
    assert {name: content[name] for name in TOOLKIT} == TOOLKIT
