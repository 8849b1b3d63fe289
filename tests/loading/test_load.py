# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""``paddleseg.load``: every kind of folder gives an object that maps every kind of picture, from any thread."""

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import paddle
import pytest
from PIL import Image

import paddleseg
import predict
from paddleseg.export.folder import ExportOptions, export_model
from paddleseg.models import DDRNet_23_slim
from paddleseg.utils.errors import ConfigError, DataError, DeviceError
from tests.commands.exported.running import COLOURS, export_here, small_network_known, with_deploy_yaml
from tests.conftest import REPOSITORY
from tests.export.small_network import NORMALIZE, SmallNetwork
from tests.messages import naming


@pytest.fixture(scope="module")
def exported(run_folder, tmp_path_factory):
    checkpoint = run_folder / "iter_2"
    folder = tmp_path_factory.mktemp("exported") / "out"
    with small_network_known():
        return export_here(checkpoint / "config.yml", checkpoint / "model.pdparams", folder, "--no_verify")


@pytest.fixture(scope="module")
def of_checkpoint(run_folder):
    with small_network_known():
        return paddleseg.load(run_folder, device="cpu")


@pytest.fixture(scope="module")
def of_export(exported):
    return paddleseg.load(exported, device="cpu")


def test_neither_load_nor_decode_image_is_imported_before_it_is_asked_for():
    code = (
        "import sys, paddleseg; assert {'load', 'decode_image'} <= set(dir(paddleseg)); paddleseg.decode_image\n"
        "print(sorted({'paddle', 'cv2', 'paddleseg.loading'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    assert done.stdout.strip() == "['cv2']"
    with pytest.raises(AttributeError, match="no attribute 'lode'"):
        paddleseg.lode  # noqa: B018


def modules_after_loading(folder, *, without: str = "", **options) -> set[str]:
    """Of paddle and what trains, what ``paddleseg.load`` of an exported folder imports."""
    code = (
        f"import sys, numpy, paddleseg; sys.modules.update(dict.fromkeys({without.split()}))\n"
        f"paddleseg.load({str(folder)!r}, device='cpu', **{options})(numpy.zeros((64, 64, 3), 'uint8'))\n"
        "print(*(name for name, module in sys.modules.items() if module))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    unneeded = {"paddle", "paddleseg.config", "paddleseg.inference", "paddleseg.models", "paddleseg.training"}
    return unneeded & set(done.stdout.splitlines()[-1].split())


@pytest.mark.slow
def test_an_exported_folder_brings_nothing_that_trains(exported):
    assert modules_after_loading(exported) == {"paddle"}


@pytest.mark.extras("onnx", "onnxruntime")
def test_nor_paddle_where_another_engine_runs_it(tmp_path):
    options = ExportOptions(formats=["onnx"])
    export_model(DDRNet_23_slim(num_classes=4), tmp_path / "out", transforms=NORMALIZE, options=options)
    for options in ({"backend": "onnxruntime"}, {"without": "paddle"}):
        assert modules_after_loading(tmp_path / "out", **options) == set()


def test_a_run_and_its_export_give_the_label_map_of_predict_py(of_checkpoint, of_export, run_folder, picture, tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), picture[:, :, ::-1])
    checkpoint = run_folder / "iter_2"
    given = ["--config", checkpoint / "config.yml", "--model_path", checkpoint, "--image_path", tmp_path / "a.png",
             "--save_dir", tmp_path / "out", "--device", "cpu"]  # fmt: skip
    predict.main(predict.make_parser().parse_args([str(word) for word in given]))
    expected = np.asarray(Image.open(tmp_path / "out" / "label" / "a.png"))
    assert len(np.unique(expected)) > 1
    np.testing.assert_array_equal(of_checkpoint(picture), expected)
    assert (of_export(picture) == expected).mean() > 0.999


def test_a_picture_may_be_a_file_its_bytes_or_an_array_which_stays_as_it_is(of_export, picture, tmp_path):
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), picture[:, :, ::-1])
    before = picture.copy()
    expected = of_export(picture)
    np.testing.assert_array_equal(picture, before)
    for one in (path, str(path), path.read_bytes()):
        np.testing.assert_array_equal(of_export(one), expected)
    # The resize rounds uint8 and leaves floats as they are.
    assert (of_export(picture.astype(np.float64)) == expected).mean() > 0.98


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (lambda: np.zeros((40, 40), np.uint8), ([40, 40], "[H, W, 3]")),
        (lambda: np.zeros((40, 40, 4), np.uint8), ([40, 40, 4],)),
        (lambda: np.zeros((0, 40, 3), np.uint8), ([0, 40, 3],)),
        (lambda: np.zeros((40, 40, 3), np.uint16), ("uint16", "uint8")),
        (lambda: np.full((40, 40, 3), np.nan, np.float32), ("finite",)),
        (lambda: b"GIF89a", ("picture", "PNG, JPEG")),
        (lambda: "/nowhere/a.png", ("/nowhere/a.png", "does not exist")),
    ],
)
def test_what_is_no_picture_is_refused_by_its_form(of_export, wrong, named):
    with pytest.raises(DataError, match=naming(*map(str, named))):
        of_export(wrong())


def test_it_knows_the_names_and_colours_of_its_classes(of_checkpoint, of_export):
    for model in (of_checkpoint, of_export):
        assert model.classes == ("class 0", "class 1", "class 2", "class 3")
        assert model.palette.tolist() == COLOURS


