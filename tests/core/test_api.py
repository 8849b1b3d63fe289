# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""paddleseg.core.train, evaluate and predict: PaddleSeg's functions, on objects that a program built."""

import subprocess
import sys

import cv2
import numpy as np
import paddle
import pytest

from paddleseg.core import evaluate, predict, train
from paddleseg.datasets import Dataset
from paddleseg.datasets.segmentation import SegmentationDataset
from paddleseg.losses import CrossEntropyLoss
from paddleseg.models import DDRNet_23_slim
from paddleseg.models.weights import read_weights
from paddleseg.training.hooks import Hook
from paddleseg.transforms import Normalize, RandomHorizontalFlip, Resize
from paddleseg.utils.errors import ConfigError, DataError, DeviceError
from tests.messages import naming
from tests.needs import CPU_BACKENDS
from tests.training.resumed import assert_same_state

pytestmark = pytest.mark.usefixtures("narrow")

LOSSES = {"types": [CrossEntropyLoss()], "coef": [1]}


@pytest.fixture
def datasets(tiny_dataset):
    def build(mode, *transforms):
        return Dataset(
            mode=mode, dataset_root=str(tiny_dataset), transforms=[*transforms, Normalize()], num_classes=4,
            train_path=str(tiny_dataset / "train.txt"), val_path=str(tiny_dataset / "val.txt"),
        )  # fmt: skip

    return build("train", RandomHorizontalFlip()), build("val")


class Pointwise(paddle.nn.Layer):
    """A network that trains in no time."""

    def __init__(self, num_classes=4):
        super().__init__()
        self.conv = paddle.nn.Conv2D(3, num_classes, 1)

    def forward(self, x):
        return [self.conv(x)]


@pytest.fixture
def train_pointwise(tmp_path):
    """Two steps of training; what is given by name takes the place of an argument."""

    def run(train_dataset, val_dataset=None, learning_rate=0.1, **settings):
        model = Pointwise()
        defaults = {
            "optimizer": paddle.optimizer.SGD(learning_rate, parameters=model.parameters()),
            "losses": LOSSES, "save_dir": tmp_path / "run", "iters": 2, "num_workers": 0, "seed": 7,
        }  # fmt: skip
        train(model, train_dataset, val_dataset, **{**defaults, **settings})

    return run


def train_tiny(datasets, folder, learning_rate, **settings):
    paddle.seed(4)
    model = DDRNet_23_slim(num_classes=4)
    optimizer = paddle.optimizer.Momentum(learning_rate, parameters=model.parameters())
    train(
        model, datasets[0], datasets[1], optimizer, str(folder), iters=3, batch_size=2, save_interval=3, num_workers=0,
        losses={"types": [CrossEntropyLoss()], "coef": [1]}, seed=7, **settings,
    )  # fmt: skip
    return model


@pytest.mark.parametrize("backend", CPU_BACKENDS)
def test_backend_and_threads_are_arguments_of_all_three(
    backend, datasets, tiny_dataset, train_pointwise, tmp_path, log
):
    given = {"cpu_backend": backend, "cpu_threads": 2}
    picture = str(tiny_dataset / "images/val_0.png")
    train_pointwise(datasets[0], **given)
    evaluate(Pointwise(), datasets[1], num_workers=0, **given)
    predict(Pointwise(), None, [Normalize()], [picture], save_dir=tmp_path / "out", **given)
    lines = [line.rpartition("CPU: ")[2] for line in log.text.splitlines() if "CPU: " in line]
    assert len(lines) == 3 and len(set(lines)) == 1
    assert lines[0].startswith("oneDNN " if backend == "onednn" else "Paddle's kernels") and "2 threads" in lines[0]
    for call in (
        lambda **wrong: train_pointwise(datasets[0], **wrong),
        lambda **wrong: evaluate(Pointwise(), datasets[1], **wrong),
        lambda **wrong: predict(Pointwise(), None, [Normalize()], [picture], save_dir=tmp_path / "out", **wrong),
    ):
        with pytest.raises(ConfigError, match="cpu_backend: found 'mkl'; it must be one of onednn, paddle"):
            call(cpu_backend="mkl")
        with pytest.raises(ConfigError, match="cpu_threads: found 0; it must be 1 or more"):
            call(cpu_threads=0)


