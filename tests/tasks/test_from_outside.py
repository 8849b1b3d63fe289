# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Tasks defined by a user: new files and one line of registration, without changing the trainer."""

import paddle
import pytest

from paddleseg.core import train
from paddleseg.datasets import RoadScenes
from paddleseg.losses import CrossEntropyLoss
from paddleseg.models.weights import read_weights
from paddleseg.tasks import SegmentationTask
from paddleseg.transforms import Normalize
from paddleseg.utils.errors import ConfigError

pytestmark = pytest.mark.usefixtures("narrow")

DISTILLED = """\
import paddle
from paddle.nn import functional as F

from paddleseg.models import DDRNet_23_slim
from paddleseg.registry import TASKS
from paddleseg.tasks import Task


class Distilled(Task):
    \"\"\"Another task, and the distance of the network's logits to a teacher's.\"\"\"

    def __init__(self, task, teacher, weight):
        self.task, self.teacher, self.weight = task, teacher, weight
        self.primary = task.primary
        teacher.eval()

    def loss_terms(self, network, batch):
        seen = []

        def watched(images):
            seen.append((images, network(images)))
            return seen[-1][1]

        terms = self.task.loss_terms(watched, batch)
        images, outputs = seen[0]
        with paddle.no_grad():
            wanted = self.teacher(images)[0]
        distance = F.mse_loss(outputs[0], wanted)
        return {**terms, "loss": terms["loss"] + self.weight * distance, "teacher": distance}

    @property
    def can_evaluate(self):
        return self.task.can_evaluate

    def evaluate(self, model, **settings):
        return self.task.evaluate(model, **settings)

    def facts(self):
        return self.task.facts()


@TASKS.add_component
def DistilledFromSlim(task: Task, num_classes: int, weight: float = 1.0):
    return Distilled(task, DDRNet_23_slim(num_classes), weight)
"""


class Pointwise(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.conv = paddle.nn.Conv2D(3, 19, 1)

    def forward(self, x):
        return [self.conv(x)]


@pytest.fixture
def distilled():
    """The class ``Distilled``; nothing is registered."""
    namespace = {}
    exec(DISTILLED.partition("@TASKS")[0], namespace)  # noqa: S102
    return namespace["Distilled"]


@pytest.fixture
def segmentation():
    scene = {"num_samples": 2, "size": (64, 32)}
    datasets = [RoadScenes([Normalize()], mode=mode, **scene) for mode in ("train", "val")]
    return SegmentationTask([(CrossEntropyLoss(), 1.0)], *datasets), datasets[0]


def test_a_task_may_wrap_another_one_and_a_second_network(distilled, segmentation, tmp_path, log):
    task, dataset = segmentation
    paddle.seed(1)
    teacher = Pointwise()
    before = teacher.conv.weight.numpy().copy()
    paddle.seed(2)
    model = Pointwise()

    picture = paddle.to_tensor(dataset.pipeline.normalized_planes(dataset.read(0)["img"])[None])

    def distance():
        return float(((model(picture)[0] - teacher(picture)[0]) ** 2).mean())

    far = distance()
    train(
        model, dataset, optimizer=paddle.optimizer.SGD(1.0, parameters=model.parameters()),
        task=distilled(task, teacher, weight=5.0), save_dir=tmp_path, iters=20, batch_size=2, save_interval=20,
        log_iters=1, num_workers=0, seed=1, use_vdl=True, use_ema=True,
    )  # fmt: skip
    assert distance() < 0.3 * far
    assert (teacher.conv.weight.numpy() == before).all()
    assert "[EVAL] The model with the best validation mIoU" in log.text
    meta = read_weights(tmp_path / "best_model/model.pdparams")[1]
    assert set(meta["metric"]) == {"mIoU"} and meta["classes"] == dataset.class_names


def test_its_loss_is_the_sum_and_its_terms_are_shown(distilled, segmentation):
    task, dataset = segmentation
    paddle.seed(1)
    teacher, model = Pointwise(), Pointwise()
    sample = dataset.read(0)
    batch = {"img": sample["img"][None], "label": paddle.to_tensor(sample["label"][None]), "paths": ["a"]}
    plain = task.loss_terms(model, batch)
    terms = distilled(task, teacher, weight=3.0).loss_terms(model, batch)
    assert list(terms) == ["loss", "teacher"]
    assert float(terms["loss"]) == pytest.approx(float(plain["loss"]) + 3 * float(terms["teacher"]), rel=1e-6)


def test_yaml_names_the_wrapping_task_and_gives_it_the_models_own(train_here, tiny_config, tmp_path):
    (tmp_path / "my_distillation.py").write_text(DISTILLED)
    task = "task: {type: DistilledFromSlim, num_classes: 4, weight: 0.1}"
    text = f"{tiny_config.read_text()}custom_imports: [my_distillation.py]\n"
    tiny_config.write_text(f"{text}{task}\n")
    log = train_here("--iters", 2, "--do_eval")
    assert "iter: 2/2" in log and "best validation mIoU" in log
    for wrong, message in (
        ("weight", r"tiny\.yml:\d+: task\.wieght: .*Did you mean 'weight'"),
        ("DistilledFromSlim", r"task\.type: no task '.*'\. Did you mean 'DistilledFromSlim'"),
    ):
        tiny_config.write_text(f"{text}{task.replace(wrong, wrong.replace('ei', 'ie').replace('Slim', 'Sim'))}\n")
        with pytest.raises(ConfigError, match=message):
            train_here("--iters", 1)
