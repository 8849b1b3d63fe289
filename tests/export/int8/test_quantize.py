# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""int8 graphs in an export: their content, their entries in deploy.yaml, and what is refused."""

import hashlib
import re
import shutil

import cv2
import numpy as np
import pytest
import yaml

from paddleseg.datasets.dataset import Dataset
from paddleseg.deploy.deploy_config import read_deploy_config
from paddleseg.deploy.engines.base import EngineOptions
from paddleseg.deploy.segmenter import Segmenter
from paddleseg.export.folder import export_model
from paddleseg.export.int8.pictures import Pictures
from paddleseg.export.int8.quantize import QuantizationError, QuantizeOptions, quantize_export
from paddleseg.export.options import ExportOptions
from paddleseg.models import DDRNet_23_slim_cls
from paddleseg.utils.errors import ConfigError, DataError, UserError
from paddleseg.utils.quiet_import import import_quietly
from tests.export.int8.exports import INT8_FILES, SIZE_HW, Unlabelled, export_tiny, scenes
from tests.telemetry import check_telemetry

pytestmark = [pytest.mark.slow, pytest.mark.extras("nncf", "openvino", "onnx", "onnxruntime")]
LOSSY = QuantizeOptions(max_drop=10)
ONNX = QuantizeOptions(["onnx"], max_drop=10)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    return export_tiny(tmp_path_factory.mktemp("export") / "out", ignored_class=3)


@pytest.fixture(scope="module")
def quantized(exported, tmp_path_factory):
    """The export with int8 graphs in another folder, and what was measured."""
    folder = tmp_path_factory.mktemp("quantized") / "out"
    return folder, quantize_export(exported, folder, scenes(), scenes("val", 4, Unlabelled), LOSSY)


def section_of(folder) -> dict:
    return yaml.safe_load((folder / "deploy.yaml").read_text())["Deploy"]


def names_in(folder) -> set:
    return {path.name for path in folder.iterdir()}


def test_another_folder_has_the_export_and_the_int8_graphs_with_checksums(exported, quantized):
    folder, _ = quantized
    assert names_in(folder) == names_in(exported) | INT8_FILES
    before, after = section_of(exported), section_of(folder)
    new = {name: after["graphs"].pop(name) for name in ("stride8_openvino_int8", "stride8_onnx_int8")}
    assert new["stride8_openvino_int8"] == {
        "model": "model_stride8_int8.xml", "params": "model_stride8_int8.bin", "gives": "stride8",
        "format": "openvino", "precision": "int8", "input": "uint8", "calibrated_size": list(SIZE_HW),
    }  # fmt: skip
    assert new["stride8_onnx_int8"]["model"] == "model_stride8_int8.onnx"
    sums = after.pop("checksums")
    assert sums == {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in names_in(folder) - {"deploy.yaml", "written_files.jsonl"}
    }
    before.pop("checksums")
    assert after == before


@pytest.mark.parametrize("backend", ["openvino", "onnxruntime"])
def test_int8_runs_where_it_is_asked_for_and_keeps_to_float32s_classes(quantized, backend, log):
    folder, results = quantized
    maps = {}
    for precision in ("fp32", "int8"):
        segmenter = Segmenter(read_deploy_config(folder), EngineOptions(backend, precision=precision, cpu_threads=1))
        assert segmenter.graph.precision == precision
        picture = scenes("val").dataset.read(0)["img"]
        maps[precision] = segmenter.label_maps([segmenter.prepare(picture)])[0]
        assert 3 not in maps[precision]  # the ignored class, whose logits are lowered by 10000
    assert len(np.unique(maps["fp32"])) > 1
    assert 0.8 < (maps["int8"] == maps["fp32"]).mean() < 1
    (row,) = (row for rows in results.values() for row in rows if row.name == f"{backend} int8")
    assert 0.9 < row.scores.equal_share < 1 and row.scores.mean_iou is None
    assert "was calibrated at" not in log.text
    segmenter.label_maps([segmenter.prepare(picture[:48])])
    assert "was calibrated at (height, width) = (64, 96) and runs at (48, 96)" in log.text


