# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""tools/train_list.py: a list of recipes, trained one after the other."""

import fcntl
import json
import re
from pathlib import Path

import pytest

from benchmark import recipe_list, recipe_table
from paddleseg.utils.errors import ConfigError, UserError
from tests.scripts import load_script

SCRIPT = Path(__file__).resolve().parents[2] / "tools" / "train_list.py"
LISTS = sorted((SCRIPT.parents[1] / "benchmark" / "recipes").glob("*.yml"))

LIST = """\
config: tiny.yml
common: {iters: 2}
arguments: {num_workers: 0, log_iters: 1}
scores: {train part: {val_dataset: {val_path: train.txt}}}
classes: {rare: [class 1, class 3]}
runs:
  plain: {seeds: [1, 2]}
  broken: {seeds: [1], config: {model: {pretrained: gone.pdparams}}}
  average: {seeds: [5], config: {loss: {class_weights: enet}}, arguments: {use_ema: true}}
"""


@pytest.fixture
def tool():
    return load_script(SCRIPT)


@pytest.fixture
def work_off(tool, tiny_config, write_yaml, tmp_path):
    """Run the tool on a list beside the tiny configuration."""

    def run(text, *options):
        path = write_yaml(text, "list.yml")
        tool.main(tool.make_parser().parse_args([path, "--save_dir", str(tmp_path / "runs"), *options]))

    return run


def rows(table):
    return {cells[0]: cells[1:] for cells in ([cell.strip() for cell in line.split("|")[1:-1]] for line in table)}


@pytest.mark.slow
def test_all_are_trained_and_scored_and_a_second_start_repeats_nothing(work_off, tmp_path):
    with pytest.raises(ConfigError, match="failed: broken, seed 1. What happened stands at the end of its log"):
        work_off(LIST)
    folder = tmp_path / "runs"
    assert "class_weights enet, from 8 labels" in (folder / "average" / "seed_5.log").read_text()
    result = json.loads((folder / "plain" / "seed_2.train part.json").read_text())
    table = rows((folder / "table.md").read_text().splitlines())
    scores = ["train part mIoU", "train part accuracy", "train part rare"]
    assert table["recipe"] == ["seeds", "s/step", "minutes", *scores]
    assert result["num_images"] == 8
    assert table["plain"][0] == "1, 2" and table["broken"][0] == "1 failed" and table["broken"][3:] == [""] * 3
    assert list(table) == ["recipe", "-", "plain", "broken", "average", "average, average"]
    both = re.fullmatch(r"[\d.]+ \(([\d.]+), ([\d.]+)\)", table["plain"][3])
    assert both[2] == f"{100 * result['mean_iou']:.1f}"
    rare = [one["iou"] for one in result["classes"] if one["name"] in ("class 1", "class 3")]
    assert table["plain"][5].endswith(f", {50 * sum(rare):.1f})")
    logs = {log: log.read_text() for log in folder.glob("*/*.log")}
    with pytest.raises(ConfigError, match="failed: broken"):
        work_off(LIST)
    assert [log.parent.name for log, text in logs.items() if log.read_text() != text] == ["broken"]
    with pytest.raises(ConfigError, match="classes.rare: there is no class tree; there are class 0, class 1, class 2"):
        work_off(LIST.replace("class 3", "tree"), "--table_only")


def test_the_table_leaves_out_classes_that_never_occur_as_the_mean_iou_does(tmp_path):
    values = {"runs": {"plain": {}}, "scores": {"val": {}}, "classes": {"rare": ["pole", "sign"], "absent": ["sign"]}}
    run = recipe_list.Run("plain", 1, {}, tmp_path)
    classes = [{"name": "pole", "iou": 0.25}, {"name": "sign", "iou": None}]
    content = {"mean_iou": 0.25, "pixel_accuracy": 0.5, "classes": classes}
    run.score_file("val", "").write_text(json.dumps(content))
    steps = ((10, 1.5), (20, 2.5), (30, 2.0))
    run.log.write_text("".join(f"[TRAIN] iter: {i}/90, loss: 1.0, batch_cost: {cost}, ips: 1\n" for i, cost in steps))
    table = rows(recipe_table.table(values, [run]).splitlines())
    assert table["plain"] == ["1", "2.00", "3", "25.0", "50.0", "25.0", ""]


