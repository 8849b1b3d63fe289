# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""What export.py refuses and logs, and the sources of its settings."""

import paddle
import pytest
import yaml

from paddleseg.commands import export
from paddleseg.inference.views import ViewOptions
from paddleseg.utils.errors import ConfigError
from tests.commands.exported.running import CONFIG, export_here

WINDOWS = {"is_slide": True, "crop_size": [64, 48], "stride": [32, 32]}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (WINDOWS, "windows of 64x48 every 32x32"),
        ({"aug_eval": True, "scales": [0.75, 1.0]}, "scales 0.75, 1"),
        ({}, None),
        ({"aug_eval": False, "scales": [0.75, 1.0]}, None),
    ],
)
def test_windows_and_scales_that_a_graph_has_not_are_said(log, options, words):
    export.warn_of_views(ViewOptions.from_test_config(options))
    assert len(log.messages) == (words is not None)
    assert words is None or words in log.messages[0]


def test_the_export_section_wins_generated_pictures_stand_in_for_the_data_and_views_are_warned_of(
    weights, tmp_path, capsys
):
    transforms = [{"type": "Resize", "target_size": [64, 32]}, {"type": "Normalize"}]
    path = tmp_path / "config.yml"
    path.write_text(yaml.safe_dump({**CONFIG, "export": {"transforms": transforms}, "test_config": WINDOWS}))
    export_here(path, weights, tmp_path / "out")
    output = capsys.readouterr().out
    assert "using generated pictures" in output
    assert "looks at each picture once and whole: its mIoU is not that of val.py with this configuration" in output
    deploy = yaml.safe_load((tmp_path / "out" / "deploy.yaml").read_text())["Deploy"]
    assert deploy["transforms"][0] == transforms[0]


def test_an_export_without_transforms_is_refused(tmp_path):
    path = tmp_path / "config.yml"
    path.write_text(yaml.safe_dump({"model": {"type": "DDRNet_23_slim", "num_classes": 4}}))
    with pytest.raises(ConfigError, match=r"config\.yml: neither export\.transforms nor val_dataset\.transforms"):
        export.main(export.make_parser().parse_args(["--config", str(path)]))


@pytest.mark.slow
def test_a_failed_verification_exits_with_1_and_exports_nothing(run_command, ddrnet, tmp_path):
    # With a weight that is not a number, the network itself gives nothing to compare with.
    config, weights = ddrnet
    state = paddle.load(str(weights))
    state["head.conv.bias"] = paddle.full([4], float("nan"))
    paddle.save(state, str(tmp_path / "nan.pdparams"))
    done = run_command(
        "export.py", "--config", config, "--model_path", tmp_path / "nan.pdparams",
        "--save_dir", tmp_path / "out", "--output_op=none",
    )  # fmt: skip
    assert done.returncode == 1
    assert "output is not finite" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.glob(".out*"))


@pytest.mark.parametrize(
    ("arguments", "op"),
    [
        ([], "argmax"),
        (["--output_op", "none"], "none"),
        (["--without_argmax"], "none"),
        (["--with_softmax"], "softmax"),
        (["--without_argmax", "--with_softmax"], "softmax"),
    ],
)
def test_the_old_flags_mean_an_output_op(arguments, op):
    assert export.output_op_of(export.make_parser().parse_args(["--config", "x", *arguments])) == op


@pytest.mark.parametrize(
    ("arguments", "task", "op"),
    [
        (["--format", "onnx"], "segmentation", "argmax"),
        (["--format", "onnx"], "classification", "softmax"),
        (["--format", "onnx", "--portable"], "segmentation", "none"),
        (["--format", "all", "--portable"], "classification", "softmax"),
    ],
)
def test_what_graphs_give_by_themselves_follows_from_task_and_format(arguments, task, op):
    parsed = export.make_parser().parse_args(["--config", "x", *arguments])
    assert export.options_of(parsed, task).output_op == op


@pytest.mark.usefixtures("run_command")  # the weights are of a network that is not narrow
@pytest.mark.extras("onnx", "onnxruntime")
def test_formats_are_written_and_compared_by_the_command(ddrnet, tmp_path, capsys):
    folder = export_here(*ddrnet, tmp_path / "out", "--format", "onnx,paddle", "--opset", 13)
    output = capsys.readouterr().out
    for name in ("model.pdmodel on paddle", "model.onnx on onnxruntime", "model_stride8.onnx on onnxruntime"):
        assert f"verification: {name} in fp32: passed" in output
    graphs = yaml.safe_load((folder / "deploy.yaml").read_text())["Deploy"]["graphs"]
    assert list(graphs) == ["stride8", "argmax_onnx", "stride8_onnx"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--output_op", "argmax", "--with_softmax"], "--output_op argmax contradicts"),
        (["--verify_threshold", "2"], "--verify_threshold 2.0"),
        (["--verify_images", "x", "--no_verify"], "--verify_images and --no_verify exclude each other"),
        (["--verify", "full", "--no_verify"], "--verify and --no_verify exclude each other"),
        (["--verify_pictures", "0"], "--verify_pictures 0"),
        (["--for_fd"], "--for_fd"),
        (["--format", "paddle,onxx"], "--format onxx: no such format. Did you mean 'onnx'"),
        (["--format", "onnx", "--portable"], "--portable: give --input_shape N C H W"),
    ],
)
def test_flags_that_no_export_can_use_are_refused(arguments, message):
    with pytest.raises(ConfigError, match=message):
        export.check_arguments(export.make_parser().parse_args(["--config", "x", *arguments]))
