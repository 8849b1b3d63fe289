# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The output of infer.py --benchmark and --model_name."""

import re

import paddle
import pytest

from tests.commands.exported.running import infer_here


def test_the_benchmark_report_is_that_of_autolog(exported, pictures, tmp_path, capsys):
    infer_here(
        exported, pictures, tmp_path / "out", "--device", "cpu", "--benchmark", "True", "--model_name", "tiny",
        "--cpu_threads", 1, "--batch_size", 2, "--print_detail", "False", "--enable_mkldnn", "True",
    )  # fmt: skip
    lines = [line for line in capsys.readouterr().out.splitlines() if " root INFO: " in line]
    assert all(re.match(r"\[\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\] root INFO: ", line) for line in lines)
    texts = [line.split(" root INFO: ")[1] for line in lines]
    headings = {text.strip("- "): texts.index(text) for text in texts if text.startswith("---")}
    assert list(headings) == [f"{part} info" for part in ("Env", "Paddle", "Conf", "Model", "Data", "Perf")]
    assert [texts[index] for index in headings.values()][2:4] == [
        "----------------------- Conf info -----------------------",
        "----------------------- Model info ----------------------",
    ]
    facts = dict(text.strip().split(": ", 1) for text in texts if not text.startswith("---"))
    assert facts["paddle_version"] == paddle.__version__
    assert (facts["runtime_device"], facts["enable_mkldnn"], facts["cpu_math_library_num_threads"]) == (
        "cpu", "True", "1",
    )  # fmt: skip
    assert (facts["model_name"], facts["precision"]) == ("tiny", "fp32")
    assert (facts["batch_size"], facts["input_shape"], facts["data_num"]) == ("2", "dynamic", "5")
    assert float(facts["cpu_rss(MB)"].split(",")[0]) > 50
    stages = dict(pair.split(": ") for pair in texts[-1].strip().split(", "))
    assert list(stages) == [f"{stage}_time(ms)" for stage in ("preprocess", "inference", "postprocess")]
    # The means of one picture, times the pictures, are the whole time.
    total = sum(map(float, stages.values())) * int(facts["data_num"]) / 1e3
    assert total == pytest.approx(float(facts["total time spent(s)"]), abs=0.001)


def test_a_name_without_a_benchmark_is_shown_in_the_log(exported, pictures, tmp_path, capsys):
    infer_here(exported, pictures, tmp_path / "out", "--model_name", "tiny", "--print_detail", "False")
    output = capsys.readouterr().out
    assert "tiny: 5 label maps saved in " in output
    assert "root INFO" not in output
