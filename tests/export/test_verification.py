# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""What the comparison of an export with its network accepts and what it rejects."""

import json
import re
import shutil
import sys
from pathlib import Path

import cv2
import numpy as np
import paddle
import pytest
import yaml

from paddleseg import models
from paddleseg.deploy.deploy_config import read_deploy_config, read_section
from paddleseg.export.folder import export_model
from paddleseg.export.graph_runs import VerificationError
from paddleseg.export.options import ExportOptions
from paddleseg.export.verification.expected import Reference
from paddleseg.export.verification.pictures import Picture, generated_pictures
from paddleseg.export.verification.run import verify_export
from paddleseg.transforms import Normalize, Padding, Pipeline, Resize
from paddleseg.utils.image_io import read_image
from tests.export.small_network import GRAPH_FORMATS, NORMALIZE, SmallNetwork
from tests.export.tiny_weights import with_made_up_weights

pytestmark = pytest.mark.usefixtures("narrow", "verified_here")


@pytest.fixture(scope="module")
def default_export(tmp_path_factory):
    """The export of ``network`` with the usual options; tests work on copies."""
    paddle.seed(7)
    network = SmallNetwork()
    network.eval()
    folder = tmp_path_factory.mktemp("default_export") / "out"
    export_model(network, folder, transforms=NORMALIZE)
    return folder


def verify(network, folder, pipeline=None, pictures=None, ignored_class=None, ignore_index=None, **options):
    pictures = generated_pictures(3) if pictures is None else pictures
    pipeline = Pipeline([Normalize()]) if pipeline is None else pipeline
    return verify_export(Reference(network, pipeline, ignored_class, ignore_index), folder, pictures, **options)


def verdicts(report):
    return [(row.run.graph.model.name, row.status) for row in report.rows]


def is_refused(report):
    """Whether it has failures, and they end an export."""
    if not report.failures:
        return False
    with pytest.raises(VerificationError, match=r"verification failed: model.*; nothing was exported$"):
        report.raise_failures("nothing was exported")
    return True


def set_deploy(folder, **values):
    """Other values in a deploy.yaml."""
    section = yaml.safe_load((folder / "deploy.yaml").read_text())["Deploy"]
    (folder / "deploy.yaml").write_text(yaml.safe_dump({"Deploy": {**section, **values}}))


@pytest.mark.parametrize("output_op", ["argmax", "softmax", "none"])
def test_an_export_passes(network, tmp_path, output_op):
    export_model(network, tmp_path / "out", transforms=NORMALIZE, options=ExportOptions(output_op))
    report = verify(network, tmp_path / "out")
    assert verdicts(report) == [("model.pdmodel", "passed"), ("model_stride8.pdmodel", "passed")]
    assert all(row.seen.equal_share > 0.9999 for row in report.rows)
    assert report.overview.num_pictures == 3
    assert report.overview.num_classes > 1
    main, stride8 = (row.seen.difference for row in report.rows)
    assert (main is None) == (output_op == "argmax")
    assert stride8 < 1e-5


def test_other_weights_fail_and_the_share_is_named(network, default_export, tmp_path):
    shutil.copytree(default_export, tmp_path / "out")
    bias = network.head.bias.numpy()
    network.head.bias.set_value(bias + np.array([0.1, 0, 0, 0], "float32"))
    report = verify(network, tmp_path / "out")
    assert is_refused(report)
    assert "% of the pixels are equal, at least 99.9 % are asked for" in report.rows[0].reason
    assert 0.5 < report.rows[0].seen.equal_share < 0.999
    assert verify(network, tmp_path / "out", fp32_share=0.5).rows[0].status == "passed"


