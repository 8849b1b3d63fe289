# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Bars in a pseudo terminal, lines elsewhere, and neither with --quiet."""

import re
import subprocess
import sys

import pytest

from paddleseg.utils import progress
from paddleseg.utils.progress import Progress, tracked
from tests.terminal import ROOT, run_in_terminal, screen

DRAWS = re.compile(r"^\s*(from|import) tqdm\b", re.MULTILINE)
PREPARE = "import os, sys, time, argparse\nfrom paddleseg.utils import cli, errors, logging, progress\n"
WORK = """
for number in progress.tracked(range(6), "working"):
    time.sleep(0.15)
    logging.get_logger().info("%s", f"line {number} " + "x" * 60)
    if number == 2:
        with progress.Progress("inside", 3, "thing") as bar:
            for _ in range(3):
                time.sleep(0.11)
                bar.update()
                logging.get_logger().warning("within")
print("done")
"""
LINE = r"\[\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\] "


def test_bars_have_one_home():
    files = [file for folder in ("paddleseg", "tools", "deploy") for file in (ROOT / folder).rglob("*.py")]
    found = [file.relative_to(ROOT).as_posix() for file in files if DRAWS.search(file.read_text(encoding="utf-8"))]
    assert found == ["paddleseg/utils/progress.py"]


def test_a_bar_says_how_long_the_rest_takes_and_does_not_touch_the_lines_of_the_log():
    status, text = run_in_terminal("-c", PREPARE + WORK)
    assert status == 0
    assert re.search(r"working:  50%\|█.*\| 3/6 \[00:0\d<00:0\d, .*picture.*\]", text)
    assert re.search(r"inside:  67%\|█.*\| 2/3 \[00:00<00:00, .*thing/s\]", text)
    expected = [rf"{LINE}INFO: line {number} x{{60}}" for number in range(6)]
    expected[3:3] = [f"{LINE}WARNING: within"] * 3
    found = screen(text)
    assert found[-1] == "done"
    assert len(found) == len(expected) + 1
    for line, pattern in zip(found, expected):
        assert re.fullmatch(pattern, line)


def test_what_is_printed_is_kept_apart_from_the_bar(tmp_path):
    with open(tmp_path / "out", "wb") as file:
        status, text = run_in_terminal("-c", PREPARE + WORK, stdout=file)
    assert status == 0
    assert screen(text) == [] and "working: 100%" in text
    lines = (tmp_path / "out").read_text().splitlines()
    assert len(lines) == 10 and not any("working" in line for line in lines)


def test_an_error_stands_on_a_line_of_its_own_and_the_bar_goes():
    program = """
def main(arguments):
    for number in progress.tracked(range(9), "working"):
        time.sleep(0.15)
        if number == 2:
            raise errors.DataError("picture.png: is damaged")
cli.run_command(main, argparse.ArgumentParser(prog="work.py"))
"""
    status, text = run_in_terminal("-c", PREPARE + program)
    assert status == 1 and "2/9" in text
    assert screen(text) == ["work.py: error: picture.png: is damaged"]


def test_a_forked_process_leaves_the_bar_of_its_parent_alone():
    program = """
with progress.Progress("working", 2):
    child = os.fork()
    if child == 0:
        progress.close_all()
        os._exit(progress.bar_is_drawn())
    _, status = os.waitpid(child, 0)
    sys.exit(status or (0 if progress.bar_is_drawn() else 3))
"""
    assert run_in_terminal("-c", PREPARE + program)[0] == 0


def test_the_names_of_files_cannot_move_the_cursor():
    program = 'list(progress.tracked(range(3), "a\\n\\x1b[2Jb"))'
    _, text = run_in_terminal("-c", PREPARE + program)
    assert r"a\n\x1b[2Jb:" in text and "\x1b[2J" not in text


