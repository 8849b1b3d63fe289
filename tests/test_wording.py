# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The wording of messages: an example of each kind, to the letter. Those of a configuration's check: tests/config.

Other tests check only what a message names, so that changing a sentence changes one line of the tests.
"""

import pickle
import shutil
from pathlib import Path

import cv2
import numpy as np
import paddle
import pytest
from PIL import Image

from paddleseg.core import train
from paddleseg.datasets import Dataset, RoadScenes
from paddleseg.datasets.data_check import examine
from paddleseg.datasets.data_report import find_problems, find_warnings, raise_problems
from paddleseg.datasets.sampler import EpochBatchSampler
from paddleseg.inference.label_maps import refuse_random_transforms
from paddleseg.models import DDRNet_23_slim
from paddleseg.models.pretrained import load_pretrained
from paddleseg.models.weights import load_weights
from paddleseg.transforms import RandomHorizontalFlip
from paddleseg.transforms.pipeline import Pipeline
from paddleseg.utils.errors import UserError
from paddleseg.utils.image_io import read_image, read_label
from paddleseg.utils.result_paths import label_paths
from paddleseg.utils.yaml_text import parse_yaml, read_yaml
from tests.conftest import make_dataset
from tests.torch_writer import torch_file
from tests.training.old_run import run

OLD_CHECKPOINT = Path(__file__).resolve().parent / "training" / "old_run_checkpoints" / "iter_4"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with the tiny data set in ``data`` and some spoilt files, which is the current one."""
    make_dataset(tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    cv2.imwrite("rgb.png", np.zeros((2, 3, 3), np.uint8))
    (tmp_path / "cut.png").write_bytes((tmp_path / "data/images/val_0.png").read_bytes()[:500])
    return tmp_path


def a_data_set(mode="train", **arguments):
    files = {"train_path": "data/train.txt", "val_path": "data/val.txt", "num_classes": 4}
    return Dataset(mode, "data", [], **{**files, **arguments})


def write_label(name, value, size_hw=(48, 64)):
    label = np.zeros(size_hw, np.uint8)
    label[5, :3] = value
    Image.fromarray(label).save(f"data/labels/{name}.png")


def list_a_missing_picture():
    with open("data/train.txt", "a") as file:
        file.write("images/no.png labels/train_0.png\n")
    a_data_set()


def read_a_spoilt_label(**arguments):
    write_label("train_0", **arguments)
    a_data_set().read(0)


def check_spoilt_labels():
    write_label("train_0", 200)
    write_label("val_1", 0, (40, 64))
    raise_problems(find_problems(examine(a_data_set(), a_data_set("val"))))


def warn_of_rare_classes():
    for i in range(3):
        write_label(f"val_{i}", 1)
    raise UserError("\n".join(find_warnings(examine(a_data_set(), a_data_set("val")))))


def saved(model):
    content = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    with open("weights.pdparams", "wb") as file:
        pickle.dump(content, file)
    return "weights.pdparams"


def saved_by_pytorch(arrays):
    Path("resnet.pth").write_bytes(torch_file(arrays))
    return "resnet.pth"


def train_with(**settings):
    model = paddle.nn.Conv2D(3, 4, 1)
    optimizer = paddle.optimizer.SGD(0.1, parameters=model.parameters())
    train(model, a_data_set(), optimizer=optimizer, **{"losses": {"types": [1], "coef": [1]}, **settings})


def resume_with(**settings):
    shutil.copytree(OLD_CHECKPOINT, "run/iter_4")
    run("run", resume_model="auto", **settings)


MESSAGES = {
    "a listed file is missing": (
        list_a_missing_picture,
        "data/train.txt, line 9: data/images/no.png does not exist (1 files of this list are missing)",
    ),
    "a label has a value that is no class": (
        lambda: read_a_spoilt_label(value=200),
        "data/labels/train_0.png: the label has the values 200 (3 pixels); allowed with num_classes 4 are "
        "0..3 and 255 (ignored)",
    ),
    "a label is of another size than its picture": (
        lambda: read_a_spoilt_label(value=0, size_hw=(40, 64)),
        "data/labels/train_0.png: the label is 64x40, but its picture data/images/train_0.png is 64x48; both "
        "must have the same size",
    ),
    "the data has several problems": (
        check_spoilt_labels,
        "the data has 2 problems:\n"
        "  train_dataset: 1 of 8 labels hold values that are not classes: 200 (3 pixels in 1 file); allowed with"
        " num_classes 4 are 0..3 and 255 (ignored). First: data/labels/train_0.png\n"
        "  val_dataset: data/labels/val_1.png: the label is 64x40, but its picture data/images/val_1.png is "
        "64x48; both must have the same size",
    ),
    "classes never occur": (
        warn_of_rare_classes,
        "val_dataset: classes 2, 3 never occur in the 3 labels: gets no score from them",
    ),
    "a picture has other channels": (
        lambda: read_image("rgb.png", channels=4),
        "rgb.png: the picture has 3 channels, 4 are expected (img_channels of the data set)",
    ),
    "a label has colours": (
        lambda: read_label("rgb.png"),
        "rgb.png: the label has 3 channels, but a label must have one channel with class ids; convert its "
        "colours to ids (one 8-bit grey or palette PNG)",
    ),
    "a picture is damaged": (
        lambda: read_image("cut.png"),
        "cut.png: the picture is truncated or damaged (500 bytes); replace the file",
    ),
    "a picture is missing": (
        lambda: read_image("no.png"),
        "no.png: the picture does not exist",
    ),
    "a result would replace a picture": (
        lambda: label_paths(["data/a.png"], "data", "data"),
        "data/a.png: the label map of data/a.png would be written there too; save in another folder",
    ),
    "a number is out of range": (
        lambda: EpochBatchSampler(10, 11, 0, total_steps=1),
        "batch_size: 11 is more than the 10 training pictures; give at most 10",
    ),
    "a size is out of range": (
        lambda: RoadScenes([], size=[32, 32]),
        "RoadScenes: size: found 32x32; it must be width 64 to 2048, height 32 to 1024",
    ),
    "a count is too small": (
        lambda: train_with(iters=0),
        "iters: found 0; it must be 1 or more, at most 1000000000",
    ),
    "a name is not known": (
        lambda: a_data_set(cache="disc"),
        "Dataset: cache: found 'disc'; it must be one of none, disk, ram",
    ),
    "a choice is not known": (
        lambda: train_with(precision="half"),
        "precision: found 'half'; it must be one of fp32, fp16, bf16",
    ),
    "an argument is of another form": (
        lambda: train_with(losses=[1]),
        "losses must be {'types': [loss, ...], 'coef': [weight, ...]}, found: list",
    ),
    "a transform is random": (
        lambda: refuse_random_transforms(Pipeline([RandomHorizontalFlip()])),
        "RandomHorizontalFlip is random; evaluation and prediction need the same picture each time. Leave it "
        "out of their transforms; only training may have it",
    ),
    "weights do not fit": (
        lambda: load_weights(DDRNet_23_slim(4), saved(DDRNet_23_slim(3))),
        "weights.pdparams does not fit DDRNet_23_slim with 4 classes; write num_classes: 3 for these weights: "
        "2 of another shape: head.conv.weight [3, 64, 1, 1] instead of [4, 64, 1, 1], head.conv.bias [3] "
        "instead of [4]",
    ),
    "a file of PyTorch is of another network": (
        lambda: load_weights(DDRNet_23_slim(3), saved_by_pytorch({"conv1.weight": np.zeros((8, 3, 7, 7), "f4")})),
        "resnet.pth: a file of PyTorch whose names match no known DDRNet: conv1.weight. Known are those of "
        "ydhongHIT/DDRNet (official), chenjun2hao/DDRNet.pytorch, mmsegmentation, super-gradients, PaddleSeg, "
        "MindSpore (.ckpt)",
    ),
    "weights leave a part out": (
        lambda: load_pretrained(paddle.nn.Linear(2, 3), saved(paddle.nn.Linear(2, 5))),
        "weights.pdparams leaves parts of the trunk of Linear without weights: weight, bias. It may be of "
        "another network or another kit. 2 of another shape: weight [2, 5] instead of [2, 3], bias [5] "
        "instead of [3]",
    ),
    "a run would have other samples": (
        lambda: resume_with(batch_size=3),
        "run/iter_4 cannot be resumed, because the samples or steps would differ: batch_size was 2, now it"
        " is 3. Restore the former values, or start a new run with model.pretrained",
    ),
    "a checkpoint is none": (
        lambda: run("run", resume_model="data"),
        "data is not a complete checkpoint: it has no manifest; give an iter_N or best_model folder, or auto",
    ),
    "a key is written twice": (
        lambda: parse_yaml("model:\n  type: A\n  type: B\n", "c.yml"),
        "c.yml:3: model.type: the key is already in line 2; keep one of them",
    ),
    "a configuration is missing": (
        lambda: read_yaml("missing.yml"),
        "missing.yml: there is no such configuration file (working directory: <here>)",
    ),
}


@pytest.mark.parametrize("kind", MESSAGES)
def test_the_message_is_this_one(kind, here):
    provoke, message = MESSAGES[kind]
    with pytest.raises(UserError) as caught:
        provoke()
    assert str(caught.value) == message.replace("<here>", str(here))
