# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""tools/plot_curve.py: several runs on one chart, and what it refuses."""

import pytest

from paddleseg.reports.chart_files import is_chart
from paddleseg.reports.run_records import append_record
from paddleseg.utils.errors import ConfigError, DataError
from tests.conftest import REPOSITORY
from tests.scripts import load_script


@pytest.fixture
def plot(tmp_path, monkeypatch):
    """Run the command in ``tmp_path``, which has the run ``a`` and PaddleSeg's log ``b.log``."""
    (tmp_path / "a").mkdir()
    lines = []
    for step in (10, 20, 30):
        append_record(tmp_path / "a/metrics.jsonl", step, {"Train/loss": 3 / step, "Train/lr": 0.1, "Train/ips": 7.0})
        lines.append(
            f"[TRAIN] epoch: 1, iter: {step}/30, loss: {1 / step}, lr: 0.1, batch_cost: 0.5, ips: 8 samples/sec"
        )
    (tmp_path / "b.log").write_text("\n".join([*lines, "[EVAL] #Images: 2 mIoU: 0.5 Acc: 0.9"]))
    monkeypatch.chdir(tmp_path)
    tool = load_script(REPOSITORY / "tools/plot_curve.py")
    return lambda *arguments: tool.main(tool.make_parser().parse_args([*map(str, arguments)]))


def test_runs_and_logs_are_drawn_together(plot, tmp_path, capsys):
    plot("a", "b.log")
    assert is_chart(tmp_path / "curves.png") and capsys.readouterr().out == "curves.png: a, b.log\n"
    plot("a", "b.log", "--out", "both.svg", "--names", "ours", "theirs", "--keys", "loss", "score", "--log", "loss")
    text = (tmp_path / "both.svg").read_text()
    assert ">ours<" in text and ">theirs (best mIoU 50.00 %, step 30)<" in text
    assert ">Loss<" in text and ">mIoU (%)<" in text and ">Speed<" not in text


def test_what_cannot_be_drawn_is_one_line(plot, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "mine.png").write_text("mine")
    for arguments, error, message in (
        (("missing",), DataError, "missing: there is no such"),
        (("empty",), DataError, "empty: is not a training's folder"),
        (("a", "--out", "mine.png"), ConfigError, "mine.png: already exists"),
        (("a", "--out", "a.pdf"), ConfigError, "--out a.pdf: give a file that ends in .png or .svg"),
        (("a", "--names", "x", "y"), ConfigError, "--names: 2 for 1 runs"),
        (("a", "--smooth", 0), ConfigError, "--smooth 0"),
        (("a", "--keys", "los"), DataError, "Did you mean 'loss'"),
    ):
        with pytest.raises(error, match=message) as caught:
            plot(*arguments)
        assert "\n" not in str(caught.value)
    assert not (tmp_path / "curves.png").exists()
