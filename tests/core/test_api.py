# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""paddleseg.core.train, evaluate and predict: PaddleSeg's functions, on objects that a program built."""

import inspect
import subprocess
import sys

import cv2
import numpy as np
import paddle
import pytest

from paddleseg.core import evaluate, predict, train
from paddleseg.core.run import Sampling
from paddleseg.datasets import Dataset
from paddleseg.losses import CrossEntropyLoss
from paddleseg.models import DDRNet_23_slim
from paddleseg.models.weights import read_weights
from paddleseg.transforms import Normalize, RandomHorizontalFlip
from paddleseg.utils.errors import ConfigError

# PaddleSeg's names in their order; some are typed by position.
PADDLESEG = {
    train: "model train_dataset val_dataset optimizer save_dir iters batch_size early_stop_intervals resume_model "
    "save_interval log_iters num_workers use_vdl use_ema losses keep_checkpoint_max test_config precision amp_level "
    "profiler_options to_static_training",
    evaluate: "model eval_dataset aug_eval scales flip_horizontal flip_vertical is_slide stride crop_size",
    predict: "model model_path transforms image_list image_dir save_dir aug_pred scales flip_horizontal "
    "flip_vertical is_slide stride crop_size custom_color",
}


@pytest.fixture
def datasets(tiny_dataset):
    def build(mode, *transforms):
        return Dataset(
            mode=mode, dataset_root=str(tiny_dataset), transforms=[*transforms, Normalize()], num_classes=4,
            train_path=str(tiny_dataset / "train.txt"), val_path=str(tiny_dataset / "val.txt"),
        )  # fmt: skip

    return build("train", RandomHorizontalFlip()), build("val")


@pytest.mark.parametrize("function", PADDLESEG, ids=lambda function: function.__name__)
def test_the_arguments_have_paddlesegs_names_and_order(function):
    ours = list(inspect.signature(function).parameters)
    assert ours[: len(PADDLESEG[function].split())] == PADDLESEG[function].split()


def train_tiny(datasets, folder, learning_rate, **settings):
    paddle.seed(4)
    model = DDRNet_23_slim(num_classes=4)
    optimizer = paddle.optimizer.Momentum(learning_rate, parameters=model.parameters())
    train(
        model, datasets[0], datasets[1], optimizer, str(folder), iters=3, batch_size=2, save_interval=3, num_workers=0,
        losses={"types": [CrossEntropyLoss()], "coef": [1]}, seed=7, **settings,
    )  # fmt: skip
    return model


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
    straight = train_tiny(datasets, tmp_path / "a", 0.01)
    settings = {"batch_size": 2, "num_workers": 0, "losses": {"types": [CrossEntropyLoss()], "coef": [1]}, "seed": 7}
    for iters, resume in ((2, None), (3, "auto")):
        paddle.seed(4)
        model = DDRNet_23_slim(num_classes=4)
        optimizer = paddle.optimizer.Momentum(0.01, parameters=model.parameters())
        train(model, datasets[0], optimizer=optimizer, save_dir=str(tmp_path / "b"), iters=iters, save_interval=2,
              resume_model=resume, **settings)  # fmt: skip
        assert optimizer.get_lr() == pytest.approx(0.01)
    for name, value in straight.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), model.state_dict()[name].numpy(), err_msg=name)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "needs an optimizer and losses"),
        ({"losses": {"types": [1, 2], "coef": [1, 2, 3]}}, "2 types for 3 weights"),
        ({"losses": {"types": [1], "coef": [1]}, "log_iters": 0}, "--log_iters is 0"),
        ({"losses": {"types": [1], "coef": [1]}, "test_config": {"is_slide": True}}, "crop_size.* missing"),
    ],
)
def test_wrong_arguments_are_refused_before_training(settings, message, datasets, tmp_path):
    model = paddle.nn.Conv2D(3, 4, 1)
    optimizer = paddle.optimizer.SGD(0.1, parameters=model.parameters())
    with pytest.raises(ConfigError, match=message):
        train(model, *datasets, optimizer=optimizer, save_dir=str(tmp_path / "run"), **settings)
    assert not (tmp_path / "run").exists()


def test_the_sampling_counts_batches_of_repeated_data():
    assert Sampling(num_samples=10, batch_size=3, seed=0, repeats=2).batches_per_epoch == 6


def test_importing_the_package_does_not_import_paddle():
    code = "import sys, paddleseg.core; assert 'paddle' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_more_weights_than_outputs_end_the_first_step(datasets, tmp_path):
    model = DDRNet_23_slim(num_classes=4)
    optimizer = paddle.optimizer.SGD(0.1, parameters=model.parameters())
    losses = {"types": [CrossEntropyLoss()], "coef": [1, 0.4]}
    with pytest.raises(ConfigError, match="loss.coef: 2 weights, but the network gives 1 outputs"):
        train(model, datasets[0], optimizer=optimizer, losses=losses, save_dir=str(tmp_path / "run"), num_workers=0)
