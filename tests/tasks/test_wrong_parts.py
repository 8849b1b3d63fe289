# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A user's faulty tasks, hooks and data sets: each ends in one line that names it, before the first step."""

import sys

import numpy as np
import paddle
import pytest

from paddleseg.core import train
from paddleseg.datasets import RoadScenes
from paddleseg.losses import CrossEntropyLoss
from paddleseg.optimizers import ReduceOnPlateau
from paddleseg.registry import DATASETS, HOOKS, MODELS, TASKS
from paddleseg.tasks import Scores, SegmentationTask
from paddleseg.training.checkpoint import open_checkpoint
from paddleseg.training.hooks import Hook
from paddleseg.training.hooks.base import keyed
from paddleseg.training.hooks.evaluate import EvaluateHook
from paddleseg.transforms import Normalize
from paddleseg.utils.errors import ConfigError, TrainingError, UserError, WeightsError
from tests.messages import naming
from tests.training.small_trainer import OneLayer, make_trainer

pytestmark = pytest.mark.usefixtures("narrow")

PARTS = """\
import numpy as np
from paddle import nn

from paddleseg.datasets import PictureDataset
from paddleseg.registry import DATASETS, HOOKS, MODELS, TASKS
from paddleseg.tasks import SegmentationTask, Task
from paddleseg.training.hooks import Hook


@HOOKS.add_component
class NoHook:
    pass


@HOOKS.add_component
def gives_nothing():
    pass


@HOOKS.add_component
class Failing(Hook):
    def __init__(self):
        raise RuntimeError("out of ideas")


@HOOKS.add_component
class Unsavable(Hook):
    def state_dict(self):
        return {"rng": np.random.default_rng(1)}


@TASKS.add_component
class NoTask:
    def __init__(self):
        pass


@TASKS.add_component
class Half(Task):
    primary = "x"

    def loss_terms(self, network, batch):
        return {}


@TASKS.add_component
class ArrayFacts(SegmentationTask):
    def facts(self):
        return {"mean": np.zeros(3)}


@TASKS.add_component
class NoLoss(SegmentationTask):
    def loss_terms(self, network, batch):
        return {"main": super().loss_terms(network, batch)["main"]}


@TASKS.add_component
class Wrapping(SegmentationTask):
    def __init__(self, task, temperature: float):
        self.task = task

    @property
    def primary(self):
        return self.task.primary


@DATASETS.add_component
class OnlyPictures(PictureDataset):
    def __init__(self, transforms, mode, num_classes: int):
        super().__init__(transforms, mode=mode, num_classes=num_classes)

    def read(self, index):
        pass


@MODELS.add_component
class Lost(nn.Layer):
    task = "Nowhere"

    def __init__(self, num_classes: int):
        super().__init__()


@TASKS.add_component
class Refusing(SegmentationTask):
    def __init__(self, losses=(), train_dataset=None, val_dataset=None):
        raise ValueError("too little data")


@MODELS.add_component
class Refused(nn.Layer):
    task = "Refusing"

    def __init__(self, num_classes: int):
        super().__init__()


@MODELS.add_component
class Wrapped(nn.Layer):
    task = "Wrapping"

    def __init__(self, num_classes: int):
        super().__init__()
"""


PLATEAU = "{{type: ReduceOnPlateau, learning_rate: 0.1, metric: {}}}"