def test_float32_and_bfloat16_are_measured_on_the_same_engine(quantized):
    _, results = quantized
    openvino = import_quietly("openvino")
    has_bf16 = "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    assert [row.name for row in results["onnx"]] == ["onnxruntime fp32", "onnxruntime int8"]
    expected = ["openvino fp32", *(["openvino bf16"] if has_bf16 else []), "openvino int8"]
    assert [row.name for row in results["openvino"]] == expected
    for rows in results.values():
        assert rows[0].scores.equal_share == 1 and all(row.milliseconds > 0 for row in rows)
        assert rows[-1].bytes < 0.7 * rows[0].bytes


def test_the_normalisation_and_the_ignored_class_stay_in_float32(quantized):
    import onnx

    folder, _ = quantized
    model = onnx.load(folder / "model_stride8_int8.onnx")
    made_by = {output: node for node in model.graph.node for output in node.output}
    for node in model.graph.node:
        inputs = [made_by[name].op_type for name in node.input if name in made_by]
        if node.name in ("normalize/Sub", "normalize/Mul") or node.output[0] == "logits_stride8":
            assert "DequantizeLinear" not in inputs[1:]
        elif node.op_type == "Conv":
            assert inputs[:2] == ["DequantizeLinear"] * 2
    assert made_by["logits_stride8"].op_type == "Add"
    facts = {item.key: item.value for item in model.metadata_props}
    assert facts["calibrated_size"] == "64 x 96" and facts["gives"] == "stride8" and facts["float_layers"] == ""
    operations = import_quietly("openvino").Core().read_model(folder / "model_stride8_int8.xml").get_ordered_ops()
    assert sum(op.get_type_name() == "FakeQuantize" for op in operations) > 20
    (last,) = (op for op in operations if "logits_stride8" in op.get_friendly_name() and op.get_type_name() == "Add")
    assert "FakeQuantize" not in [port.get_source_output().get_node().get_type_name() for port in last.inputs()]


def test_a_sum_that_a_relu_and_a_sum_read_is_quantised_once_for_both(quantized):
    model = import_quietly("openvino").Core().read_model(quantized[0] / "model_stride8_int8.xml")

    def types_of_readers(port):
        return {reader.get_node().get_type_name() for reader in port.get_target_inputs()}

    sums = [op for op in model.get_ordered_ops() if op.get_type_name() == "Add"]
    assert not any({"FakeQuantize", "Relu"} <= types_of_readers(op.output(0)) for op in sums)
    quantizers = [op for op in model.get_ordered_ops() if op.get_type_name() == "FakeQuantize"]
    # Two branches in two stages.
    assert sum("Relu" in types_of_readers(op.output(0)) for op in quantizers) == 4


