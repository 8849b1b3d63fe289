# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The command lines in the READMEs of other kits: each works, or fails with one line that says what to type."""

import importlib
import re
import runpy
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from paddleseg.commands import predict
from paddleseg.config.foreign_flags import FOREIGN_FLAGS
from paddleseg.config.foreign_words import own_words
from paddleseg.utils import distributed
from paddleseg.utils.errors import ConfigError, WeightsError

ROOT = Path(__file__).resolve().parents[2]

# C and M are a configuration and weights of PaddleSeg. What comes out: the words of the command that are parsed.
WORKS = [
    # DDRNet_paddle
    ("train.py --config C --do_eval --use_vdl --log_iter 100 --save_interval 4000 --save_dir output",
     dict(config="C", do_eval=True, use_vdl=True, log_iters=100, save_interval=4000, save_dir="output")),
    ("python -m paddle.distributed.launch train.py --config C --do_eval --use_vdl --log_iter 100",
     dict(config="C", do_eval=True, log_iters=100)),
    ("val.py --config C --model_path M", dict(config="C", model_path="M")),
    ("predict.py --config C --model_path M --image_path P --save_dir output/result --custom_color 0 0 0 255 255 255",
     dict(image_path="P", custom_color=[0, 0, 0, 255, 255, 255])),
    ("export.py --config C --model_path M --save_dir output --without_argmax", dict(without_argmax=True)),
    # PaddleSeg since 2.8
    ("python -m paddle.distributed.launch --gpus 0,1 tools/train.py --config C --do_eval", dict(config="C")),
    ("tools/train.py --config C --resume_model output/iter_500 --precision fp16 --amp_level O1 --use_ema",
     dict(resume_model="output/iter_500", precision="fp16", use_ema=True)),
    ("tools/val.py --config C --model_path M --aug_eval --scales 0.75 1.0 1.25 --flip_horizontal",
     dict(aug_eval=True, scales=[0.75, 1.0, 1.25], flip_horizontal=True)),
    ("tools/val.py --config C --model_path M --is_slide --crop_size 256 256 --stride 128 128",
     dict(is_slide=True, crop_size=[256, 256], stride=[128, 128])),
    ("deploy/python/infer.py --config D/deploy.yaml --image_path P --device gpu --use_trt True --precision fp16",
     dict(config="D/deploy.yaml", use_trt=True, precision="fp16")),
    ("deploy/python/infer.py --config D/deploy.yaml --image_path P --device cpu --enable_mkldnn True --cpu_threads 4",
     dict(enable_mkldnn=True, cpu_threads=4)),
    ("tools/train.py --config C --do_eval --use_vdl --save_interval 500 --save_dir output", dict(do_eval=True)),
    ("tools/val.py --config C --model_path M", dict(config="C", model_path="M")),
    ("tools/predict.py --config C --model_path M --image_path P --save_dir output/result", dict(image_path="P")),
    ("tools/export.py --config C --model_path M --save_dir output/inference_model --input_shape 1 3 512 1024",
     dict(input_shape=[1, 3, 512, 1024])),
    # mmsegmentation and its ports
    ("tools/train.py C --work-dir W --load-from L --seed 3 --diff_seed --launcher none --local_rank 0",
     dict(config="C", save_dir="W", opts=["model.pretrained=L"], seed=3)),
    ("train.py --config C --resume-from R --no-validate --gpu-ids 2",
     dict(resume_model="R", device="gpu:2", do_eval=False)),
    ("train.py --config C --auto-resume --gpu-id 1 --dist_backend nccl", dict(resume_model="auto", device="gpu:1")),
    ("train.py --config C --resume --gpus 1 --amp", dict(resume_model="auto", device="gpu", precision="fp16")),
    ("train.py --config C --resume=R --local-rank=-1", dict(resume_model="R")),
    ("train.py --config C --options a=1 b=2 --cfg-options c=3 --load-from L --opts d=4",
     dict(opts=["a=1", "b=2", "c=3", "model.pretrained=L", "d=4"])),
    # DDRNet of PyTorch
    ("python -m torch.distributed.launch --nproc_per_node=2 tools/train.py --cfg C --seed 4 --local_rank -1",
     dict(config="C", seed=4)),
    ("tools/eval.py --cfg C --model_path M", dict(config="C", model_path="M")),
    ("tools/train.py --cfg C --benchmark 1", dict(precision="fp16", data_format=None)),
    ("tools/train.py --cfg C --benchmark 2", dict(precision="fp32", data_format=None)),
    ("tools/train.py --cfg C --benchmark 3", dict(precision="fp32", data_format="NHWC")),
    ("tools/train.py --cfg C --benchmark 4", dict(precision="fp16", data_format="NHWC")),
    # MindSpore
    ("train.py --device_id 0 --device_target Ascend --ddr_config C --pretrained M",
     dict(device="npu:0", config="C", opts=["model.pretrained=M"])),
    ("train.py --device_target CPU --device_id 0 --ddr_config C", dict(device="cpu")),
    ("eval.py --device_id 1 --device_target GPU --ddr_config C --pretrained M", dict(device="gpu:1", model_path="M")),
    ("export.py --pretrained M --ddr_config C --device_target Ascend", dict(config="C", model_path="M")),
    ("predict.py --ddr_config C --pretrained M --image_path P --device_target Ascend --device_id 2",
     dict(device="npu", device_id=2)),
    # Two words for one flag that say the same
    ("train.py C --config C --amp --precision fp16 --work-dir W --save_dir W", dict(config="C", precision="fp16")),
    ("train.py --config C --fp16 --amp --benchmark 1", dict(fp16=True, precision="fp16")),
    ("train.py --config C --load-from L --opts model.pretrained=L a=1 --cfg-options a=1", dict(config="C")),
    ("val.py --config C --model_path M --pretrained M --device gpu:1 --device_target GPU --device_id 1",
     dict(model_path="M", device="gpu:1")),
    ("train.py --config C --device gpu --device_id 0", dict(device="gpu:0")),
    ("train.py --device_id 3 --dev npu --config C", dict(device="npu:3")),
    ("val.py --config C --model_path M --device gpu --device_id 0", dict(device="gpu:0")),
    ("val.py --config C --model_path M --device npu:1 --device_id 1", dict(device="npu:1")),
    # One word that is given twice: the last counts
    ("train.py --config C --prec fp16 --precision bf16", dict(precision="bf16")),
    ("train.py --config B --config C --opts a=1 --opts a=2", dict(config="C", opts=["a=1", "a=2"])),
]  # fmt: skip
# What the one line has to name.
REFUSED = [
    ("train.py --config C --gpus 4", "paddle.distributed.launch --gpus"),
    ("train.py --config C --gpu-ids 0 1", "tools/dist_train.sh"),
    ("train.py --config C --launcher pytorch", "paddle.distributed.launch"),
    ("train.py --config C --deterministic", "FLAGS_cudnn_deterministic=1"),
    ("train.py --config C --no-validate --do_eval", "--do_eval"),
    ("train.py --config C --no-validate --do_ev", "--do_eval"),
    ("train.py --config C --benchmark 5", "1 (AMP)"),
    ("train.py --config C --device_target Davinci", "--device npu"),
    ("train.py --config C --work-dir", "give a value"),
    ("train.py --config C --auto-resume R", "no value"),
    ("train.py --config C --use_multilabel", "labels of class ids"),
    ("val.py --config C --auc_roc True", "area under"),
    ("export.py --config C --for_fd", "deploy/python/infer.py"),
]
# Two words for one flag that contradict each other, the later of them first.
CONTRADICTIONS = [
    ("train.py A --config B", "--config B", "A"),
    ("train.py A --cfg B", "--cfg B", "A"),
    ("train.py --ddr_config A --config=B", "--config B", "--ddr_config A"),
    ("train.py A --amp --precision bf16", "--precision bf16", "--amp"),
    ("train.py A --prec fp32 --amp", "--amp", "--prec fp32"),
    ("train.py A --fp16 --precision fp32", "--precision fp32", "--fp16"),
    ("train.py A --fp1 --precision bf16", "--precision bf16", "--fp1"),
    ("train.py A --amp --prec=fp32", "--prec fp32", "--amp"),
    ("train.py A --device npu:0 --device_id 1", "--device_id 1", "--device npu:0"),
    ("train.py A --opt a=1 --cfg-options a=2", "--cfg-options a=2", "--opt a=1"),
    ("train.py A --benchmark 3 --data_format NCHW", "--data_format NCHW", "--benchmark 3"),
    ("train.py A --work-dir x --save_dir y", "--save_dir y", "--work-dir x"),
    ("train.py A --auto-resume --resume-from R", "--resume-from R", "--auto-resume"),
    ("train.py A --gpu-ids 1 --device cpu", "--device cpu", "--gpu-ids 1"),
    ("train.py A --device gpu:0 --device_target GPU --device_id 1", "--device_target GPU", "--device gpu:0"),
    ("train.py A --opts a=1 model.pretrained=M --load-from L", "--load-from L", "--opts a=1 model.pretrained=M"),
    ("train.py A --cfg-options a=1 --opts a=2", "--opts a=2", "--cfg-options a=1"),
    ("eval.py --config A --model_path M --pretrained N", "--pretrained N", "--model_path M"),
    ("export.py A --pretrained N --model_path M", "--model_path M", "--pretrained N"),
    (
        "predict.py A --model_path M --image_path P --device cpu --device_target GPU",
        "--device_target GPU",
        "--device cpu",
    ),
]
# A CPU has no number; the commands of other kits give one all the same.
NUMBERS_OF_CPUS = [
    "train.py --config C --device_target CPU --device_id 0",
    "train.py --device_id 3 --device cpu --config C",
    "train.py --dev cpu --device_id 0 --config C",
    "eval.py --device_id 0 --device_target CPU --config C --pretrained M",
    "predict.py --device_id 0 --device_target CPU --config C --pretrained M --image_path P",
    "predict.py --device cpu --device_id 1 --config C --model_path M --image_path P",
]
# Scripts of their own that are not here stand in the documentation with what to use.
DOCUMENTED = [
    "python tools/dataset_converters/cityscapes.py DATA",
    "tools/data/labelme2seg.py",
    "bash train_dist.sh CONFIG NUM",
    "sh tools/dist_train.sh CONFIG NUM",
    "deploy/python/infer_dataset.py",
    "deploy/slim/quant",
    "plot_curve.py",
    "tensorboard --logdir",
    "docker build -t ddr_m4 docker/",
    "scripts/run_standalone_train_ascend.sh",
    "scripts/run_distribute_train_ascend.sh",
    "run_infer_310.sh",
    "SDAA_VISIBLE_DEVICES",
    "python -m torch.distributed.launch --nproc_per_node=2 tools/train.py",
]


