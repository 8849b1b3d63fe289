# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Formats other than Paddle's in the folder of an export: files, deploy.yaml, metadata, and the graphs' outputs."""

import json
import sys

import numpy as np
import paddle
import pytest
import yaml

from paddleseg import __version__, models
from paddleseg.deploy.deploy_config import read_deploy_config
from paddleseg.export.folder import export_model
from paddleseg.export.options import ExportOptions, input_dtype_for
from paddleseg.transforms import Normalize
from paddleseg.utils.errors import ConfigError, UserError
from paddleseg.utils.image_io import ReadOptions
from paddleseg.utils.revision import checkout_revision
from tests.export.small_network import NORMALIZE, SmallNetwork
from tests.export.tiny_weights import with_made_up_weights

HW = (65, 97)
NAMES = {"argmax": "class_ids", "stride8": "logits_stride8", "softmax": "probabilities"}


@pytest.fixture(scope="module")
def network():
    return with_made_up_weights(models.DDRNet_23_slim(num_classes=6))


@pytest.fixture(scope="module")
def everything(network, tmp_path_factory):
    """An export in all formats."""
    options = ExportOptions(formats=("paddle", "onnx", "openvino", "mnn"))
    folder = tmp_path_factory.mktemp("exported") / "out"
    return read_deploy_config(export_model(network, folder, transforms=NORMALIZE, options=options))


def deploy_section(path) -> dict:
    return yaml.safe_load(path.read_text())["Deploy"]


def pictures(n: int = 1) -> np.ndarray:
    return np.random.default_rng(4).integers(0, 256, (n, *HW, 3), dtype=np.uint8)


@paddle.no_grad()
def stride8_logits(network, images: np.ndarray) -> np.ndarray:
    normalized = np.stack([Normalize().apply(image).transpose(2, 0, 1) for image in images])
    return network.forward_stride8(paddle.to_tensor(normalized))[0].numpy()


@paddle.no_grad()
def class_ids(network, images: np.ndarray) -> np.ndarray:
    normalized = np.stack([Normalize().apply(image).transpose(2, 0, 1) for image in images])
    return network(paddle.to_tensor(normalized))[0].numpy().argmax(axis=1)


@pytest.mark.extras("onnx", "openvino", "MNN")
def test_paddles_graph_stays_the_main_one_and_the_others_stand_under_graphs(everything):
    section = deploy_section(everything.path)
    assert (section["model"], section["format"], section.get("input")) == ("model.pdmodel", "pdmodel", None)
    assert list(section["graphs"]) == [
        "stride8", "argmax_onnx", "stride8_onnx", "argmax_openvino", "stride8_openvino", "argmax_mnn", "stride8_mnn",
    ]  # fmt: skip
    assert section["graphs"]["stride8_openvino"] == {
        "model": "model_stride8.xml", "params": "model_stride8.bin", "gives": "stride8", "format": "openvino",
        "input": "uint8",
    }  # fmt: skip
    assert section["graphs"]["argmax_mnn"] == {
        "model": "model.mnn", "gives": "argmax", "format": "mnn", "input": "uint8"
    }  # fmt: skip
    files = {file.name for graph in (everything.main_graph, *everything.graphs.values()) for file in graph.files}
    assert set(section["checksums"]) - {"model.pdiparams.info"} == files


@pytest.mark.extras("onnx", "openvino", "MNN")
@pytest.mark.parametrize("gives", ["argmax", "stride8"])
def test_openvinos_graphs_give_what_the_network_gives_and_keep_float32(everything, network, gives):
    import openvino

    graph = everything.graphs[f"{gives}_openvino"]
    num_weights = sum(int(np.prod(tensor.shape)) for tensor in network.state_dict().values())
    assert graph.params.stat().st_size > 0.98 * 4 * num_weights  # those of batch normalisations are folded
    model = openvino.Core().read_model(graph.model)
    assert model.get_rt_info(["ddrnet_toolkit", "arch"]).astype(str) == "DDRNet_23_slim"
    compiled = openvino.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    assert compiled.input(0).names == {"images"}
    assert NAMES[gives] in compiled.output(0).names
    found = compiled(pictures(2))[0]
    if gives == "argmax":
        assert (found == class_ids(network, pictures(2))).all()
    else:
        wanted = stride8_logits(network, pictures(2))
        assert np.abs(found - wanted).max() < 1e-5 * np.abs(wanted).max()