def test_an_evaluation_within_a_training_computes_as_the_training_does(datasets, tmp_path, log):
    class Evaluating(Hook):
        def after_step(self, trainer, losses):
            evaluate(trainer.model, datasets[1], num_workers=0, print_detail=False)

    model = Pointwise()
    optimizer = paddle.optimizer.SGD(0.1, parameters=model.parameters())
    train(
        model, datasets[0], optimizer=optimizer, losses=LOSSES, save_dir=tmp_path, iters=1, num_workers=0,
        hooks=[Evaluating()], cpu_backend="paddle",
    )  # fmt: skip
    assert log.text.count("CPU: ") == 1 and "CPU: Paddle's kernels" in log.text


@pytest.mark.slow
def test_a_program_trains_evaluates_and_predicts(datasets, tiny_dataset, tmp_path):
    model = train_tiny(datasets, tmp_path / "run", paddle.optimizer.lr.PolynomialDecay(0.05, decay_steps=3))
    mean_iou, accuracy, class_iou, class_precision, kappa = evaluate(model, datasets[1])
    _, meta = read_weights(tmp_path / "run/best_model/model.pdparams")
    assert meta["metric"]["mIoU"] == pytest.approx(mean_iou, abs=1e-6)
    assert 0 <= accuracy <= 1
    assert -1 <= kappa <= 1
    assert np.nanmean(class_iou) == pytest.approx(mean_iou)
    assert class_precision.shape == (4,)

    other = DDRNet_23_slim(num_classes=4)
    pictures = [str(tiny_dataset / f"images/val_{i}.png") for i in range(3)]
    predict(other, str(tmp_path / "run/iter_3/model.pdparams"), [Normalize()], pictures, save_dir=tmp_path / "seen")
    labels = cv2.imread(str(tmp_path / "seen/label/val_0.png"), cv2.IMREAD_UNCHANGED)
    picture = cv2.imread(pictures[0])[:, :, ::-1].astype("float32")
    model.eval()
    logits = model(paddle.to_tensor(((picture / 255 - 0.5) / 0.5).transpose(2, 0, 1)[np.newaxis]))[0].numpy()[0]
    assert (labels == logits.argmax(axis=0)).mean() > 0.999


@pytest.mark.slow
def test_an_optimiser_of_constant_rate_keeps_it_and_its_run_can_be_resumed(datasets, tmp_path):
    train_tiny(datasets, tmp_path / "a", 0.01)
    settings = {"batch_size": 2, "num_workers": 0, "losses": {"types": [CrossEntropyLoss()], "coef": [1]}, "seed": 7}
    for iters, resume in ((2, None), (3, "auto")):
        paddle.seed(4)
        model = DDRNet_23_slim(num_classes=4)
        optimizer = paddle.optimizer.Momentum(0.01, parameters=model.parameters())
        train(model, datasets[0], optimizer=optimizer, save_dir=str(tmp_path / "b"), iters=iters, save_interval=2,
              resume_model=resume, **settings)  # fmt: skip
        assert optimizer.get_lr() == pytest.approx(0.01)
    assert_same_state(tmp_path / "b/iter_3", tmp_path / "a/iter_3", with_meta=False)  # only the first was evaluated


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "needs an optimizer and losses"),
        ({"losses": {"types": [abs, abs], "coef": [1, 2, 3]}}, "2 types for 3 weights"),
        ({"losses": {"types": 3, "coef": [1]}}, "^losses: types: found int; give a list of losses"),
        ({"losses": {"types": [1], "coef": [1]}}, "^losses: types: found int in the list; give a list of losses"),
        ({"losses": {"types": [abs], "coef": 1}}, "^losses: coef: found int; give a list of numbers"),
        ({"losses": {"types": [abs], "coef": ["a"]}}, "^losses: coef: found str in the list; give a list of numbers"),
        ({"losses": LOSSES, "model": 3}, "^model: found int; give a .*Layer"),
        ({"losses": LOSSES, "train_dataset": "list.txt"}, "^train_dataset: found str; give a .*PictureDataset"),
        ({"losses": LOSSES, "val_dataset": 3}, "^val_dataset: found int; give a .*PictureDataset"),
        ({"losses": LOSSES, "optimizer": "SGD"}, "^optimizer: found str; give a .*Optimizer"),
        ({"losses": LOSSES, "test_config": [1]}, "^test_config: found .1.; give a mapping"),
        ({"losses": LOSSES, "save_dir": b"run"}, "^save_dir: found b'run'; it must be text"),
        ({"losses": LOSSES, "save_dir": 3}, "^save_dir: found 3; it must be text"),
        ({"losses": LOSSES, "profiler_options": 3}, "^profiler_options: found 3; it must be text"),
        ({"losses": {"types": [abs], "coef": [1]}, "log_iters": 0}, "log_iters: found 0; it must be 1 or more"),
        ({"losses": {"types": [1]}}, "losses must be .*found: types"),
        ({"losses": [1]}, "losses must be .*found: list"),
        ({"losses": LOSSES, "iters": 0}, "^iters: found 0; it must be 1 or more"),
        ({"losses": LOSSES, "batch_size": 0}, "batch_size: found 0; it must be 1 or more"),
        ({"losses": LOSSES, "grad_accum_steps": 0}, "grad_accum_steps: found 0; it must be 1 or more"),
        ({"losses": LOSSES, "use_ema": True, "ema_decay": 1}, "ema_decay: found 1; it must be from 0 to below 1"),
        ({"losses": LOSSES, "precision": "half"}, "precision: found 'half'; it must be one of fp32, fp16, bf16"),
        ({"losses": LOSSES, "amp_level": "O3"}, "amp_level: found 'O3'; it must be one of O1, O2"),
        ({"losses": {"types": [abs], "coef": [1]}, "test_config": {"is_slide": True}}, "crop_size.* missing"),
    ],
)
def test_wrong_arguments_are_refused_before_training(settings, message, datasets, tmp_path):
    model = paddle.nn.Conv2D(3, 4, 1)
    optimizer = paddle.optimizer.SGD(0.1, parameters=model.parameters())
    with pytest.raises(ConfigError, match=message):
        given = {"model": model, "train_dataset": datasets[0], "val_dataset": datasets[1], "optimizer": optimizer}
        train(**{**given, "save_dir": str(tmp_path / "run"), **settings})
    assert not (tmp_path / "run").exists()