def test_sensitive_layers_are_left_out_until_the_loss_is_small_enough(exported, tmp_path, log):
    import onnx

    calibration, validation = scenes(), scenes("val", 4, Unlabelled)
    (_, int8) = quantize_export(exported, tmp_path / "a", calibration, validation, ONNX)["onnx"]
    loss = 100 * (1 - int8.scores.equal_share)
    options = QuantizeOptions(["onnx"], max_drop=loss - 1e-3)
    (_, int8) = quantize_export(exported, tmp_path / "b", calibration, validation, options)["onnx"]
    assert 100 * (1 - int8.scores.equal_share) < loss
    model = onnx.load(tmp_path / "b" / "model_stride8_int8.onnx")
    kept = {item.key: item.value for item in model.metadata_props}["float_layers"].split(", ")
    assert kept == ["spp", "head", "conv1", "layer5", "layer5_"][: len(kept)]
    weights = {initializer.name for initializer in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "Conv":
            assert (node.input[1] in weights) == (re.split("[./]", node.name)[0] in kept), node.name
    with pytest.raises(QuantizationError, match="points even with spp, head, conv1, layer5, layer5_ in float32.*0;"):
        quantize_export(exported, tmp_path / "c", calibration, validation, QuantizeOptions(["onnx"], max_drop=0))
    assert not (tmp_path / "c").exists()


def test_the_same_folder_may_get_them_again_and_the_next_export_takes_them_away(tmp_path):
    folder = export_tiny(tmp_path / "out", formats=["onnx"])
    names = names_in(folder)
    for size in (SIZE_HW, (32, 64)):
        quantize_export(folder, folder, scenes(size_hw=size), scenes("val", 2), ONNX)
        assert names_in(folder) == names | {"model_stride8_int8.onnx"}
        config = read_deploy_config(folder)
        assert config.graphs["stride8_onnx_int8"].calibrated_size == size
        Segmenter(config, EngineOptions("onnxruntime", precision="int8"))  # its checksum is right
    export_tiny(tmp_path / "out", formats=["onnx"])
    assert names_in(folder) == names and "stride8_onnx_int8" not in read_deploy_config(folder).graphs


@pytest.mark.parametrize("name", ["model.onnx", "model.bin", "model_stride8.onnx"])
def test_an_export_with_a_file_that_is_not_the_exported_one_is_not_copied(exported, tmp_path, name):
    folder = shutil.copytree(exported, tmp_path / "export")
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(ConfigError, match=rf"^\S*{re.escape(name)}: is not the file that deploy.yaml was written for"):
        quantize_export(folder, tmp_path / "int8", scenes(), scenes("val"), ONNX)
    assert not (tmp_path / "int8").exists()


def test_files_that_no_command_wrote_are_not_replaced(exported, tmp_path):
    (tmp_path / "deploy.yaml").write_text("mine")
    with pytest.raises(DataError, match="deploy.yaml: would be replaced"):
        quantize_export(exported, tmp_path, scenes(), scenes("val"), ONNX)
    assert names_in(tmp_path) == {"deploy.yaml"}


def test_pictures_of_another_size_are_resized_to_that_of_deployment(exported, tmp_path):
    options = QuantizeOptions(["onnx"], (1, 3, 96, 160), max_drop=100)
    (fp32, _) = quantize_export(exported, tmp_path / "out", scenes(), scenes("val", 2), options)["onnx"]
    assert read_deploy_config(tmp_path / "out").graphs["stride8_onnx_int8"].calibrated_size == (96, 160)
    assert fp32.scores.mean_iou is not None  # at the size of the labels, 64 x 96


def test_a_graph_of_fixed_size_and_batch_is_calibrated_at_its_size(tmp_path):
    folder = export_tiny(tmp_path / "out", formats=["onnx"], input_shape=[2, 3, 64, 128])
    quantize_export(folder, tmp_path / "int8", scenes(), scenes("val", 2), QuantizeOptions(["onnx"], max_drop=100))
    graph = read_deploy_config(tmp_path / "int8").graphs["stride8_onnx_int8"]
    assert graph.calibrated_size == (64, 128) and graph.input_shape == (2, 3, 64, 128)
    with pytest.raises(ConfigError, match="--input_shape 1 3 64 96: .* takes height and width 64 128 only"):
        quantize_export(folder, tmp_path / "b", scenes(), scenes("val"), QuantizeOptions(["onnx"], (1, 3, 64, 96)))


def test_pictures_of_several_sizes_need_one_to_be_said(exported, tmp_path):
    for index, (height, width) in enumerate([(40, 60), (40, 60), (50, 60)]):
        cv2.imwrite(str(tmp_path / f"{index}.png"), np.full((height, width, 3), 40 * index, np.uint8))
        cv2.imwrite(str(tmp_path / f"label{index}.png"), np.zeros((height, width), np.uint8))
    (tmp_path / "list.txt").write_text("".join(f"{i}.png label{i}.png\n" for i in range(3)))
    dataset = Dataset("val", str(tmp_path), [], num_classes=19, val_path="list.txt")
    pictures = Pictures.spread(dataset, None, "train_dataset")
    with pytest.raises(ConfigError, match=r"in 2 sizes, height x width 40 x 60 \(2 pictures\), 50 x 60 \(1"):
        quantize_export(exported, tmp_path / "out", pictures, scenes("val"), ONNX)
    (tmp_path / "1.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match="1.png"):
        quantize_export(exported, tmp_path / "out", pictures, scenes("val"), ONNX)


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ([1, 3, 64], "give four numbers N C H W"),
        ([1, 4, 64, 96], "the network takes 3 channels"),
        ([1, 3, 16, 96], "at least 32"),
        ([1, 3, -1, -1], "give height and width"),
        ([8, 3, 64, 96], "pictures are calibrated one by one"),
    ],
)
def test_a_size_that_is_none_is_refused(exported, tmp_path, shape, words):
    with pytest.raises(ConfigError, match=f"^--input_shape {' '.join(map(str, shape))}: .*{words}"):
        quantize_export(exported, tmp_path, scenes(), scenes("val"), QuantizeOptions(["onnx"], shape))


