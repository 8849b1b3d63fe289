# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The ratios of benchmark/deploy.py: worked out by hand, and measured on a small picture."""

import json

import numpy as np
import pytest

from benchmark.deploy import mixed_blocks
from benchmark.deploy_ratios import accuracy, ratios
from paddleseg.export.folder import export_model
from paddleseg.export.options import ExportOptions
from paddleseg.models import DDRNet_23_slim
from tests.export.small_network import NORMALIZE, SmallNetwork
from tests.export.tiny_weights import with_made_up_weights


def way(network: float, tail: float) -> dict[str, float]:
    return {"network": network, "tail": tail, "whole": network + tail}


def test_ratios_are_those_of_whole_times_and_the_tails_share_is_that_of_the_network():
    medians = {
        "paddle_fp32": way(480, 20), "onednn_fp32": way(720, 30), "mnn_fp32": way(390, 10),
        "openvino_bf16": way(100, 4), "openvino_bf16_ingraph": way(130, 0),
        "openvino_int8": way(50, 2), "onnxruntime_fp32_ingraph": way(500, 0), "peak_fp32": {"gflop_per_second": 160},
    }  # fmt: skip
    medians["openvino_bf16"]["wall_beside_cpp"] = 110
    medians["cpp_bf16"] = {"wall": 100}
    found = {line.name: line.ratio for line in ratios(medians)}
    assert found == pytest.approx(
        {
            "tail_fp32": 10 / 390,  # of MNN, the fastest
            "tail_bf16": 4 / 100,
            "tail_int8": 2 / 50,
            "bf16_over_ingraph": 130 / 104,
            "paddle_fp32_over_onednn": 750 / 500,
            "int8_over_bf16": 104 / 52,
            "best_fp32_over_onnxruntime": 500 / 400,
            "cpp_over_python": 1.1,
        }
    )  # what was not measured is not there
    assert all(line.value == line.ratio and line.unit == "ratio" for line in ratios(medians))
    without_bf16 = {"openvino_fp32": {**way(400, 8), "wall_beside_cpp": 420}, "cpp_fp32": {"wall": 400}}
    assert {line.name: line.ratio for line in ratios(without_bf16)}["cpp_over_python"] == pytest.approx(1.05)


def test_the_accuracy_is_that_of_openvinos_own_graphs_in_the_report(tmp_path):
    assert accuracy(tmp_path) == []
    runs = [
        {"graph": "stride8_openvino", "engine": "openvino", "precision": "bf16", "score": 53.2},
        {"graph": "stride8_onnx", "engine": "openvino", "precision": "bf16", "score": 1.0},
        {"graph": "stride8_openvino", "engine": "openvino", "precision": "fp16"},  # was not run there
        {"graph": "stride8_openvino_int8", "engine": "openvino", "precision": "int8", "score": 53.0},
    ]
    (tmp_path / "report.json").write_text(json.dumps({"runs": runs}))
    found = {line.name: line.value for line in accuracy(tmp_path)}
    assert found == {"openvino_bf16_miou": 53.2, "openvino_int8_miou": 53.0}


def test_blocks_of_several_classes_are_counted():
    labels = np.zeros((16, 35), np.uint8)  # 2 x 4 blocks and a rest
    labels[3, 9] = labels[15, 34] = 1
    assert mixed_blocks(labels) == 1 / 8


@pytest.mark.slow
@pytest.mark.extras("onnx", "openvino", "onnxruntime", "nncf")
def test_all_ways_of_an_export_are_measured_in_turns(run_command, tmp_path):
    network = with_made_up_weights(DDRNet_23_slim(num_classes=5))
    options = ExportOptions(formats=("paddle", "onnx", "openvino"))
    folder = export_model(network, tmp_path / "out", transforms=NORMALIZE, options=options).parent
    report = tmp_path / "report.json"
    done = run_command(
        "benchmark/deploy.py", folder, "--size", "64x96", "--repeats", "1", "--json", report, timeout=600
    )
    assert done.returncode == 0, done.stderr
    # There is no MNN model, and int8 has the graph that the benchmark makes alone.
    assert "left out: mnn_fp32: " in done.stdout and "left out: openvino_int8: " in done.stdout
    lines = {line["name"]: line["value"] for line in json.loads(report.read_text())}
    names = {"tail_fp32", "paddle_fp32_over_onednn", "best_fp32_over_onnxruntime"}
    assert names < lines.keys() and "int8_over_bf16" not in lines
    assert 0 < lines["onnxruntime_fp32_tail"] < lines["onnxruntime_fp32_whole"]
    assert lines["openvino_int8_ingraph_whole"] > 0 and lines["openvino_int8_ingraph_equal"] > 0.5
    assert lines["paddle_fp32_equal"] > 0.999 and lines["openvino_fp32_equal"] > 0.999
    assert lines["onnxruntime_fp32_of_peak"] < 1 < lines["peak_fp32"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--size", "64"], "--size 64: give HEIGHTxWIDTH"),
        (["--repeats", "0"], "--repeats 0: give at least 1"),
        (["--program", "nothing"], "--program nothing: there is no such program"),
        (["--picture", "nothing.png"], "nothing.png"),
    ],
)
def test_wrong_flags_are_one_line(arguments, message, run_command, tmp_path):
    options = ExportOptions(graph_format="pdmodel")
    export_model(SmallNetwork().eval(), tmp_path / "out", transforms=NORMALIZE, options=options)
    done = run_command("benchmark/deploy.py", tmp_path / "out", *arguments)
    assert done.returncode == 1
    assert message in done.stderr.strip().splitlines()[-1]
