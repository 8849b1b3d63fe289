# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Which graph of an export runs on which engine, with engines installed or not."""

import dataclasses
import importlib.util
from pathlib import Path

import pytest

from paddleseg.deploy import engines
from paddleseg.deploy.deploy_config import DeployConfig
from paddleseg.deploy.engines.base import EngineOptions
from paddleseg.deploy.graph_choice import choose_graph
from paddleseg.deploy.graph_spec import GraphSpec
from paddleseg.utils.errors import ConfigError, DeviceError
from paddleseg.utils.image_io import ReadOptions

PDMODEL = GraphSpec(Path("model.pdmodel"), Path("p"), "argmax", "pdmodel")
STRIDE8 = GraphSpec(Path("model_stride8.pdmodel"), Path("p"), "stride8", "pdmodel")
JSON = GraphSpec(Path("model.json"), Path("p"), "argmax", "json")
ONNX = GraphSpec(Path("stride8.onnx"), None, "stride8", "onnx")
ONNX_UINT8 = GraphSpec(Path("stride8_uint8.onnx"), None, "stride8", "onnx", input_dtype="uint8")
ONNX_INT8 = GraphSpec(Path("stride8_int8.onnx"), None, "stride8", "onnx", "int8")
ONNX_FIXED = GraphSpec(Path("fixed.onnx"), None, "stride8", "onnx", input_shape=(1, 3, 64, 64))
XML = GraphSpec(Path("stride8.xml"), Path("stride8.bin"), "stride8", "openvino")
XML_INT8 = GraphSpec(Path("int8.xml"), Path("int8.bin"), "stride8", "openvino", "int8")
MNN = GraphSpec(Path("stride8.mnn"), None, "stride8", "mnn")
ALL = ("paddle", "openvino", "onnxruntime", "MNN")


@pytest.fixture
def installed(monkeypatch):
    """Says which packages are there."""

    def only(*packages):
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: name if name in packages else None)

    only(*ALL)
    return only


def choose(main, *more, value_range=None, preferred=("stride8",), **options):
    config = DeployConfig(
        Path("deploy.yaml"), main, [], graphs={str(i): graph for i, graph in enumerate(more)},
        read_options=ReadOptions(True, value_range),
    )  # fmt: skip
    graph, chosen = choose_graph(config, EngineOptions(**options), None, preferred)
    return chosen.backend, graph


@pytest.mark.parametrize(
    ("graphs", "packages", "options", "expected"),
    [
        # The order of the engines, of those that are there and have a graph.
        ([PDMODEL, STRIDE8, ONNX], ALL, {}, ("paddle", STRIDE8)),
        ([PDMODEL, STRIDE8, ONNX], ALL[1:], {}, ("openvino", ONNX)),
        ([PDMODEL, ONNX], ALL[2:], {}, ("onnxruntime", ONNX)),
        ([ONNX, MNN], ALL[3:], {}, ("mnn", MNN)),
        ([ONNX], ALL, {}, ("openvino", ONNX)),
        # A precision that needs a graph of its own, and one that engines make of fp32.
        ([PDMODEL, ONNX_INT8], ALL, {"precision": "int8"}, ("onnxruntime", ONNX_INT8)),
        ([PDMODEL, ONNX_INT8], ALL, {"precision": "int8", "backend": "onnxruntime"}, ("onnxruntime", ONNX_INT8)),
        ([PDMODEL, ONNX_INT8, XML_INT8], ALL, {"precision": "int8"}, ("openvino", XML_INT8)),
        ([PDMODEL, STRIDE8], ALL, {"precision": "bf16"}, ("paddle", STRIDE8)),
        ([PDMODEL, STRIDE8], ALL, {"precision": "int8", "use_trt": True}, ("paddle", STRIDE8)),
        ([ONNX], ALL, {"precision": "fp16", "use_trt": True, "backend": "onnxruntime"}, ("onnxruntime", ONNX)),
        # What is asked for.
        ([PDMODEL, STRIDE8, ONNX], ALL, {"backend": "openvino"}, ("openvino", ONNX)),
        ([PDMODEL, STRIDE8, ONNX, XML], ALL, {"backend": "openvino"}, ("openvino", XML)),
        ([PDMODEL, STRIDE8], ALL, {"backend": "openvino"}, ("openvino", STRIDE8)),
        # One graph of several.
        ([ONNX, ONNX_UINT8], ALL, {}, ("openvino", ONNX_UINT8)),
        ([ONNX, ONNX_UINT8], ALL, {"value_range": (0, 4095)}, ("openvino", ONNX)),
        ([ONNX_FIXED, ONNX], ALL, {}, ("openvino", ONNX)),
        ([PDMODEL, STRIDE8], ALL, {"preferred": ("argmax",)}, ("paddle", PDMODEL)),
    ],
)
def test_graph_and_engine_follow_fixed_orders(installed, graphs, packages, options, expected):
    installed(*packages)
    assert choose(*graphs, **options) == expected


