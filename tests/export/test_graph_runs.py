# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Which graphs are compared with the network, and on what."""

import dataclasses
from pathlib import Path

import pytest

from paddleseg.deploy.deploy_config import DeployConfig
from paddleseg.deploy.engines import ENGINES
from paddleseg.deploy.graph_spec import GraphSpec
from paddleseg.export.graph_runs import MAIN as MAIN_KEY
from paddleseg.export.graph_runs import GraphRun, VerificationError, graph_of, graph_runs

GRAPHS = {
    "stride8": GraphSpec(Path("model_stride8.pdmodel"), Path("model.pdiparams"), "stride8"),
    "stride8_onnx": GraphSpec(Path("model_stride8.onnx"), None, "stride8", "onnx"),
    "stride8_mnn": GraphSpec(Path("model_stride8.mnn"), None, "stride8", "mnn"),
}
MAIN = GraphSpec(Path("model.pdmodel"), Path("model.pdiparams"), "argmax")


@pytest.fixture
def installed(monkeypatch):
    """Says which engines are installed."""

    def choose(*names: str) -> None:
        for name, kind in ENGINES.items():
            package = "json" if name in names else "no_such_package"
            monkeypatch.setitem(ENGINES, name, dataclasses.replace(kind, package=package))

    return choose


def runs_of(main: GraphSpec, graphs: dict, **options) -> list[GraphRun]:
    return graph_runs(DeployConfig(Path("deploy.yaml"), main, [], graphs=graphs), **options)


def test_each_graph_runs_on_the_engine_of_its_format_or_on_another_that_is_there(installed):
    installed("paddle", "openvino", "onnxruntime", "mnn")
    assert [run.name for run in runs_of(MAIN, GRAPHS)] == [
        "model.pdmodel on paddle in fp32", "model_stride8.pdmodel on paddle in fp32",
        "model_stride8.onnx on onnxruntime in fp32", "model_stride8.mnn on mnn in fp32",
    ]  # fmt: skip
    installed("paddle", "openvino")
    onnx, mnn = runs_of(MAIN, GRAPHS)[2:]
    assert (onnx.name, onnx.why_not) == ("model_stride8.onnx on openvino in fp32", None)
    assert mnn.why_not == "the package no_such_package is not installed: pip install -e '.[mnn]'"


def test_every_way_is_each_engine_in_each_precision_and_paddle_with_onednn_too(installed):
    installed("paddle", "openvino", "onnxruntime")
    int8 = dataclasses.replace(GRAPHS["stride8_onnx"], precision="int8")
    runs = runs_of(MAIN, {"stride8_mnn": GRAPHS["stride8_mnn"], "int8": int8}, every_way=True)
    assert [(run.key, run.engine, run.options.precision) for run in runs] == [
        ("", "paddle", "fp32"), ("", "paddle (oneDNN)", "fp32"), ("", "paddle", "bf16"),
        ("", "paddle (oneDNN)", "bf16"), ("", "paddle", "fp16"), ("", "paddle (oneDNN)", "fp16"),
        *(("", "openvino", precision) for precision in ("fp32", "bf16", "fp16")),
        ("stride8_mnn", "mnn", "fp32"),
        ("int8", "onnxruntime", "int8"),
    ]  # fmt: skip
    assert [run.key for run in runs if run.why_not] == ["stride8_mnn"]


def test_a_file_that_is_named_twice_is_run_once_as_what_it_gives(installed):
    installed("onnxruntime")
    main = dataclasses.replace(GRAPHS["stride8_onnx"], gives="none")
    (run,) = runs_of(main, {"stride8": GRAPHS["stride8_onnx"]})
    assert run.graph.gives == "stride8"


def test_an_export_of_which_nothing_can_be_run_is_not_made_unseen(installed):
    installed("paddle")
    with pytest.raises(VerificationError, match=r"model_stride8.mnn: the package .*-e '\.\[mnn\]'.*--no_verify"):
        runs_of(GRAPHS["stride8_mnn"], {})


def test_an_export_can_be_taken_as_one_of_its_graphs(installed):
    config = DeployConfig(Path("deploy.yaml"), MAIN, [], graphs=GRAPHS)
    assert graph_of(config, "stride8_mnn").main_graph == GRAPHS["stride8_mnn"]
    assert graph_of(config, MAIN_KEY).main_graph == MAIN
    assert graph_of(config, MAIN_KEY).graphs == {}
