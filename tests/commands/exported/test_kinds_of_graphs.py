# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Graphs of scores, of fixed shape, as .json, without one at 1/8, and of a network in NHWC."""

import numpy as np
import paddle
import pytest

from paddleseg.deploy.deploy_config import read_deploy_config
from paddleseg.deploy.engines import open_engine
from paddleseg.deploy.segmenter import Segmenter
from paddleseg.models import DDRNet_23_slim
from paddleseg.utils.errors import ConfigError, DataError
from tests.commands.exported.running import (
    export_here,
    infer_here,
    labels_below,
    share_of_equal_pixels,
    with_deploy_yaml,
    write_weights,
)


def test_a_graph_of_scores_gives_the_same_labels(config, weights, exported, pictures, tmp_path):
    scores = export_here(config, weights, tmp_path / "scores", "--output_op", "softmax", "--no_verify")
    infer_here(exported, pictures, tmp_path / "a")
    infer_here(scores, pictures, tmp_path / "b", "--with_argmax", "--batch_size", 3)
    infer_here(scores, pictures, tmp_path / "c", "--enable_mkldnn", "False")
    for folder in ("b", "c"):
        assert share_of_equal_pixels(labels_below(tmp_path / folder), labels_below(tmp_path / "a")) >= 0.999


@pytest.mark.skipif(int(paddle.__version__.split(".")[0]) < 3, reason="needs Paddle 3: Paddle 2 writes no .json graphs")
def test_a_json_graph_is_verified_on_named_pictures_and_runs_with_onednn(
    config, weights, exported, pictures, tmp_path, capsys
):
    json = export_here(config, weights, tmp_path / "json", "--graph_format", "json", "--verify_images", pictures)
    assert "of the pixels of 5 pictures equal" in capsys.readouterr().out
    assert (json / "model.json").is_file()
    infer_here(exported, pictures, tmp_path / "a")
    infer_here(json, pictures, tmp_path / "b")
    assert share_of_equal_pixels(labels_below(tmp_path / "b"), labels_below(tmp_path / "a")) >= 0.999


def test_a_graph_of_fixed_shape_takes_that_shape_only(config, weights, pictures, tmp_path):
    fixed = export_here(config, weights, tmp_path / "fixed", "--input_shape", 2, 3, 48, 64, "--no_verify")
    infer_here(fixed, pictures / "a.png", tmp_path / "out")
    assert labels_below(tmp_path / "out")["a.png"].shape == (48, 64)
    with pytest.raises(DataError, match=r"d\.png.*\[3, 48, 95\].*\[3, 48, 64\]"):
        infer_here(fixed, pictures / "night" / "d.png", tmp_path / "out")
    with pytest.raises(ConfigError, match="batches of 2; --batch_size is 3"):
        infer_here(fixed, pictures / "a.png", tmp_path / "out", "--batch_size", 3)


def test_a_folder_without_a_graph_at_one_eighth_is_read_and_its_ids_are_resized_at_pixel_centres(
    exported, pictures, tmp_path, caplog
):
    infer_here(exported, pictures, tmp_path / "ours")
    assert "centre" not in caplog.text
    infer_here(with_deploy_yaml(exported, tmp_path / "theirs", graphs=None), pictures, tmp_path / "nearest")
    assert caplog.text.count("the id at each pixel's centre") == 1
    segmenter = Segmenter(read_deploy_config(exported), main_graph=True)
    found = labels_below(tmp_path / "nearest")
    for name in ("a.png", "night/d.png"):
        (ids,), label = segmenter.run([segmenter.read(pictures / name)]), found[name]
        assert ids.shape != label.shape or name == "a.png"
        for y in range(label.shape[0]):
            for x in range(0, label.shape[1], 7):
                row, column = ((i + 0.5) * n / m for i, n, m in zip((y, x), ids.shape, label.shape))
                assert label[y, x] == ids[int(row), int(column)]
    # Pictures are shrunk to 47 or 48 rows: ids from those lie within a pixel of what resized logits give.
    assert share_of_equal_pixels(labels_below(tmp_path / "nearest"), labels_below(tmp_path / "ours")) >= 0.95


@pytest.mark.slow
def test_a_network_in_nhwc_is_exported_as_the_same_network_in_nchw(ddrnet, pictures, tmp_path):
    config, weights = ddrnet[0], write_weights(tmp_path / "model.pdparams", DDRNet_23_slim)
    nchw = export_here(config, weights, tmp_path / "nchw", "--no_verify")
    given = ["--verify_images", pictures, "--opts", "model.data_format=NHWC"]
    nhwc = export_here(config, weights, tmp_path / "nhwc", *given)
    picture = np.random.default_rng(0).uniform(-1, 1, (1, 3, 48, 64)).astype(np.float32)
    first, second = (open_engine(read_deploy_config(folder).main_graph) for folder in (nchw, nhwc))
    np.testing.assert_array_equal(first(picture), second(picture))
