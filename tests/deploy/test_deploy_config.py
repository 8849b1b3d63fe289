# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Reading deploy.yaml: PaddleSeg's files, ours, and wrong ones."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from paddleseg.deploy.deploy_config import read_deploy_config, write_deploy_config
from paddleseg.deploy.graph_spec import GraphSpec, check_checksums
from paddleseg.utils.checksum import sha256_of
from paddleseg.utils.errors import ConfigError
from tests.conftest import REPOSITORY

PADDLESEG = """\
Deploy:
  input_shape: [null, 3, null, null]
  model: model.pdmodel
  output_dtype: int32
  output_op: argmax
  params: model.pdiparams
  transforms:
  - target_size: [32, 16]
    type: Resize
  - type: Normalize
"""

# Nine lists of nine lists each: 9^9 entries once they are written out.
ALIAS_BOMB = "\n  - &a0 [0]\n" + "".join(f"  - &a{i + 1} [{', '.join([f'*a{i}'] * 9)}]\n" for i in range(9))


@pytest.fixture
def deploy_yaml(tmp_path) -> Path:
    for name in ("model.pdmodel", "model.pdiparams", "model.onnx"):
        (tmp_path / name).write_bytes(b"")
    path = tmp_path / "deploy.yaml"
    path.write_text(PADDLESEG)
    return path


def test_a_file_of_paddleseg_is_read_and_its_preprocessing_runs(deploy_yaml):
    config = read_deploy_config(deploy_yaml)
    assert config == read_deploy_config(deploy_yaml.parent)
    assert (config.main_graph.model, config.main_graph.params) == (
        deploy_yaml.parent / "model.pdmodel",
        deploy_yaml.parent / "model.pdiparams",
    )
    assert config.input_shape == (-1, 3, -1, -1)
    assert (config.output_op, config.num_classes, config.palette) == ("argmax", None, None)
    pipeline = config.build_pipeline()
    sample = pipeline(
        {"img": np.full([8, 8, 3], 255, "uint8"), "path": "p", "trans_info": []}, np.random.default_rng(0)
    )
    assert sample["img"].shape == (16, 32, 3)
    np.testing.assert_array_equal(pipeline.normalized_planes(sample["img"]), np.ones([3, 16, 32], "float32"))


def test_the_separator_of_lists_is_a_blank_where_none_is_said_and_must_not_be_empty(deploy_yaml):
    assert read_deploy_config(deploy_yaml).separator == " "
    for separator in (",", "|"):
        deploy_yaml.write_text(PADDLESEG + f"  separator: '{separator}'\n")
        assert read_deploy_config(deploy_yaml).separator == separator
    deploy_yaml.write_text(PADDLESEG + "  separator: ''\n")
    with pytest.raises(ConfigError, match=r"Deploy\.separator is empty"):
        read_deploy_config(deploy_yaml)


def test_what_is_written_is_read_back(deploy_yaml):
    graph = {"model": "model.pdmodel", "params": "model.pdiparams"}
    content = {
        "graphs": {"stride8": graph},
        "ignore_index": 1,
        "model": "model.pdmodel",
        "params": "model.pdiparams",
        "transforms": [{"type": "Normalize", "mean": [0.1, 0.2, 0.3], "std": [1.0, 1.0, 1.0]}],
        "input_shape": [1, 3, 64, 32],
        "output_op": "none",
        "num_classes": 2,
        "class_names": ["rue", "trottoir é"],
        "task": "classification",
        "palette": [[1, 2, 3], [4, 5, 6]],
        "arch": None,
    }
    write_deploy_config(deploy_yaml, content)
    assert "arch" not in deploy_yaml.read_text()
    config = read_deploy_config(deploy_yaml)
    assert config.transforms == content["transforms"]
    assert (config.input_shape, config.output_op, config.num_classes) == ((1, 3, 64, 32), "none", 2)
    assert config.palette == content["palette"]
    assert config.graphs == {"stride8": dataclasses.replace(config.main_graph, gives="stride8")}
    assert config.ignored_class == 1
    assert (config.task, config.class_names) == ("classification", content["class_names"])
    assert "trottoir é" in deploy_yaml.read_text(encoding="utf-8")


def test_graphs_in_other_formats_say_what_they_take_and_give_or_are_as_the_main_one(deploy_yaml):
    calibrated = {"model": "model.onnx", "gives": "argmax", "precision": "int8", "input": "uint8"}
    calibrated.update(input_shape=[1, 3, 64, 128], calibrated_size=[64, 128])
    content = yaml.safe_load(PADDLESEG)["Deploy"]
    content["graphs"] = {"stride8": {"model": "model.onnx"}, "small": calibrated}
    write_deploy_config(deploy_yaml, content)
    model = deploy_yaml.parent / "model.onnx"
    assert read_deploy_config(deploy_yaml).graphs == {
        "stride8": GraphSpec(model, None, "stride8", "onnx"),
        "small": GraphSpec(model, None, "argmax", "onnx", "int8", "uint8", (1, 3, 64, 128), (64, 128)),
    }


