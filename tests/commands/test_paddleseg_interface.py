# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Everything that users of PaddleSeg and of DDRNet_paddle type: each flag and key works, is an alias, or is refused.

The lists were taken from the parsers of PaddleSeg d7975e7c and DDRNet_paddle, and from their model YAMLs.
"""

import shlex
from pathlib import Path

import pytest

from paddleseg.config.load import load_config
from paddleseg.config.schema import check_config
from paddleseg.utils.errors import ConfigError, UserError
from tests.scripts import load_script

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = {
    "train": "train.py",
    "val": "val.py",
    "predict": "predict.py",
    "export": "export.py",
    "infer": "deploy/python/infer.py",
    "infer_dataset": "deploy/python/infer_dataset.py",
}
# Flag -> default; None where there is none or where the flag has to be given.
FLAGS = {
    "train": {
        "config": None, "device": "gpu", "save_dir": "./output", "num_workers": 0, "do_eval": False, "use_vdl": False,
        "use_ema": False, "resume_model": None, "iters": None, "batch_size": None, "learning_rate": None,
        "save_interval": 1000, "log_iters": 10, "keep_checkpoint_max": 5, "early_stop_intervals": None, "seed": None,
        "precision": "fp32", "amp_level": "O1", "profiler_options": None, "data_format": "NCHW", "repeats": 1,
        "opts": None, "use_multilabel": False, "to_static_training": False, "output_op": "argmax",
        "input_shape": None, "for_fd": False, "fp16": False,
    },
    "val": {
        "config": None, "model_path": None, "num_workers": 0, "device": "gpu", "aug_eval": False, "scales": 1.0,
        "flip_horizontal": False, "flip_vertical": False, "is_slide": False, "crop_size": None, "stride": None,
        "data_format": "NCHW", "auc_roc": False, "opts": None, "use_multilabel": False,
    },
    "predict": {
        "config": None, "model_path": None, "image_path": None, "save_dir": "./output/result", "device": "gpu",
        "device_id": 0, "aug_pred": False, "scales": 1.0, "flip_horizontal": False, "flip_vertical": False,
        "is_slide": False, "crop_size": None, "stride": None, "custom_color": None, "use_multilabel": False,
    },
    "export": {
        "config": None, "model_path": None, "save_dir": "./output/inference_model", "input_shape": None,
        "output_op": "argmax", "for_fd": False, "without_argmax": False, "with_softmax": False,
    },
    "infer": {
        "config": None, "image_path": None, "batch_size": 1, "save_dir": "./output", "device": "gpu",
        "use_trt": False, "precision": "fp32", "min_subgraph_size": 3, "enable_auto_tune": False,
        "auto_tuned_shape_file": "auto_tune_tmp.pbtxt", "cpu_threads": 10, "enable_mkldnn": False,
        "benchmark": False, "model_name": "", "with_argmax": False, "print_detail": True,
    },
    "infer_dataset": {
        "config": None, "dataset_type": None, "dataset_path": None, "dataset_mode": "val", "resize_width": 0,
        "resize_height": 0, "batch_size": 1, "device": "gpu", "use_trt": False, "precision": "fp32",
        "min_subgraph_size": 3, "enable_auto_tune": False, "auto_tuned_shape_file": "auto_tune_tmp.pbtxt",
        "cpu_threads": 10, "enable_mkldnn": False, "with_argmax": False, "print_detail": False,
    },
}  # fmt: skip
# Where ours starts from something else, because theirs hurts; None is "chosen from the machine, and logged".
OTHER_DEFAULTS = {
    ("train", "device"): None,
    ("train", "num_workers"): None,
    ("train", "data_format"): None,  # not given: model.data_format decides, and there the default is NCHW
    ("val", "data_format"): None,
    ("val", "device"): None,
    ("val", "num_workers"): None,
    ("val", "scales"): None,  # not given: test_config decides, and there the default is 1.0
    ("predict", "device"): None,
    ("predict", "device_id"): None,  # not given: the number in --device, or the first card
    ("predict", "scales"): None,
    ("export", "output_op"): None,  # not given: an alias may say it, else argmax
    ("infer", "device"): None,
    ("infer", "cpu_threads"): None,
    ("infer", "enable_mkldnn"): None,  # not given: True, on the CPU
    ("infer", "min_subgraph_size"): None,  # not given: PaddleSeg's 3, with TensorRT
    ("infer", "auto_tuned_shape_file"): None,  # not given: PaddleSeg's auto_tune_tmp.pbtxt, when shapes are collected
    **{
        ("infer_dataset", name): None
        for name in ("device", "cpu_threads", "enable_mkldnn", "min_subgraph_size", "auto_tuned_shape_file")
    },
}
# Refused by name: what is typed, and what the message says to use instead. (--use_trt without a GPU is refused when
# the device is known: tests/commands/exported/test_engine_flags.py.)
REFUSED_FLAGS = [
    ("train", "--use_multilabel", "class"),
    ("train", "--for_fd", "infer.py"),
    ("train", "--output_op softmax", "export.py"),
    ("train", "--input_shape 1 3 64 64", "export.py"),
    ("val", "--auc_roc True", "IoU"),
    ("val", "--use_multilabel", "class"),
    ("predict", "--use_multilabel", "class"),
    ("export", "--for_fd", "infer.py"),
    ("infer", "--enable_auto_tune True", "--use_trt True"),
]
# Flags of ours that PaddleSeg does not have, with their defaults; everything added to a command is here.
ADDITIONS = {
    "train": {"cpu_backend": None, "cpu_threads": None, "use_tensorboard": False},
    "val": {
        "batch_size": None, "json": None, "cpu_backend": None, "cpu_threads": None, "report": None,
        "report_pictures": 20,
    },
    "predict": {"opts": None, "cpu_backend": None, "cpu_threads": None, "tile": None, "overlap": None},
    "export": {
        "opts": None, "graph_format": None, "format": ["paddle"], "input_dtype": None, "opset": None, "portable": False,
        "no_verify": False, "verify": None, "verify_images": None, "verify_pictures": None, "verify_threshold": 0.999,
    },
    "infer": {"tile": None, "overlap": None, "backend": None},
    "infer_dataset": {"backend": None},
}  # fmt: skip


def parser_of(command):
    module = load_script(ROOT / SCRIPTS[command])
    return module, module.make_parser()


def options_of(parser):
    """Every long flag of a parser with its default, those hidden from --help included."""
    actions = {action.option_strings[-1].lstrip("-"): action for action in parser._actions if action.option_strings}
    return {name: action.default for name, action in actions.items() if name != "help"}


@pytest.mark.parametrize("command", SCRIPTS)
def test_each_flag_is_there_with_its_default_and_every_addition_is_listed(command):
    ours = options_of(parser_of(command)[1])
    refused = {words.split()[0].lstrip("-") for other, words, _ in REFUSED_FLAGS if other == command}
    assert not set(FLAGS[command]) - set(ours) - refused
    assert {name: ours[name] for name in set(ours) - set(FLAGS[command])} == ADDITIONS[command]
    for name, default in FLAGS[command].items():
        if name in refused:
            continue
        expected = OTHER_DEFAULTS.get((command, name), default)
        # A switch that is not given may be None: then the configuration decides.
        assert ours[name] == expected or (expected is False and ours[name] is None), name


@pytest.mark.parametrize("command", SCRIPTS)
def test_flags_are_taken_with_a_blank_with_an_equals_sign_and_by_a_unique_prefix(command):
    _, parser = parser_of(command)
    needed = {action.option_strings[-1]: "x" for action in parser._actions if action.required}
    blank = parser.parse_args([word for pair in needed.items() for word in pair])
    equals = parser.parse_args([f"{name}={value}" for name, value in needed.items()])
    assert blank == equals
    if command == "train":
        assert parser.parse_args(["--config", "x", "--log_iter", "100"]).log_iters == 100


@pytest.mark.parametrize(("command", "words", "advice"), REFUSED_FLAGS)
def test_a_refused_flag_says_what_to_use_instead(command, words, advice, tiny_config, tmp_path):
    module, parser = parser_of(command)
    needed = {action.option_strings[-1]: str(tmp_path) for action in parser._actions if action.required}
    needed["--config"] = str(tiny_config)
    with pytest.raises(UserError) as caught:
        module.main(parser.parse_args([*[word for pair in needed.items() for word in pair], *shlex.split(words)]))
    message = str(caught.value)
    assert words.split()[0] in message
    assert advice in message
    assert "\n" not in message


# Top-level keys and those of sections, each with a value as PaddleSeg's YAMLs write it.
KEYS = """
batch_size=2
iters=5
to_static_training=False
optimizer.type=SGD
optimizer.weight_decay=4.0e-5
optimizer.momentum=0.9
optimizer.custom_cfg=[{name: head, lr_mult: 10.0, weight_decay_mult: 0}]
optimizer.grad_clip_cfg={name: ClipGradByNorm, clip_norm: 0.1}
lr_scheduler.type=PolynomialDecay
lr_scheduler.learning_rate=0.01
lr_scheduler.end_lr=0
lr_scheduler.power=0.9
lr_scheduler.warmup_iters=2
lr_scheduler.warmup_start_lr=1.0e-5
loss.types=[{type: CrossEntropyLoss}]
loss.types=[{type: MixedLoss, losses: [{type: CrossEntropyLoss}, {type: LovaszSoftmaxLoss}], coef: [0.8, 0.2]}]
train_dataset.shuffle=True
train_dataset.mode=train
train_dataset.separator=' '
train_dataset.ignore_index=255
train_dataset.img_channels=3
train_dataset.edge=False
test_config.is_slide=True test_config.crop_size=[64,64] test_config.stride=[32,32]
test_config.aug_eval=True test_config.scales=[0.75,1.0] test_config.flip_horizontal=True test_config.flip_vertical=True
test_config.aug_eval=True test_config.scales=1.0
export.transforms=[{type: Resize, target_size: [64, 64]}, {type: Normalize}]
"""
REFUSED_KEYS = {
    "distill_loss={types: []}": "{teacher: TEACHER, losses: [{type: ChannelWiseKLLoss, weight: 3}]}",
    "print_mem_info=True": "nvidia-smi",
    "log_ranks='0'": "workerlog",
    "uniform_output_enabled=True": "remove it",
    "optimizer.layerwise_decay=0.9": "custom_cfg",
    "train_dataset.edge=True": "edge",
    "learning_rate.value=0.01": "lr_scheduler",
    "model.type=HRNet": "DDRNet_23",
    "test_config.auc_roc=True": "IoU",
}


@pytest.mark.parametrize("line", KEYS.strip().splitlines())
def test_each_key_of_paddleseg_is_taken(line, tiny_config):
    check_config(load_config(tiny_config, opts=split_options(line)), do_eval=True)


@pytest.mark.parametrize(("option", "advice"), REFUSED_KEYS.items())
def test_each_key_without_a_meaning_here_is_refused_with_advice(option, advice, tiny_config):
    from paddleseg.config.build import build_dataset

    with pytest.raises(ConfigError) as caught:
        config = load_config(tiny_config, opts=[option])
        check_config(config)
        build_dataset(config, "train")
    assert any(name in str(caught.value) for name in option.partition("=")[0].split("."))
    assert advice in str(caught.value)


@pytest.mark.parametrize(
    ("option", "name", "momentum"), [("optimizer.type=sgd", "SGD", 0.9), ("optimizer.type=adam", "Adam", None)]
)
def test_the_old_forks_lower_case_optimisers_mean_what_they_meant_there(option, name, momentum, tiny_config):
    config = load_config(tiny_config, opts=["optimizer={type: SGD}", option])
    check_config(config)
    assert config.section("optimizer")["type"] == name
    assert config.section("optimizer").get("momentum") == momentum


def split_options(line):
    """``a=1 b=[2, 3]`` to its items: a blank separates only before the next ``key=``."""
    items = []
    for word in line.split(" "):
        if "=" in word and word.partition("=")[0].replace(".", "").replace("_", "").isalpha():
            items.append(word)
        else:
            items[-1] += f" {word}"
    return items