def parse(line):
    words = shlex.split(line)
    place = next(place for place, word in enumerate(words) if word.endswith(".py"))  # behind a launcher
    script, words = words[place], words[place + 1 :]
    assert (ROOT / script).is_file()
    if script.startswith("deploy/"):
        return runpy.run_path(str(ROOT / script))["make_parser"]().parse_args(words)
    command = {"eval": "val"}.get(Path(script).stem, Path(script).stem)
    return importlib.import_module(command).make_parser().parse_args(words)


@pytest.mark.parametrize(("line", "expected"), WORKS)
def test_a_command_line_of_another_kit_means_what_it_meant_there(line, expected):
    parsed = parse(line)
    assert {name: getattr(parsed, name) for name in expected} == expected


@pytest.mark.parametrize(("line", "named"), REFUSED)
def test_a_flag_without_an_equivalent_is_one_line_that_names_ours(line, named):
    with pytest.raises(ConfigError) as caught:
        parse(line)
    assert named in str(caught.value)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(shlex.split(line)[3])


@pytest.mark.parametrize(("line", "later", "earlier"), CONTRADICTIONS)
def test_two_words_for_one_flag_with_different_values_are_an_error_that_names_both(line, later, earlier):
    with pytest.raises(ConfigError) as caught:
        parse(line)
    message = f"{later}: contradicts {earlier}, which is the same flag; give one of them"
    assert str(caught.value) == message


