# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The folder of an export: what is written, replaced and kept."""

import errno
import os
import tempfile
from pathlib import Path

import numpy as np
import paddle
import pytest
import yaml

from paddleseg.deploy.deploy_config import read_deploy_config
from paddleseg.deploy.engines import open_engine
from paddleseg.deploy.segmenter import Segmenter
from paddleseg.export.folder import check_input_shape, export_model
from paddleseg.export.graph_runs import VerificationError
from paddleseg.export.options import ExportOptions
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.written_files import WrittenFiles
from tests.conftest import without_rights_of_root
from tests.export.small_network import GRAPH_FORMATS, NORMALIZE, normal
from tests.needs import needs_posix_rights


@pytest.mark.parametrize("graph_format", GRAPH_FORMATS)
def test_deploy_yaml_names_the_written_files_and_all_numbers(network, tmp_path, graph_format):
    path = export_model(
        network,
        tmp_path / "out",
        transforms=[{"type": "Resize", "target_size": [64, 32]}, {"type": "Normalize"}],
        options=ExportOptions(graph_format=graph_format),
        class_names=("a", "b", "c", "d"),
        palette=np.arange(12).reshape(4, 3),
    )
    deploy = yaml.safe_load(path.read_text())["Deploy"]
    assert {deploy["model"], deploy["params"], "deploy.yaml"} <= {p.name for p in path.parent.iterdir()}
    assert deploy["model"] == f"model.{graph_format}"
    assert deploy["transforms"] == [
        {"type": "Resize", "target_size": [64, 32]},
        {"type": "Normalize", "mean": [0.5] * 3, "std": [0.5] * 3},
    ]
    assert (deploy["input_shape"], deploy["output_op"]) == ([-1, 3, -1, -1], "argmax")
    assert (deploy["output_dtype"], deploy["num_classes"], deploy["arch"]) == ("int32", 4, "SmallNetwork")
    assert deploy["class_names"] == ["a", "b", "c", "d"]
    assert deploy["palette"][1] == [3, 4, 5]


