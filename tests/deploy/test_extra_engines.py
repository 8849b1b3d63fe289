# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""OpenVINO, ONNX Runtime and MNN against a convolution in numpy."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from paddleseg.deploy.engines import open_engine
from paddleseg.deploy.engines.base import EngineOptions
from paddleseg.deploy.graph_spec import GraphSpec
from paddleseg.utils.cpus import usable_cpus
from paddleseg.utils.errors import DataError, DeviceError, WeightsError
from paddleseg.utils.quiet_import import import_quietly
from tests.conftest import REPOSITORY
from tests.deploy.graphs import MEAN, STD, expected_logits, write_onnx
from tests.telemetry import check_telemetry

SHAPES = [(1, 3, 64, 96), (2, 3, 65, 97), (3, 3, 33, 47), (1, 3, 64, 96)]
ENGINES = [
    pytest.param("onnxruntime", marks=pytest.mark.extras("onnx", "onnxruntime")),
    pytest.param("openvino", marks=pytest.mark.extras("onnx", "openvino")),
    pytest.param("mnn", marks=pytest.mark.extras("onnx", "MNN")),
]


def graph_for(backend: str, folder, **kind) -> GraphSpec:
    spec = {"input_dtype": "uint8" if kind.get("uint8") else "float32"}
    model = write_onnx(folder / "model.onnx", **kind)
    if backend != "mnn":
        return GraphSpec(model, None, "stride8", "onnx", **spec)
    from paddleseg.export.converters import convert_to_mnn

    converted = folder / "model.mnn"
    convert_to_mnn(model, converted, "network")
    return GraphSpec(converted, None, "stride8", "mnn", **spec)


def normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(3).standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("backend", ENGINES)
def test_an_engine_computes_in_float32_at_changing_sizes_and_batches(backend, threads, tmp_path):
    engine = open_engine(graph_for(backend, tmp_path), EngineOptions(backend=backend, cpu_threads=threads))
    assert (engine.input_names, engine.output_names) == (("x",), ("y",))
    assert engine.options.cpu_threads == threads and engine.options.backend == backend
    for shape in SHAPES:
        images = normal(*shape)
        # bfloat16, OpenVINO's own choice on many CPUs, would be off by 1e-2.
        np.testing.assert_allclose(engine(images), expected_logits(images), atol=2e-5)


@pytest.mark.parametrize("backend", ENGINES)
def test_a_graph_of_uint8_pictures_normalises_them_itself(backend, tmp_path):
    engine = open_engine(graph_for(backend, tmp_path, uint8=True, argmax=True), EngineOptions(backend=backend))
    for n, _, height, width in SHAPES:
        pictures = np.random.default_rng(1).integers(0, 256, (n, height, width, 3), np.uint8)
        logits = expected_logits(((pictures / 255 - MEAN) / STD).transpose(0, 3, 1, 2).astype(np.float32))
        assert (engine(pictures) == logits.argmax(axis=1)).mean() > 0.999
    with pytest.raises(TypeError, match="takes uint8, not float32"):
        engine(pictures.astype(np.float32))