@pytest.mark.parametrize("line", NUMBERS_OF_CPUS)
def test_the_number_of_a_cpu_is_left_out_and_that_is_said(line, log):
    arguments = parse(line)
    device = predict.device_name(arguments) if line.startswith("predict") else arguments.device
    assert device == "cpu"
    [message] = log.messages
    assert re.fullmatch(r"--device_id \d: has no effect; a CPU has no number", message)


def test_an_export_needs_no_device(log):
    parse("export.py --device_id 0 --device_target CPU --config C --pretrained M")
    assert [message.partition(";")[0] for message in log.messages] == [
        "--device_id 0: has no effect",
        "--device_target CPU: has no effect",
    ]


def test_weights_that_an_evaluation_of_another_kit_finds_by_itself_are_asked_for_in_one_line(capsys):
    with pytest.raises(SystemExit):
        parse("tools/eval.py --cfg C")
    [line] = capsys.readouterr().err.splitlines()
    assert "--model_path" in line


CHAINS = ["test_tipc/prepare.sh", "test_tipc/test_train_inference_python.sh"]


@pytest.mark.parametrize("script", CHAINS)
def test_the_chain_of_ddrnet_paddle_is_where_its_readme_has_it(script):
    assert (ROOT / script).is_file()
    assert (ROOT / "test_tipc/configs/ddrnet/train_infer_python.txt").is_file()