@pytest.mark.parametrize("key", ["model", "stride8"])
def test_both_graphs_of_an_export_are_compared(network, tmp_path, key):
    folder = tmp_path / "out"
    export_model(network, folder, transforms=[{"type": "Resize", "target_size": [96, 64]}, *NORMALIZE])
    pipeline = Pipeline([Resize([96, 64]), Normalize()])
    assert verify(network, folder, pipeline).failures == []
    network.head.bias.set_value(network.head.bias.numpy() + np.array([0.1, 0, 0, 0], "float32"))
    other = tmp_path / "other"
    export_model(network, other, transforms=NORMALIZE)
    deploy = yaml.safe_load((folder / "deploy.yaml").read_text())["Deploy"]
    for name in ("model.pdmodel", "model_stride8.pdmodel", "model.pdiparams"):
        shutil.copy(other / name, folder / f"other_{name}")
    graphs = {"model": deploy, "stride8": deploy["graphs"]["stride8"]}
    graphs[key].update(model=f"other_{graphs[key]['model']}", params="other_model.pdiparams")
    (folder / "deploy.yaml").write_text(yaml.safe_dump({"Deploy": deploy}))
    network.head.bias.set_value(network.head.bias.numpy() - np.array([0.1, 0, 0, 0], "float32"))
    report = verify(network, folder, pipeline)
    statuses = {"model": ["failed", "passed"], "stride8": ["passed", "failed"]}
    assert [row.status for row in report.rows] == statuses[key]


@pytest.mark.parametrize("output_op", ["argmax", "softmax", "none"])
def test_an_export_without_an_ignored_class_passes(network, tmp_path, output_op):
    network.head.bias.set_value(network.head.bias.numpy() + np.array([0, 0, 5, 0], "float32"))
    export_model(network, tmp_path / "a", transforms=NORMALIZE, options=ExportOptions(output_op), ignored_class=2)
    assert verify(network, tmp_path / "a", ignored_class=2).failures == []
    export_model(network, tmp_path / "b", transforms=NORMALIZE, options=ExportOptions(output_op))
    assert is_refused(verify(network, tmp_path / "b", ignored_class=2))


@pytest.mark.parametrize(("output_op", "failing"), [("none", 2), ("argmax", 1)])
def test_scores_that_differ_fail_although_the_classes_agree(network, tmp_path, output_op, failing):
    export_model(network, tmp_path / "out", transforms=NORMALIZE, options=ExportOptions(output_op))
    network.head.bias.set_value(network.head.bias.numpy() + np.float32(0.05))  # the same for all classes
    report = verify(network, tmp_path / "out")
    assert len(report.failures) == failing
    assert "of the largest logit, at most 0.001 is allowed" in report.failures[-1].reason


def test_a_network_of_no_numbers_fails(network, default_export, tmp_path):
    shutil.copytree(default_export, tmp_path / "out")
    network.head.bias.set_value(network.head.bias.numpy() * np.float32("nan"))
    with pytest.raises(VerificationError, match="generated picture 0: the network's output is not finite"):
        verify(network, tmp_path / "out")


@pytest.mark.parametrize(
    "transforms",
    [
        [{"type": "Normalize", "mean": [0.3] * 3, "std": [0.6] * 3}],
        [{"type": "Resize", "target_size": [128, 64]}, {"type": "Normalize"}],
        [{"type": "Padding", "target_size": [600, 400]}, {"type": "Normalize"}],
    ],
    ids=["another normalisation", "a resize too many", "a padding too many"],
)
def test_a_broken_transform_fails(network, default_export, tmp_path, transforms):
    folder = tmp_path / "out"
    shutil.copytree(default_export, folder)
    assert verify(network, folder).failures == []
    set_deploy(folder, transforms=transforms)
    assert is_refused(verify(network, folder))


def test_a_padding_of_another_colour_fails(network, tmp_path):
    folder = tmp_path / "out"
    padding = {"type": "Padding", "target_size": [640, 512]}
    export_model(network, folder, transforms=[padding, *NORMALIZE])
    pipeline = Pipeline([Padding(target_size=[640, 512]), Normalize()])
    assert verify(network, folder, pipeline).failures == []
    set_deploy(folder, transforms=[{**padding, "im_padding_value": 0}, *NORMALIZE])
    assert is_refused(verify(network, folder, pipeline))


def test_swapped_channels_fail(network, tmp_path):
    weight = network.trunk.weight.numpy()
    network.trunk.weight.set_value(weight[:, ::-1].copy())  # as if the pictures were BGR
    export_model(network, tmp_path / "out", transforms=NORMALIZE)
    assert verify(network, tmp_path / "out").failures == []
    network.trunk.weight.set_value(weight)
    assert is_refused(verify(network, tmp_path / "out"))


