# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""What other programs read from this toolkit, word for word: files, log lines, functions.

The commands' flags are listed in ``commands/test_paddleseg_interface.py``. If a test fails here because of an intended
change, the new word goes here and into the CHANGELOG, and a reader of the old one is kept.
"""

import contextlib
import inspect
import json
import logging
import pickle
import re
from types import SimpleNamespace

import pytest
import yaml
from paddle import nn

import export
import train
import val
from paddleseg import core, models
from paddleseg.registry import MODELS
from paddleseg.utils.logging import get_logger
from tests.conftest import TINY_CONFIG, make_dataset

STATES = {"step", "skipped_steps", "overflowed_steps", "run", "parameter_names", "scaler", "hooks"}
RUN = {
    "seed", "batch_size", "number of processes", "grad_accum_steps", "number of training pictures",
    "order of training pictures (checksum)", "repeats", "shuffle", "optimizer.type", "precision", "amp_level",
    "apply_exif", "value_range", "version of the picture reader", "cpu", "freeze", "teacher (checksum)",
}  # fmt: skip
RUN_CPU = {"backend", "threads", "paddle", "data_format"}
RUN_CPU_OF_ONEDNN = {"version", "instruction_set"}
HOOK_STATES = {
    "StopHook": set(),
    "LogHook": set(),
    "LossRecordHook": set(),
    "ProgressHook": set(),
    "SpikeHook": set(),
    "MemoryHook": set(),
    "BatchNormHook": set(),
    "EmaHook": set(),
    "EvaluateHook": {"best_mean_iou", "best_step", "best_file", "evaluations_since_best", "is_due"},
    "CheckpointHook": set(),
    "MetricsHook": set(),
    "VisualDLHook": set(),
    "RunPicturesHook": set(),
}
META = {"arch", "padding_mode", "num_classes", "in_channels", "step", "classes", "metric"}
MANIFEST = {"step", "metric", "best_file", "versions", "files"}
MANIFEST_VERSIONS = {"toolkit", "paddle"}
MANIFEST_OF_A_FILE = {"size", "sha256"}
CHECKPOINT_FILES = {
    "model.pdparams",
    "model.pdopt",
    "model.pdstates",
    "ema_model.pdparams",
    "config.yml",
    "scores.json",
}
VISUALDL_TAGS = {
    "Train/loss", "Train/main", "Train/auxiliary", "Train/lr", "Train/batch_cost", "Train/reader_cost", "Train/ips",
    "Train/grad_norm",
    "Evaluate/mIoU", "Evaluate/Acc", "Evaluate/EMA_mIoU", "Evaluate/EMA_Acc",
}  # fmt: skip
DEPLOY_YAML = {
    "model", "params", "input_shape", "output_op", "output_dtype", "transforms", "num_classes", "class_names",
    "palette", "apply_exif", "value_range", "arch", "paddle_version", "graphs", "format", "checksums",
}  # fmt: skip
DEPLOY_YAML_GRAPHS = {"stride8"}
WRITTEN_FILES = {"file", "sha256"}
RUN_JSON = {
    "step", "settings", "identity", "versions", "code (checksum)", "data (checksum)", "device", "weights (checksum)",
}  # fmt: skip
VAL_JSON = {
    "written_by", "config", "model_path", "inference", "num_images", "mean_iou", "pixel_accuracy", "kappa", "mean_dice",
    "classes", "confusion_matrix",
}  # fmt: skip
VAL_JSON_INFERENCE = {
    "aug_eval", "scales", "flip_horizontal", "flip_vertical", "is_slide", "stride", "crop_size",
}  # fmt: skip
VAL_JSON_CLASS = {"id", "name", "iou", "precision", "recall", "dice", "label_pixels", "predicted_pixels"}
SCORES_JSON = {
    "step", "weights", "values", "num_images", "mean_iou", "pixel_accuracy", "kappa", "mean_dice", "classes",
    "confusion_matrix",
}  # fmt: skip

NUMBER = r"-?\d+\.\d{4}|nan"
TRAIN_LINE = (
    r"\[TRAIN\] epoch: \d+, iter: \d+/\d+, loss: \d+\.\d{4}, lr: \d+\.\d{6}, batch_cost: \d+\.\d{4}, "
    r"reader_cost: \d+\.\d{5}, ips: \d+\.\d{4} samples/sec \| ETA \d\d:\d\d:\d\d \| "
    r"grad_norm: [\d.e+-]+"
)
EVAL_LINES = [
    rf"\[EVAL\] #Images: \d+ mIoU: (?:{NUMBER}) Acc: (?:{NUMBER}) Kappa: (?:{NUMBER}) Dice: (?:{NUMBER})",
    r"\[EVAL\] Class IoU: \n\[[\d. na\n]+\]",
    r"\[EVAL\] Class Precision: \n\[[\d. na\n]+\]",
    r"\[EVAL\] Class Recall: \n\[[\d. na\n]+\]",
]
BEST_LINE = r"\[EVAL\] The model with the best validation mIoU \(\d\.\d{4}\) was saved at iter \d+\."

# Each function of PaddleSeg: its arguments in their order, some of which are typed by position; then our own, by name.
SIGNATURES = {
    core.train: (
        "model, train_dataset, val_dataset=None, optimizer=None, save_dir='output', iters=10000, batch_size=2, "
        "early_stop_intervals=None, resume_model=None, save_interval=1000, log_iters=10, num_workers=None, "
        "use_vdl=False, use_ema=False, losses=None, keep_checkpoint_max=5, test_config=None, precision='fp32', "
        "amp_level='O1', profiler_options=None, to_static_training=False",
        "shuffle=True, seed=None, grad_accum_steps=1, ema_decay=0.999, check_labels='sample', max_skipped_steps=0, "
        "cpu_backend=None, cpu_threads=None, hooks=(), task=None",
    ),
    core.evaluate: (
        "model, eval_dataset, aug_eval=False, scales=1.0, flip_horizontal=False, flip_vertical=False, "
        "is_slide=False, stride=None, crop_size=None, precision='fp32', amp_level='O1', num_workers=None, "
        "print_detail=True",
        "batch_size=1, cpu_backend=None, cpu_threads=None",
    ),
    core.predict: (
        "model, model_path=None, transforms=(), image_list=(), image_dir=None, save_dir='output', aug_pred=False, "
        "scales=1.0, flip_horizontal=False, flip_vertical=False, is_slide=False, stride=None, crop_size=None, "
        "custom_color=None",
        "class_names=None, palette=None, ignore_index=255, apply_exif=True, value_range=None, separator=' ', "
        "cpu_backend=None, cpu_threads=None",
    ),
    **dict.fromkeys(
        [models.DDRNet_23_slim, models.DDRNet_23, models.DDRNet_39],
        (
            "num_classes, in_channels=3, enable_auxiliary_loss=False, padding_mode=None, pretrained=None, "
            "data_format='NCHW'",
            "class_names=None",
        ),
    ),
    **dict.fromkeys(
        [models.DDRNet_23_slim_cls, models.DDRNet_23_cls, models.DDRNet_39_cls],
        ("num_classes=1000, in_channels=3, drop_path=0.0, pretrained=None, data_format='NCHW'", "class_names=None"),
    ),
}

A_RUN_GOES_ON = (
    "Checkpoints of older versions have the former keys. A resumed run compares and restores only what it finds under "
    "its own, so a renamed key drops a check or a state in silence: read the former key too"
)
OTHERS_READ_IT = "Other programs read this by name: keep it, or say it in the CHANGELOG under file formats"

CLASSES = ["road", "car", "tree", "sky"]
PALETTE = [[128, 64, 128], [0, 0, 142], [107, 142, 35], [70, 130, 180]]


class TwoOutputs(nn.Layer):
    """A main and an auxiliary output of one layer each, and what ``__meta__`` says of a network."""

    padding_mode = "official"

    def __init__(self, num_classes, in_channels=3):
        super().__init__()
        self.num_classes, self.in_channels = num_classes, in_channels
        self.conv = nn.Conv2D(in_channels, num_classes, 1)
        self.aux_head = nn.Conv2D(in_channels, num_classes, 1)

    def forward(self, x):
        return [self.conv(x), self.aux_head(x)]

    def forward_stride8(self, x):
        # Without the word self.forward: an export replaces that, and Paddle 2.6.2 counts its arguments wrong here.
        x = nn.functional.avg_pool2d(x, 8, 8, ceil_mode=True)
        return [self.conv(x), self.aux_head(x)]


@contextlib.contextmanager
def logged(lines):
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())
    get_logger().addHandler(handler)
    try:
        yield
    finally:
        get_logger().removeHandler(handler)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """What train.py, val.py and export.py leave behind: their files by name, and the lines of the first one's log."""
    folder = tmp_path_factory.mktemp("frozen")
    config, run, lines = folder / "tiny.yml", folder / "run", []
    text = TINY_CONFIG.format(root=make_dataset(folder / "data"))
    text = text.replace("DDRNet_23_slim, enable_auxiliary_loss: True", "TwoOutputs")
    stated = f"  class_names: {CLASSES}\n  palette: {PALETTE}\n  value_range: [0, 255]\n"
    config.write_text(text.replace("  mode: val\n", f"  mode: val\n{stated}"))

    def call(command, *arguments):
        command.main(command.make_parser().parse_args(["--config", str(config), *map(str, arguments)]))

    with pytest.MonkeyPatch.context() as patch, logged(lines):
        patch.setitem(MODELS._components, "TwoOutputs", TwoOutputs)
        on_cpu = ("--device", "cpu", "--num_workers", 0)
        call(train, "--save_dir", run, "--iters", 2, "--save_interval", 1, "--log_iters", 1, "--seed", 3, "--do_eval",
             "--use_ema", "--use_vdl", *on_cpu)  # fmt: skip
        log = list(lines)
        call(val, "--model_path", run / "iter_2", "--json", folder / "val.json", *on_cpu)
        call(export, "--model_path", run / "iter_2", "--save_dir", folder / "exported", "--no_verify")
    [record] = run.glob("vdlrecords.*.log")
    return SimpleNamespace(
        folder=folder, checkpoint=run / "iter_2", best_model=run / "best_model", vdl_record=record, log=log
    )