@pytest.mark.parametrize("line", DOCUMENTED)
def test_a_script_of_another_kit_is_in_the_documentation(line):
    rows = [row for row in (ROOT / "docs/other_kits.md").read_text().splitlines() if row.startswith("|")]
    assert any(line in row.split("|")[1] for row in rows)


@pytest.mark.parametrize("command", FOREIGN_FLAGS)
def test_no_foreign_flag_hides_one_of_ours(command):
    options = importlib.import_module(command.removesuffix(".py")).make_parser()._option_string_actions
    assert not {f"--{name}" for name in FOREIGN_FLAGS[command]} & options.keys()


def test_what_has_no_effect_is_said_and_hidden_from_the_help(log, capsys):
    assert own_words("train.py", ["--dist_backend", "nccl", "--iters", "3"]) == ["--iters", "3"]
    assert "--dist_backend nccl: has no effect" in log.text
    with pytest.raises(SystemExit):
        parse("train.py --help")
    assert "--work" not in capsys.readouterr().out


def test_what_the_parser_does_not_know_is_one_line_with_the_nearest_flag(capsys):
    with pytest.raises(SystemExit) as caught:
        parse("train.py --config C --do-evall")
    assert caught.value.code == 2
    [line] = capsys.readouterr().err.splitlines()
    assert "Did you mean '--do_eval'?" in line


@pytest.mark.parametrize("script", ["train", "val", "predict", "export", "eval"])
def test_the_scripts_in_tools_are_those_beside_it(script, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [script, "--help"])
    monkeypatch.setattr(sys, "path", sys.path[:])
    with pytest.raises(SystemExit) as caught:
        runpy.run_path(str(ROOT / "tools" / f"{script}.py"), run_name="__main__")
    assert caught.value.code == 0
    assert f"usage: {'val' if script == 'eval' else script}.py" in capsys.readouterr().out


