# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A training in two processes with every option of the recipe, interrupted and resumed: equal to the byte."""

import hashlib
import json

import pytest

import val
from paddleseg.datasets import ImageFolder
from paddleseg.transforms import RandAugment, RandomErasing, RandomHorizontalFlip, RandomResizedCrop
from paddleseg.utils.seeding import sample_rng
from tests.classification.folders import make_folders
from tests.training.resumed import assert_same_state

RECIPE = """\
batch_size: 4
iters: 6
grad_accum_steps: 2
ema_decay: 0.9
model: {{type: DDRNet_23_slim_cls, drop_path: 0.1}}
task: {{type: ClassificationTask, mixup_alpha: 0.8, cutmix_alpha: 1.0}}
train_dataset:
  type: ImageFolder
  dataset_root: {root}
  num_classes: 3
  transforms:
    - {{type: RandomResizedCrop, size: [40, 40]}}
    - {{type: RandomHorizontalFlip}}
    - {{type: RandomDistort, brightness_range: 0.4, contrast_range: 0.4, saturation_range: 0.4, hue_prob: 0}}
    - {{type: RandAugment}}
    - {{type: RandomErasing}}
    - {{type: Normalize}}
val_dataset:
  type: ImageFolder
  dataset_root: {root}
  num_classes: 3
  transforms:
    - {{type: ResizeCenterCrop, size: 40}}
    - {{type: Normalize}}
optimizer:
  type: SGD
  momentum: 0.9
  nesterov: True
  weight_decay: 0.0001
  no_decay_on_norm_and_bias: True
  grad_clip_cfg: {{name: ClipGradByGlobalNorm, clip_norm: 5.0}}
lr_scheduler: {{type: CosineAnnealingDecay, learning_rate: 0.05, warmup_iters: 2, eta_min: 0.0001}}
loss:
  types: [{{type: SoftTargetCrossEntropyLoss, label_smoothing: 0.1}}]
  coef: [1]
"""


@pytest.mark.slow
def test_two_processes_resumed_have_the_bytes_of_an_uninterrupted_run(run_command, tmp_path):
    config = tmp_path / "recipe.yml"
    config.write_text(RECIPE.format(root=make_folders(tmp_path / "pictures", train=14, val=3)))

    def run(name, *arguments):
        given = ("--config", config, "--save_dir", tmp_path / name, "--device", "cpu", "--seed", 3, "--do_eval",
                 "--use_ema", "--save_interval", 3, "--log_iters", 1)  # fmt: skip
        launch = ("-m", "paddle.distributed.launch", "--nproc_per_node", 2, "--log_dir", tmp_path / f"{name}_log")
        done = run_command(*launch, "train.py", *given, *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return tmp_path / name / "iter_6"

    straight = run("straight", "--num_workers", 0)
    with_workers = run("with_workers", "--num_workers", 2)
    resumed = run("resumed", "--num_workers", 0, "--resume_model", tmp_path / "straight/iter_3")
    assert_same_state(with_workers, straight)
    assert_same_state(resumed, straight)
    # Nine pictures in two processes are those that one process counts.
    manifest = json.loads((straight / "manifest.json").read_text())
    arguments = ("--config", config, "--model_path", straight / manifest["best_file"], "--json", tmp_path / "val.json")
    val.main(val.make_parser().parse_args([*map(str, arguments), "--num_workers", "0", "--device", "cpu"]))
    figures = json.loads((tmp_path / "val.json").read_text())
    assert (figures["num_images"], figures["top1"]) == (9, manifest["metric"]["top1"])


def test_samples_depend_on_seed_epoch_and_position_alone(class_folder):
    transforms = [RandomResizedCrop([40, 40]), RandomHorizontalFlip(), RandAugment(prob=1), RandomErasing(prob=1)]
    dataset = ImageFolder("train", str(class_folder), transforms, 3)

    def digest(seed, epoch, index):
        sample = dataset.sample(index, sample_rng(seed, epoch, index))
        return hashlib.sha256(sample["img"].tobytes()).hexdigest(), int(sample["label"])

    keys = [(1, 0, 5), (2, 0, 5), (1, 1, 5), (1, 0, 6), (1, 0, 23)]
    first = [digest(*key) for key in keys]
    assert first[::-1] == [digest(*key) for key in reversed(keys)]
    assert len({picture for picture, _ in first}) == len(keys) and [label for _, label in first] == [0, 0, 0, 0, 2]