@pytest.fixture
def clock(monkeypatch):
    """A clock that goes on by 10 seconds with each look at it from ``update``."""

    class Clock:
        now = 0.0

        def monotonic(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    return clock


def test_without_a_terminal_there_is_a_line_every_thirty_seconds(clock, capsys):
    for _ in tracked(range(12), "evaluating"):
        clock.now += 10
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "evaluating:  25% 3/12 [00:30<01:30, 10.00s/picture]",
        "evaluating:  50% 6/12 [01:00<01:00, 10.00s/picture]",
        "evaluating:  75% 9/12 [01:30<00:30, 10.00s/picture]",
        "evaluating: 100% 12/12 [02:00<00:00, 10.00s/picture]",
    ]


def test_work_that_goes_on_is_timed_by_what_is_done_now(clock, capsys):
    with Progress("downloading", 8_000_000, "B", done=4_000_000) as bar:
        clock.now += 40
        bar.update(2_000_000)
    assert capsys.readouterr().err == "downloading:  75% 6.00M/8.00M [00:40<00:40, 50.0kB/s]\n"


def test_short_work_says_nothing(clock, capsys):
    for _ in tracked(range(2), "evaluating"):
        clock.now += 10
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("how", ["another process", "not shown"])
def test_of_several_processes_the_first_speaks(how, clock, capsys, monkeypatch):
    if how == "another process":
        monkeypatch.setenv("PADDLE_TRAINER_ID", "1")
    for _ in tracked(range(5), "evaluating", shown=how != "not shown"):
        clock.now += 100
    assert capsys.readouterr().err == ""


def test_quiet_leaves_errors_and_the_result_in_child_processes_too():
    program = """
def main(arguments):
    import subprocess, warnings
    logger = logging.get_logger()
    logger.info("information")
    logger.warning("a warning")
    warnings.warn("another")
    logging.print_note("a note")
    for _ in progress.tracked(range(3), "working"):
        time.sleep(0.15)
    logging.log_outcome("the %s", "outcome")
    logger.error("an error")
    print("printed")
    ask = "from paddleseg.utils.logging import is_quiet; print(is_quiet())"
    subprocess.run([sys.executable, "-c", ask], check=True)
cli.run_command(main, argparse.ArgumentParser(prog="work.py"))
"""
    status, text = run_in_terminal("-c", PREPARE + program, "--quiet")
    assert status == 0
    expected = [f"{LINE}INFO: the outcome", f"{LINE}ERROR: an error", "printed", "True"]
    found = screen(text)
    assert len(found) == len(expected) and all(map(re.fullmatch, expected, found))
    loud = subprocess.run([sys.executable, "-c", PREPARE + program], cwd=ROOT, capture_output=True, text=True)
    for words in ("information", "a warning", "a note", "the outcome", "an error", "printed", "False"):
        assert words in loud.stdout
    assert "another" in loud.stderr


TRAINING = """
from paddleseg.training.hooks.base import Hook
from paddleseg.training.hooks.log import LogHook
from paddleseg.training.hooks.progress import ProgressHook
from tests.training.small_trainer import make_trainer
bar = ProgressHook()
class Evaluation(Hook):
    def after_step(self, trainer, losses):
        time.sleep(0.11)
        if trainer.step == 5 and bar._bar.is_drawn:  # a thousand seconds go by
            trainer.paused_seconds += 1000
            bar._bar._bar.start_t -= 1000
            bar._bar._bar.last_print_t -= 1000
make_trainer(hooks=[bar, LogHook(4), Evaluation()]).train()
"""


@pytest.mark.slow
def test_a_training_has_a_bar_of_its_steps_that_leaves_out_evaluations():
    status, text = run_in_terminal("-c", PREPARE + TRAINING)
    assert status == 0
    assert re.search(r"training:  90%\|█.* 9/10 \[00:\d\d<00:0\d, .*step.*\]", text)
    lines = [line for line in screen(text) if "[TRAIN]" in line]
    assert len(lines) == 3 and all(re.match(LINE, line) for line in lines)


@pytest.mark.slow
def test_a_training_whose_log_goes_through_a_pipe_has_no_bar_that_its_lines_would_tear():
    reader = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    status, text = run_in_terminal("-c", PREPARE + TRAINING, stdout=reader.stdin)
    assert status == 0
    assert "training:" not in text
    assert reader.communicate()[0].count("[TRAIN]") == 3
