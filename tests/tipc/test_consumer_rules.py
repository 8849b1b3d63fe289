# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Every chain of every model passes the rules of PaddlePaddle's integration, and one with a broken step is found."""

import dataclasses
import os
import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.scripts import load_script

ROOT = Path(__file__).resolve().parents[2]
run_chains = load_script(ROOT / "test_tipc" / "run_chains.py")
FILES = [(name, file) for name in run_chains.CHAINS for file in run_chains.find_files(ROOT, name)]
FAST_MODEL = "ddrnet23_slim"
MARKED_FILES = [
    pytest.param(
        name, file, marks=[] if file.parent.name == FAST_MODEL else pytest.mark.slow, id=f"{name}-{file.parent.name}"
    )
    for name, file in FILES
]
# The scripts that the steps of each chain run.
STEPS = {
    "basic": ["train.py", "export.py", "deploy/python/infer.py"],
    "amp": ["train.py"],
    "fleet": ["train.py"],
    "ptq": ["deploy/slim/quant/ptq.py", "deploy/python/infer.py"],
    "paddle2onnx": ["export.py", "deploy/python/infer.py"],
    "serving": ["export.py", "serve", "test_tipc/serving_python/pipeline_http_client.py"],
    "cpp": ["cmake", "segment"],
    "dy2static": ["train.py"],
    "benchmark": ["train.py"],
}
BROKEN = [(name, "FAKE_FAIL", script) for name in STEPS for script in STEPS[name]]
# They end well and write nothing; of trainings and their exports test_chain.py has that.
BROKEN += [(name, "FAKE_IDLE", script) for name in ("ptq", "paddle2onnx", "serving", "cpp") for script in STEPS[name]]
LINE = "\033[33m Run successfully with command - ddrnet - python train.py --a=b - ./x.log  \033[0m"


def run(checkout, name, file, **environment):
    """The chain with the fake Python, which makes no label maps that could be compared."""
    chain = dataclasses.replace(run_chains.CHAINS[name], compares=None)
    file = checkout.folder / file.relative_to(ROOT)
    env = checkout.environment(BENCHMARK_LOG_DIR="", **environment)
    return run_chains.run_chain(checkout.folder, chain, file, env=env)


def slim(name) -> Path:
    return next(file for name_of_file, file in FILES if name_of_file == name and file.parent.name == FAST_MODEL)


def results(checkout) -> list:
    return [line for log in checkout.folder.rglob("*.log") for line in run_chains.result_lines(log)]


def test_there_is_a_file_of_every_chain_for_every_size():
    sizes = {"ddrnet", "ddrnet23_slim", "ddrnet39"}
    for name in run_chains.CHAINS:
        models = [file.parent.name for file in run_chains.find_files(ROOT, name)]
        assert set(models) == (sizes | {"ddrnet23_slim_cls"} if name == "basic" else sizes)
        assert len(models) == len(set(models))
    assert set(run_chains.QUICK) <= {(name, file.parent.name) for name, file in FILES}


def test_no_file_is_found_as_two_chains():
    chains = [name for name in run_chains.CHAINS if name != "benchmark"]  # a section of the basic chain's files
    found = [file for name in chains for file in run_chains.find_files(ROOT, name)]
    assert sorted(found) == sorted((ROOT / "test_tipc" / "configs").rglob("*.txt"))


@pytest.mark.parametrize(("name", "file"), MARKED_FILES)
def test_every_chain_passes_the_rules_on_a_machine_with_two_cards(checkout, name, file):
    outcome = run(checkout, name, file, FAKE_CARDS="2")
    assert (outcome.problems, outcome.needs) == ([], "")
    model = file.parent.name + ("_KL" if name == "ptq" else "")
    assert {line.split(" - ")[1] for line in results(checkout)} == {model}


def test_fp16_is_refused_on_a_cpu_with_the_reason(checkout):
    outcome = run(checkout, "amp", slim("amp"))
    assert outcome.problems == []
    assert outcome.needs == "needs a GPU, and this Paddle is built for the CPU"
    assert str(outcome) == f"not run: {outcome.needs}"
    assert results(checkout) == []


