# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Flags of infer.py for where and how the graph runs."""

import pytest

from paddleseg.deploy.engine_flags import check_engine_arguments, refuse_flags_of_the_cpu
from paddleseg.utils.errors import ConfigError, DeviceError
from tests.commands.exported.running import INFER, infer, infer_here
from tests.needs import needs_paddle_for_cpu


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (["--with_argmax"], ConfigError, "drop --with_argmax"),
        (["--use_trt", "True"], DeviceError, "--use_trt True: .* the device is cpu"),
        (["--enable_auto_tune", "True"], ConfigError, "--enable_auto_tune True"),
        (["--precision", "fp16"], DeviceError, "--precision fp16: .*bf16"),
        (
            ["--precision", "int8"],
            ConfigError,
            r"an installed engine runs in --precision int8; there is model\.pdmodel \(fp32",
        ),
        (
            ["--backend", "onnxruntime"],
            ConfigError,
            "no graph that --backend onnxruntime runs in --precision fp32; there is",
        ),
        (["--precision", "bf16", "--enable_mkldnn", "False"], DeviceError, "--precision bf16: .*--enable_mkldnn False"),
        pytest.param(["--device", "gpu"], DeviceError, "--device gpu", marks=needs_paddle_for_cpu),
        (["--batch_size", "0"], ConfigError, "--batch_size 0"),
        (["--cpu_threads", "0"], ConfigError, "--cpu_threads 0"),
        (["--min_subgraph_size", "3"], ConfigError, "--min_subgraph_size 3: .*TensorRT, which is not used"),
        (["--auto_tuned_shape_file", "x"], ConfigError, "--auto_tuned_shape_file x: .*give --enable_auto_tune True"),
    ],
)
def test_options_that_do_not_go_together_are_one_line(exported, pictures, tmp_path, arguments, error, message):
    device = [] if "--device" in arguments else ["--device", "cpu"]
    with pytest.raises(error, match=message) as caught:
        infer_here(exported, pictures, tmp_path / "out", *device, *arguments)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("flag", [["--cpu_threads", "6"], ["--enable_mkldnn", "True"], ["--enable_mkldnn", "False"]])
def test_flags_of_the_cpu_are_refused_on_other_devices(flag):
    arguments = infer.make_parser().parse_args(["--config", "x", "--image_path", "x", *flag])
    refuse_flags_of_the_cpu(arguments, "cpu")
    with pytest.raises(ConfigError, match=f"{' '.join(flag)}: only for the CPU, but the device is gpu:0"):
        refuse_flags_of_the_cpu(arguments, "gpu:0")


@pytest.mark.parametrize(
    "flags",
    [
        "--device=cpu --enable_mkldnn=False --cpu_threads=6 --batch_size=1 --benchmark=True --precision=fp32",
        "--device=gpu --use_trt=True --precision=fp16 --batch_size=1 --benchmark=True",
        "--device=gpu --use_trt=False --precision=fp32 --batch_size=1 --benchmark=True",
    ],
)
def test_the_flags_that_tipc_gives_on_each_device_are_taken(flags):
    arguments = infer.make_parser().parse_args(["--config", "x", "--image_path", "x", *flags.split()])
    check_engine_arguments(arguments)
    refuse_flags_of_the_cpu(arguments, {"cpu": "cpu", "gpu": "gpu:0"}[arguments.device])


def test_an_error_is_one_line_and_exit_status_1(run_command, tmp_path):
    done = run_command(INFER, "--config", tmp_path / "deploy.yaml", "--image_path", tmp_path, "--save_dir", tmp_path)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith("infer.py: error: ")
    assert "Traceback" not in done.stderr


def test_tensorrt_is_no_engine_of_its_own_and_what_to_give_is_said(capsys):
    with pytest.raises(SystemExit) as caught:
        infer.make_parser().parse_args(["--config", "x", "--image_path", "x", "--backend", "tensorrt"])
    assert caught.value.code == 2
    [line] = capsys.readouterr().err.splitlines()
    assert "--use_trt True --device gpu with --backend paddle or onnxruntime" in line
