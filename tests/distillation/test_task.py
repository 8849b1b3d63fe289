# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A step with a teacher: the compared maps, their size and precision, and what gets gradients."""

from contextlib import contextmanager

import numpy as np
import paddle
import pytest

from paddleseg.core import train
from paddleseg.datasets import RoadScenes
from paddleseg.losses import ChannelWiseKLLoss, CrossEntropyLoss, DiceLoss
from paddleseg.models import DDRNet_23_slim
from paddleseg.tasks import Distance, DistillationTask, SegmentationTask
from paddleseg.tasks.feature_taps import FeatureTaps
from paddleseg.training.run_settings import RunSettings
from paddleseg.training.step_network import StepNetwork
from paddleseg.transforms import Normalize
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.frozen_layers import freeze
from tests.distillation.small_networks import Eighth, Whole, networks
from tests.training.small_trainer import Toy, make_batch

KL = ChannelWiseKLLoss()
BATCH = make_batch(0, side=16)
AT_AN_EIGHTH, AT_FULL_SIZE = [2, 2, 2, 2], [2, 2, 16, 16]


class Noting(ChannelWiseKLLoss):
    def forward(self, student, teacher):
        self.shapes = [list(maps.shape) for maps in (student, teacher)]
        return super().forward(student, teacher)


def step(student, teacher, distances, *, losses=None, **settings):
    """The task and its terms for one batch."""
    task = DistillationTask(Toy(losses), student, teacher, distances)
    network = StepNetwork(student, RunSettings(iters=1, seed=0, **settings), task.extra_layers)
    return task, task.loss_terms(network, BATCH)


@pytest.mark.parametrize("loss", [CrossEntropyLoss(), DiceLoss()])
def test_logits_are_compared_at_an_eighth_whatever_size_the_losses_of_the_labels_take(loss):
    student, teacher = networks()
    distance = Noting()
    _, terms = step(student, teacher, [Distance(distance, 2.0)], losses=[(loss, 1.0)])
    assert distance.shapes == [AT_AN_EIGHTH, AT_AN_EIGHTH]
    plain = Toy([(loss, 1.0)]).loss_terms(student, BATCH)
    assert float(terms["labels"]) == pytest.approx(float(plain["loss"]), rel=1e-6)


@pytest.mark.parametrize(
    ("kind", "settings"), [(Whole, {}), (Eighth, {"to_static_training": True})], ids=["other network", "static graph"]
)
def test_logits_are_compared_at_full_size_where_one_of_the_two_gives_no_others(kind, settings):
    distance = Noting()
    step(*networks(kind=kind), [Distance(distance, 2.0)], **settings)
    assert distance.shapes == [AT_FULL_SIZE, AT_FULL_SIZE]


def test_the_loss_is_the_sum_of_its_terms_which_are_named_apart():
    distances = [Distance(KL, 2.0), Distance(ChannelWiseKLLoss(1.0), 3.0), Distance(KL, 50.0, "trunk", "trunk")]
    _, terms = step(*networks(), distances)
    assert list(terms) == ["loss", "labels", "teacher_logits", "teacher_logits_2", "teacher_trunk"]
    values = {name: float(value) for name, value in terms.items()}
    wanted = values["labels"] + 2 * values["teacher_logits"] + 3 * values["teacher_logits_2"]
    assert values["loss"] == pytest.approx(wanted + 50 * values["teacher_trunk"], rel=1e-6)


def test_student_and_projection_get_gradients_and_the_teacher_none():
    student, teacher = networks()
    task, terms = step(student, teacher, [Distance(KL, 50.0, "trunk")])
    terms["teacher_trunk"].backward()
    assert float(student.trunk.weight.grad.abs().max()) > 0
    [(name, projection)] = task.extra_layers.named_parameters()
    assert (name, projection.shape) == ("teacher_trunk.weight", [6, 4, 1, 1])
    assert float(projection.grad.abs().max()) > 0
    assert all(parameter.grad is None for parameter in teacher.parameters())
    assert student.head.weight.grad is None


def test_without_a_difference_in_channels_nothing_is_trained_beside_the_network():
    task, _ = step(*networks(6, 6), [Distance(KL, 50.0, "trunk"), Distance(KL, 1.0)])
    assert task.extra_layers is None


def test_what_the_wrapped_task_trains_beside_the_network_is_trained_still():
    class Scaled(Toy):
        extra_layers = paddle.nn.Linear(1, 1)

    student, teacher = networks()
    task = DistillationTask(Scaled(), student, teacher, [Distance(KL, 1.0, "trunk")])
    names = [name for name, _ in task.extra_layers.named_parameters()]
    assert names == ["task.weight", "task.bias", "teacher_trunk.weight"]


@pytest.mark.parametrize(("precision", "level"), [("fp32", None), ("bf16", "O1"), ("fp16", "O1")])
def test_the_teacher_computes_in_the_precision_of_the_training_and_without_gradients(precision, level, monkeypatch):
    opened, seen = [], []

    @contextmanager
    def record(**arguments):
        opened.append(arguments["level"])
        yield
        opened.pop()

    class Noted(Eighth):
        def forward_stride8(self, x):
            seen.append((list(opened), paddle.is_grad_enabled()))
            return super().forward_stride8(x)

    monkeypatch.setattr(paddle.amp, "auto_cast", record)
    student, teacher = networks(kind=Noted)
    task = DistillationTask(Toy(), student, teacher, [Distance(KL, 1.0)])
    seen.clear()
    task.loss_terms(StepNetwork(student, RunSettings(iters=1, seed=0, precision=precision)), BATCH)
    assert seen == [([] if level is None else [level], False)]