def test_an_empty_palette_says_nothing_of_colours(deploy_yaml):
    deploy_yaml.write_text(PADDLESEG + "  palette: []\n")
    assert read_deploy_config(deploy_yaml).palette is None


def test_classifiers_may_have_more_classes_than_label_maps(deploy_yaml):
    deploy_yaml.write_text(PADDLESEG + "  num_classes: 1000\n  task: classification\n")
    assert read_deploy_config(deploy_yaml).num_classes == 1000


def test_a_folder_need_not_have_a_graph_of_paddle(deploy_yaml):
    deploy_yaml.write_text(
        PADDLESEG.replace("model: model.pdmodel", "model: model.onnx").replace("  params: model.pdiparams\n", "")
    )
    model = deploy_yaml.parent / "model.onnx"
    assert read_deploy_config(deploy_yaml).main_graph == GraphSpec(model, None, "argmax", "onnx")


def test_a_file_that_was_changed_after_the_export_is_named(deploy_yaml):
    graph = read_deploy_config(deploy_yaml).main_graph
    checksums = {file.name: sha256_of(file) for file in graph.files}
    check_checksums(deploy_yaml, graph.files, checksums)
    graph.params.write_bytes(b"other weights")
    with pytest.raises(ConfigError, match=rf"^{graph.params}: is not the file that deploy\.yaml was written for"):
        check_checksums(deploy_yaml, graph.files, checksums)
    check_checksums(deploy_yaml, graph.files, {"model.pdmodel": checksums["model.pdmodel"]})


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("output_op:", "ouptut_op:", "Deploy.ouptut_op: there is no such key.*Did you mean 'output_op'"),
        ("  model: model.pdmodel\n", "", "Deploy.model is missing"),
        ("model: model.pdmodel", "model: model.json", "'model.json', which is not beside it.*model.pdmodel"),
        ("output_op: argmax", "output_op: argmin", "'argmin'.*Did you mean 'argmax'"),
        ("[null, 3, null, null]", "[3, null, null]", "Deploy.input_shape"),
        ("[null, 3, null, null]", "[null, null, null, null]", "number of channels"),
        ("params: model.pdiparams", "params: 3", "Deploy.params is 3"),
        ("output_op:", "palette: [[0, 1, 2], [0, 1]]\n  output_op:", r"Deploy.palette.1 is \[0, 1\]; .* 0 to 255"),
        ("output_op:", "palette: [[0, 1, 256]]\n  output_op:", r"Deploy.palette.0 is \[0, 1, 256\]"),
        ("output_op:", "palette: [[0, 1, 2.5]]\n  output_op:", r"Deploy.palette.0 is \[0, 1, 2.5\]"),
        ("output_op:", "palette: [red]\n  output_op:", "Deploy.palette.0 is 'red'"),
        (
            "output_op:",
            "num_classes: 1\n  palette: [[0, 0, 0], [1, 1, 1]]\n  output_op:",
            "Deploy.palette has 2 colours for 1 classes",
        ),
        ("output_op:", "graphs: {stride9: {}}\n  output_op:", r"stride9 is \{\}; it must be a mapping with 'model'"),
        (
            "output_op:",
            "graphs: {stride9: {model: model.pdmodel}}\n  output_op:",
            "Deploy.graphs.stride9: .* add 'gives', .*Did you mean 'stride8'",
        ),
        ("output_op:", "graphs: {stride8: x}\n  output_op:", "Deploy.graphs.stride8 is 'x'; it must be a mapping with"),
        (
            "output_op:",
            "graphs: {stride8: {model: a.pdmodel, params: model.pdiparams}}\n  output_op:",
            "Deploy.graphs.stride8.model names 'a.pdmodel', which is not beside it",
        ),
        (
            "output_op:",
            "graphs: {stride8: {model: 1, params: model.pdiparams}}\n  output_op:",
            "Deploy.graphs.stride8.model is 1; it must be a str",
        ),
        ("params: model.pdiparams", "format: pdmodel", "Deploy.params is missing; model.pdmodel needs its weights"),
        (
            "params: model.pdiparams",
            "params: model.pdiparams\n  format: onnx",
            "Deploy.format is 'onnx', but .* 'pdmodel'",
        ),
        ("output_op:", "precision: fp8\n  output_op:", "Deploy.precision is 'fp8'. Known: fp32, bf16"),
        ("output_op:", "input: uint16\n  output_op:", "Deploy.input is 'uint16'.*Did you mean 'uint8'"),
        ("output_op:", "calibrated_size: [3]\n  output_op:", r"Deploy.calibrated_size is \[3\]; .* \[height, width\]"),
        (
            "output_op:",
            "graphs: {stride8: {model: model.onnx, params: model.pdiparams}}\n  output_op:",
            "graphs.stride8.params is 'model.pdiparams'; model.onnx has its weights inside",
        ),
        (
            "output_op:",
            "graphs: {stride8: {model: model.onnx, persision: int8}}\n  output_op:",
            "graphs.stride8.persision: there is no such key. Did you mean 'precision'",
        ),
        (
            "output_op:",
            "graphs: {stride8: {model: model.pdiparams}}\n  output_op:",
            "graphs.stride8.model is 'model.pdiparams'; graphs have one of the suffixes .xml, .onnx,",
        ),
        (
            "output_op:",
            "checksums: {model.onnx: 12ab}\n  output_op:",
            "Deploy.checksums.model.onnx is '12ab'; .* 64 hexa",
        ),
        ("output_op:", "ignore_index: 256\n  output_op:", "Deploy.ignore_index is 256; it must be from 0 to 255"),
        (
            "output_op:",
            "task: clasification\n  output_op:",
            "Deploy.task is 'clasification'.*Did you mean 'classification'",
        ),
        (
            "output_op:",
            "num_classes: 2\n  class_names: [a]\n  output_op:",
            "Deploy.class_names has 1 names for 2 classes",
        ),
        ("output_op:", "num_classes: 0\n  output_op:", "Deploy.num_classes is 0; it must be from 1 to 256"),
        ("output_op:", "num_classes: 257\n  output_op:", "Deploy.num_classes is 257; it must be from 1 to 256"),
        ("output_op:", "num_classes: true\n  output_op:", "Deploy.num_classes is True; it must be a whole number"),
        ("output_op:", "ignore_index: false\n  output_op:", "Deploy.ignore_index is False; it must be a whole number"),
        (
            "output_op:",
            "num_classes: -1\n  task: classification\n  output_op:",
            "Deploy.num_classes is -1; it must be at least 1",
        ),
        ("Deploy:", "Deployment:", "no section 'Deploy'"),
        ("Deploy:", "Deploy: [", "not valid YAML"),
        ("output_op: argmax", "output_op: 2026-13-45", "not valid YAML"),
        ("output_op: argmax", "output_op: " + "[" * 5000, "nested too deeply"),
        ("output_op: argmax", "output_op: argmax\n  output_op: none", "output_op: the key is already in line"),
        (
            "output_op: argmax",
            f"output_op: argmax\n  palette: {ALIAS_BOMB}",
            "has more than 100000 keys and list entries",
        ),
    ],
)
def test_a_wrong_file_is_one_line_with_file_and_key(deploy_yaml, old, new, message):
    deploy_yaml.write_text(PADDLESEG.replace(old, new))
    with pytest.raises(ConfigError, match=message) as caught:
        read_deploy_config(deploy_yaml)
    assert str(deploy_yaml) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("type: Resize", "type: Resise", "Deploy.transforms.0.type: no transform 'Resise'. Did you mean 'Resize'"),
        ("target_size:", "targetsize:", "Deploy.transforms.0.targetsize"),
        ("[32, 16]", "[32, 0]", "Deploy.transforms.0.*target_size"),
        ("- type: Normalize", "- Normalize", "Deploy.transforms.1: 'Normalize' must be a mapping"),
    ],
)
def test_a_wrong_transform_is_one_line_with_file_and_key(deploy_yaml, old, new, message):
    deploy_yaml.write_text(PADDLESEG.replace(old, new))
    with pytest.raises(ConfigError, match=message) as caught:
        read_deploy_config(deploy_yaml).build_pipeline()
    assert str(deploy_yaml) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_says_what_config_takes(tmp_path):
    with pytest.raises(ConfigError, match="deploy.yaml that export.py wrote"):
        read_deploy_config(tmp_path / "deploy.yaml")