YACS = """
CUDNN: {BENCHMARK: true}
GPUS: (0, 1)
OUTPUT_DIR: output
DATASET: {DATASET: cityscapes, ROOT: data/, TRAIN_SET: list/cityscapes/train.lst}
MODEL: {NAME: ddrnet_23_slim, PRETRAINED: pretrained_models/ddrnet23s.pth}
TRAIN: {END_EPOCH: 484, BATCH_SIZE_PER_GPU: 6, LR: 0.01}
"""
PADDLESEG_1 = """
TRAIN_CROP_SIZE: (769, 769)
AUG: {AUG_METHOD: stepscaling, MIRROR: true}
BATCH_SIZE: 8
SOLVER: {LR: 0.1, NUM_EPOCHS: 300, OPTIMIZER: sgd}
"""
MINDSPORE = "arch: DDRNet23\ndata_url: ./data/imagenet\nbase_lr: 0.0004\nwarmup_lr: 1.0e-6\nepochs: 300\n"


@pytest.mark.parametrize(
    ("name", "text", "named"),
    [
        ("ddrnet23_slim.yaml", YACS, "yacs"),
        ("deepglobe_road_extraction.yaml", PADDLESEG_1, "PaddleSeg before 2.0"),
        ("ddrnet23_imagenet.yaml", MINDSPORE, "MindSpore"),
        ("ddrnet_23_in1k-pre_2xb6-120k_cityscapes-1024x1024.py", "_base_ = []", "mmsegmentation"),
        ("elsewhere.py", None, "mmsegmentation"),
    ],
)
def test_a_configuration_of_another_kit_is_one_line_that_names_ours(name, text, named, tmp_path):
    import train

    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(ConfigError) as caught:
        train.main(train.make_parser().parse_args(["--config", str(tmp_path / name)]))
    assert "\n" not in str(caught.value)
    assert all(word in str(caught.value) for word in (name, named, "configs/ddrnet/"))
    named_file = re.search(r"configs/\S+\.yml", str(caught.value))[0]
    assert (ROOT / named_file).is_file()


def test_a_checkpoint_of_paddleseg_is_pointed_to_pretrained(train_here, tmp_path):
    folder = tmp_path / "iter_1000"
    folder.mkdir()
    for name in ("model.pdparams", "model.pdopt"):
        (folder / name).write_bytes(b"")
    with pytest.raises(WeightsError, match=f"model.pretrained={folder}/model.pdparams") as caught:
        train_here("--resume_model", folder)
    assert "\n" not in str(caught.value)


def test_processes_of_torchs_launcher_do_not_train_alone_in_one_folder(monkeypatch):
    for name, value in {"RANK": "1", "LOCAL_RANK": "1", "WORLD_SIZE": "2"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match="paddle.distributed.launch --nproc_per_node 2 train.py"):
        distributed.init()


def words_of(tmp_path, *arguments):
    """What a script gives to Python."""
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\nprintf "<%s>" "$@"\n')
    python.chmod(0o755)
    done = subprocess.run(
        arguments, cwd=ROOT, env={"PYTHON": str(python), "PATH": "/usr/bin:/bin"}, capture_output=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


@pytest.mark.parametrize("script", ["sh tools/dist_train.sh", "bash tools/dist_train.sh", "bash train_dist.sh"])
def test_the_launching_scripts_start_in_every_shell(script, tmp_path):
    found = words_of(tmp_path, *script.split(), "C.yml", "4", "--work-dir", "W")
    assert found.startswith("<-m><paddle.distributed.launch><--nproc_per_node><4>")
    assert found.endswith("/train.py><C.yml><--work-dir><W>")


@pytest.mark.parametrize("command", sorted(FOREIGN_FLAGS))
def test_what_stands_before_the_first_flag_reaches_the_parser(command):
    assert own_words(command, ["-h"]) == ["-h"]
    assert own_words(command, ["-v", "--config", "a.yml"]) == ["-v", "--config", "a.yml"]