def test_importing_the_package_does_not_import_paddle():
    code = "import sys, paddleseg.core; assert 'paddle' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_more_weights_than_outputs_end_the_first_step(datasets, tmp_path):
    model = DDRNet_23_slim(num_classes=4)
    optimizer = paddle.optimizer.SGD(0.1, parameters=model.parameters())
    losses = {"types": [CrossEntropyLoss()], "coef": [1, 0.4]}
    with pytest.raises(ConfigError, match=naming("loss.coef", 2, 1)):
        train(model, datasets[0], optimizer=optimizer, losses=losses, save_dir=str(tmp_path / "run"), num_workers=0)


def test_one_data_set_can_be_trained_on_and_evaluated(datasets, train_pointwise, tmp_path):
    dataset = datasets[1]
    dataset.pipeline.transforms.insert(0, Resize([32, 24]))  # moves the labels of a training alone
    train_pointwise(dataset, dataset, save_interval=1)
    assert (tmp_path / "run/best_model/model.pdparams").is_file()
    mean_iou, *_ = evaluate(Pointwise(), dataset, num_workers=0)
    assert 0 <= mean_iou <= 1


def test_random_transforms_are_refused_where_labels_stay(datasets, train_pointwise, tiny_dataset, tmp_path):
    random = datasets[0]
    message = naming("RandomHorizontalFlip", "random")
    with pytest.raises(ConfigError, match=message):
        train_pointwise(random, random)
    assert not (tmp_path / "run").exists()
    with pytest.raises(ConfigError, match=message):
        evaluate(Pointwise(), random)
    with pytest.raises(ConfigError, match=message):
        predict(Pointwise(), None, [RandomHorizontalFlip()], [str(tiny_dataset / "images/val_0.png")])