def test_a_padding_inside_the_network_that_is_another_fails(tmp_path):
    network = with_made_up_weights(models.DDRNet_23_slim(num_classes=4))
    network.set_padding_mode("paddleseg")
    export_model(network, tmp_path / "out", transforms=NORMALIZE)
    pictures = [Picture("small", next(iter(generated_pictures(3, (64, 96)))).pixels)]
    assert verify(network, tmp_path / "out", pictures=pictures).failures == []
    network.set_padding_mode("official")
    assert is_refused(verify(network, tmp_path / "out", pictures=pictures))


@pytest.mark.parametrize("name", ["model_stride8.pdmodel", "model.pdiparams"])
def test_a_stale_file_fails(network, default_export, tmp_path, name):
    folder, older = tmp_path / "out", tmp_path / "older"
    shutil.copytree(default_export, folder)
    network.trunk.weight.set_value(network.trunk.weight.numpy() * 2)
    export_model(network, older, transforms=NORMALIZE, ignored_class=1)
    network.trunk.weight.set_value(network.trunk.weight.numpy() / 2)
    shutil.copy(older / name, folder / name)
    report = verify(network, folder)
    assert is_refused(report)
    assert f"{name}: is not the file that deploy.yaml was written for" in report.failures[0].reason
    # A folder that is stale as a whole agrees with itself.
    assert is_refused(verify(network, older))


def test_pictures_of_files_are_read_as_deploy_yaml_says(network, default_export, tmp_path):
    shutil.copytree(default_export, tmp_path / "out")
    file = tmp_path / "deep.png"
    pixels = next(iter(generated_pictures(3, (64, 96)))).pixels
    cv2.imwrite(str(file), pixels[:, :, ::-1].astype(np.uint16) * 257)
    pictures = [Picture("deep", read_image(file, 3), str(file))]
    assert verify(network, tmp_path / "out", pictures=pictures).failures == []
    set_deploy(tmp_path / "out", value_range=[0, 4095])
    assert is_refused(verify(network, tmp_path / "out", pictures=pictures))


def test_a_graph_of_fixed_size_is_compared_on_resized_pictures(network, tmp_path, log):
    options = ExportOptions(input_shape=[2, 3, 64, 96])
    export_model(network, tmp_path / "out", transforms=NORMALIZE, options=options)
    report = verify(network, tmp_path / "out")
    assert report.failures == []
    assert report.rows[0].seen.sizes_hw == [[64, 96]]
    assert "3 of 3 pictures differ in size from what the graph takes" in log.text
    pictures = generated_pictures(3, (64, 96))
    assert [p.pixels.shape for p in pictures] == [(64, 96, 3)] * 3


def labelled_pictures(network, count: int, wrong: int):
    """Pictures whose labels are what the network finds, but for the first ``wrong`` of 16 rows, which are ignored."""
    from paddleseg.inference.label_maps import predict_label_maps

    for index in range(count):
        pixels = np.random.default_rng(index).integers(0, 256, (16, 24, 3), np.uint8)
        (label,) = predict_label_maps(network, {"img": pixels[None], "trans_info": [[]]}, Normalize())
        label[:wrong] = 255
        yield Picture(f"{index}", pixels, label=label)


def test_labels_give_a_miou_of_the_graphs_and_of_the_network(network, default_export, tmp_path):
    shutil.copytree(default_export, tmp_path / "out")
    report = verify(network, tmp_path / "out", pictures=labelled_pictures(network, 20, 4), ignore_index=255)
    assert [(row.seen.score, row.seen.network_score, row.seen.num_labelled) for row in report.rows] == [
        (100, 100, 20)
    ] * 2
    bias = network.head.bias.numpy()
    network.head.bias.set_value(bias + np.array([0.02, 0, 0, 0], "float32"))
    report = verify(network, tmp_path / "out", pictures=labelled_pictures(network, 20, 4), fp32_share=0.5)
    assert report.rows[0].status == "failed"
    assert "and the network's 100.00 %, a difference of 0.05 points is allowed" in report.rows[0].reason