def assert_names(found, frozen, what, why):
    found, frozen = set(found), set(frozen)
    missing, new = sorted(frozen - found), sorted(found - frozen)
    assert not missing and not new, f"{what}: missing {missing or 'none'}, new {new or 'none'}. {why}."


def unpickled(path):
    return pickle.loads(path.read_bytes())


def test_the_state_of_a_run_has_these_keys(made):
    for folder in (made.checkpoint, made.best_model):
        states = unpickled(folder / "model.pdstates")
        assert_names(states, STATES, f"{folder.name}/model.pdstates", A_RUN_GOES_ON)
        assert_names(states["run"], RUN, f"{folder.name}/model.pdstates, run", A_RUN_GOES_ON)
        cpu = states["run"]["cpu"]
        names = RUN_CPU | (RUN_CPU_OF_ONEDNN if cpu["backend"] == "onednn" else set())
        assert_names(cpu, names, f"{folder.name}/model.pdstates, run, cpu", A_RUN_GOES_ON)


def test_the_hooks_states_have_these_keys(made):
    states = unpickled(made.checkpoint / "model.pdstates")["hooks"]
    assert_names(states, HOOK_STATES, "model.pdstates, hooks", A_RUN_GOES_ON)
    for name, keys in HOOK_STATES.items():
        assert_names(states[name], keys, f"model.pdstates, hooks, {name}", A_RUN_GOES_ON)


