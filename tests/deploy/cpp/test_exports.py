# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The C++ program on real exports: label maps, files of the results, reports, and what is wrong with the input."""

import json
import re

import cv2
import numpy as np
import paddle
import pytest
import yaml
from PIL import Image

from paddleseg.deploy.deploy_config import read_deploy_config
from paddleseg.deploy.segmenter import Segmenter
from paddleseg.export.folder import ExportOptions, export_model
from paddleseg.models import DDRNet_23_slim
from paddleseg.utils.quiet_import import import_quietly
from paddleseg.utils.visualize import make_palette
from paddleseg.utils.written_files import WrittenFiles

CLASSES = 19
COLOURS = [[128, 64, 128], [244, 35, 232], [70, 70, 70], [102, 102, 156], [190, 153, 153]]
TRANSFORMS = [
    {"type": "ResizeByLong", "long_size": 160},
    {"type": "Padding", "target_size": [160, 160]},
    {"type": "Normalize"},
]


@pytest.fixture(scope="module")
def network(official_names, rules):
    """DDRNet-23-slim with weights that are made by rule."""
    model = DDRNet_23_slim(CLASSES, enable_auxiliary_loss=True)
    state = rules.state(model, official_names["23_slim"]["keys"])
    model.set_state_dict({name: paddle.to_tensor(value) for name, value in state.items()})
    return model


@pytest.fixture(scope="module")
def export(network, tmp_path_factory):
    """Its export; tests work on copies of deploy.yaml."""
    folder = tmp_path_factory.mktemp("export")
    export_model(network, folder, transforms=TRANSFORMS, palette=COLOURS, options=ExportOptions(graph_format="pdmodel"))
    return folder


@pytest.fixture
def pictures(tmp_path):
    random = np.random.default_rng(6)
    for name, (height, width) in {"a.png": (64, 64), "b.png": (97, 131), "night/a.jpg": (120, 90)}.items():
        file = tmp_path / "pictures" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        blots = random.integers(0, 256, (6, 8, 3)).astype(np.uint8)
        cv2.imwrite(str(file), cv2.resize(blots, (width, height), interpolation=cv2.INTER_NEAREST))
    return tmp_path / "pictures"


@pytest.fixture
def changed(export, tmp_path):
    """A copy of the export, some keys of whose section Deploy are others; None takes them out."""

    def change(**keys):
        folder = tmp_path / "changed"
        folder.mkdir()
        for file in export.iterdir():
            (folder / file.name).write_bytes(file.read_bytes())
        section = yaml.safe_load((folder / "deploy.yaml").read_text())["Deploy"]
        section.update(keys)
        section = {key: value for key, value in section.items() if value is not None}
        (folder / "deploy.yaml").write_text(yaml.safe_dump({"Deploy": section}))
        return folder

    return change


def names_below(folder):
    return {str(file.relative_to(folder)) for file in folder.rglob("*.png")}


def test_an_exported_network_gives_the_label_maps_of_segmenter(segment, export, pictures, tmp_path):
    done = segment(export, pictures)
    assert done.stdout == f"model_stride8.pdmodel: 3 label maps saved in {tmp_path}/out\n"
    assert names_below(tmp_path / "out") == {"a.png", "b.png", "night/a.png"}
    segmenter = Segmenter(read_deploy_config(export))
    for name in ("a.png", "b.png", "night/a.jpg"):
        image = Image.open((tmp_path / "out" / name).with_suffix(".png"))
        [expected] = segmenter.label_maps([segmenter.read(pictures / name)])
        assert image.mode == "P" and len(np.unique(expected)) > (name == "b.png")
        # Two engines: classes may change places where they are equally good.
        assert (np.array(image) == expected).mean() > 0.999
        assert image.getpalette() == make_palette(CLASSES, COLOURS).ravel().tolist()


def test_bfloat16_gives_nearly_the_same_or_says_that_the_cpu_cannot(segment, export, pictures, tmp_path):
    segment(export, pictures / "b.png")
    exact = np.array(Image.open(tmp_path / "out" / "b.png"))
    flags = open("/proc/cpuinfo", encoding="utf-8").read()
    if re.search(r"\b(avx512_bf16|amx_bf16|avx512f)\b", flags) is None:
        assert "bf16" in segment(export, pictures, "--precision", "bf16", status=1).stderr
        return
    segment(export, pictures / "b.png", "--precision=bf16")
    assert (np.array(Image.open(tmp_path / "out" / "b.png")) == exact).mean() > 0.9


def test_the_graph_of_class_ids_runs_too(segment, changed, pictures, tmp_path):
    folder = changed(graphs=None)
    done = segment(folder, pictures, "--model_name", "ids")
    assert "model.pdmodel gives class ids" in done.stderr and done.stdout.startswith("ids: 3 label maps")
    segmenter = Segmenter(read_deploy_config(folder))
    [expected] = segmenter.label_maps([segmenter.read(pictures / "b.png")])
    assert (np.array(Image.open(tmp_path / "out" / "b.png")) == expected).mean() > 0.999