@pytest.mark.skipif("json" not in GRAPH_FORMATS, reason="needs Paddle 3: Paddle 2 writes no .json graphs")
def test_what_this_machine_cannot_run_is_said_and_fails_nothing(network, tmp_path):
    export_model(network, tmp_path / "out", transforms=NORMALIZE, options=ExportOptions(graph_format="json"))
    report = verify(network, tmp_path / "out", every_way=True)
    found = {(row.run.key, row.run.options.precision): row for row in report.rows}
    assert {key: row.status for key, row in found.items()} == {
        ("", "fp32"): "passed", ("", "bf16"): "not run here", ("", "fp16"): "not run here",
        ("stride8", "fp32"): "passed", ("stride8", "bf16"): "not run here", ("stride8", "fp16"): "not run here",
    }  # fmt: skip
    assert "for a .pdmodel graph" in found["", "bf16"].reason
    assert report.result == "passed"


@pytest.fixture
def broken_mnn(tmp_path, monkeypatch):
    """The package MNN is installed, but does not load."""
    (tmp_path / "packages").mkdir()
    (tmp_path / "packages" / "MNN.py").write_text("raise ImportError('libsomething.so: cannot open shared object')")
    monkeypatch.syspath_prepend(tmp_path / "packages")
    for module in ("MNN", "paddleseg.deploy.engines.mnn_interpreter"):
        monkeypatch.delitem(sys.modules, module, raising=False)


@pytest.mark.usefixtures("broken_mnn")
def test_a_graph_that_no_engine_ran_is_warned_of_and_the_result_names_it(network, default_export, tmp_path, caplog):
    folder = shutil.copytree(default_export, tmp_path / "out")
    (folder / "model_stride8.mnn").write_bytes(b"a graph")
    graphs = read_section(folder / "deploy.yaml")["graphs"]
    set_deploy(folder, graphs={**graphs, "stride8_mnn": {"model": "model_stride8.mnn", "gives": "stride8"}})
    report = verify(network, folder)
    assert [row.status for row in report.rows] == ["passed", "passed", "not run here"]
    assert report.result == "passed; not run: model_stride8.mnn"
    assert "network: passed; not run: model_stride8.mnn\n" in report.to_markdown()
    report.raise_failures("nothing was exported")
    [line] = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert line.startswith("verification: model_stride8.mnn was not run")
    assert "MNN cannot be loaded (libsomething.so: cannot open shared object): pip install -e '.[mnn]'" in line


@pytest.mark.usefixtures("broken_mnn")
def test_an_export_of_which_no_graph_ran_fails(network, default_export, tmp_path):
    folder = shutil.copytree(default_export, tmp_path / "out")
    (folder / "model_stride8.mnn").write_bytes(b"a graph")
    set_deploy(folder, model="model_stride8.mnn", params=None, format="mnn", output_op=None, graphs={})
    report = verify(network, folder)
    assert (verdicts(report), report.result) == ([("model_stride8.mnn", "not run here")], "failed")
    with pytest.raises(VerificationError) as caught:
        report.raise_failures("nothing was exported")
    assert re.fullmatch(
        r"verification failed: none of the graphs can be run here \(model_stride8\.mnn: .*MNN cannot be loaded .*\), "
        r"so that nothing is compared; install an engine, or .*--no_verify.*; nothing was exported",
        str(caught.value),
    )


def test_the_report_says_what_was_seen_with_versions_and_checksums(network, tmp_path):
    folder = tmp_path / "out"

    def compare(export: Path):
        return verify(network, export, about={"weights": "w.pdparams"})

    export_model(network, folder, transforms=NORMALIZE, verify=compare)
    report = json.loads((folder / "report.json").read_text())
    assert (report["result"], report["weights"], report["num_pictures"]) == ("passed", "w.pdparams", 3)
    assert [(run["graph"], run["file"], run["engine"], run["status"]) for run in report["runs"]] == [
        ("main", "model.pdmodel", "paddle", "passed"), ("stride8", "model_stride8.pdmodel", "paddle", "passed"),
    ]  # fmt: skip
    assert report["runs"][0]["limits"]["equal_share"] == 0.999
    assert {"ddrnet-toolkit", "python"} < set(report["versions"])
    checksums = read_deploy_config(folder).checksums
    assert {name: sha for name, sha in report["checksums"].items() if name != "deploy.yaml"} == {
        name: sha for name, sha in checksums.items() if not name.endswith(".info")
    }
    text = (folder / "report.md").read_text()
    assert "| `model_stride8.pdmodel` | paddle | fp32 | 100.0000 % |" in text
    assert report["checksums"]["deploy.yaml"] in text
    # An export that nobody has compared takes the report away.
    export_model(network, folder, transforms=NORMALIZE)
    assert not list(folder.glob("report.*"))