@pytest.fixture
def parts(tiny_config, tmp_path, monkeypatch):
    """The tiny configuration with the file of wrong parts; what that registers is gone after the test."""
    for registry in (TASKS, DATASETS, HOOKS, MODELS):
        monkeypatch.setattr(registry, "_components", dict(registry._components))
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "wrong_parts.py").write_text(PARTS)
    tiny_config.write_text(tiny_config.read_text() + "custom_imports: [wrong_parts.py]\n")
    yield tiny_config
    sys.modules.pop("wrong_parts", None)


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"hooks": "[{type: NoHook}]"}, naming("hooks.0.type", "NoHook", "Hook")),
        ({"hooks": "[{type: gives_nothing}]"}, naming("hooks.0", "gives_nothing", "NoneType")),
        ({"hooks": "[{type: Failing}]"}, naming("hooks.0", "RuntimeError: out of ideas", "wrong_parts.py, line")),
        ({"hooks": "[{type: Unsavable}]"}, naming("hook Unsavable", "state_dict", "numpy")),
        ({"hooks": "{type: NoHook}"}, naming("hooks: found", "a list")),
        ({"task": "{type: NoTask}"}, naming("task.type", "NoTask", "paddleseg.tasks.base.Task")),
        ({"task": "{type: Half}"}, naming("task.type", "Half lacks evaluate")),
        ({"task": "[1]"}, naming("task: found [1]", "a mapping")),
        ({"task": "{type: ArrayFacts}"}, naming("ArrayFacts.facts", "ndarray")),
        ({"task": "{type: NoLoss}"}, naming("NoLoss.loss_terms", "main")),
        ({"task": "{type: SegmentationTask, losses: 3}"}, naming("task.losses", "remove it")),
        ({"task": "{type: Wrapping}"}, naming("task.temperature: missing")),
        (
            {"task": "{type: Wrapping, temperature: 1}", "lr_scheduler": PLATEAU.format("foo")},
            naming("lr_scheduler.metric: found 'foo'", "loss, mIoU"),
        ),
        ({"model": "{type: Lost}"}, naming("model.type: Lost learns Nowhere")),
        ({"model": "{type: Refused}"}, naming("--opts: model: too little data")),
        ({"model": "{type: Wrapped}"}, naming("model.type: Wrapped learns Wrapping, which wraps another task")),
        (
            {"train_dataset": "{type: OnlyPictures, num_classes: 4}"},
            naming("train_dataset.type: OnlyPictures is not a paddleseg.datasets.segmentation.SegmentationDataset"),
        ),
        ({"lr_scheduler": PLATEAU.format("[a]")}, naming("lr_scheduler.metric: found ['a']")),
    ],
)
def test_wrong_parts_are_told_in_one_line_before_anything_is_written(sections, message, parts, train_here, tmp_path):
    with pytest.raises(UserError, match=message) as caught:
        train_here(**sections)
    assert "\n" not in str(caught.value)
    assert not list((tmp_path / "run").glob("iter_*"))


def test_a_section_that_no_task_takes_is_told(parts, train_here, tmp_path):
    module = tmp_path / "wrong_parts.py"
    whole = "class Half(Task):\n    def evaluate(self, model, **settings):\n        pass\n"
    module.write_text(module.read_text().replace("class Half(Task):", whole))
    with pytest.raises(ConfigError, match=naming("loss: has no effect", "Half", "losses")):
        train_here(task="{type: Half}")


class Never(SegmentationTask):
    can_evaluate = False


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"task": 3}, naming("task: found int")),
        ({"hooks": [Hook]}, naming("hooks: found", "a list of", "Hook objects")),
        ({"hooks": None}, naming("hooks: found None")),
        ({"task": SegmentationTask(), "losses": {}}, naming("losses: given together with task")),
        ({"iters": None}, naming("iters: found None")),
        ({"no_such": 1}, "train.. got an unexpected keyword argument 'no_such'"),
    ],
)
def test_what_is_given_from_python_is_looked_at_too(given, message):
    model = OneLayer()
    settings = {"losses": {"types": [CrossEntropyLoss()], "coef": [1]}} if "task" not in given else {}
    with pytest.raises((ConfigError, TypeError), match=message):
        train(
            model,
            RoadScenes([Normalize()], num_samples=2, size=(64, 32)),
            optimizer=paddle.optimizer.SGD(0.1, parameters=model.parameters()),
            **{**settings, **given},
        )