@pytest.mark.extras("onnx", "openvino", "MNN")
@pytest.mark.parametrize("gives", ["argmax", "stride8", "softmax"])
def test_mnns_graphs_give_what_the_network_gives(everything, network, gives, tmp_path):
    import MNN as mnn

    logits, config = stride8_logits(network, pictures(2)), everything
    if gives == "softmax":  # of logits so far apart that MNN's own softmax over the channels fails
        options = ExportOptions("softmax", formats=["mnn"])
        weight = network.head.conv.weight.numpy()
        network.head.conv.weight.set_value(weight * (200 / np.abs(logits).max()))
        config = read_deploy_config(export_model(network, tmp_path / "out", transforms=NORMALIZE, options=options))
        logits = np.float32(200 / np.abs(logits).max()) * logits
    graph = config.main_graph if gives == "softmax" else config.graphs[f"{gives}_mnn"]
    module = mnn.nn.load_module_from_file(str(graph.model), ["images"], [NAMES[gives]])
    found = module.forward([mnn.expr.const(pictures(2), [2, *HW, 3], mnn.expr.NCHW, mnn.expr.uint8)])[0]
    found = np.array(mnn.expr.convert(found, mnn.expr.NCHW).read() if gives == "stride8" else found.read())
    if gives == "argmax":
        assert (found == class_ids(network, pictures(2))).mean() > 0.999
    elif gives == "stride8":
        assert np.abs(found - logits).max() < 1e-3 * np.abs(logits).max()
    else:
        with paddle.no_grad():
            x = paddle.to_tensor(np.stack([Normalize().apply(image).transpose(2, 0, 1) for image in pictures(2)]))
            wanted = paddle.nn.functional.softmax(network(x)[0], axis=1).numpy()
        network.head.conv.weight.set_value(weight)
        assert np.abs(found - wanted).max() < 1e-2


@pytest.mark.extras("onnx")
def test_an_onnx_model_alone_is_the_main_graph_and_says_what_it_is(network, tmp_path):
    import onnx

    path = export_model(
        network,
        tmp_path / "out",
        transforms=[{"type": "Resize", "target_size": [97, 65]}, *NORMALIZE],
        options=ExportOptions(formats=["onnx"], opset=13, input_shape=[1, 3, *HW]),
        class_names=["road", "Straße", "c", "d", "e", "f"],
        palette=np.arange(18).reshape(6, 3),
        ignored_class=5,
        weights_meta={"step": 7, "metric": 0.61},
    )
    section = deploy_section(path)
    assert {name: section.get(name) for name in ("model", "params", "format", "input", "input_shape", "graphs")} == {
        "model": "model.onnx", "params": None, "format": "onnx", "input": "uint8", "input_shape": [1, 3, *HW],
        "graphs": {"stride8": {"model": "model_stride8.onnx", "format": "onnx", "input": "uint8"}},
    }  # fmt: skip
    assert sorted(file.name for file in path.parent.iterdir()) == [
        "deploy.yaml", "model.onnx", "model_stride8.onnx", "written_files.jsonl",
    ]  # fmt: skip
    model = onnx.load(path.parent / "model.onnx")
    assert (model.producer_name, model.producer_version) == ("ddrnet-toolkit", __version__)
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", 13)]
    said = {entry.key: entry.value for entry in model.metadata_props}
    assert {name: said[name] for name in ("arch", "padding_mode", "gives", "input", "toolkit")} == {
        "arch": "DDRNet_23_slim", "padding_mode": "official", "gives": "argmax",
        "input": "uint8 RGB pictures (N, H, W, C)", "toolkit": f"ddrnet-toolkit {__version__}",
    }  # fmt: skip
    assert said.get("revision") == checkout_revision()
    assert json.loads(said["class_names"])[1] == "Straße"
    assert json.loads(said["palette"])[1] == [3, 4, 5]
    assert json.loads(said["transforms"]) == section["transforms"]
    assert json.loads(said["weights"]) == {"step": 7, "metric": 0.61}
    assert json.loads(said["ignore_index"]) == 5


@pytest.mark.extras("onnx")
def test_a_portable_model_is_one_graph_of_logits_at_one_eighth(network, tmp_path):
    import onnx

    options = ExportOptions("none", [1, 3, *HW], formats=["onnx"], portable=True)
    path = export_model(network, tmp_path / "out", transforms=NORMALIZE, options=options)
    config = read_deploy_config(path)
    assert [file.name for file in path.parent.glob("*.onnx")] == ["model_stride8.onnx"]
    assert (config.output_op, config.main_graph.model) == ("none", config.graphs["stride8"].model)
    assert config.main_graph.input_dtype == "float32"
    graph = onnx.load(config.main_graph.model).graph
    shapes = [[side.dim_value for side in value.type.tensor_type.shape.dim] for value in (*graph.input, *graph.output)]
    assert shapes == [[1, 3, 65, 97], [1, 6, 9, 13]]


@pytest.mark.extras("onnx")
def test_a_portable_model_beside_paddles_graphs_leaves_them_as_they_are(network, tmp_path):
    options = ExportOptions("argmax", [1, 3, *HW], formats=["onnx", "paddle"], portable=True)
    section = deploy_section(export_model(network, tmp_path / "out", transforms=NORMALIZE, options=options))
    assert (section["model"], section["output_op"]) == ("model.pdmodel", "argmax")
    assert list(section["graphs"]) == ["stride8", "stride8_onnx"]
    assert "input" not in section["graphs"]["stride8_onnx"]