@pytest.mark.parametrize("file", ["model.pdparams", "ema_model.pdparams"])
def test_a_weight_file_describes_itself_with_these_keys(file, made):
    for folder in (made.checkpoint, made.best_model):
        meta = json.loads(unpickled(folder / file)["__meta__"])
        assert_names(meta, META, f"{folder.name}/{file}, __meta__", OTHERS_READ_IT)
        assert_names(meta["metric"], {"mIoU"}, f"{folder.name}/{file}, __meta__, metric", OTHERS_READ_IT)


def test_the_manifest_has_these_keys_and_files(made):
    for folder in (made.checkpoint, made.best_model):
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        assert_names(manifest, MANIFEST, f"{folder.name}/manifest.json", OTHERS_READ_IT)
        assert_names(manifest["versions"], MANIFEST_VERSIONS, f"{folder.name}/manifest.json, versions", OTHERS_READ_IT)
        assert_names(manifest["files"], CHECKPOINT_FILES, f"{folder.name}/manifest.json, files", A_RUN_GOES_ON)
        for name, facts in manifest["files"].items():
            assert_names(facts, MANIFEST_OF_A_FILE, f"{folder.name}/manifest.json, {name}", A_RUN_GOES_ON)


def test_visualdl_gets_these_tags(made):
    from visualdl import LogReader

    tags = LogReader(file_path=str(made.vdl_record)).get_tags()["scalar"]
    assert_names(tags, VISUALDL_TAGS, "tags of VisualDL", "Boards and scripts find the curves of a run by them")


