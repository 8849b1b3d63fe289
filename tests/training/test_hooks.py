# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The order of the hooks, including a user's own, and the keys of their states."""

import pickle

import paddle
import pytest

from paddleseg.core import train
from paddleseg.datasets import RoadScenes
from paddleseg.losses import CrossEntropyLoss
from paddleseg.optimizers import ReduceOnPlateau
from paddleseg.training import run
from paddleseg.training.checkpoint import open_checkpoint
from paddleseg.training.hooks import Hook
from paddleseg.training.hooks.log import LogHook
from paddleseg.training.hooks.order import ORDER, in_order
from paddleseg.training.hooks.progress import ProgressHook
from paddleseg.training.hooks.stop import StopHook, StopSignals
from paddleseg.training.run_settings import RunSettings
from paddleseg.transforms import Normalize
from paddleseg.utils.errors import ConfigError
from tests.training.small_trainer import OneLayer, Toy, make_trainer

MY_HOOK = """\
from paddleseg.registry import HOOKS
from paddleseg.training.hooks import Hook


@HOOKS.add_component
class CountSteps(Hook):
    def __init__(self, start: int = 0):
        self.count = start

    def after_step(self, trainer, losses):
        self.count += 1

    def state_dict(self):
        return {"count": self.count}

    def load_state_dict(self, state):
        self.count = state["count"]
"""


class CountSteps(Hook):
    def __init__(self):
        self.count = 0

    def after_step(self, trainer, losses):
        self.count += 1

    def state_dict(self):
        return {"count": self.count}

    def load_state_dict(self, state):
        self.count = state["count"]


class Evaluating(Toy):
    can_evaluate = True


def test_all_hooks_stand_in_the_order_that_is_written_once(tmp_path):
    settings = RunSettings(
        save_dir=str(tmp_path),
        iters=1,
        seed=0,
        num_workers=0,
        use_ema=True,
        do_eval=True,
        use_vdl=True,
        use_tensorboard=True,
        profiler_options="timer_only=True",
    )
    model = OneLayer()
    optimizer = paddle.optimizer.SGD(ReduceOnPlateau(0.1, 10, metric="loss"), parameters=model.parameters())
    own = run._build_hooks(Evaluating(), optimizer, settings, StopHook(StopSignals()))
    hooks = in_order([CountSteps(), *reversed(own), ProgressHook()])
    assert [type(hook) for hook in hooks] == [kind if kind is not Hook else CountSteps for kind in ORDER]


def test_hooks_of_one_kind_stay_in_the_order_they_are_given_in():
    first, second = CountSteps(), CountSteps()
    assert in_order([second, LogHook(1), first])[1:] == [second, first]


def test_the_states_of_two_hooks_of_one_class_do_not_collide(tmp_path):
    hooks = [CountSteps(), CountSteps(), CountSteps()]
    for start, hook in enumerate(hooks):
        hook.count = 100 * start
    trainer = make_trainer(hooks=hooks)
    trainer.train()
    trainer.save(str(tmp_path / "c"))
    checkpoint = open_checkpoint(tmp_path / "c")
    assert list(checkpoint.states["hooks"]) == ["CountSteps", "CountSteps_2", "CountSteps_3"]
    again = [CountSteps(), CountSteps(), CountSteps()]
    make_trainer(hooks=again).restore(checkpoint)
    assert [hook.count for hook in again] == [10, 110, 210]


def test_the_librarys_train_takes_hooks_and_saves_their_states(tmp_path):
    model, hook = OneLayer(), CountSteps()
    train(
        model, RoadScenes([Normalize()], num_samples=2, size=(64, 32)), hooks=[hook],
        optimizer=paddle.optimizer.SGD(0.1, parameters=model.parameters()),
        losses={"types": [lambda logits, label: CrossEntropyLoss()(logits, label.clip(max=1))], "coef": [1]},
        save_dir=tmp_path, iters=3, num_workers=0, seed=1,
    )  # fmt: skip
    assert open_checkpoint(tmp_path / "iter_3").states["hooks"]["CountSteps"] == {"count": 3}


def test_yaml_names_hooks_and_their_arguments_are_checked(train_here, tiny_config, tmp_path):
    (tmp_path / "my_hooks.py").write_text(MY_HOOK)
    text = tiny_config.read_text() + "custom_imports: [my_hooks.py]\n"
    tiny_config.write_text(text + "hooks:\n  - {type: CountSteps, start: 5}\n  - {type: CountSteps}\n")
    train_here("--iters", 2)
    hooks = pickle.loads((tmp_path / "run/iter_2/model.pdstates").read_bytes())["hooks"]
    assert (hooks["CountSteps"], hooks["CountSteps_2"]) == ({"count": 7}, {"count": 2})
    for wrong, message in (
        ("{type: CountSteps, strat: 5}", r"tiny\.yml:\d+: hooks\.0\.strat: .*Did you mean 'start'"),
        ("{type: CountSteps, start: many}", r"hooks\.0\.start: found 'many'; it must be an integer"),
        ("{type: CountStep}", r"hooks\.0\.type: no hook 'CountStep'\. Did you mean 'CountSteps'"),
        ("CountSteps", r"hooks\.0: found 'CountSteps'; it must be a mapping"),
    ):
        tiny_config.write_text(f"{text}hooks: [{wrong}]\n")
        with pytest.raises(ConfigError, match=message):
            train_here("--iters", 1)
