# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Export and its verification, mostly with a small network that has DDRNet's outputs."""

from pathlib import Path

import numpy as np
import paddle
import pytest
import yaml
from paddle import nn
from paddle.nn import functional as F

from paddleseg.deploy.deploy_config import read_deploy_config
from paddleseg.deploy.predictor import EngineOptions, Predictor
from paddleseg.export.folder import ExportOptions, check_input_shape, export_model
from paddleseg.export.verify import (
    Picture,
    VerificationError,
    generated_pictures,
    verify_export,
)
from paddleseg.models import DDRNet_23_slim
from paddleseg.transforms import Normalize, Padding, Pipeline
from paddleseg.utils.errors import ConfigError, WeightsError

NORMALIZE = [{"type": "Normalize"}]
GRAPH_FORMATS = ["pdmodel", "json"] if int(paddle.__version__.split(".")[0]) >= 3 else ["pdmodel"]


class SmallNetwork(nn.Layer):
    """A strided convolution per head, and bilinear upsampling; the auxiliary output comes second."""

    arch = "SmallNetwork"

    def __init__(self, num_classes: int = 4, auxiliary: bool = True) -> None:
        super().__init__()
        self.num_classes, self.in_channels = num_classes, 3
        self.trunk = nn.Conv2D(3, 8, 9, stride=8, padding=4)
        self.norm = nn.BatchNorm2D(8)
        self.head = nn.Conv2D(8, num_classes, 1)
        self.aux_head = nn.Conv2D(8, num_classes, 3, padding=1) if auxiliary else None

    def forward_stride8(self, x):
        features = F.relu(self.norm(self.trunk(x)))
        outputs = [self.head(features)]
        if self.aux_head is not None:
            outputs.append(self.aux_head(features))
        return outputs

    def forward(self, x):
        return [F.interpolate(y, size=x.shape[2:], mode="bilinear") for y in self.forward_stride8(x)]


@pytest.fixture
def network() -> SmallNetwork:
    paddle.seed(7)
    network = SmallNetwork()
    network.eval()
    return network


def normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(3).standard_normal(shape).astype("float32")


def outputs(network, x: np.ndarray) -> np.ndarray:
    with paddle.no_grad():
        return network(paddle.to_tensor(x))[0].numpy()


def export_and_load(network, folder: Path, options: ExportOptions = ExportOptions()) -> Predictor:  # noqa: B008
    config = read_deploy_config(export_model(network, folder, transforms=NORMALIZE, options=options))
    return Predictor(config.model, config.params)


@pytest.mark.parametrize("graph_format", GRAPH_FORMATS)
def test_the_argmax_graph_gives_the_networks_classes_at_any_size_and_batch(network, tmp_path, graph_format):
    predictor = export_and_load(network, tmp_path / "out", ExportOptions(graph_format=graph_format))
    for shape in [(1, 3, 64, 96), (2, 3, 321, 255), (1, 3, 33, 47)]:
        x = normal(*shape)
        labels = predictor(x)
        assert labels.dtype == np.int32
        assert labels.shape == (shape[0], *shape[2:])
        assert (labels == outputs(network, x).argmax(axis=1)).mean() > 0.9999
    batch = normal(2, 3, 48, 64)
    assert (predictor(batch) == np.concatenate([predictor(batch[:1]), predictor(batch[1:])])).all()


@pytest.mark.parametrize("graph_format", GRAPH_FORMATS)
def test_of_equal_logits_the_lowest_class_wins(tmp_path, graph_format):
    # As many classes as on Cityscapes: with a few, other ways to find the maximum take the lowest too.
    network = SmallNetwork(num_classes=19)
    network.head.weight.set_value(np.zeros([19, 8, 1, 1], "float32"))
    network.head.bias.set_value(np.array([0, 0, 0] + 16 * [1], "float32"))
    predictor = export_and_load(network, tmp_path / "out", ExportOptions(graph_format=graph_format))
    assert (predictor(normal(1, 3, 40, 40)) == 3).all()


@pytest.mark.parametrize("graph_format", GRAPH_FORMATS)
def test_logits_and_probabilities_come_at_the_size_of_the_input(network, tmp_path, graph_format):
    x = normal(1, 3, 50, 41)
    logits = outputs(network, x)
    predictor = export_and_load(network, tmp_path / "a", ExportOptions("none", graph_format=graph_format))
    np.testing.assert_allclose(predictor(x), logits, atol=1e-5)
    predictor = export_and_load(network, tmp_path / "b", ExportOptions("softmax", graph_format=graph_format))
    exponentials = np.exp(logits)
    np.testing.assert_allclose(predictor(x), exponentials / exponentials.sum(axis=1, keepdims=True), atol=1e-5)