@pytest.mark.parametrize(("calibrated", "lines"), [([160, 160], 0), ([64, 96], 1)])
def test_an_int8_graph_warns_once_at_another_size_than_it_was_calibrated_at(
    segment, changed, pictures, calibrated, lines
):
    openvino = import_quietly("openvino")
    int8 = {"gives": "stride8", "precision": "int8", "calibrated_size": calibrated}
    xml, onnx = {**int8, "model": "q.xml", "params": "q.bin"}, {**int8, "model": "q.onnx"}
    folder = changed(graphs={"stride8_int8": xml, "onnx_int8": onnx})
    (folder / "q.onnx").touch()  # would be quantised for ONNX Runtime
    openvino.save_model(
        openvino.Core().read_model(folder / "model_stride8.pdmodel", folder / "model.pdiparams"), folder / "q.xml"
    )
    stderr = segment(folder, pictures, "--graph", "stride8_int8", "--benchmark", "True").stderr
    assert len(stderr.splitlines()) == lines
    words = "a.png: q.xml was calibrated at (height, width) = (64, 96) and runs at (160, 160), where"
    assert (words in stderr) == bool(lines)
    refused = segment(folder, pictures, "--graph", "onnx_int8", status=1).stderr
    assert "q.onnx: OpenVINO does not run it (int8)" in refused


def test_the_index_of_written_files_is_shared_with_python(segment, export, pictures, tmp_path):
    (pictures / '街道 😀 "q".png').write_bytes((pictures / "a.png").read_bytes())
    segment(export, pictures)
    written, labels = WrittenFiles(tmp_path / "out"), sorted((tmp_path / "out").rglob("*.png"))
    assert len(labels) == 4 and all(written.has(label) for label in labels)
    # As Python writes it.
    index = tmp_path / "out" / "written_files.jsonl"
    index.write_text(
        "".join(json.dumps(json.loads(line)) + "\n" for line in index.read_text().splitlines()) + "{broken"
    )
    before = index.read_text()
    segment(export, pictures)  # replaces its own results, whose lines are there
    assert index.read_text() == before


def test_files_of_others_are_not_replaced(segment, export, pictures, tmp_path):
    segment(export, pictures)
    (tmp_path / "out" / "b.png").write_bytes(b"drawn in by somebody")
    assert "out/b.png: would be replaced" in segment(export, pictures, status=1).stderr
    assert (tmp_path / "out" / "b.png").read_bytes() == b"drawn in by somebody"
    content = {file: file.read_bytes() for file in pictures.rglob("*.*")}
    assert "would be written there too" in segment(export, pictures, save_dir=pictures, status=1).stderr
    assert {file: file.read_bytes() for file in pictures.rglob("*.*")} == content


def test_results_in_the_folder_of_the_pictures_are_no_pictures(segment, export, pictures):
    for _ in range(2):
        done = segment(export, pictures, save_dir=pictures / "labels")
        assert names_below(pictures / "labels") == {"a.png", "b.png", "night/a.png"}
    assert "3 pictures left out: they are earlier results" in done.stdout


def test_pictures_that_differ_in_the_suffix_alone_keep_it(segment, export, pictures, tmp_path):
    Image.open(pictures / "b.png").save(pictures / "B.jpg")
    segment(export, pictures)
    assert names_below(tmp_path / "out") == {"a.png", "b.png.png", "B.jpg.png", "night/a.png"}


def test_the_report_has_the_lines_of_autolog(segment, export, pictures):
    done = segment(export, pictures, "--benchmark", "True", "--model_name", "tiny", "--batch_size=2")
    prefix = r"\[\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\] root INFO: "
    for line in (
        " runtime_device: cpu", " cpu_math_library_num_threads: 1", " model_name: tiny", " precision: fp32",
        " batch_size: 2", " input_shape: dynamic", " data_num: 3", r" total time spent\(s\): [\d.]+",
        r" preprocess_time\(ms\): [\d.]+, inference_time\(ms\): [\d.]+, postprocess_time\(ms\): [\d.]+",
    ):  # fmt: skip
        assert re.search(f"^{prefix}{line}$", done.stdout, flags=re.MULTILINE), line
    assert "postprocess_time(ms): " in done.stdout.splitlines()[-1]