def test_paths_and_numbers_of_numpy_are_taken(tmp_path):
    model = OneLayer(19)
    train(
        model, RoadScenes([Normalize()], num_samples=2, size=(64, 32)),
        optimizer=paddle.optimizer.SGD(0.1, parameters=model.parameters()),
        losses={"types": [CrossEntropyLoss()], "coef": [1]}, save_dir=tmp_path / "run", iters=np.int64(2),
        batch_size=np.int64(1), num_workers=0, seed=np.int32(1),
    )  # fmt: skip
    train(
        model, RoadScenes([Normalize()], num_samples=2, size=(64, 32)),
        optimizer=paddle.optimizer.SGD(0.1, parameters=model.parameters()),
        losses={"types": [CrossEntropyLoss()], "coef": [1]}, save_dir=tmp_path / "run", iters=3, batch_size=1,
        num_workers=0, resume_model=tmp_path / "run" / "iter_2",
    )  # fmt: skip
    assert open_checkpoint(tmp_path / "run" / "iter_3").step == 3


def test_a_schedule_that_follows_a_score_without_evaluations_is_refused_from_python():
    model = OneLayer()
    rate = ReduceOnPlateau(0.1, 10, metric="mIoU")
    with pytest.raises(ConfigError, match=naming("metric: found 'mIoU'", "loss")):
        train(
            model, RoadScenes([Normalize()], num_samples=2, size=(64, 32)),
            optimizer=paddle.optimizer.SGD(rate, parameters=model.parameters()),
            losses={"types": [CrossEntropyLoss()], "coef": [1]},
        )  # fmt: skip


def test_scores_are_plain_numbers_and_have_their_primary_one():
    assert type(Scores({"top1": np.float32(0.5)}, "top1").figure) is float
    with pytest.raises(ValueError, match="primary: found 'mIoU'; it must be one of top1"):
        Scores({"top1": 0.5}, "mIoU")


@pytest.mark.parametrize(("given", "found"), [({"mIoU": 0.5}, "dict"), (Scores({"x": 0.5}, "x"), "scores by 'x'")])
def test_an_evaluation_that_gives_something_else_names_the_task(given, found, tmp_path):
    hook = EvaluateHook(lambda model: given, interval=1, folder=str(tmp_path))
    with pytest.raises(TrainingError, match=naming("Toy.evaluate", found, "mIoU")):
        make_trainer(hooks=[hook], total_steps=1).train()


def test_a_figure_that_is_no_number_is_not_kept_for_ever(tmp_path):
    figures = iter([np.nan, 0.5, np.nan])
    hook = EvaluateHook(
        lambda model: Scores({"mIoU": next(figures)}, "mIoU"), interval=1, folder=str(tmp_path / "best")
    )
    make_trainer(hooks=[hook], total_steps=3).train()
    assert (hook.best_figure, hook.best_step) == (0.5, 2)


def test_a_state_that_no_longer_fits_its_hook_names_it(tmp_path):
    class Counting(Hook):
        def state_dict(self):
            return {"count": 1}

        def load_state_dict(self, state):
            self.count = state["number"]

    make_trainer(hooks=[Counting()]).save(str(tmp_path / "c"))
    with pytest.raises(WeightsError, match=naming("hook Counting", "KeyError", "'number'")):
        make_trainer(hooks=[Counting()]).restore(open_checkpoint(tmp_path / "c"))


def test_a_users_hook_does_not_take_the_key_of_a_built_in_one(tmp_path):
    own = type("EvaluateHook", (Hook,), {})()
    built_in = EvaluateHook(lambda model: None, interval=1, folder=str(tmp_path))
    assert list(keyed([own, built_in]).items()) == [("EvaluateHook_2", own), ("EvaluateHook", built_in)]


def test_a_run_that_shall_evaluate_has_something_to_evaluate(tiny_config, train_here, monkeypatch):
    monkeypatch.setitem(TASKS._components, "Never", Never)
    with pytest.raises(ConfigError, match=naming("--do_eval", "Never")):
        train_here("--do_eval", task="{type: Never}")


def test_without_do_eval_a_task_is_not_evaluated(train_here):
    assert "[EVAL]" not in train_here("--iters", 1, "--save_interval", 1)


def test_a_flag_wins_over_opts(train_here):
    assert "seed: 3" in train_here("--iters", 1, seed=7)