@pytest.mark.parametrize("graph_format", GRAPH_FORMATS)
def test_the_auxiliary_head_is_not_exported(tmp_path, graph_format):
    sizes = []  # mentions of convolutions in the graph, bytes of weights
    for auxiliary in (True, False):
        folder = tmp_path / str(auxiliary)
        options = ExportOptions(graph_format=graph_format)
        export_model(SmallNetwork(auxiliary=auxiliary), folder, transforms=NORMALIZE, options=options)
        graph, weights = folder / f"model.{graph_format}", folder / "model.pdiparams"
        sizes.append((graph.read_bytes().count(b"conv2d"), weights.stat().st_size))
    assert sizes[0] == sizes[1]


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
        {"type": "Normalize", "mean": [0.5], "std": [0.5]},
    ] or deploy["transforms"][1] == {"type": "Normalize", "mean": [0.5] * 3, "std": [0.5] * 3}
    assert (deploy["input_shape"], deploy["output_op"]) == ([-1, 3, -1, -1], "argmax")
    assert (deploy["output_dtype"], deploy["num_classes"], deploy["arch"]) == ("int32", 4, "SmallNetwork")
    assert deploy["class_names"] == ["a", "b", "c", "d"]
    assert deploy["palette"][1] == [3, 4, 5]