@pytest.mark.parametrize("ignored", [None, 1])
@pytest.mark.parametrize("graph_format", GRAPH_FORMATS)
def test_a_second_graph_with_the_same_weights_gives_the_logits_at_one_eighth(network, tmp_path, graph_format, ignored):
    options = ExportOptions(graph_format=graph_format)
    path = export_model(network, tmp_path / "out", transforms=NORMALIZE, options=options, ignored_class=ignored)
    deploy = yaml.safe_load(path.read_text())["Deploy"]
    assert deploy["graphs"] == {
        "stride8": {"model": f"model_stride8.{graph_format}", "params": "model.pdiparams", "format": graph_format}
    }
    assert deploy.get("ignore_index") == ignored
    config = read_deploy_config(path)
    files = config.graphs["stride8"]
    for shape in [(1, 3, 64, 96), (2, 3, 41, 55)]:
        x = normal(*shape)
        expected = network.forward_stride8(paddle.to_tensor(x))[0].numpy()
        found = open_engine(files)(x)
        assert found.shape == (shape[0], 4, -(-shape[2] // 8), -(-shape[3] // 8))
        if ignored is not None:
            assert found[:, ignored].max() < -9000
            assert not (open_engine(config.main_graph)(x) == ignored).any()
            found, expected = np.delete(found, ignored, axis=1), np.delete(expected, ignored, axis=1)
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_network_without_logits_at_one_eighth_has_one_graph(tmp_path):
    class Pointwise(paddle.nn.Layer):
        arch, num_classes, in_channels, smallest_side = "Pointwise", 2, 3, 1

        def __init__(self):
            super().__init__()
            self.layer = paddle.nn.Conv2D(3, 2, 1)

        def forward(self, x):
            return [self.layer(x)]

    path = export_model(Pointwise(), tmp_path / "out", transforms=NORMALIZE, ignored_class=1)
    assert read_deploy_config(path).graphs == {}
    assert not any("stride8" in file.name for file in path.parent.iterdir())
    config = read_deploy_config(path)
    assert (open_engine(config.main_graph)(normal(1, 3, 5, 6)) == 0).all()
    with pytest.raises(ConfigError, match="--output_op stride8: Pointwise has no logits at 1/8"):
        export_model(Pointwise(), tmp_path / "b", transforms=NORMALIZE, options=ExportOptions("stride8"))


def test_logits_at_one_eighth_may_be_all_that_is_wished_for(network, tmp_path):
    options = ExportOptions("stride8", graph_format="pdmodel")
    config = read_deploy_config(export_model(network, tmp_path / "out", transforms=NORMALIZE, options=options))
    assert sorted(file.name for file in config.path.parent.glob("*.pd*")) == [
        "model_stride8.pdiparams", "model_stride8.pdiparams.info", "model_stride8.pdmodel",
    ]  # fmt: skip
    assert (config.output_op, config.main_graph.model) == ("none", config.graphs["stride8"].model)
    segmenter = Segmenter(config)
    [labels] = segmenter.label_maps([segmenter.prepare(np.zeros([41, 55, 3], np.uint8))])
    assert (segmenter.graph.gives, labels.shape) == ("stride8", (41, 55))


def test_one_number_of_normalize_is_written_for_each_channel(network, tmp_path):
    spec = {"type": "Normalize", "mean": [0.1], "std": [0.2, 0.3, 0.4]}
    path = export_model(network, tmp_path / "out", transforms=[spec])
    written = yaml.safe_load(path.read_text())["Deploy"]["transforms"]
    assert written == [{"type": "Normalize", "mean": [0.1] * 3, "std": [0.2, 0.3, 0.4]}]
    with pytest.raises(ConfigError, match="2 values of mean or std for pictures of 3 channels"):
        export_model(network, tmp_path / "b", transforms=[{"type": "Normalize", "mean": [0.1, 0.2], "std": [0.2]}])


def test_an_export_replaces_an_earlier_one_and_nothing_else(network, tmp_path):
    folder = tmp_path / "out"
    for name in (
        "model.json", "model_stride8.json", "model_stride8.pdiparams", "model.pdiparams", "deploy.yaml",
    ):  # fmt: skip
        WrittenFiles(folder).write(folder / name, b"old")
    for name in ("notes.txt", "model.pdparams"):
        (folder / name).write_text("old")
    export_model(network, folder, transforms=NORMALIZE, options=ExportOptions(graph_format="pdmodel"))
    assert (folder / "notes.txt").read_text() == "old"
    assert (folder / "model.pdparams").read_text() == "old"
    assert not any((folder / f"model{name}").exists() for name in (".json", "_stride8.json", "_stride8.pdiparams"))
    assert (folder / "model.pdiparams").stat().st_size > 1000
    assert read_deploy_config(folder).main_graph.model.name == "model.pdmodel"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_failed_verification_leaves_everything_as_it_was(network, tmp_path):
    folder = tmp_path / "out"
    WrittenFiles(folder).write(folder / "deploy.yaml", b"old")
    before = {path: path.read_bytes() for path in folder.iterdir()}

    def refuse(export: Path) -> None:
        assert (export / "deploy.yaml").is_file()
        raise VerificationError("no")

    with pytest.raises(VerificationError):
        export_model(network, folder, transforms=NORMALIZE, verify=refuse)
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_a_folder_on_another_disk_takes_an_export_again_and_again(network, tmp_path):
    if not os.access("/dev/shm", os.W_OK) or os.stat("/dev/shm").st_dev == tmp_path.stat().st_dev:
        pytest.skip("needs a /dev/shm that takes files and is another disk than the one of temporary files")
    with tempfile.TemporaryDirectory(dir="/dev/shm") as other_disk:
        folder = tmp_path / "out"
        folder.symlink_to(other_disk)
        for output_op in ("softmax", "argmax"):
            export_model(network, folder, transforms=NORMALIZE, options=ExportOptions(output_op=output_op))
            assert read_deploy_config(folder).output_op == output_op
        assert not [name for name in os.listdir(other_disk) if name.startswith(".")]
    assert os.listdir(tmp_path) == ["out"]


@pytest.mark.parametrize("failing", ["model.pdmodel", "model.pdiparams", "deploy.yaml"])
def test_an_export_that_fails_while_it_moves_is_seen_to_be_incomplete(network, tmp_path, monkeypatch, failing):
    folder = tmp_path / "out"
    options = ExportOptions(graph_format="pdmodel")
    export_model(network, folder, transforms=NORMALIZE, options=options)
    replace = os.replace

    def move(old: Path, new: Path) -> None:
        if Path(new).name == failing:
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(new))
        replace(old, new)

    monkeypatch.setattr(os, "replace", move)
    with pytest.raises(ConfigError, match=f"--save_dir .*: Input/output error: .*{failing}"):
        export_model(network, folder, transforms=NORMALIZE, options=options)
    assert not (folder / "deploy.yaml").exists()
    assert not [name for name in os.listdir(folder) if name.startswith(".")]


def test_the_root_of_the_disk_is_refused(network):
    with pytest.raises(ConfigError, match="--save_dir /: this is the root of the disk; give a folder in it"):
        export_model(network, "/", transforms=NORMALIZE)


@pytest.mark.parametrize(
    ("shape", "part"),
    [
        ([1, 3, 64], "four numbers"),
        ([1, 4, 64, 64], "3 channels"),
        ([1, 3, 16, 64], "at least 32"),
        ([1, 3, 0, 64], "four"),
    ],
)
def test_a_wrong_input_shape_is_refused(shape, part):
    with pytest.raises(ConfigError, match=part) as caught:
        check_input_shape(shape, 3, smallest_side=32)
    assert f"--input_shape {' '.join(map(str, shape))}" in str(caught.value)


def test_how_small_a_picture_may_be_is_said_by_the_network(network, tmp_path):
    options = ExportOptions(input_shape=[1, 3, 8, 16])
    network.smallest_side = 8
    assert read_deploy_config(export_model(network, tmp_path / "a", transforms=NORMALIZE, options=options))
    network.smallest_side = 16
    with pytest.raises(ConfigError, match="--input_shape 1 3 8 16: height and width must be at least 16"):
        export_model(network, tmp_path / "b", transforms=NORMALIZE, options=options)


def test_a_file_in_the_place_of_the_folder_is_refused(network, tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(ConfigError, match="this is a file"):
        export_model(network, tmp_path / "out", transforms=NORMALIZE)


@needs_posix_rights
def test_a_place_that_cannot_be_written_is_named(network, open_folder):
    (open_folder / "read_only").mkdir(mode=0o555)
    with without_rights_of_root(), pytest.raises(ConfigError, match="--save_dir .*read_only/out: Permission denied"):
        export_model(network, open_folder / "read_only" / "out", transforms=NORMALIZE)