GRAPH = {"model": "model_stride8.pdmodel", "params": "model.pdiparams"}
WRONG_KEYS = {
    "unknown key": ({"transfroms": []}, "Deploy.transfroms: there is no such key; known: model, params"),
    "no transforms": ({"transforms": None}, "Deploy.transforms is missing"),
    "missing file": ({"model": "no.pdmodel"}, "Deploy.model names 'no.pdmodel', which is not beside it"),
    "no such transform": ({"transforms": [{"type": "Rotate"}]}, "0.type: this program has no transform 'Rotate'"),
    "transform of classifiers": ({"transforms": [{"type": "ResizeCenterCrop"}]}, "has no transform 'ResizeCenterCrop'"),
    "argument": ({"transforms": [{"type": "Resize", "size": [8, 8]}]}, "transforms.0.size: there is no such key"),
    "type of argument": ({"transforms": [{"type": "ResizeByLong", "long_size": "x"}]}, "long_size is x; it must be"),
    "no argument": ({"transforms": [{"type": "ResizeByShort"}]}, "Deploy.transforms.0.short_size is missing"),
    "several sizes": (
        {"transforms": [{"type": "ResizeByShort", "short_size": [8, 9]}]}, "short_size is [8, 9]; it must be"
    ),
    "random": ({"transforms": [{"type": "Resize", "interp": "RANDOM"}]}, "interp is RANDOM; it must be one of NEAREST"),
    "channels": ({"transforms": [{"type": "Normalize", "mean": [0.1, 0.2]}]}, "2 values of mean or std for"),
    "classifier": ({"task": "classification"}, "Deploy.task is classification; this program makes label maps"),
    "value range": ({"value_range": [0, 4095]}, "Deploy.value_range: this program reads pictures of 8 bits"),
    "output": ({"output_op": "best"}, "Deploy.output_op is best; it must be one of argmax, softmax, none"),
    "what a graph gives": ({"graphs": {"fast": GRAPH}}, "Deploy.graphs.fast: it does not say what the graph gives"),
    "key of a graph": ({"graphs": {"stride8": {**GRAPH, "size": 1}}}, "stride8.size: there is no such key"),
    "format": ({"graphs": {"stride8": {**GRAPH, "format": "onnx"}}}, "format is onnx; it must be pdmodel"),
    "weights": ({"graphs": {"stride8": {"model": "model.pdmodel"}}}, "model.pdmodel needs the file of its weights"),
    "shape of the output": ({"graphs": {"stride8": {**GRAPH, "model": "model.pdmodel"}}}, "not that of float32 scores"),
    "type of the input": ({"graphs": {"stride8": {**GRAPH, "input": "uint8"}}}, "the graph takes f32 numbers"),
    "calibrated size": ({"calibrated_size": [64, 0]}, "Deploy.calibrated_size is [64, 0]; it must be [height, width]"),
    "channels of the input": ({"input_shape": [-1, 5, -1, -1]}, "C must be 3 or 1 for this program"),
    "checksum": ({"checksums": {"model.pdiparams": "0" * 64}}, "model.pdiparams: is not the file"),
    "palette": ({"palette": [[1, 2]]}, "Deploy.palette is [[1, 2]]; it must be a list of [r, g, b]"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG_KEYS)
def test_a_wrong_deploy_yaml_is_one_line(segment, changed, pictures, tmp_path, name):
    keys, message = WRONG_KEYS[name]
    stderr = segment(changed(**keys), pictures, status=1).stderr
    assert len(stderr.splitlines()) == 1 and message in stderr
    assert not (tmp_path / "out").exists()


def test_a_json_graph_is_refused_and_one_under_graphs_is_taken(segment, changed, pictures):
    folder = changed(model="model.json", format="json")
    (folder / "model.json").write_text("{}")
    segment(folder, pictures)
    assert "model.json: OpenVINO does not run it" in segment(folder, pictures, "--graph", "main", status=1).stderr


def test_a_damaged_graph_is_one_line(segment, changed, pictures):
    folder = changed(checksums=None)  # which would say it first
    (folder / "model_stride8.pdmodel").write_bytes(b"no graph")
    stderr = segment(folder, pictures, status=1).stderr
    assert len(stderr.splitlines()) == 1 and "model_stride8.pdmodel: OpenVINO cannot load the graph (" in stderr


WRONG_WORDS = {
    "--batch_size=0": "--batch_size 0: must be a whole number of at least 1",
    "--precision=fp16": "--precision fp16: must be one of fp32, bf16",
    "--device=gpu": "--device gpu: must be one of cpu",
    "--benchmark=maybe": "--benchmark maybe: is neither True nor False",
    "--speed=9": "unrecognized argument: --speed=9",
    "--graph": "--graph: expects a value",
}


@pytest.mark.parametrize("word", WRONG_WORDS)
def test_a_wrong_flag_is_one_line_and_status_2(segment, tmp_path, word):
    assert segment(tmp_path, tmp_path, word, status=2).stderr == f"segment: error: {WRONG_WORDS[word]}\n"


def test_what_is_not_there_is_named(segment, export, pictures, tmp_path):
    for config, path, arguments, message in (
        (tmp_path / "no.yaml", pictures, [], "no.yaml: the --config does not exist"),
        (pictures / "a.png", pictures, [], "a.png: not a YAML file"),
        (export, pictures / "no.png", [], "no.png: no such file or folder"),
        (export, export, [], "no pictures in this folder or below it"),
        (export, pictures, ["--graph", "int8"], "has no such graph; it has main, stride8"),
    ):
        stderr = segment(config, path, *arguments, status=1).stderr
        assert len(stderr.splitlines()) == 1 and message in stderr
