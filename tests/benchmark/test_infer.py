# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The report of benchmark/infer.py on an exported folder."""

import json

import pytest

from paddleseg.export.folder import ExportOptions, export_model
from tests.export.small_network import NORMALIZE, SmallNetwork


@pytest.fixture
def folder(tmp_path):
    options = ExportOptions(graph_format="pdmodel")
    export_model(SmallNetwork().eval(), tmp_path / "out", transforms=NORMALIZE, options=options)
    return tmp_path / "out"


def test_each_way_of_an_engine_is_measured_and_the_fastest_command_line_is_printed(folder, run_command, tmp_path):
    report = tmp_path / "report.json"
    done = run_command(
        "benchmark/infer.py", folder, "--sizes", "64x128", "--backends", "paddle", "--precisions", "fp32", "fp16",
        "--repeats", "1", "--json", report,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "left out: paddle_fp16_64x128_threads1: --precision fp16: works on GPUs only" in done.stdout
    assert f"fastest at 64x128: python deploy/python/infer.py --config {folder}/deploy.yaml" in done.stdout
    lines = {line.pop("name"): line for line in json.loads(report.read_text())}
    figures = ("network", "tail", "whole", "cold_start", "peak_memory", "equal")
    assert set(lines) == {f"{way}_fp32_64x128_threads1_{figure}" for way in ("paddle", "onednn") for figure in figures}
    whole, network = (lines[f"paddle_fp32_64x128_threads1_{figure}"]["value"] for figure in ("whole", "network"))
    assert 0 < network < whole
    assert lines["onednn_fp32_64x128_threads1_equal"]["value"] > 0.999


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--sizes", "64"], "--sizes 64: give HEIGHTxWIDTH"),
        (["--threads", "0"], "--threads and --repeats: give numbers of at least 1"),
        (["--backends", "mnn"], "nothing of the folder runs on mnn"),
    ],
)
def test_wrong_flags_are_one_line(arguments, message, folder, run_command):
    done = run_command("benchmark/infer.py", folder, *arguments)
    assert done.returncode == 1
    assert message in done.stderr.strip().splitlines()[-1]