@pytest.mark.extras("onnx", "onnxruntime")
def test_the_report_lists_the_operators_of_onnx_models(tmp_path):
    network = with_made_up_weights(models.DDRNet_23_slim(num_classes=4))
    options = ExportOptions("none", [1, 3, 64, 96], formats=["onnx"], portable=True)
    export_model(network, tmp_path / "out", transforms=NORMALIZE, options=options)
    report = verify(network, tmp_path / "out")
    [found] = json.loads(report.to_json())["operators"].values()
    assert found["opset"] == 12
    assert found["counts"]["AveragePool"] == 3 and found["counts"]["GlobalAveragePool"] == 1
    assert set(found["counts"]) == {
        "Add", "AveragePool", "BatchNormalization", "Concat", "Conv", "GlobalAveragePool", "Relu", "Resize",
    }  # fmt: skip
    row = rf"\| `model_stride8.onnx` \| 12 \| Add {found['counts']['Add']}, AveragePool 3, .*, Resize \d+ \|"
    assert re.search(row, report.to_markdown())
    # One that cannot be read fails as a run.
    (tmp_path / "out/model_stride8.onnx").write_bytes(b"nothing")
    report = verify(network, tmp_path / "out")
    assert report.failures and report.operators == {}


def test_a_report_that_failed_ends_the_export(network, tmp_path):
    def compare(export: Path):
        set_deploy(export, transforms=[{"type": "Resize", "target_size": [64, 64]}, *NORMALIZE])
        return verify(network, export)

    with pytest.raises(VerificationError, match="nothing was exported"):
        export_model(network, tmp_path / "out", transforms=NORMALIZE, verify=compare)
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_each_graph_runs_in_a_process_of_its_own_and_a_crash_is_a_failure_of_it_alone(network, tmp_path):
    export_model(network, tmp_path / "out", transforms=NORMALIZE)
    assert [row.status for row in verify(network, tmp_path / "out").rows] == ["passed", "passed"]
    # Of this, Paddle 3.3.1 ends with a segmentation fault.
    (tmp_path / "out/model.pdmodel").write_bytes(b"nothing")
    set_deploy(tmp_path / "out", checksums={})
    report = verify(network, tmp_path / "out")
    assert [row.status for row in report.rows] == ["failed", "passed"]
    assert "its process ended with status" in report.rows[0].reason or "model.pdmodel" in report.rows[0].reason


@pytest.mark.slow
@pytest.mark.extras("onnx", "onnxruntime", "openvino", "MNN")
def test_every_format_passes_on_every_engine_in_float32(tmp_path):
    network = with_made_up_weights(models.DDRNet_23_slim(num_classes=4))
    options = ExportOptions(formats=("paddle", "onnx", "openvino", "mnn"))
    export_model(network, tmp_path / "out", transforms=NORMALIZE, options=options)
    report = verify(network, tmp_path / "out", pictures=generated_pictures(3, (65, 97)), every_way=True)
    passed = {(row.run.graph.format, row.run.engine) for row in report.rows if row.status == "passed"}
    assert passed >= {
        ("pdmodel", "paddle"), ("pdmodel", "paddle (oneDNN)"), ("pdmodel", "openvino"), ("onnx", "onnxruntime"),
        ("onnx", "openvino"), ("openvino", "openvino"), ("mnn", "mnn"),
    }  # fmt: skip
    assert [row for row in report.failures if row.run.options.precision == "fp32"] == []
    # What a network without training wavers at is much, and still bf16 is near.
    assert all(row.seen.equal_share > 0.9 for row in report.rows if row.seen is not None)