@pytest.mark.parametrize("backend", ENGINES)
def test_a_clone_runs_in_another_thread_at_the_same_time(backend, tmp_path):
    first = open_engine(graph_for(backend, tmp_path), EngineOptions(backend=backend, cpu_threads=1))
    found = {}

    def run(engine, height):
        images = normal(1, 3, height, 80)
        errors = [np.abs(engine(images) - expected_logits(images)).max() for _ in range(20)]
        found[height] = max(errors)

    threads = [threading.Thread(target=run, args=pair) for pair in ((first, 64), (first.clone(), 72))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found.keys() == {64, 72} and max(found.values()) < 2e-5


@pytest.mark.parametrize("backend", ENGINES[:2])
def test_a_size_that_the_graph_does_not_take_is_one_line(backend, tmp_path):
    graph = graph_for(backend, tmp_path, shape=(1, 3, 64, 96))
    engine = open_engine(graph, EngineOptions(backend=backend))
    with pytest.raises(DataError, match=rf"{graph.model}: .* cannot run it on a batch of \[1, 3, 64, 80\]: ") as caught:
        engine(normal(1, 3, 64, 80))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("backend", ENGINES)
def test_a_damaged_graph_is_one_line(backend, tmp_path):
    graph = graph_for(backend, tmp_path)
    graph.model.write_bytes(graph.model.read_bytes()[:100])
    with pytest.raises(WeightsError, match=f"{graph.model}.*cannot load") as caught:
        open_engine(graph, EngineOptions(backend=backend))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("backend", ENGINES)
@pytest.mark.parametrize("options", [{"device": "npu:0"}, {"use_trt": True}, {"device": "gpu:0", "use_trt": True}])
def test_what_an_engine_cannot_have_here_is_refused(backend, options, tmp_path):
    graph = graph_for(backend, tmp_path)
    if backend == "onnxruntime" and options.get("device") == "gpu:0":
        import onnxruntime

        if "TensorrtExecutionProvider" in onnxruntime.get_available_providers():
            pytest.skip("needs an ONNX Runtime without TensorRT")
    with pytest.raises(DeviceError, match="^--(device|use_trt) "):
        open_engine(graph, EngineOptions(backend=backend, **options))


@pytest.mark.extras("onnx", "onnxruntime")
def test_onnxruntime_gets_its_threads_and_the_providers_of_a_card(tmp_path):
    from paddleseg.deploy.engines import onnx_runtime

    engine = open_engine(graph_for("onnxruntime", tmp_path), EngineOptions(cpu_threads=2))
    assert engine._session.get_session_options().intra_op_num_threads == 2
    options = EngineOptions(device="gpu:1", use_trt=True, precision="fp16", min_subgraph_size=5)
    known = ["TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"]
    (name, tensorrt), (second, _), last = onnx_runtime._providers(options, known)
    assert [name, second, last] == known
    assert tensorrt["device_id"] == 1 and tensorrt["trt_fp16_enable"] and tensorrt["trt_min_subgraph_size"] == 5
    assert not tensorrt["trt_int8_enable"]
    with pytest.raises(
        DeviceError, match="has no CUDAExecutionProvider, but CPUExecutionProvider; install onnxruntime-gpu"
    ):
        onnx_runtime._providers(EngineOptions(device="gpu:0"), ["CPUExecutionProvider"])


@pytest.mark.extras("onnx", "onnxruntime")
def test_onnxruntimes_own_log_is_that_of_its_warnings(tmp_path, capfd):
    graph = graph_for("onnxruntime", tmp_path)
    open_engine(graph, EngineOptions(print_detail=True))(normal(1, 3, 40, 40))
    assert capfd.readouterr().err.count("onnxruntime") < 5  # its information takes hundreds of lines


@pytest.mark.extras("onnx", "openvino")
def test_openvino_gets_its_threads_and_precision_and_reads_its_own_format(tmp_path):
    openvino = import_quietly("openvino")
    onnx_graph = graph_for("openvino", tmp_path)
    openvino.save_model(openvino.Core().read_model(onnx_graph.model), tmp_path / "ir.xml", compress_to_fp16=False)
    graph = GraphSpec(tmp_path / "ir.xml", tmp_path / "ir.bin", "stride8", "openvino")
    engine = open_engine(graph, EngineOptions(cpu_threads=2))
    images = normal(2, 3, 41, 50)
    compiled = engine._graph.compiled_for((images.shape,))
    assert compiled.get_property("INFERENCE_NUM_THREADS") == min(2, usable_cpus())
    np.testing.assert_allclose(engine(images), expected_logits(images), atol=2e-5)
    if "BF16" not in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        with pytest.raises(DeviceError, match="--precision bf16: OpenVINO has no bf16"):
            open_engine(graph, EngineOptions(precision="bf16"))
        return
    error = np.abs(open_engine(graph, EngineOptions(precision="bf16"))(images) - expected_logits(images)).max()
    assert 1e-4 < error < 0.1


@pytest.mark.extras("onnx", "openvino")
def test_openvino_computes_in_bfloat16_what_an_int8_graph_leaves_in_floats_where_the_cpu_has_it(tmp_path):
    graph = graph_for("openvino", tmp_path)
    able = import_quietly("openvino").Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    for precision, expected in (("fp32", "f32"), ("int8", "bf16" if "BF16" in able else "f32")):
        engine = open_engine(graph, EngineOptions(backend="openvino", precision=precision))
        hint = engine._graph.compiled_for((SHAPES[0],)).get_property("INFERENCE_PRECISION_HINT")
        assert hint.get_type_name() == expected


@pytest.mark.extras("onnx", "openvino")
def test_openvino_compiles_a_graph_for_the_first_size_and_once_more_for_all_others(tmp_path):
    engine = open_engine(graph_for("openvino", tmp_path), EngineOptions(backend="openvino"))
    compiled = []
    for shape in (*SHAPES, SHAPES[1]):
        images = normal(*shape)
        images.flags.writeable = False  # as pictures of a file that is mapped
        np.testing.assert_allclose(engine(images), expected_logits(images), atol=2e-5)
        compiled.append(engine._graph.compiled_for((shape,)))
    first, *others = (model.input(0).partial_shape for model in compiled)
    assert first.is_static and first.to_shape() == list(SHAPES[0])
    assert SHAPES[3] == SHAPES[0] and compiled[3] is compiled[0]
    assert others[0].is_dynamic and compiled[1] is compiled[2] is compiled[4]


@pytest.mark.extras("onnx", "openvino")
def test_openvino_keeps_the_fast_graph_for_the_first_size_after_a_warm_up(tmp_path):
    engine = open_engine(graph_for("openvino", tmp_path), EngineOptions(backend="openvino"))

    def compiled_for(shape):
        images = normal(*shape)
        np.testing.assert_allclose(engine(images), expected_logits(images), atol=2e-5)
        return engine._graph.compiled_for((shape,))

    warm = compiled_for((1, 3, 32, 32))
    engine.end_warm_up()
    found = [compiled_for(shape).input(0).partial_shape for shape in ((1, 3, 64, 96), (1, 3, 32, 32))]
    assert found[0].is_static and found[0].to_shape() == [1, 3, 64, 96] and found[1].is_dynamic
    assert warm not in engine._requests and len(engine._requests) == 2

    engine = open_engine(engine.graph, EngineOptions(backend="openvino"))
    warm = compiled_for((1, 3, 64, 96))
    engine.end_warm_up()
    assert compiled_for((1, 3, 64, 96)) is warm  # transforms with a Resize: the warm-up's size is that of all pictures


@pytest.mark.extras("onnx", "openvino")
def test_what_openvino_cannot_compile_ends_the_run_and_is_no_fault_of_the_picture(tmp_path, monkeypatch):
    engine = open_engine(graph_for("openvino", tmp_path), EngineOptions(backend="openvino"))
    monkeypatch.setitem(engine._graph._settings, "NUM_STREAMS", "no number")
    with pytest.raises(WeightsError, match="model.onnx: OpenVINO cannot load them: "):
        engine(normal(*SHAPES[0]))


@pytest.mark.extras("openvino", "openvino_telemetry")
@pytest.mark.parametrize(
    ("load", "reports"),
    [
        ("from paddleseg.utils.quiet_import import import_quietly; import_quietly('openvino')", False),
        ("import openvino", True),  # so that the test would see it
    ],
)
def test_nothing_is_reported_to_the_makers_of_openvino(load, reports, tmp_path):
    check_telemetry(load, reports=reports, home=tmp_path)


NOTE_CALLS = """
import os, socket, sys
def note(*arguments, **options):
    with open({file!r}, "a") as file:
        print(arguments, file=file)
    raise OSError("no network in this test")
socket.getaddrinfo = socket.create_connection = socket.socket.connect = os.system = note
"""


@pytest.mark.extras("onnx", "MNN")
def test_nothing_is_reported_to_the_makers_of_mnn_and_nothing_installed(tmp_path, monkeypatch):
    calls = tmp_path / "calls"
    (tmp_path / "sitecustomize.py").write_text(NOTE_CALLS.format(file=str(calls)))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(REPOSITORY)]))
    model = graph_for("mnn", tmp_path).model
    load = f"from MNN import Interpreter; Interpreter({str(model)!r})"
    subprocess.run([sys.executable, "-c", load], check=True, capture_output=True)
    assert not calls.exists()
    subprocess.run([sys.executable, "-c", "import os; os.system('true')"], capture_output=True)
    assert calls.exists()  # so that the test would see it