@pytest.mark.extras("onnx")
def test_a_classifier_has_one_graph_in_each_format(tmp_path):
    classifier = with_made_up_weights(models.DDRNet_23_slim_cls(num_classes=4))
    options = ExportOptions("softmax", task="classification", formats=["paddle", "onnx"], input_dtype="float32")
    section = deploy_section(export_model(classifier, tmp_path / "out", transforms=NORMALIZE, options=options))
    assert section["graphs"] == {"softmax_onnx": {"model": "model.onnx", "gives": "softmax", "format": "onnx"}}


@pytest.mark.extras("onnx")
def test_the_next_export_removes_the_files_of_formats_that_it_does_not_write(network, tmp_path):
    folder = tmp_path / "out"
    export_model(network, folder, transforms=NORMALIZE, options=ExportOptions(formats=["paddle", "onnx"]))
    assert (folder / "model.onnx").is_file()
    export_model(network, folder, transforms=NORMALIZE)
    assert not list(folder.glob("*.onnx"))


@pytest.mark.extras("onnx")
def test_a_users_own_network_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(ConfigError, match="SmallNetwork is not one of the toolkit's networks, .* give --format paddle"):
        export_model(
            SmallNetwork(), tmp_path / "out", transforms=NORMALIZE, options=ExportOptions(formats=["paddle", "onnx"])
        )
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("package", "kind", "extra"),
    [("onnx", "onnx", "onnx"), ("onnx", "mnn", "onnx"), ("openvino", "openvino", "openvino"), ("MNN", "mnn", "mnn")],
)
def test_a_missing_package_is_one_line_that_says_what_to_install(network, tmp_path, monkeypatch, package, kind, extra):
    for name in ("onnx", "openvino", "MNN"):
        monkeypatch.setitem(sys.modules, name, None if name == package else sys)
    with pytest.raises(UserError, match=rf"cannot import {package} .*: pip install -e '\.\[{extra}\]'"):
        export_model(network, tmp_path / "out", transforms=NORMALIZE, options=ExportOptions(formats=[kind]))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"formats": ["onxx"]}, "--format onxx: no such format. Did you mean 'onnx'"),
        ({"formats": []}, "--format: no format given"),
        (
            {"formats": ["onnx"], "graph_format": "json"},
            "--graph_format is for Paddle's graphs, and --format onnx writes",
        ),
        ({"formats": ["onnx"], "opset": 10}, "--opset 10: it must be from 11 to 19"),
        ({"formats": ["mnn"], "opset": 17}, "--opset is for ONNX, and --format mnn writes no"),
        ({"input_dtype": "uint8"}, "--input_dtype: Paddle's graphs take float32 only"),
        ({"formats": ["onnx"], "input_dtype": "int8"}, "--input_dtype int8: allowed are float32, uint8"),
        ({"portable": True}, "--portable is for ONNX models, and --format paddle writes none"),
        ({"formats": ["onnx"], "portable": True, "output_op": "none"}, "--portable: give --input_shape"),
        ({"formats": ["onnx"], "portable": True, "input_shape": [-1, 3, 64, 64]}, "--portable: give --input_shape"),
        (
            {"formats": ["onnx"], "portable": True, "input_shape": [1, 3, 64, 64], "opset": 17},
            "--portable means --opset 12",
        ),
        (
            {"formats": ["onnx"], "portable": True, "input_shape": [1, 3, 64, 64], "input_dtype": "uint8"},
            "--portable: its model takes normalised float32",
        ),
        (
            {"formats": ["onnx"], "portable": True, "input_shape": [1, 3, 64, 64], "output_op": "argmax"},
            "--portable: its model gives logits, not argmax",
        ),
    ],
)
def test_wishes_that_do_not_go_together_are_refused(options, message):
    with pytest.raises(ConfigError, match=message) as caught:
        ExportOptions(**options).check()
    assert "\n" not in str(caught.value)


def test_graphs_take_uint8_pictures_where_pictures_are_such():
    resize = {"type": "Resize", "target_size": [64, 32]}
    plain = ReadOptions()
    assert input_dtype_for(None, [resize, *NORMALIZE], plain) == "uint8"
    assert input_dtype_for(None, [resize], plain) == "uint8"
    assert input_dtype_for(None, [*NORMALIZE, resize], plain) == "float32"
    assert input_dtype_for(None, NORMALIZE, ReadOptions(value_range=(0, 4095))) == "float32"
    assert input_dtype_for("float32", NORMALIZE, plain) == "float32"
    with pytest.raises(ConfigError, match="--input_dtype uint8: value_range is set"):
        input_dtype_for("uint8", NORMALIZE, ReadOptions(value_range=(0, 4095)))
    with pytest.raises(ConfigError, match="--input_dtype uint8: Normalize is not the last"):
        input_dtype_for("uint8", [*NORMALIZE, resize], plain)