def test_a_run_that_another_program_has_taken_is_passed_over(work_off, tmp_path, capsys):
    folder = tmp_path / "runs" / "plain"
    folder.mkdir(parents=True)
    with open(folder / "seed_1.lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        work_off("config: tiny.yml\nruns: {plain: {seeds: [1]}}\n")
    assert not (folder / "seed_1.log").exists()
    assert "| plain | 1 open |" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("base", "runs", "file"),
    [
        ("", "plain: {seeds: [1, 2], config: {iters: 3}}", "train.yml"),
        ("iters: 9\n", "plain: {seeds: [1]}", "train.yml"),
        ("", "plain: {seeds: [1], arguments: {precision: bf16}}", "arguments.json"),
        ("", "plain: {seeds: [1], arguments: {num_workers: 1}}", None),  # not part of the recipe
    ],
)
def test_another_recipe_under_a_name_that_has_been_used_is_refused(base, runs, file, write_yaml, tiny_config, tmp_path):
    def prepare(runs):
        path = Path(write_yaml(f"config: tiny.yml\nruns: {{{runs}}}\n", "list.yml"))
        recipe_list.prepare(path, *recipe_list.read_list(path, tmp_path / "runs"))

    prepare("plain: {seeds: [1]}")
    (tmp_path / "runs/plain/seed_1.log").touch()
    if base:
        tiny_config.write_text(re.sub(r"(?m)^iters: .*\n", base, tiny_config.read_text()))
    if file is None:
        prepare(runs)
        return
    with pytest.raises(ConfigError, match=f"runs.plain: .*{file} has another recipe; give this one another name"):
        prepare(runs)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("classes: {rare: [clas 3]}", r"list.yml: classes.rare: there is no class clas 3. Did you mean 'class 3'\? "),
        ("common: {iter: 2}", "iter: there is no such key. Did you mean 'iters'"),
        ("scores: {val: {val_dataset: {val_path: gone.txt}}}", "gone.txt"),
    ],
)
def test_what_would_end_the_last_run_is_refused_before_the_first(work_off, tmp_path, text, message):
    with pytest.raises(UserError, match=message):
        work_off(f"config: tiny.yml\n{text}\nruns: {{plain: {{seeds: [1]}}}}\n")
    assert not list(tmp_path.glob("runs/*/*.log"))
    path = tmp_path / "list.yml"
    path.write_text("config: tiny.yml\nruns: {plain: {seeds: [1]}}\n")
    recipe_list.prepare(path, *recipe_list.read_list(path, tmp_path / "runs"))  # corrected, it is not another recipe


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("config: tiny.yml\n", "runs: there is no such key; give it"),
        ("config: gone.yml\nruns: {}\n", "config: .*gone.yml is not a file"),
        ("config: tiny.yml\nruns: {a: {seeds: [-1]}}\n", "runs.a.seeds: found"),
        ("config: tiny.yml\nruns: {a: {seed: [1]}}\n", "runs.a.seed: there is no such key. Did you mean 'seeds'"),
        ("config: tiny.yml\nruns: {a/b: {seeds: [1]}}\n", "runs.a/b: it becomes the name of a folder; give a text"),
        ("config: tiny.yml\nruns: {2000: {seeds: [1]}}\n", "runs.2000: it becomes the name of a folder; give a text"),
        ("config: tiny.yml\nclasses: {rare: []}\nruns: {}\n", "classes.rare: the list is empty"),
        (
            "config: tiny.yml\nruns: {a: {seeds: [1], arguments: {ema_decay: 0.9}}}\n",
            "arguments of a: train.py: error: unrecognized arguments: --ema_decay=0.9",
        ),
        ("config: tiny.yml\narguments: {seed: 3}\nruns: {a: {seeds: [1]}}\n", "arguments of a: seed: the list sets it"),
        ("config: tiny.yml\nruns: {a: {seeds: []}}\n", "runs.a.seeds: the list is empty"),
        ("config: tiny.yml\nclasses: {rare: pole}\nruns: {}\n", "classes: found .*it must be"),
        ("config: tiny.yml\nrun: {}\n", "run: there is no such key. Did you mean 'runs'"),
    ],
)
def test_a_wrong_list_is_refused_by_its_key(work_off, text, message):
    with pytest.raises(ConfigError, match=f"list.yml: {message}"):
        work_off(text, "--table_only")


@pytest.mark.parametrize("path", LISTS, ids=lambda p: p.stem)
def test_each_run_of_the_lists_of_the_repository_has_a_valid_configuration(path, tmp_path):
    values, runs = recipe_list.read_list(path, tmp_path)
    for run in runs:
        recipe_list.write_configs(path, values, run)