def test_exports_that_cannot_be_quantised_are_refused_by_name(quantized, tmp_path):
    def refused(folder, words, options=ONNX):
        with pytest.raises(ConfigError, match=words):
            quantize_export(folder, tmp_path / "out", scenes(), scenes("val"), options)

    paddle = export_tiny(tmp_path / "paddle", formats=["paddle"])
    refused(paddle, r"in a \.onnx file, but there is model.pdmodel \(fp32\).*--format paddle,onnx")
    classifier = DDRNet_23_slim_cls(num_classes=5)
    options = ExportOptions(output_op="none", task="classification", formats=["onnx"])
    refused(export_model(classifier, tmp_path / "cls", transforms=[], options=options).parent, "is a classifier")
    refused(export_tiny(tmp_path / "few", num_classes=5), "train_dataset has num_classes 19, but the network .* 5")
    # A folder of which only int8 is left.
    shutil.copytree(quantized[0], tmp_path / "int8")
    path = tmp_path / "int8" / "deploy.yaml"
    section = section_of(path.parent)
    main = {**section["graphs"]["stride8_onnx_int8"], "output_op": "none", "graphs": {}}
    main.pop("gives")
    path.write_text(yaml.safe_dump({"Deploy": {**section, **main}}))
    refused(tmp_path / "int8", r"there is model_stride8_int8.onnx \(int8\)")
    portable = {"portable": True, "input_shape": [1, 3, 64, 96], "output_op": "none"}
    with pytest.raises(UserError, match=r"model_stride8.onnx has ONNX's operators of set 12, .* without --portable"):
        folder = export_tiny(tmp_path / "portable", formats=["onnx"], **portable)
        quantize_export(folder, tmp_path / "out", scenes(), scenes("val"), ONNX)
    export = export_tiny(tmp_path / "changed", formats=["onnx"])
    (export / "model_stride8.onnx").write_bytes(b"another")
    refused(export, "is not the file that deploy.yaml was written for")


QUANTIZE = """
import numpy as np
import nncf, openvino
model = openvino.Core().read_model(sys.argv[1])
nncf.quantize(model, nncf.Dataset([np.zeros((1, 64, 96, 3), np.uint8)]), subset_size=1)
openvino.convert_model(sys.argv[1])
"""


@pytest.mark.extras("openvino_telemetry")
@pytest.mark.parametrize(
    ("load", "reports"),
    [
        ("from paddleseg.utils.cli import require_packages; require_packages('nncf', 'openvino')", False),
        ("", True),  # so that the test would see it
    ],
)
def test_nothing_is_reported_to_the_makers_of_nncf(exported, tmp_path, load, reports):
    check_telemetry(f"{load}\n{QUANTIZE}", exported / "model_stride8.onnx", reports=reports, home=tmp_path)