@pytest.mark.parametrize(("name", "kind", "script"), BROKEN)
def test_a_chain_with_one_step_broken_on_purpose_is_found(checkout, name, kind, script):
    outcome = run(checkout, name, slim(name), FAKE_CARDS="2", **{kind: script})
    assert any(f"{script.split('/')[-1]}" in problem and "failed, see" in problem for problem in outcome.problems)
    assert re.search(r"exit status [1-9]", outcome.problems[-1])
    assert any(run_chains.FAILED_WORDS in line for line in results(checkout))


def test_losses_of_the_static_graph_that_differ_are_found(checkout):
    outcome = run(checkout, "dy2static", slim("dy2static"), FAKE_LOSS="2.6")
    assert any("compare_losses.py" in problem for problem in outcome.problems)
    assert outcome.problems[-1] == "exit status 1"


@pytest.mark.parametrize("name", STEPS)
def test_a_chain_says_nothing_about_the_next_one(checkout, name):
    for broken in (False, True, False):
        kind = {"FAKE_FAIL": STEPS[name][-1]} if broken else {}
        assert bool(run(checkout, name, slim(name), FAKE_CARDS="2", **kind).problems) == broken


@pytest.mark.parametrize("name", STEPS)
def test_a_chain_file_with_crlf_or_without_a_line_is_refused_in_a_line_that_names_it(checkout, name):
    chain = run_chains.CHAINS[name]
    lines = slim(name).read_text().splitlines()
    for text, message in (
        ("\r\n".join(lines), "line 1 ends with CRLF; end it with LF"),
        ("\n".join(lines[:5] + lines[6:]), "is one before it missing?"),
    ):
        file = checkout.write_chain_file(text)
        for script, word in (("prepare.sh", chain.mode), (chain.script, chain.second or chain.mode)):
            done = checkout.run(f"test_tipc/{script}", file, word)
            assert (done.returncode, done.stdout) == (2, "")
            assert done.stderr.startswith(f"error: {file}") and message in done.stderr
            assert done.stderr.count("\n") == 1
    assert checkout.calls() == []


def test_a_chain_that_breaks_off_is_not_one_that_needs_a_gpu(checkout):
    file = checkout.chain_file(slim("amp"), _3="gpu_list:1|0", _14="trainer:nobody")
    chain = run_chains.CHAINS["amp"]
    outcome = run_chains.run_chain(checkout.folder, chain, file, env=checkout.environment(FAKE_CARDS="1"))
    assert outcome.problems == ["no line says that a command was run", "exit status 2"]


def test_a_mistake_in_the_file_that_is_seen_after_a_step_is_found(checkout):
    file = checkout.chain_file(slim("basic"), _29="norm_export:export.py 'a")
    outcome = run_chains.run_chain(checkout.folder, run_chains.CHAINS["basic"], file, env=checkout.environment())
    assert len(outcome.problems) == 2 and outcome.problems[1] == "exit status 2"
    assert "test_train_inference_python.sh" in outcome.problems[0] and "failed, see" in outcome.problems[0]


def test_label_maps_are_those_of_the_chains_own_model_and_precision(checkout):
    chain, file = run_chains.CHAINS["ptq"], checkout.folder / slim("ptq").relative_to(ROOT)
    label = np.arange(64, dtype="uint8").reshape(8, 8) % 19
    wrong = np.zeros_like(label)

    def write(name, pixels):
        path = checkout.folder / "test_tipc" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        assert cv2.imwrite(str(path), pixels)

    write("data/cityscapes/gtFine/val/a.png", label)
    for model, precision in (("ddrnet23_slim", "fp32"), ("ddrnet23_slim_KL", "fp32"), ("ddrnet23_slim_cls_KL", "int8")):
        write(f"output/{model}/whole_infer/infer_precision_{precision}_batchsize_1_results/a.png", wrong)
    scores = checkout.folder / "test_tipc" / "results" / "python_ddrnet23_slim_results_int8.txt"
    scores.write_text("#Images: 1\nmIoU: 1.0\n")

    def problems():
        return run_chains.compare(checkout.folder, chain, file, {**os.environ, "PYTHON": sys.executable})

    message = "int8: its label maps have other scores than test_tipc/results says, or none"
    assert problems() == [message]
    write("output/ddrnet23_slim_KL/whole_infer/infer_precision_int8_batchsize_1_results/a.png", label)
    assert problems() == []
    write("output/ddrnet23_slim_KL/whole_infer/infer_precision_int8_batchsize_1_results/a.png", wrong)
    assert problems() == [message]


