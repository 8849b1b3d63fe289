# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The figures and samples of a training that hooks get, and when."""

import numpy as np
import pytest

from paddleseg.inference.evaluation import EvaluationStopped
from paddleseg.training.hooks import Hook
from paddleseg.training.hooks.evaluate import EvaluateHook
from paddleseg.training.hooks.log import LogHook
from paddleseg.utils import distributed
from tests.training.small_trainer import evaluate_hook, make_trainer, scores, weights


class Collects(Hook):
    wants_samples = True

    def __init__(self):
        self.figures, self.samples = [], []

    def take_figures(self, trainer, figures):
        self.figures.append((trainer.step, dict(figures)))

    def take_samples(self, trainer, samples):
        self.samples.append((trainer.step, weights(trainer), samples))


def test_figures_come_by_the_names_of_visualdl_at_the_steps_that_have_any(tmp_path):
    hook = Collects()
    evaluation = evaluate_hook([0.1, 0.2, 0.4, 0.3], tmp_path / "best_model", interval=5)
    make_trainer(hooks=[LogHook(5), hook, evaluation], use_ema=True).train()
    assert [(step, sorted(figures)[0]) for step, figures in hook.figures] == [
        (5, "Train/batch_cost"), (5, "Evaluate/Acc"), (5, "Evaluate/EMA_Acc"),
        (10, "Train/batch_cost"), (10, "Evaluate/Acc"), (10, "Evaluate/EMA_Acc"),
    ]  # fmt: skip
    assert [figures["Evaluate/mIoU"] for _, figures in hook.figures if "Evaluate/mIoU" in figures] == [0.1, 0.4]
    assert [figures["Evaluate/EMA_mIoU"] for _, figures in hook.figures if "Evaluate/EMA_mIoU" in figures] == [0.2, 0.3]


def test_an_evaluation_that_is_stopped_half_way_publishes_nothing(tmp_path):
    """Both sets of weights are evaluated again when the run goes on."""
    hook, given = Collects(), []

    def evaluate(model):
        given.append(scores(0.5))
        if len(given) == 2:
            raise EvaluationStopped
        return given[-1]

    evaluation = EvaluateHook(evaluate, folder=str(tmp_path / "best_model"), interval=5)
    trainer = make_trainer(hooks=[hook, evaluation], use_ema=True)
    trainer.train()
    assert (trainer.step, len(given), hook.figures) == (5, 2, [])


@pytest.mark.parametrize("average_is_better", [False, True])
def test_samples_are_of_the_better_weights_and_the_network_keeps_its_own(average_is_better, tmp_path):
    hook, drawn = Collects(), []
    figures = [0.1, 0.2] if average_is_better else [0.2, 0.1]
    evaluation = evaluate_hook(
        figures, tmp_path / "best_model", interval=10,
        draw_samples=lambda model: drawn.append(
            {name: tensor.numpy().copy() for name, tensor in model.state_dict().items()}
        ) or {"a": np.zeros((1, 1, 3), np.uint8)},
    )  # fmt: skip
    trainer = make_trainer(hooks=[hook, evaluation], use_ema=True)
    trainer.train()
    [(step, left, samples)] = hook.samples
    assert step == 10 and list(samples) == ["a"]
    wanted = (
        {name: np.asarray(value) for name, value in trainer.ema.state_dict().items()} if average_is_better else left
    )
    assert all(np.array_equal(drawn[0][name], wanted[name]) for name in ("conv.weight", "conv.bias"))
    assert all(np.array_equal(left[name], value) for name, value in weights(trainer).items())


def test_nothing_is_drawn_where_no_hook_wants_it_and_only_the_first_process_publishes(tmp_path, monkeypatch):
    class Figures(Collects):
        wants_samples = False

    hook = Figures()
    monkeypatch.setattr(distributed, "rank", lambda: 1)
    evaluation = evaluate_hook([0.1], tmp_path / "best_model", interval=10, draw_samples=lambda model: 1 / 0)
    trainer = make_trainer(hooks=[LogHook(5), hook])
    trainer.publish({"Train/loss": 1.0})
    assert hook.figures == []
    monkeypatch.undo()
    make_trainer(hooks=[hook, evaluation]).train()
    assert len(hook.figures) == 1 and hook.samples == []