@pytest.mark.parametrize("name", ["layer3_", "layer5_", "spp", "head.conv_bn_relu"])
def test_features_are_seen_with_their_channels_first_in_either_order_of_the_axes(name):
    picture, found = paddle.randn([1, 3, 64, 64]), []
    for data_format in ("NCHW", "NHWC"):
        paddle.seed(3)
        network = DDRNet_23_slim(4, data_format=data_format)
        network.eval()
        taps = FeatureTaps(network, [name], "the network")
        with paddle.no_grad(), taps.watching() as seen:
            network(picture)
        found.append(seen[name].numpy())
    assert found[0].shape == found[1].shape and found[0].std() > 0
    np.testing.assert_allclose(found[1], found[0], rtol=1e-3, atol=1e-4 * np.abs(found[0]).max())


def test_a_network_is_left_without_hooks_after_a_step():
    student, teacher = networks()
    step(student, teacher, [Distance(KL, 1.0, "trunk")])
    assert not student.trunk._forward_post_hooks and not teacher.trunk._forward_post_hooks


def test_a_layer_that_is_replaced_after_the_task_was_made_is_looked_at_still():
    """As batch normalisation is, which is converted for several processes."""
    student, teacher = networks()
    task = DistillationTask(Toy(), student, teacher, [Distance(KL, 1.0, "trunk")])
    student.trunk = paddle.nn.Conv2D(3, 4, 8, stride=8)
    terms = task.loss_terms(StepNetwork(student, RunSettings(iters=1, seed=0)), BATCH)
    assert float(terms["teacher_trunk"]) > 0


def test_a_distance_that_cannot_teach_is_refused_in_the_first_step():
    student, teacher = networks()
    with pytest.raises(ConfigError, match="^teacher_pooled: maps of one pixel, over which the softmax is always 1"):
        step(student, teacher, [Distance(KL, 1.0), Distance(KL, 1.0, "pooled")])
    freeze(student, ["trunk"])
    step(student, teacher, [Distance(KL, 1.0)])
    with pytest.raises(ConfigError, match="^teacher_trunk: everything before it in the student is frozen"):
        step(student, teacher, [Distance(KL, 1.0, "trunk")])


def test_the_student_is_no_teacher_of_itself():
    student, teacher = networks()
    teacher.trunk = student.trunk
    for other in (student, teacher):
        with pytest.raises(ConfigError, match="^teacher: it is the student, or shares weights with it"):
            DistillationTask(Toy(), student, other, [Distance(KL, 1.0)])


@pytest.mark.parametrize(
    ("teacher", "distance", "message"),
    [
        (Eighth(6), Distance(KL, 1.0, "tronk"), r"the student Eighth has no layer 'tronk'. Did you mean 'trunk'\?"),
        (Eighth(6), Distance(KL, 1.0, "trunk", "body"), "the teacher Eighth has no layer 'body'"),
        (Eighth(6), Distance(KL, 1.0, "flat"), r"layer 'flat' gives \[1, 4\], when the network is called"),
        (Eighth(6), Distance(KL, 1.0, "unused"), "layer 'unused' gives nothing, when the network is called"),
        (Eighth(6), Distance(KL, 1.0, "trunk", "pooled"), "trunk of the student is 8x8, pooled of the teacher 1x1"),
        (Eighth(6, stride=4), Distance(KL, 1.0, "trunk"), "trunk of the student is 8x8, trunk of the teacher 16x16"),
        (Eighth(6, num_classes=3), Distance(KL, 1.0), r"student gives \[1, 2, 64, 64\] and the teacher gives \[1, 3, "),
    ],
)
def test_what_cannot_be_compared_is_refused_before_the_first_step(teacher, distance, message):
    with pytest.raises(ConfigError, match=message):
        DistillationTask(Toy(), Eighth(4), teacher, [distance])


def test_an_optimizer_that_lacks_the_projection_is_refused(tmp_path):
    dataset = RoadScenes([Normalize()], mode="train", num_samples=2, size=(64, 32))
    paddle.seed(1)
    student, teacher = Eighth(4, 19), Eighth(6, 19)
    task = DistillationTask(
        SegmentationTask([(CrossEntropyLoss(), 1.0)], dataset), student, teacher, [Distance(KL, 1.0, "trunk")]
    )
    arguments = {"save_dir": tmp_path, "iters": 1, "batch_size": 2, "num_workers": 0, "task": task}
    with pytest.raises(ConfigError, match=r"optimizer: it has no teacher_trunk\.weight"):
        train(student, dataset, optimizer=paddle.optimizer.SGD(0.1, student.parameters()), **arguments)
    both = [*student.parameters(), *task.extra_layers.parameters()]
    for parameters in (both, [{"params": both}]):
        train(student, dataset, optimizer=paddle.optimizer.SGD(0.1, parameters), **arguments)
    assert (tmp_path / "iter_1/model.pdparams").is_file()