def test_a_chain_that_takes_too_long_is_ended_with_all_its_processes(checkout):
    chain = dataclasses.replace(run_chains.CHAINS["serving"], seconds=4)
    file = checkout.folder / slim("serving").relative_to(ROOT)
    outcome = run_chains.run_chain(checkout.folder, chain, file, env=checkout.environment(FAKE_SLEEP="export.py"))
    assert outcome.problems[-1] == "not ready after 4 s"
    found = subprocess.run(["pgrep", "-f", str(checkout.python)], capture_output=True, text=True)
    assert found.stdout == ""


def test_what_cannot_be_prepared_is_found(checkout):
    outcome = run(checkout, "ptq", slim("ptq"), FAKE_MISSING="nncf")
    assert outcome.problems == ["no line says that a command was run", "exit status 1"]


@pytest.mark.parametrize("name", [name for name in run_chains.CHAINS if name not in ("amp", "benchmark")])
def test_nothing_is_written_outside_of_the_checkout_and_its_data_and_output(checkout, name):
    def files(folder):
        return {path for path in folder.rglob("*") if not path.is_symlink() and "__pycache__" not in path.parts}

    before = files(checkout.folder.parent)
    assert run(checkout, name, slim(name)).problems == []
    new = files(checkout.folder.parent) - before - {checkout.calls_file}
    allowed = [checkout.folder / "test_tipc" / part for part in ("data", "output", "cpp")] + [checkout.folder / "log"]
    assert [path for path in new if not any(path == top or top in path.parents for top in allowed)] == []


@pytest.mark.parametrize(
    ("lines", "problems"),
    [
        ([LINE], []),
        ([], ["no line says that a command was run"]),
        ([LINE.replace("successfully", "failed")], ["ddrnet: python train.py --a=b (train) failed, see ./x.log"]),
        ([LINE.replace("--a=b", "'x - y'")], ["a line with 4 times ' - ' where 3 are wanted: "]),
        (["somebody ran it with command line flags"], ["a line with 0 times ' - ' where 3 are wanted: somebody"]),
        (["Run with command - a - b - c"], ["neither successful nor failed: Run with command"]),
    ],
)
def test_result_lines_are_judged_as_the_integration_does(lines, problems):
    found = list(run_chains.judge(lines))
    assert len(found) == len(problems)
    assert all(wanted in text for text, wanted in zip(found, problems))


def test_commands_count_for_their_stage():
    stages = {"tools/train.py": "train", "export.py": "dygraph2static", "deploy/python/infer.py": "inference"}
    assert {command: run_chains.stage_of(f"python {command} --x") for command in stages} == stages


def test_the_table_has_a_row_for_each_chain_and_a_column_for_each_model():
    outcomes = {
        ("basic", "ddrnet"): run_chains.Outcome([], seconds=20.4, cpu_seconds=9.6),
        ("basic", "ddrnet39"): run_chains.Outcome(["broken"]),
        ("amp", "ddrnet"): run_chains.Outcome([], "needs a GPU"),
    }
    assert run_chains.table(outcomes).splitlines() == [
        "| chain | ddrnet | ddrnet39 |", "|-|-|-|", "| basic | passed (20 s, CPU 10 s) | FAILED (0 s, CPU 0 s) |",
        "| amp | not run: needs a GPU |  |",
    ]  # fmt: skip