def test_the_overlay_mixes_picture_and_colours(of_export, picture):
    labels = of_export(picture)
    colours = np.array(COLOURS)[labels]
    mixed = of_export.overlay(picture, labels, opacity=0.25)
    assert np.abs(mixed - (0.75 * picture + 0.25 * colours)).max() <= 0.5
    np.testing.assert_array_equal(of_export.overlay(picture, labels, opacity=0), picture)
    with pytest.raises(DataError, match=naming("[60, 91]", "[60, 92]")):
        of_export.overlay(picture, labels[:, 1:])
    with pytest.raises(DataError, match=naming(9, 4)):
        of_export.overlay(picture, np.full_like(labels, 9))


def test_a_large_margin_is_a_class_that_stays_when_logits_are_shaken(of_checkpoint, of_export, picture):
    found = of_checkpoint.predict(picture)
    np.testing.assert_array_equal(found.labels, of_checkpoint(picture))
    assert (found.margins.shape, found.margins.dtype) == ((8, 12), np.float32)  # of 60 x 92 pixels
    np.testing.assert_allclose(of_export.predict(picture).margins, found.margins, atol=0.02 * found.margins.max())
    assert set(found.seconds) == {"network", "label_map"}
    assert of_export.gives_margins and of_export.predict(picture, margins=False).margins is None


def test_margins_of_probabilities_are_those_of_logits(picture, tmp_path):
    paddle.seed(7)
    network = SmallNetwork()
    network.eval()
    export_model(network, tmp_path / "a", transforms=NORMALIZE, options=ExportOptions("softmax"))
    logits = paddleseg.load(tmp_path / "a").predict(picture)
    without_stride8 = paddleseg.load(with_deploy_yaml(tmp_path / "a", tmp_path / "b", graphs=None)).predict(picture)
    assert (without_stride8.labels == logits.labels).mean() > 0.999
    # The margin of a pixel near the middle of a cell, in place of that of the cell.
    assert np.abs(without_stride8.margins - logits.margins).mean() < 0.2 * logits.margins.mean()


def test_a_graph_of_ids_alone_has_no_margins(exported, picture, tmp_path):
    model = paddleseg.load(with_deploy_yaml(exported, tmp_path / "ids", graphs=None))
    found = model.predict(picture)
    assert (found.labels.shape, found.labels.dtype) == ((60, 92), np.uint8)
    assert found.margins is None and not model.gives_margins


def test_ids_beyond_the_classes_of_deploy_yaml_are_no_label_map(exported, picture, tmp_path):
    one = with_deploy_yaml(exported, tmp_path / "one", graphs=None, num_classes=1, palette=COLOURS[:1])
    with pytest.raises(ConfigError, match=naming("deploy.yaml", "model.", "1 classes", "num_classes")):
        paddleseg.load(one)(picture)


@pytest.mark.parametrize("which", ["of_export", "of_checkpoint"])
def test_eight_threads_with_pictures_of_several_sizes_get_what_one_gets(which, picture, request):
    model = request.getfixturevalue(which)
    pictures = [np.ascontiguousarray(picture[: 40 + 4 * i, : 92 - 6 * i]) for i in range(5)]
    expected = [model.predict(one) for one in pictures]
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(model.predict, pictures * 8))
    for one, other in zip(found, expected * 8):
        np.testing.assert_array_equal(one.labels, other.labels)
        np.testing.assert_array_equal(one.margins, other.margins)


class SmallClassifier(paddle.nn.Layer):
    arch, num_classes, in_channels = "SmallClassifier", 3, 3

    def __init__(self):
        super().__init__()
        self.linear = paddle.nn.Linear(3, 3)

    def forward(self, x):
        return self.linear(x.mean([2, 3]))


def test_a_classifier_gives_classes(tmp_path, picture):
    paddle.seed(3)
    network = SmallClassifier()
    network.eval()
    options = ExportOptions("softmax", task="classification")
    export_model(network, tmp_path / "out", transforms=NORMALIZE, options=options, class_names=["a", "b", "c"])
    model = paddleseg.load(tmp_path / "out")
    found = model.predict(picture)
    assert sorted(one.name for one in found) == ["a", "b", "c"]
    assert sum(one.probability for one in found) == pytest.approx(1)
    assert model(picture) == found[0]


def test_what_has_no_network_is_named_with_what_is_wanted(run_folder, tmp_path):
    with pytest.raises(ConfigError, match=naming("nowhere", "not there")):
        paddleseg.load(tmp_path / "nowhere")
    with pytest.raises(ConfigError, match=naming("model.pdparams", "a file", "folder")):
        paddleseg.load(run_folder / "iter_2" / "model.pdparams")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match=naming("empty", "deploy.yaml", "best_model", "iter_N")):
        paddleseg.load(tmp_path / "empty")
    shutil.copy(run_folder / "iter_2" / "model.pdparams", tmp_path / "empty")
    with pytest.raises(ConfigError, match=naming("empty", "config.yml")):
        paddleseg.load(tmp_path / "empty")


@pytest.mark.parametrize(
    ("options", "named"),
    [({"backend": "onnxruntime"}, ("backend", "onnxruntime", "export.py")), ({"precision": "bf16"}, ("precision",))],
)
def test_options_of_exported_networks_are_refused_for_a_checkpoint(run_folder, options, named):
    with pytest.raises(ConfigError, match=naming(*named)):
        paddleseg.load(run_folder, **options)


def test_wrong_options_of_an_export_are_named(exported):
    with pytest.raises(DeviceError, match=naming("backend", "padle", "paddle")):
        paddleseg.load(exported, backend="padle")
    with pytest.raises(ConfigError, match=naming("cpu_threads", 0)):
        paddleseg.load(exported, cpu_threads=0)