def test_the_figures_of_a_run_are_those_of_visualdl_by_step(made):
    lines = [json.loads(line) for line in (made.checkpoint.parent / "metrics.jsonl").read_text().splitlines()]
    assert_names({name for line in lines for name in line}, {"iter", *VISUALDL_TAGS}, "metrics.jsonl", OTHERS_READ_IT)


def test_the_record_of_a_run_has_these_keys(made):
    (start,) = json.loads((made.checkpoint.parent / "run.json").read_text())["starts"]
    assert_names(start, RUN_JSON, "run.json", A_RUN_GOES_ON)
    for line in (made.checkpoint.parent / "losses.jsonl").read_text().splitlines():
        assert_names(json.loads(line), {"iter", "loss"}, "losses.jsonl", A_RUN_GOES_ON)


def test_the_scores_of_a_checkpoint_have_these_keys(made):
    for folder in (made.checkpoint, made.best_model):
        scores = json.loads((folder / "scores.json").read_text())
        assert_names(scores, SCORES_JSON, f"{folder.name}/scores.json", OTHERS_READ_IT)
        assert_names(scores["values"], {"mIoU", "Acc"}, f"{folder.name}/scores.json, values", OTHERS_READ_IT)
        for facts in scores["classes"]:
            assert_names(facts, VAL_JSON_CLASS, f"{folder.name}/scores.json, classes", OTHERS_READ_IT)


def test_each_line_of_training_and_evaluation_is_as_scripts_parse_it(made):
    trained = [line for line in made.log if line.startswith("[TRAIN]")]
    assert len(trained) == 2
    evaluated = [line for line in made.log if line.startswith("[EVAL]")]
    expected = ([TRAIN_LINE] * 2) + ([*EVAL_LINES, *EVAL_LINES, BEST_LINE] * 2)
    assert len(evaluated) == len(expected) - 2
    for line, pattern in zip([*trained, *evaluated], expected):
        assert re.fullmatch(pattern, line), f"{line!r} is not {pattern!r}. PaddleSeg's scripts and TIPC parse it."


def test_deploy_yaml_has_these_keys(made):
    content = yaml.safe_load((made.folder / "exported/deploy.yaml").read_text(encoding="utf-8"))
    assert_names(content, {"Deploy"}, "deploy.yaml", OTHERS_READ_IT)
    assert_names(content["Deploy"], DEPLOY_YAML, "deploy.yaml, Deploy", OTHERS_READ_IT)
    assert_names(content["Deploy"]["graphs"], DEPLOY_YAML_GRAPHS, "deploy.yaml, Deploy.graphs", OTHERS_READ_IT)
    for name, files in content["Deploy"]["graphs"].items():
        assert_names(files, {"model", "params", "format"}, f"deploy.yaml, Deploy.graphs.{name}", OTHERS_READ_IT)


def test_the_index_of_written_files_has_these_keys(made):
    lines = (made.folder / "exported" / "written_files.jsonl").read_text().splitlines()
    for line in lines:
        assert_names(json.loads(line), WRITTEN_FILES, "written_files.jsonl", OTHERS_READ_IT)


def test_the_figures_of_val_py_have_these_keys(made):
    figures = json.loads((made.folder / "val.json").read_text(encoding="utf-8"))
    assert_names(figures, VAL_JSON, "val.py --json", OTHERS_READ_IT)
    assert_names(figures["inference"], VAL_JSON_INFERENCE, "val.py --json, inference", OTHERS_READ_IT)
    for facts in figures["classes"]:
        assert_names(facts, VAL_JSON_CLASS, "val.py --json, classes", OTHERS_READ_IT)


@pytest.mark.parametrize("function", SIGNATURES, ids=lambda function: function.__name__)
def test_the_arguments_have_paddlesegs_names_order_and_defaults(function):
    by_position, by_name = [], []
    for parameter in inspect.signature(function).parameters.values():
        default = "" if parameter.default is parameter.empty else f"={parameter.default!r}"
        (by_name if parameter.kind is parameter.KEYWORD_ONLY else by_position).append(parameter.name + default)
    frozen_by_position, frozen_by_name = SIGNATURES[function]
    assert ", ".join(by_position) == frozen_by_position, "Programs written for PaddleSeg give some by position."
    frozen = set(filter(None, frozen_by_name.split(", ")))
    new_settings = set(by_name) - frozen if function is core.train else set()  # each new one of a run's is there, too
    assert_names(set(by_name) - new_settings, frozen, function.__name__, OTHERS_READ_IT)
