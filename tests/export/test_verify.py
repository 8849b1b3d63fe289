# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""What the comparison of an export with its network lets pass and what it stops."""

import shutil

import numpy as np
import pytest
import yaml

from paddleseg.export.folder import export_model
from paddleseg.export.graph_runs import VerificationError
from paddleseg.export.options import ExportOptions
from paddleseg.export.verify import Picture, generated_pictures, verify_export
from paddleseg.transforms import Normalize, Padding, Pipeline, Resize
from tests.export.small_network import NORMALIZE


def verify(network, folder, pipeline=None, pictures=None, **options):
    pictures = generated_pictures(3) if pictures is None else pictures
    pipeline = Pipeline([Normalize()]) if pipeline is None else pipeline
    return verify_export(network, folder, pictures, pipeline=pipeline, **options)


@pytest.mark.parametrize("output_op", ["argmax", "softmax", "none"])
def test_an_export_passes(network, tmp_path, output_op):
    export_model(network, tmp_path / "out", transforms=NORMALIZE, options=ExportOptions(output_op))
    result = verify(network, tmp_path / "out")
    assert result.equal_share > 0.9999
    assert result.num_pictures == 3
    assert result.num_classes > 1
    assert (result.max_relative_difference is None) == (output_op == "argmax")


def test_other_weights_fail_and_the_share_is_named(network, tmp_path):
    export_model(network, tmp_path / "out", transforms=NORMALIZE)
    bias = network.head.bias.numpy()
    network.head.bias.set_value(bias + np.array([0.1, 0, 0, 0], "float32"))
    with pytest.raises(VerificationError, match=r"\d\d\.\d{4} % of the pixels .* 99.9 % .*--verify_threshold"):
        verify(network, tmp_path / "out")
    assert 0.5 < verify(network, tmp_path / "out", min_equal_share=0.5).equal_share < 0.999


@pytest.mark.parametrize("key", ["model", "stride8"])
def test_both_graphs_of_an_export_are_compared(network, tmp_path, key):
    folder = tmp_path / "out"
    export_model(network, folder, transforms=[{"type": "Resize", "target_size": [96, 64]}, *NORMALIZE])
    pipeline = Pipeline([Resize([96, 64]), Normalize()])
    assert verify(network, folder, pipeline).equal_share > 0.999
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
    with pytest.raises(VerificationError, match="verification failed"):
        verify(network, folder, pipeline)


@pytest.mark.parametrize("output_op", ["argmax", "softmax", "none"])
def test_an_export_without_an_ignored_class_passes(network, tmp_path, output_op):
    network.head.bias.set_value(network.head.bias.numpy() + np.array([0, 0, 5, 0], "float32"))
    export_model(network, tmp_path / "a", transforms=NORMALIZE, options=ExportOptions(output_op), ignored_class=2)
    assert verify(network, tmp_path / "a", ignored_class=2).equal_share > 0.9999
    export_model(network, tmp_path / "b", transforms=NORMALIZE, options=ExportOptions(output_op))
    with pytest.raises(VerificationError):
        verify(network, tmp_path / "b", ignored_class=2)


def test_scores_that_differ_fail_although_the_classes_agree(network, tmp_path):
    export_model(network, tmp_path / "out", transforms=NORMALIZE, options=ExportOptions("none"))
    network.head.bias.set_value(network.head.bias.numpy() + np.float32(0.05))  # the same for all classes
    with pytest.raises(VerificationError, match="largest logit"):
        verify(network, tmp_path / "out")


def test_another_normalisation_in_deploy_yaml_fails(network, tmp_path):
    export_model(network, tmp_path / "out", transforms=[{"type": "Normalize", "mean": [0.3], "std": [0.6]}])
    with pytest.raises(VerificationError):
        verify(network, tmp_path / "out")


def test_a_resize_that_deploy_yaml_lacks_fails(network, tmp_path):
    export_model(network, tmp_path / "out", transforms=NORMALIZE)
    pictures = [Picture("p", next(iter(generated_pictures(3))).pixels)]
    shifted = Pipeline([Padding(target_size=[600, 300]), Normalize()])
    verify(network, tmp_path / "out", pictures=pictures, min_equal_share=0.9)
    export_model(
        network,
        tmp_path / "small",
        transforms=[{"type": "Resize", "target_size": [128, 64]}, {"type": "Normalize"}],
    )
    with pytest.raises(VerificationError):
        verify(network, tmp_path / "small", pipeline=shifted, pictures=pictures)


def test_a_graph_of_fixed_size_is_compared_on_resized_pictures(network, tmp_path):
    options = ExportOptions(input_shape=[2, 3, 64, 96])
    export_model(network, tmp_path / "out", transforms=NORMALIZE, options=options)
    assert verify(network, tmp_path / "out").equal_share > 0.999
    pictures = generated_pictures(3, (64, 96))
    assert [p.pixels.shape for p in pictures] == [(64, 96, 3)] * 3