def test_an_export_replaces_an_earlier_one_and_nothing_else(network, tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    for name in ("notes.txt", "model.pdparams", "model.json", "model.pdiparams", "deploy.yaml"):
        (folder / name).write_text("old")
    export_model(network, folder, transforms=NORMALIZE, options=ExportOptions(graph_format="pdmodel"))
    assert (folder / "notes.txt").read_text() == "old"
    assert (folder / "model.pdparams").read_text() == "old"
    assert not (folder / "model.json").exists()
    assert (folder / "model.pdiparams").stat().st_size > 1000
    assert read_deploy_config(folder).model.name == "model.pdmodel"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_failed_verification_leaves_everything_as_it_was(network, tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "deploy.yaml").write_text("old")

    def refuse(export: Path) -> None:
        assert (export / "deploy.yaml").is_file()
        raise VerificationError("no")

    with pytest.raises(VerificationError):
        export_model(network, folder, transforms=NORMALIZE, verify=refuse)
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
    assert [(p.name, p.read_text()) for p in folder.iterdir()] == [("deploy.yaml", "old")]


def test_a_network_in_training_mode_is_exported_in_evaluation_mode(network, tmp_path):
    network.train()
    predictor = export_and_load(network, tmp_path / "out", ExportOptions("none"))
    assert network.training
    assert network.norm.training
    network.eval()
    x = normal(2, 3, 32, 32)
    np.testing.assert_allclose(predictor(x), outputs(network, x), atol=1e-5)


def test_eager_and_static_work_go_on_after_an_export_in_the_older_format(network, tmp_path):
    x = paddle.to_tensor(normal(1, 3, 32, 32))
    before = network(x)[0].numpy()
    flag = paddle.get_flags("FLAGS_enable_pir_api")
    export_model(network, tmp_path / "out", transforms=NORMALIZE, options=ExportOptions(graph_format="pdmodel"))
    assert paddle.get_flags("FLAGS_enable_pir_api") == flag
    static = paddle.jit.to_static(SmallNetwork(), full_graph=True)
    static.set_state_dict(network.state_dict())
    static.eval()
    np.testing.assert_allclose(static(x)[0].numpy(), before, atol=1e-5)


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
        check_input_shape(shape, 3)
    assert f"--input_shape {' '.join(map(str, shape))}" in str(caught.value)


def test_a_file_in_the_place_of_the_folder_is_refused(network, tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(ConfigError, match="this is a file"):
        export_model(network, tmp_path / "out", transforms=NORMALIZE)


class TestVerification:
    """What the comparison lets pass and what it stops."""

    def verify(self, network, folder, pipeline=None, pictures=None, **options):
        pictures = generated_pictures(3) if pictures is None else pictures
        pipeline = Pipeline([Normalize()]) if pipeline is None else pipeline
        return verify_export(network, folder, pictures, pipeline=pipeline, **options)

    @pytest.mark.parametrize("output_op", ["argmax", "softmax", "none"])
    def test_an_export_passes(self, network, tmp_path, output_op):
        export_model(network, tmp_path / "out", transforms=NORMALIZE, options=ExportOptions(output_op))
        result = self.verify(network, tmp_path / "out")
        assert result.equal_share > 0.9999
        assert result.num_pictures == 3
        assert result.num_classes > 1
        assert (result.max_relative_difference is None) == (output_op == "argmax")

    def test_other_weights_fail_and_the_share_is_named(self, network, tmp_path):
        export_model(network, tmp_path / "out", transforms=NORMALIZE)
        bias = network.head.bias.numpy()
        network.head.bias.set_value(bias + np.array([0.1, 0, 0, 0], "float32"))
        with pytest.raises(VerificationError, match=r"\d\d\.\d{4} % of the pixels .* 99.9 % .*--verify_threshold"):
            self.verify(network, tmp_path / "out")
        assert 0.5 < self.verify(network, tmp_path / "out", min_equal_share=0.5).equal_share < 0.999

    def test_scores_that_differ_fail_although_the_classes_agree(self, network, tmp_path):
        export_model(network, tmp_path / "out", transforms=NORMALIZE, options=ExportOptions("none"))
        network.head.bias.set_value(network.head.bias.numpy() + np.float32(0.05))  # the same for all classes
        with pytest.raises(VerificationError, match="largest logit"):
            self.verify(network, tmp_path / "out")

    def test_another_normalisation_in_deploy_yaml_fails(self, network, tmp_path):
        export_model(network, tmp_path / "out", transforms=[{"type": "Normalize", "mean": [0.3], "std": [0.6]}])
        with pytest.raises(VerificationError):
            self.verify(network, tmp_path / "out")

    def test_a_resize_that_deploy_yaml_lacks_fails(self, network, tmp_path):
        export_model(network, tmp_path / "out", transforms=NORMALIZE)
        pictures = [Picture("p", next(iter(generated_pictures(3))).pixels)]
        shifted = Pipeline([Padding(target_size=[600, 300]), Normalize()])
        self.verify(network, tmp_path / "out", pictures=pictures, min_equal_share=0.9)
        export_model(
            network,
            tmp_path / "small",
            transforms=[{"type": "Resize", "target_size": [128, 64]}, {"type": "Normalize"}],
        )
        with pytest.raises(VerificationError):
            self.verify(network, tmp_path / "small", pipeline=shifted, pictures=pictures)

    def test_a_graph_of_fixed_size_is_compared_on_resized_pictures(self, network, tmp_path):
        options = ExportOptions(input_shape=[2, 3, 64, 96])
        export_model(network, tmp_path / "out", transforms=NORMALIZE, options=options)
        assert self.verify(network, tmp_path / "out").equal_share > 0.999
        pictures = generated_pictures(3, (64, 96))
        assert [p.pixels.shape for p in pictures] == [(64, 96, 3)] * 3


@pytest.fixture(scope="module")
def exported_ddrnet(tmp_path_factory):
    """DDRNet_23_slim with an auxiliary head, in evaluation mode, and its export without argmax."""
    paddle.seed(1)
    network = DDRNet_23_slim(num_classes=5, enable_auxiliary_loss=True)
    network.eval()
    options = ExportOptions("none", graph_format="pdmodel")
    folder = tmp_path_factory.mktemp("ddrnet") / "out"
    return network, read_deploy_config(export_model(network, folder, transforms=NORMALIZE, options=options))


def test_ddrnet_is_exported_without_its_auxiliary_head(exported_ddrnet):
    network, config = exported_ddrnet
    state = network.state_dict()
    num_weights = sum(int(np.prod(value.shape)) for name, value in state.items() if "aux_head" not in name)
    # Each tensor has a header of a few dozen bytes; the head would add 150 kB.
    assert 4 * num_weights < config.params.stat().st_size < 4 * num_weights + 64 * len(state)
    predictor = Predictor(config.model, config.params)
    for shape in [(2, 3, 65, 97), (1, 3, 64, 128)]:
        x = normal(*shape)
        reference = outputs(network, x)
        assert np.abs(predictor(x) - reference).max() < 2e-5 * np.abs(reference).max()


def test_bf16_is_close_where_the_cpu_has_it(exported_ddrnet):
    cpu_info = Path("/proc/cpuinfo")
    if not cpu_info.exists() or "avx512bw" not in cpu_info.read_text():
        pytest.skip("needs a CPU with AVX512")
    network, config = exported_ddrnet
    predictor = Predictor(config.model, config.params, EngineOptions(precision="bf16"))
    x = normal(1, 3, 64, 128)
    reference = outputs(network, x)
    # More than float32's rounding: it really was bf16, with 8 bits of mantissa.
    assert 1e-4 < np.abs(predictor(x) - reference).max() / np.abs(reference).max() < 0.05


def test_a_damaged_export_is_a_one_line_error(network, tmp_path):
    config = read_deploy_config(export_model(network, tmp_path / "out", transforms=NORMALIZE))
    for file in (config.params, config.model):
        file.write_bytes(file.read_bytes()[:100])
        with pytest.raises(WeightsError, match="cannot load") as caught:
            Predictor(config.model, config.params)
        assert str(file) in str(caught.value)
        assert "\n" not in str(caught.value)
