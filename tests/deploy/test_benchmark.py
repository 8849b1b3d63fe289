# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The lines of the benchmark report, for devices that the machine of the tests does not have."""

import dataclasses
from pathlib import Path

import pytest

from paddleseg.deploy.benchmark import CardState, card_state, print_report, report_lines
from paddleseg.deploy.engines.base import EngineOptions
from paddleseg.deploy.graph_spec import GraphSpec

SECONDS = {"preprocess": 0.2, "inference": 0.04, "postprocess": 0.000002}
# Says what it is asked, then answers for one card.
NVIDIA_SMI = """\
#!/bin/sh
echo "$@" > "$(dirname "$0")/asked"
echo "535.54.03, 6641, 98"
"""


@pytest.fixture
def nvidia_smi(tmp_path, monkeypatch):
    program = tmp_path / "nvidia-smi"
    program.write_text(NVIDIA_SMI)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return program


def lines_for(options: EngineOptions, model: str = "model.pdmodel", input_shape=(-1, 3, -1, -1)) -> list:
    graph = GraphSpec(Path(model), Path("p"), input_shape=input_shape)
    options = dataclasses.replace(options, backend="paddle")
    return report_lines(graph, options, SECONDS, num_pictures=4, batch_size=2, model_name="")


def test_times_are_means_for_one_picture():
    lines = lines_for(EngineOptions(cpu_threads=6))
    assert lines[-2:] == [
        " total time spent(s): 0.2400",
        " preprocess_time(ms): 50.0000, inference_time(ms): 10.0000, postprocess_time(ms): 0.0005",
    ]
    assert " cpu_math_library_num_threads: 6" in lines and " data_num: 4" in lines and " batch_size: 2" in lines


def test_a_report_without_a_card_has_none_of_its_values():
    lines = lines_for(EngineOptions(enable_mkldnn=False), "model.json", (1, 3, 64, 128))
    assert [line for line in lines if line.endswith("None")] == [
        " CUDA_version: None", " CUDNN_version: None", " drivier_version: None", " cpu_math_library_num_threads: None",
    ]  # fmt: skip
    assert " enable_memory_optim: False" in lines and " enable_mkldnn: False" in lines
    assert " input_shape: [3, 64, 128]" in lines
    assert " model_name: model.json" in lines
    assert lines[-3].endswith(", gpu_rss(MB): None, gpu_util: None%")


def test_onednn_is_reported_where_it_ran():
    assert " enable_mkldnn: True" in lines_for(EngineOptions(enable_mkldnn=True))
    assert " enable_mkldnn: False" in lines_for(EngineOptions(enable_mkldnn=None))


def test_a_report_of_a_card_has_its_driver_memory_and_load(nvidia_smi):
    lines = lines_for(EngineOptions(device="gpu:1", use_trt=True, precision="fp16"))
    assert " drivier_version: 535.54.03" in lines
    assert " runtime_device: gpu" in lines and " enable_tensorrt: True" in lines and " precision: fp16" in lines
    assert " enable_mkldnn: False" in lines
    assert lines[-3].endswith(", gpu_rss(MB): 6641, gpu_util: 98%")


def test_the_card_asked_about_is_the_one_in_use(nvidia_smi, monkeypatch):
    asked = nvidia_smi.with_name("asked")
    card_state("gpu:1")
    assert "--id=1 " in asked.read_text()
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5")
    card_state("gpu:1")
    assert "--id=5 " in asked.read_text()


def test_an_unhelpful_driver_leaves_the_values_out(nvidia_smi):
    nvidia_smi.write_text("#!/bin/sh\necho 'No devices were found'\n")
    assert card_state("gpu:0") == CardState(None, None, None)
    nvidia_smi.write_text(NVIDIA_SMI + "exit 9\n")
    assert card_state("gpu:0") == CardState()


def test_lines_have_the_prefix_of_autologs_logger(capsys):
    print_report([" data_num: 4"])
    assert capsys.readouterr().out.endswith("] root INFO:  data_num: 4\n")
