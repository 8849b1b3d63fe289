# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The C++ program makes the same label maps as Python from the same logits, to the last pixel.

Both run the same graph with the same engine, and pictures are only resized by nearest neighbour, in which all versions
of OpenCV agree; so the logits are the same numbers.
"""

import cv2
import numpy as np
import pytest
from PIL import Image

from tests.deploy.cpp.graphs import CLASSES, Reference, logits_graph, save

SIZES_HW = [(64, 64), (97, 131), (33, 200), (256, 40), (150, 150)]
NORMALIZE = {"type": "Normalize", "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
NEAREST = {"type": "Resize", "interp": "NEAREST"}
TRANSFORMS = {
    "normalised": [NORMALIZE],
    "normalised first": [NORMALIZE, {"type": "Padding", "target_size": [256, 256], "im_padding_value": 0.3}],
    "as it is": [],
    "padded": [{"type": "Padding", "target_size": [261, 259]}, NORMALIZE],
    "enlarged": [{**NEAREST, "target_size": [320, 288]}, NORMALIZE],
    "made smaller": [{**NEAREST, "target_size": [50, 70]}, NORMALIZE],
    "ratio kept, sides of 32, padded": [
        {**NEAREST, "target_size": [200, 120], "keep_ratio": True, "size_divisor": 32},
        {"type": "PaddingByAspectRatio", "aspect_ratio": 1.5},
        NORMALIZE,
    ],
    "twice": [{**NEAREST, "target_size": [90, 90]}, {**NEAREST, "target_size": [160, 130]}, NORMALIZE],
}


def write_pictures(folder, kind):
    """Noise, all borders, or large blots with a few per cent of borders."""
    folder.mkdir()
    random = np.random.default_rng(2)
    for height, width in SIZES_HW:
        noise = random.integers(0, 256, (height, width, 3)).astype(np.uint8)
        blots = cv2.resize(random.integers(0, 256, (3, 4, 3)).astype(np.uint8), (width, height))
        cv2.imwrite(str(folder / f"{height}x{width}.png"), noise if kind == "noise" else blots)
    return sorted(folder.iterdir())


def saved(folder, picture):
    return np.array(Image.open(folder / f"{picture.stem}.png"))


def assert_equal(pictures, folder, reference, **options):
    all_expected = {picture: reference.label_map(picture, **options) for picture in pictures}
    assert len(np.unique(np.concatenate([labels.ravel() for labels in all_expected.values()]))) > 1
    for picture, expected in all_expected.items():
        np.testing.assert_array_equal(saved(folder, picture), expected, err_msg=picture.name)


@pytest.mark.parametrize("kind", ["noise", "blots"])
@pytest.mark.parametrize("name", TRANSFORMS)
def test_the_label_map_is_that_of_python_to_the_last_pixel(segment, tmp_path, name, kind):
    pictures = write_pictures(tmp_path / "pictures", kind)
    folder = save(tmp_path / "export", logits_graph(), transforms=TRANSFORMS[name], output_op="none")
    segment(folder, tmp_path / "pictures")
    assert_equal(pictures, tmp_path / "out", Reference(logits_graph(), TRANSFORMS[name]))


def test_logits_at_the_size_of_the_input_do_as_well(segment, tmp_path):
    pictures = write_pictures(tmp_path / "pictures", "noise")
    for name in ("normalised", "made smaller"):
        folder = save(tmp_path / name, logits_graph(1), transforms=TRANSFORMS[name], output_op="none")
        segment(folder, tmp_path / "pictures")
        assert_equal(pictures, tmp_path / "out", Reference(logits_graph(1), TRANSFORMS[name]))


def test_a_class_that_was_not_trained_is_never_given(segment, tmp_path):
    pictures = write_pictures(tmp_path / "pictures", "noise")
    ignored = 3
    folder = save(
        tmp_path / "export", logits_graph(), transforms=[NORMALIZE], output_op="none", num_classes=CLASSES,
        ignore_index=ignored,
    )  # fmt: skip
    segment(folder, tmp_path / "pictures")
    assert_equal(pictures, tmp_path / "out", Reference(logits_graph(), [NORMALIZE]), ignored_class=ignored)
    assert all(ignored not in saved(tmp_path / "out", picture) for picture in pictures)


def test_equal_logits_give_the_lowest_class(segment, tmp_path):
    from openvino import Model
    from openvino import opset13 as ops

    pictures = ops.parameter([-1, 3, -1, -1], np.float32)
    zeros = ops.multiply(ops.avg_pool(pictures, [8, 8], [0, 0], [0, 0], [8, 8], True), np.float32(0))
    folder = save(tmp_path / "export", Model([zeros], [pictures]), output_op="none")
    write_pictures(tmp_path / "pictures", "noise")
    segment(folder, tmp_path / "pictures" / "64x64.png")
    assert not np.array(Image.open(tmp_path / "out" / "64x64.png")).any()


def test_batches_of_any_size_give_the_same(segment, tmp_path):
    random = np.random.default_rng(3)
    (tmp_path / "pictures").mkdir()
    for i, size_hw in enumerate([(64, 96), (64, 96), (64, 96), (40, 50), (64, 96)]):
        cv2.imwrite(str(tmp_path / "pictures" / f"{i}.png"), random.integers(0, 256, (*size_hw, 3)))
    folder = save(tmp_path / "export", logits_graph(), transforms=[NORMALIZE], output_op="none")
    reference = Reference(logits_graph(), [NORMALIZE])
    for batch_size in (1, 2, 8):
        segment(folder, tmp_path / "pictures", "--batch_size", batch_size)
        assert_equal(sorted((tmp_path / "pictures").iterdir()), tmp_path / "out", reference)


@pytest.mark.parametrize("what", ["of one picture", "of fewer cells", "of no class"])
def test_a_graph_that_gives_less_than_it_should_is_refused_and_nothing_beyond_it_read(segment, tmp_path, what):
    from openvino import Model
    from openvino import opset13 as ops

    model = logits_graph()
    pictures, logits = model.get_parameters()[0], model.get_results()[0].input_value(0)
    axis, count = {"of one picture": (0, 1), "of fewer cells": (2, 2), "of no class": (1, 1)}[what]
    begin, end, step = [0] * 4, [9999] * 4, [1] * 4
    end[axis] = count
    less = ops.strided_slice(logits, begin, end, step, [0] * 4, [0] * 4)
    keys = {"num_classes": 2, "ignore_index": 0} if what == "of no class" else {}
    graphs = {"stride8": {"model": "main.xml", "params": "main.bin"}}
    folder = save(tmp_path / "export", Model([less], [pictures]), output_op="none", graphs=graphs, **keys)
    (tmp_path / "pictures").mkdir()
    for name in "ab":
        cv2.imwrite(str(tmp_path / "pictures" / f"{name}.png"), np.zeros((64, 96, 3), np.uint8))
    stderr = segment(folder, tmp_path / "pictures", "--batch_size", 2, status=1).stderr
    assert "deploy.yaml: the output of main.xml has the shape [" in stderr
    assert "for 2 pictures of [H, W] = [64, 96]" in stderr


def test_a_graph_of_fixed_size_gets_whole_batches(segment, tmp_path):
    model = logits_graph()
    model.reshape([2, 3, 64, 64])
    write_pictures(tmp_path / "pictures", "noise")
    shape = [2, 3, 64, 64]
    folder = save(tmp_path / "export", model, output_op="none", input_shape=shape, transforms=[NORMALIZE])
    segment(folder, tmp_path / "pictures" / "64x64.png")
    assert_equal([tmp_path / "pictures" / "64x64.png"], tmp_path / "out", Reference(logits_graph(), [NORMALIZE]))
    done = segment(folder, tmp_path / "pictures" / "97x131.png", status=1)
    assert "97x131.png: reaches the network as 131x97" in done.stderr
    assert "takes batches of 2" in segment(folder, tmp_path / "pictures", "--batch_size=3", status=1).stderr


def test_a_graph_that_normalises_itself_gets_bytes(segment, tmp_path):
    """Its logits are of the pixels as they are: ``Normalize`` is left to the graph."""
    write_pictures(tmp_path / "pictures", "noise")
    padded = [{"type": "Padding", "target_size": [256, 256]}]
    folder = save(
        tmp_path / "export", logits_graph(dtype=np.uint8), output_op="none", input="uint8",
        transforms=[*padded, NORMALIZE],
    )  # fmt: skip
    segment(folder, tmp_path / "pictures")
    assert_equal(sorted((tmp_path / "pictures").iterdir()), tmp_path / "out", Reference(logits_graph(), padded))


def test_onnx_graphs_under_graphs_come_before_the_main_one(segment, tmp_path):
    onnx = pytest.importorskip("onnx")
    kernel = np.random.default_rng(1).standard_normal((CLASSES, 3, 8, 8)).astype(np.float32)
    helper = onnx.helper
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", "kernel"], ["y"], strides=[8, 8], auto_pad="SAME_UPPER")],
        "graph",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["N", 3, "H", "W"])],
        [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, list("NKhw"))],
        [onnx.numpy_helper.from_array(kernel, "kernel")],
    )
    pictures = write_pictures(tmp_path / "pictures", "noise")
    graphs = {"fast": {"model": "stride8.onnx", "gives": "stride8", "format": "onnx"}}
    folder = save(tmp_path / "export", logits_graph(1), transforms=[NORMALIZE], output_op="none", graphs=graphs)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(folder / "stride8.onnx"))
    done = segment(folder, tmp_path / "pictures")
    assert done.stdout.startswith("stride8.onnx: 5 label maps")
    assert_equal(pictures, tmp_path / "out", Reference(logits_graph(), [NORMALIZE]))
    segment(folder, tmp_path / "pictures", "--graph", "main")
    assert_equal(pictures, tmp_path / "out", Reference(logits_graph(1), [NORMALIZE]))