@pytest.mark.parametrize(
    ("imported", "transform"),
    [
        ("", "type: RandomHorizontalFlip"),
        ("", "type: RandomBlur"),
        ("", "{type: Resize, interp: RANDOM}"),
        ("", "{type: ResizeByShort, short_size: [20, 30]}"),
        ("RandomBlur", "type: RandomHorizontalFlip"),
        ("RandomBlur", "type: RandomBlur"),
    ],
)
def test_random_transforms_are_refused_whatever_has_been_imported(deploy_yaml, transform, imported):
    data = yaml.safe_load(PADDLESEG)
    data["Deploy"]["transforms"] = [yaml.safe_load(transform)]
    deploy_yaml.write_text(yaml.safe_dump(data))
    name = data["Deploy"]["transforms"][0]["type"]
    lines = [
        f"from paddleseg.transforms import {imported}" if imported else "",
        "from paddleseg.deploy.deploy_config import read_deploy_config",
        f"try: read_deploy_config({str(deploy_yaml)!r}).build_pipeline()",
        "except ValueError as error: print(error)",
    ]
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, cwd=REPOSITORY)
    assert done.stdout == (
        f"{deploy_yaml}: Deploy.transforms.0: {name} with these arguments is random; prediction needs the same picture "
        "each time. Remove it\n"
    ), done.stderr
