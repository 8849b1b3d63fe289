# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Which graphs are compared with the network, and on what."""

import dataclasses
from pathlib import Path

import pytest

from paddleseg.deploy.deploy_config import DeployConfig
from paddleseg.deploy.engines import ENGINES
from paddleseg.deploy.graph_spec import GraphSpec
from paddleseg.export.graph_runs import VerificationError, graph_runs

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


def runs_of(main: GraphSpec, graphs: dict) -> list[tuple[str, str]]:
    runs = graph_runs(DeployConfig(Path("deploy.yaml"), main, [], graphs=graphs))
    assert all(run.config.graphs == {} for run in runs)
    return [(run.config.main_graph.model.name, run.options.backend) for run in runs]


def test_each_graph_runs_on_the_engine_of_its_format_or_on_another_that_is_there(installed, log):
    installed("paddle", "openvino", "onnxruntime", "mnn")
    assert runs_of(MAIN, GRAPHS) == [
        ("model.pdmodel", "paddle"), ("model_stride8.pdmodel", "paddle"), ("model_stride8.onnx", "onnxruntime"),
        ("model_stride8.mnn", "mnn"),
    ]  # fmt: skip
    assert log.messages == []
    installed("paddle", "openvino")
    assert runs_of(MAIN, GRAPHS)[2:] == [("model_stride8.onnx", "openvino")]
    assert log.messages == [
        "verification: model_stride8.mnn is not compared: the package no_such_package, which runs it, is not "
        "installed: pip install 'ddrnet-toolkit[mnn]'"
    ]


def test_a_file_that_is_named_twice_is_run_once_as_what_it_gives(installed):
    installed("onnxruntime")
    main = dataclasses.replace(GRAPHS["stride8_onnx"], gives="none")
    runs = graph_runs(DeployConfig(Path("deploy.yaml"), main, [], graphs={"stride8": GRAPHS["stride8_onnx"]}))
    assert [run.config.output_op for run in runs] == ["stride8"]


def test_an_export_of_which_nothing_can_be_run_is_not_made_unseen(installed):
    installed("paddle")
    with pytest.raises(VerificationError, match=r"ddrnet-toolkit\[mnn\].*nothing was exported.*--no_verify"):
        runs_of(GRAPHS["stride8_mnn"], {})
