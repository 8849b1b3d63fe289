# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""extract_loss.py, compare_losses.py, filter_log.py and analysis.py: numbers from logs."""

import io
import json
from pathlib import Path

import pytest

from paddleseg.training.hooks.log import format_train_line
from paddleseg.utils.errors import UserError
from tests.scripts import load_script

FOLDER = Path(__file__).resolve().parents[2] / "test_tipc"
extract_loss, compare_losses = load_script(FOLDER / "extract_loss.py"), load_script(FOLDER / "compare_losses.py")
filter_log, analysis = load_script(FOLDER / "filter_log.py"), load_script(FOLDER / "analysis.py")
LOSSES, SPEEDS = [4.25, 3.5, 2.125, 2.0], [1.0, 2.0, 30.0, 50.0]


def run(module, *words) -> None:
    module.main(module.make_parser().parse_args([*map(str, words)]))


def line(step: int, loss: float, ips: float, epoch: int = 1) -> str:
    """A line of the real log."""
    return "[2026/11/30 08:00:00] INFO: " + format_train_line(
        epoch=epoch, step=step, total_steps=4, loss=loss, learning_rate=0.01, batch_cost=0.5, reader_cost=0.1, ips=ips,
        grad_norm=1.5,
    )  # fmt: skip


@pytest.fixture
def log(tmp_path) -> Path:
    """A training of four steps, with other lines among them."""
    lines = [line(step + 1, loss, ips, 1 + step // 2) for step, (loss, ips) in enumerate(zip(LOSSES, SPEEDS))]
    path = tmp_path / "train.log"
    path.write_text("\n".join(["loss: 9.0, nothing", *lines, "[EVAL] ips: 7.0 loss: 8.0"]) + "\n")
    return path


@pytest.mark.parametrize(
    ("words", "printed"),
    [([], "4.25\n3.5\n2.125\n2.0\n"), (["-r", "mean"], "2.96875\n"), (["-r", "sum", "-n", "1"], "5.625\n")],
)
def test_losses_are_extracted_and_reduced(log, monkeypatch, capsys, words, printed):
    monkeypatch.setattr("sys.stdin", io.StringIO(log.read_text()))
    run(extract_loss, "-v", "[TRAIN] epoch:", "-e", "loss: {%f},", *words)
    assert capsys.readouterr().out == printed


def test_a_loss_that_is_no_number_or_zero_is_a_loss():
    lines = ["loss: nan,", "loss: 0.0,", "loss: -1.5e-3,"]
    assert str(list(extract_loss.extract(lines, "*", "loss: {%f},"))) == "[nan, 0.0, -0.0015]"
    assert list(extract_loss.extract(["iter: 3/4"], "*", r"iter: {%i}/")) == [3]


@pytest.mark.parametrize("expression", ["loss:", "{%f} {%f}", "{%x}", "({%f}"])
def test_expressions_without_one_place_are_refused(expression):
    with pytest.raises(UserError, match="--extract_expr"):
        list(extract_loss.extract(["loss: 1.0"], "*", expression))


def test_losses_within_the_tolerance_are_equal(tmp_path, capsys):
    files = [tmp_path / "a.txt", tmp_path / "b.txt"]
    files[0].write_text("4.0\n2.0\n")
    files[1].write_text("4.0\n2.001\n")
    run(compare_losses, *files)
    assert "2 losses; the largest difference is 5.0e-04 of 2.0, in line 2 (allowed: 0.001)" in capsys.readouterr().out
    with pytest.raises(UserError, match="are different"):
        run(compare_losses, *files, "--rtol", "0.0001")
    for text, message in (("4.0\nnan\n", "are different"), ("4.0\n", "has 2 losses and .* 1"), ("", "no losses")):
        files[1].write_text(text)
        with pytest.raises(UserError, match=message):
            run(compare_losses, *files)


def test_the_first_lines_of_each_epoch_are_left_out(log, tmp_path):
    filtered = tmp_path / "filtered.log"
    run(filter_log, "--in_log_path", log, "--out_log_path", filtered, "--skip_iters", 1)
    assert [text for text in filtered.read_text().splitlines() if "[TRAIN]" in text] == [
        line(2, LOSSES[1], SPEEDS[1]), line(4, LOSSES[3], SPEEDS[3], 2),
    ]  # fmt: skip
    assert filtered.read_text().startswith("loss: 9.0, nothing\n")
    for words in (["--skip_iters", "-1"], ["--pattern", "epoch"], ["--pattern", "("]):
        with pytest.raises(UserError, match=words[0]):
            run(filter_log, "--in_log_path", log, "--out_log_path", filtered, *words)


@pytest.mark.parametrize(("device_num", "ips", "kind"), [("N1C1", 40.0, "SingleP"), ("N1C2", 80.0, "MultiP")])
def test_the_speed_is_the_mean_without_the_first_lines_times_the_processes(log, tmp_path, device_num, ips, kind):
    file = tmp_path / "index" / "speed"
    run(
        analysis, "--filename", log, "--speed_log_file", file, "--model_name", "m_bs2_fp32_DP", "--base_batch_size", 2,
        "--device_num", device_num, "--speed_unit", "samples/s",
    )  # fmt: skip
    found = json.loads(file.read_text())
    assert list(found) == [
        "model_branch", "model_commit", "model_name", "batch_size", "fp_item", "run_process_type", "run_mode",
        "convergence_value", "convergence_key", "ips", "speed_unit", "device_num", "model_run_time", "frame_commit",
        "frame_version",
    ]  # fmt: skip
    assert (found["ips"], found["run_process_type"], found["convergence_value"]) == (ips, kind, 2.0)
    assert (found["model_name"], found["batch_size"], found["run_mode"]) == ("m_bs2_fp32_DP", 2, "DP")


def test_a_log_that_is_too_short_gives_no_speed(log, tmp_path):
    words = ["--filename", log, "--speed_log_file", tmp_path / "speed", "--model_name", "m", "--base_batch_size", 2]
    with pytest.raises(UserError, match="4 lines have a number after 'ips:', and the first 4 do not count"):
        run(analysis, *words, "--skip_steps", 4)
    with pytest.raises(UserError, match="--device_num 8"):
        run(analysis, *words, "--device_num", "8")
    assert not (tmp_path / "speed").exists()