def test_paddles_own_schedule_of_plateaus_is_refused_by_name(datasets, train_pointwise):
    with pytest.raises(ConfigError, match="give paddleseg.optimizers.ReduceOnPlateau"):
        train_pointwise(datasets[0], learning_rate=paddle.optimizer.lr.ReduceOnPlateau(0.1))


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"batch_size": 0}, ConfigError, "batch_size: found 0; it must be 1 or more"),
        ({"num_workers": -1}, ConfigError, "num_workers: found -1; it must be 0 or more"),
        ({"precision": "half"}, ConfigError, "precision: found 'half'; it must be one of fp32, fp16, bf16"),
        ({"precision": b"fp32"}, ConfigError, "precision: found b'fp32'; it must be one of fp32, fp16, bf16"),
        ({"eval_dataset": b"x"}, ConfigError, "eval_dataset: found b'x'; it must be SegmentationDataset"),
        ({"precision": "fp16"}, DeviceError, "--precision fp16: the CPU trains in fp32 only"),
    ],
)
def test_wrong_arguments_of_an_evaluation_are_refused(settings, error, message, datasets):
    with pytest.raises(error, match=message):
        evaluate(Pointwise(), **{"eval_dataset": datasets[1], **settings})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"flip_horizontal": "yes"}, "predict: flip_horizontal: found 'yes'; it must be True or False"),
        ({"save_dir": 3}, "predict: save_dir: found 3; it must be text or a path"),
        ({"custom_color": "red"}, "predict: custom_color: found 'red'; it must be a list of integers"),
        ({"image_list": [3]}, "predict: image_list: found .3.; it must be a list of picture files, or one of what"),
        ({"image_list": None}, "predict: image_list: found None; it must be a list of picture files"),
        ({"ignore_index": 256}, "predict: ignore_index: found 256; it must be"),
        ({"separator": ""}, "predict: separator: empty; give what stands between the columns"),
        ({"separator": b" "}, "predict: separator: found b' '; it must be text"),
        ({"image_list": b"x"}, "predict: image_list: found b'x'; it must be a list of picture files, or one of what"),
        ({"image_list": [b"x"]}, "predict: image_list: found .b'x'.; it must be a list of picture files"),
        ({"model_path": b"w"}, "predict: model_path: found b'w'; it must be text or a path"),
        ({"image_dir": b"w"}, "predict: image_dir: found b'w'; it must be text or a path"),
        ({"transforms": Normalize()}, "transforms: found Normalize; give a list of transforms"),
        ({"transforms": [np.random]}, "transforms: found module in the list; give a list of transforms"),
        ({"palette": [[1, 2]]}, "predict: palette: found ..1, 2..; it must be a list of colours"),
        ({"palette": [[1, 2, 256]]}, "predict: palette: found ..1, 2, 256..; it must be"),
    ],
)
def test_wrong_arguments_of_a_prediction_are_refused(settings, message, tmp_path):
    given = {"transforms": [Normalize()], "image_list": ["a.png"], "save_dir": tmp_path / "out", **settings}
    with pytest.raises(ConfigError, match=f"^{message}"):
        predict(Pointwise(), **given)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("give", [list, tuple, iter, np.array, lambda paths: paths[0], lambda paths: paths[0].parent])
def test_pictures_are_given_as_paths_too(give, tiny_dataset, tmp_path):
    pictures = [tiny_dataset / f"images/val_{i}.png" for i in range(3)]
    predict(Pointwise(), None, [Normalize()], give(pictures), save_dir=tmp_path / "out")
    assert (tmp_path / "out/label/val_0.png").is_file()


def test_folders_and_weights_are_given_as_paths_too(tiny_dataset, tmp_path):
    model = Pointwise()
    paddle.save(model.state_dict(), str(tmp_path / "w.pdparams"))
    pictures = [tiny_dataset / "images/val_0.png"]
    predict(model, tmp_path / "w.pdparams", [Normalize()], pictures, tiny_dataset, tmp_path / "out")
    assert (tmp_path / "out/label/images/val_0.png").is_file()


def test_a_data_set_of_paths_is_evaluated(tiny_dataset):
    pairs = [(tiny_dataset / f"images/val_{i}.png", tiny_dataset / f"labels/val_{i}.png") for i in range(3)]
    dataset = SegmentationDataset([Normalize()], mode="val", num_classes=4, file_list=pairs)
    mean_iou, *_ = evaluate(Pointwise(), dataset, num_workers=0)
    assert 0 <= mean_iou <= 1


def test_another_separator_is_named_as_the_argument_that_it_is(tiny_dataset, tmp_path):
    (tmp_path / "list.txt").write_text(f"{tiny_dataset}/images/val_0.png;x.png\n")
    with pytest.raises(DataError, match="its first column is there with separator: ';' as an argument"):
        predict(Pointwise(), None, [Normalize()], tmp_path / "list.txt", save_dir=tmp_path / "out")


def test_an_empty_list_of_pictures_is_named(tmp_path):
    with pytest.raises(ConfigError, match="image_list is empty"):
        predict(Pointwise(), None, [Normalize()], [], save_dir=tmp_path)


def test_a_network_with_more_classes_than_the_data_set_is_an_error_with_the_pictures_name(datasets):
    model = Pointwise(9)
    model.conv.bias.set_value(paddle.arange(9, dtype="float32") * 100)
    with pytest.raises(ConfigError, match=naming("val_0.png", "0 to 3", 8)):
        evaluate(model, datasets[1], num_workers=0)