@pytest.mark.parametrize(
    ("graphs", "packages", "options", "error", "message"),
    [
        (
            [JSON], ALL, {"backend": "openvino"}, ConfigError,
            r"--backend openvino runs in --precision fp32; there is model.json \(fp32; --backend paddle\)",
        ),
        ([ONNX], ALL, {"backend": "onnxruntime", "precision": "bf16"}, ConfigError, "--precision bf16; there is"),
        (
            [PDMODEL, STRIDE8, ONNX, ONNX_UINT8], ALL, {"precision": "int8"}, ConfigError,
            r"; there is model.pdmodel \(fp32; .*\), stride8.onnx \(fp32; [^)]*\); deploy/slim/quant/ptq.py makes",
        ),
        (
            [ONNX], ALL, {"backend": "onnxruntime", "precision": "int8", "use_trt": True}, ConfigError,
            "--precision int8; there is",
        ),
        ([MNN], ALL, {"backend": "mnn", "precision": "fp16"}, ConfigError, "--precision fp16; there is"),
        (
            [ONNX, ONNX_INT8], ALL[:2], {"precision": "int8"}, ConfigError,
            r"--precision int8; .*, stride8_int8.onnx \(int8; --backend onnxruntime\)\. Not installed here: ",
        ),
        ([ONNX_INT8], ALL, {}, ConfigError, r"--precision fp32; there is stride8_int8.onnx \(int8; --backend onnx"),
        (
            [ONNX], ["paddle"], {}, ConfigError,
            r"an installed engine runs .*Not installed here: pip install -e '\.\[openvino\]', pip",
        ),
        (
            [ONNX], ["paddle", "openvino"], {"backend": "onnxruntime"}, DeviceError,
            r"^--backend onnxruntime: .* onnxruntime is not installed: pip install -e '\.\[onnx\]'",
        ),
        ([ONNX], ALL, {"backend": "openvin"}, DeviceError, "no such engine. Did you mean 'openvino'"),
    ],
)  # fmt: skip
def test_what_is_asked_for_and_cannot_be_had_is_one_line(installed, graphs, packages, options, error, message):
    installed(*packages)
    with pytest.raises(error, match=message) as caught:
        choose(*graphs, **options)
    assert "\n" not in str(caught.value)


def test_an_engine_that_does_not_run_the_graph_is_refused(installed):
    with pytest.raises(
        DeviceError, match="--backend mnn: it does not run stride8.onnx; --backend onnxruntime or openvino"
    ):
        engines.open_engine(ONNX, EngineOptions(backend="mnn"))
    # Quantised for another engine.
    with pytest.raises(DeviceError, match="it does not run stride8_int8.onnx; --backend onnxruntime does"):
        engines.open_engine(ONNX_INT8, EngineOptions(backend="openvino", precision="int8"))


def test_an_engine_that_is_there_but_does_not_load_is_one_line(tmp_path, monkeypatch):
    (tmp_path / "broken.py").write_text("raise ImportError('libsomething.so: cannot open shared object file')\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(
        engines.ENGINES, "mnn", dataclasses.replace(engines.ENGINES["mnn"], module="broken", package="broken")
    )
    monkeypatch.setattr("paddleseg.deploy.engines.__path__", [str(tmp_path)])
    message = r"^--backend mnn: broken cannot be loaded \(libsomething.so: .*\): pip install -e '\.\[mnn\]'$"
    with pytest.raises(DeviceError, match=message) as caught:
        engines.open_engine(MNN, EngineOptions(backend="mnn"))
    assert "\n" not in str(caught.value)


def test_the_device_of_engines_other_than_paddle_is_the_cpu_or_a_card_with_a_number():
    assert [engines.engine_device("onnxruntime", name) for name in (None, "gpu", "gpu:1")] == ["cpu", "gpu:0", "gpu:1"]
    for name in ("gpu:x", "gpu:"):
        with pytest.raises(DeviceError, match=f"^--device {name}: .* is not the number of a card; give gpu:0"):
            engines.engine_device("onnxruntime", name)
