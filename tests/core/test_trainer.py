# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The training loop with a network of one layer and real hooks."""

import json
import pickle
import re
import shutil

import numpy as np
import paddle
import pytest
from paddle import nn

from paddleseg.core import checkpoint
from paddleseg.core.ema import ExponentialMovingAverage
from paddleseg.core.finite_guard import FiniteGuard
from paddleseg.core.hooks import CheckpointHook, EmaHook, EvaluateHook, Hook, LogHook, format_train_line
from paddleseg.core.loss_hooks import SpikeHook
from paddleseg.core.optimizer_state import rename_optimizer_state
from paddleseg.core.run_folder import find_start, prepare_folder
from paddleseg.core.trainer import Trainer
from paddleseg.losses import CrossEntropyLoss
from paddleseg.models.weights import apply_weights, read_weights
from paddleseg.transforms.transforms import Normalize
from paddleseg.utils.errors import ConfigError, TrainingError, WeightsError

TOTAL_STEPS = 10


class OneLayer(nn.Layer):
    arch = "OneLayer"

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2D(3, 2, 1)
        self.bn = nn.BatchNorm2D(2)

    def forward(self, x):
        return [self.bn(self.conv(x))]


def make_batch(number, bad=False):
    random = np.random.default_rng(number)
    image = random.integers(0, 256, (2, 8, 8, 3)).astype("uint8")
    if bad:
        image = np.where(np.arange(8)[:, None] == 3, np.nan, image.astype("float32"))
    label = random.integers(0, 2, (2, 8, 8)).astype("uint8")
    return {
        "img": paddle.to_tensor(image),
        "label": paddle.to_tensor(label),
        "paths": [f"picture_{number}.png"],
    }


def make_trainer(
    *, hooks=(), seed=0, total_steps=TOTAL_STEPS, accumulate=1, use_ema=False, bad_step=None, batches=None, **options
):
    paddle.seed(seed)
    model = OneLayer()
    schedule = paddle.optimizer.lr.PolynomialDecay(0.5, total_steps, end_lr=0.0)
    parameters = [p for p in model.parameters() if not p.stop_gradient]
    optimizer = paddle.optimizer.Momentum(schedule, 0.9, parameters)

    def batches_from(step):
        return (make_batch(n, n + 1 == bad_step) for n in range(step * accumulate, total_steps * accumulate))

    return Trainer(
        model,
        [(CrossEntropyLoss(), 1.0)],
        optimizer,
        schedule,
        batches or batches_from,
        normalize=Normalize(),
        total_steps=total_steps,
        batches_per_epoch=4,
        samples_per_step=2 * accumulate,
        grad_accum_steps=accumulate,
        ema=ExponentialMovingAverage(model, 0.9) if use_ema else None,
        run={"seed": seed, "batch_size": 2},
        hooks=hooks,
        **options,
    )


class Result:
    """What the evaluation hook reads of an evaluation."""

    def __init__(self, mean_iou):
        self.mean_iou = self.pixel_accuracy = mean_iou


def evaluate_hook(figures, folder, **options):
    figures = iter(figures)
    return EvaluateHook(lambda model: Result(next(figures)), lambda result, title: None, folder=str(folder), **options)


def weights(trainer):
    return {name: tensor.numpy().copy() for name, tensor in trainer.model.state_dict().items()}


def same(a, b):
    return all((a[name] == b[name]).all() for name in a)


def test_the_train_line_is_paddlesegs_byte_for_byte():
    line = format_train_line(
        epoch=3,
        step=50,
        total_steps=2000,
        loss=1.23456,
        learning_rate=0.01,
        batch_cost=2.0,
        reader_cost=0.00012,
        ips=4.0,
    )
    assert line == (
        "[TRAIN] epoch: 3, iter: 50/2000, loss: 1.2346, lr: 0.010000, batch_cost: 2.0000, reader_cost: 0.00012, "
        "ips: 4.0000 samples/sec | ETA 01:05:00"
    )


def test_lines_come_at_the_interval_and_at_the_end_with_the_right_epoch(log):
    make_trainer(hooks=[LogHook(4)]).train()
    found = re.findall(r"epoch: (\d+), iter: (\d+)/10, loss: ([\d.]+), lr: ([\d.]+)", log.text)
    assert [(int(epoch), int(step)) for epoch, step, *_ in found] == [(1, 4), (2, 8), (3, 10)]
    # The rate of the last step: 0.5 * (1 - 3/10), 0.5 * (1 - 7/10), 0.5 * (1 - 9/10).
    assert [float(rate) for *_, rate in found] == [0.35, 0.15, 0.05]


def test_the_logged_loss_is_the_mean_since_the_last_line(log):
    losses = []

    class Record(Hook):
        def after_step(self, trainer, terms):
            losses.append(float(terms["loss"]))

    make_trainer(hooks=[Record(), LogHook(5)]).train()
    found = [float(loss) for loss in re.findall(r"loss: ([\d.]+)", log.text)]
    assert found == pytest.approx([np.mean(losses[:5]), np.mean(losses[5:])], abs=1e-4)


def test_checkpoints_are_saved_at_the_interval_and_the_oldest_pruned(tmp_path):
    make_trainer(hooks=[CheckpointHook(3, str(tmp_path), keep=2)]).train()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["iter_10", "iter_9"]
    assert sorted(path.name for path in (tmp_path / "iter_9").iterdir()) == [
        "manifest.json", "model.pdopt", "model.pdparams", "model.pdstates",
    ]  # fmt: skip


def test_the_best_model_is_kept_and_not_overwritten_by_a_worse_one(tmp_path):
    hook = evaluate_hook([0.2, 0.5, 0.3, 0.4, 0.4], tmp_path / "best_model", interval=2)
    make_trainer(hooks=[hook]).train()
    assert (hook.best_mean_iou, hook.best_step) == (0.5, 4)
    assert json.loads((tmp_path / "best_model/manifest.json").read_text())["step"] == 4


def test_early_stop_ends_after_that_many_evaluations_without_a_better_one(tmp_path, log):
    hook = evaluate_hook([0.2, 0.5, 0.3, 0.4, 0.9], tmp_path / "best_model", interval=2, early_stop_intervals=2)
    trainer = make_trainer(hooks=[hook, CheckpointHook(100, str(tmp_path), keep=5)])
    trainer.train()
    assert trainer.step == 8
    assert "early stop" in log.text
    assert (tmp_path / "iter_8").is_dir()


@pytest.mark.parametrize("accumulate", [1, 2])
@pytest.mark.parametrize("stop_at", [1, 4, 7])
def test_interrupted_and_resumed_equals_uninterrupted_bit_for_bit(tmp_path, stop_at, accumulate):
    straight = make_trainer(hooks=[EmaHook()], use_ema=True, accumulate=accumulate)
    straight.train()

    class StopAt(Hook):
        def after_step(self, trainer, losses):
            if trainer.step == stop_at:
                trainer.stop("enough")

    first = make_trainer(hooks=[EmaHook(), StopAt()], use_ema=True, accumulate=accumulate)
    first.train()
    first.save(str(tmp_path / "c"))
    second = make_trainer(hooks=[EmaHook()], use_ema=True, accumulate=accumulate)
    for tensor in second.model.state_dict().values():
        tensor.set_value(tensor + 1)  # what is not restored cannot pass unseen
    second.restore(str(tmp_path / "c"))
    assert second.step == stop_at
    second.train()
    assert same(weights(straight), weights(second))
    averages = [{n: t.numpy() for n, t in trainer.ema.state_dict().items()} for trainer in (straight, second)]
    assert same(*averages)


def test_the_best_metric_survives_a_resume(tmp_path):
    hook = evaluate_hook([0.5], tmp_path / "best_model", interval=TOTAL_STEPS)
    trainer = make_trainer(hooks=[hook])
    trainer.train()
    trainer.save(str(tmp_path / "c"))
    again = evaluate_hook([], tmp_path / "best_model", interval=TOTAL_STEPS)
    make_trainer(hooks=[again]).restore(str(tmp_path / "c"))
    assert (again.best_mean_iou, again.best_step) == (0.5, TOTAL_STEPS)


def test_a_run_of_other_samples_is_refused_on_resume_by_name(tmp_path):
    make_trainer(seed=1).save(str(tmp_path / "c"))
    with pytest.raises(ConfigError, match="seed was 1, now it is 2"):
        make_trainer(seed=2).restore(str(tmp_path / "c"))


def test_the_epoch_counts_batches_and_not_optimiser_steps():
    trainer = make_trainer(accumulate=3)  # 4 batches per epoch
    epochs = []
    for trainer.step in range(1, 6):
        epochs.append(trainer.epoch)
    assert epochs == [1, 2, 3, 3, 4]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_weights_are_saved_and_loaded_as_the_numbers_they_are(dtype):
    half = OneLayer().to(dtype=dtype)
    saved = checkpoint.to_arrays(dict(half.state_dict()))
    assert all(array.dtype == np.float32 for array in saved.values())
    for other in (OneLayer(), OneLayer().to(dtype=dtype)):
        assert apply_weights(other, saved).complete
        assert same({n: t.astype("float32").numpy() for n, t in other.state_dict().items()}, saved)


def test_each_weight_file_names_its_own_figure(tmp_path):
    hook = evaluate_hook([0.2, 0.6], tmp_path / "best_model", interval=TOTAL_STEPS)
    make_trainer(hooks=[EmaHook(), hook], use_ema=True).train()
    metas = [read_weights(tmp_path / "best_model" / name)[1] for name in ("model.pdparams", "ema_model.pdparams")]
    assert [meta["metric"] for meta in metas] == [{"mIoU": 0.2}, {"mIoU": 0.6}]
    assert hook.best_file == "ema_model.pdparams"


def test_two_accumulated_batches_give_the_mean_of_their_gradients():
    batch = make_batch(0)
    twice = make_trainer(total_steps=1, accumulate=2, batches=lambda step: iter([batch, batch]))
    once = make_trainer(total_steps=1, batches=lambda step: iter([batch]))
    for trainer in (once, twice):
        trainer.train()
    for name in ("conv.weight", "conv.bias", "bn.weight"):
        np.testing.assert_allclose(weights(once)[name], weights(twice)[name], rtol=1e-5, atol=1e-7)


def test_a_loss_that_is_not_finite_ends_the_run_naming_step_and_pictures_and_spares_the_weights(tmp_path):
    class Record(Hook):
        def after_step(self, trainer, losses):
            seen.append(weights(trainer))

    seen = []
    trainer = make_trainer(hooks=[Record(), LogHook(5), CheckpointHook(5, str(tmp_path), keep=5)], bad_step=3)
    with pytest.raises(TrainingError, match=r"step 3 is not finite \(loss: loss nan\).*picture_2\.png"):
        trainer.train()
    assert all(np.isfinite(value).all() for state in seen for value in state.values())
    assert same({n: v for n, v in seen[1].items() if "_mean" in n}, {n: v for n, v in seen[4].items() if "_mean" in n})
    assert not list(tmp_path.iterdir())


def test_the_moving_average_follows_by_its_formula_and_copies_statistics():
    model = OneLayer()
    ema = ExponentialMovingAverage(model, decay=0.8)
    expected = model.conv.weight.numpy().astype("float64")
    for step in range(1, 12):
        model.conv.weight.set_value(model.conv.weight + 0.1 * step)
        model.bn._mean.set_value(model.bn._mean + 1)
        ema.update(step)
        decay = min(0.8, 1 - 1 / (step + 1))
        expected = decay * expected + (1 - decay) * model.conv.weight.numpy()
    np.testing.assert_allclose(ema.state_dict()["conv.weight"].numpy(), expected, rtol=1e-5)
    own = model.conv.weight.numpy().copy()
    with ema.applied():
        np.testing.assert_allclose(model.conv.weight.numpy(), expected, rtol=1e-5)
        assert (model.bn._mean.numpy() == 11).all()
    assert (model.conv.weight.numpy() == own).all()
    model.bn._mean.set_value(model.bn._mean + 5)
    ema.copy_statistics()
    assert (ema.state_dict()["bn._mean"].numpy() == 16).all()


def test_with_a_moving_average_the_better_figure_counts_and_both_files_are_kept(tmp_path):
    hook = evaluate_hook([0.2, 0.6], tmp_path / "best_model", interval=TOTAL_STEPS)
    make_trainer(hooks=[EmaHook(), hook], use_ema=True).train()
    assert hook.best_mean_iou == 0.6
    assert (tmp_path / "best_model/ema_model.pdparams").is_file()
    assert (tmp_path / "best_model/model.pdparams").is_file()


def test_files_are_readable_by_paddle_itself(tmp_path):
    trainer = make_trainer()
    trainer.train()
    trainer.save(str(tmp_path / "c"))
    loaded = paddle.load(str(tmp_path / "c/model.pdparams"))
    other = OneLayer()
    other.set_state_dict(loaded)
    assert same(weights(trainer), {n: t.numpy() for n, t in other.state_dict().items()})


def test_the_optimizer_state_finds_its_parameters_in_a_process_that_built_other_layers_first(tmp_path):
    trainer = make_trainer()
    trainer.train_step(iter([make_batch(7)]))
    trainer.save(str(tmp_path / "c"))
    other = make_trainer()  # Paddle counts layers, so its parameters have other internal names
    other.restore(str(tmp_path / "c"))
    for one in (trainer, other):
        one.train_step(iter([make_batch(0)]))
    assert same(weights(trainer), weights(other))


def test_an_optimizer_state_of_another_network_is_refused():
    with pytest.raises(WeightsError, match="strange_velocity_0"):
        rename_optimizer_state({"strange_velocity_0": 1}, {"conv.weight": "conv2d_0.w_0"}, {})


def test_similar_internal_names_are_told_apart():
    old = {"a": "conv2d_1.w_0", "b": "conv2d_1.w_0_1"}
    new = {"a": "conv2d_5.w_0", "b": "conv2d_9.w_0"}
    state = {"conv2d_1.w_0_velocity_0": 1, "conv2d_1.w_0_1_velocity_0": 2, "LR_Scheduler": {"last_lr": 0.1}}
    assert rename_optimizer_state(state, old, new) == {
        "conv2d_5.w_0_velocity_0": 1,
        "conv2d_9.w_0_velocity_0": 2,
        "LR_Scheduler": {"last_lr": 0.1},
    }


def test_a_damaged_checkpoint_is_passed_over_for_the_one_before(tmp_path, log):
    make_trainer(hooks=[CheckpointHook(5, str(tmp_path), keep=5)]).train()
    assert checkpoint.latest_checkpoint(tmp_path).name == "iter_10"
    with open(tmp_path / "iter_10/model.pdparams", "r+b") as file:
        file.seek(100)
        file.write(b"\xff")
    assert checkpoint.latest_checkpoint(tmp_path).name == "iter_5"
    assert "iter_10" in log.text


def test_an_interrupted_replacement_is_brought_back(tmp_path):
    trainer = make_trainer()
    trainer.save(str(tmp_path / "best_model"))
    (tmp_path / "best_model").rename(tmp_path / "best_model.replaced")
    (tmp_path / "iter_9.writing").mkdir()
    (tmp_path / "notes.writing").mkdir()
    (tmp_path / "iter_x.replaced").write_text("the user's own")
    checkpoint.recover(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["best_model", "iter_x.replaced", "notes.writing"]
    checkpoint.check_manifest(tmp_path / "best_model")


def test_checkpoints_of_later_steps_are_found_the_best_model_among_them(tmp_path):
    trainer = make_trainer()
    for trainer.step, name in ((3, "iter_3"), (5, "iter_5"), (5, "best_model")):
        trainer.save(str(tmp_path / name))
    assert [path.name for path in checkpoint.newer_than(tmp_path, 5)] == []
    assert [path.name for path in checkpoint.newer_than(tmp_path, 4)] == ["iter_5", "best_model"]


def test_a_folder_without_manifest_is_not_resumed(tmp_path):
    (tmp_path / "iter_5").mkdir()
    (tmp_path / "iter_5/model.pdparams").write_bytes(pickle.dumps({}))
    reasons = {"iter_5": "it has no manifest", "iter_5/model.pdparams": "it is a file", "x": "no such folder"}
    for place, reason in reasons.items():
        with pytest.raises(WeightsError, match=rf"{place} is not a complete checkpoint: {reason}.*give an iter_N"):
            make_trainer().restore(str(tmp_path / place))


def skipping_trainer(bad_steps, max_skipped, hooks=(), total_steps=TOTAL_STEPS):
    def batches_from(step):
        return (make_batch(n, n + 1 in bad_steps) for n in range(step, total_steps))

    return make_trainer(hooks=hooks, batches=batches_from, total_steps=total_steps, max_skipped_steps=max_skipped)


def test_steps_that_are_not_finite_are_left_out_as_if_they_had_not_been(log):
    class Record(Hook):
        def after_step(self, trainer, losses):
            seen.append((weights(trainer), {n: t.numpy().copy() for n, t in trainer.optimizer.state_dict().items()
                                            if hasattr(t, "numpy")}))  # fmt: skip

    seen = []
    skipping_trainer({3, 4}, 2, hooks=[Record(), LogHook(5)]).train()
    for before, after in ((1, 2), (2, 3)):
        assert all(same(a, b) for a, b in zip(seen[before], seen[after]))  # momentum and statistics too
    assert not same(seen[3][0], seen[4][0])
    assert re.search(r"step 3 is not finite .*picture_2\.png\. Left out, 1 of at most 2", log.text)
    assert "Left out, 2 of at most 2" in log.text
    assert "loss: nan" not in log.text.replace("(loss: loss nan)", "")


def test_one_more_than_max_skipped_steps_ends_the_run_and_a_resume_goes_on_counting(tmp_path):
    trainer = skipping_trainer({2, 5}, 1)
    with pytest.raises(TrainingError, match=r"step 5 is not finite .*picture_4\.png\. 1 steps were left out before it"):
        trainer.train()
    first = skipping_trainer({2}, 1, total_steps=3)
    first.train()
    first.save(str(tmp_path / "c"))
    again = skipping_trainer({5}, 1)
    again.restore(str(tmp_path / "c"))
    with pytest.raises(TrainingError, match="step 5 is not finite"):
        again.train()


def test_a_run_without_evaluation_does_not_forget_the_best_figure(tmp_path):
    first = make_trainer(hooks=[evaluate_hook([0.5], tmp_path / "best_model", interval=5)], total_steps=5)
    first.train()
    first.save(str(tmp_path / "a"))
    between = make_trainer()
    between.restore(str(tmp_path / "a"))
    between.save(str(tmp_path / "b"))
    hook = evaluate_hook([0.4], tmp_path / "best_model", interval=TOTAL_STEPS)
    last = make_trainer(hooks=[hook])
    last.restore(str(tmp_path / "b"))
    last.train()
    assert (hook.best_mean_iou, hook.best_step) == (0.5, 5)
    assert json.loads((tmp_path / "best_model/manifest.json").read_text())["step"] == 5


def test_a_jump_of_the_loss_is_reported_with_its_step(log):
    hook = SpikeHook(interval=2, window=4)
    trainer = make_trainer()
    for trainer.step in range(1, 13):
        hook.after_step(trainer, {"loss": paddle.to_tensor(9.0 if trainer.step in (2, 12) else 1.0)})
    assert re.findall(r"jumped to ([\d.]+) at iter (\d+), from about ([\d.]+)", log.text) == [
        ("5.0000", "12", "1.0000")
    ]


def run_with_figures(folder, figures, *, start=None, total_steps=TOTAL_STEPS, **options):
    """A run that evaluates and saves each second step, as far as there are figures; gives its evaluation hook."""
    hook = evaluate_hook(figures, folder / "best_model", interval=2, **options)
    trainer = make_trainer(hooks=[hook, CheckpointHook(2, str(folder), keep=9)], total_steps=total_steps)
    if start is not None:
        trainer.restore(str(start))
        prepare_folder(str(folder), start, trainer.step, None)
    trainer.train()
    return hook


def best_of(folder):
    """Step and figure of the best model, as its files say."""
    meta = read_weights(folder / "best_model" / "model.pdparams")[1]
    assert json.loads((folder / "best_model" / "manifest.json").read_text())["step"] == meta["step"]
    return meta["step"], meta["metric"]["mIoU"]


def test_a_run_killed_between_best_model_and_the_checkpoint_of_its_step_goes_on_from_the_best_model(tmp_path):
    run_with_figures(tmp_path, [0.2, 0.5, 0.6], total_steps=6)
    shutil.rmtree(tmp_path / "iter_6")
    start = find_start(str(tmp_path), "auto")
    assert start == tmp_path / "best_model"
    run_with_figures(tmp_path, [], start=start, total_steps=6)
    assert checkpoint.latest_checkpoint(tmp_path) == tmp_path / "iter_6"
    hook = run_with_figures(tmp_path, [0.3, 0.4], start=start)
    assert (hook.best_mean_iou, hook.best_step) == (0.6, 6)
    assert best_of(tmp_path) == (6, 0.6)
    assert not list(tmp_path.glob("earlier_run_*"))


def test_of_one_step_the_checkpoint_is_taken_and_where_it_is_damaged_the_best_model(tmp_path):
    run_with_figures(tmp_path, [0.2, 0.5], total_steps=4)
    assert checkpoint.latest_checkpoint(tmp_path) == tmp_path / "iter_4"
    (tmp_path / "iter_4" / "model.pdopt").write_bytes(b"")
    assert checkpoint.latest_checkpoint(tmp_path) == tmp_path / "best_model"
    (tmp_path / "best_model" / "model.pdopt").write_bytes(b"")
    assert checkpoint.latest_checkpoint(tmp_path) == tmp_path / "iter_2"


def test_going_back_behind_the_best_model_brings_back_the_one_of_that_time(tmp_path):
    run_with_figures(tmp_path, [0.5, 0.4, 0.3, 0.6], total_steps=8)
    assert best_of(tmp_path) == (8, 0.6)
    hook = run_with_figures(tmp_path, [0.1, 0.2, 0.3], start=tmp_path / "iter_4")
    assert (hook.best_mean_iou, hook.best_step) == (0.5, 2)
    assert best_of(tmp_path) == (2, 0.5)
    [aside] = tmp_path.glob("earlier_run_*")
    assert best_of(aside) == (8, 0.6)


def test_a_best_model_that_is_nowhere_is_forgotten_aloud(tmp_path, log):
    run_with_figures(tmp_path, [0.5, 0.4, 0.3, 0.6], total_steps=8)
    shutil.rmtree(tmp_path / "iter_2")
    hook = run_with_figures(tmp_path, [0.1, 0.2, 0.15], start=tmp_path / "iter_4")
    assert "the model with the best validation mIoU so far (0.5000, of iter 2) is not in" in log.text
    assert (hook.best_mean_iou, hook.best_step) == (0.2, 8)
    assert best_of(tmp_path) == (8, 0.2)


def test_a_run_that_goes_on_in_another_folder_takes_its_best_model_along(tmp_path):
    run_with_figures(tmp_path / "one", [0.5, 0.4], total_steps=4)
    run_with_figures(tmp_path / "two", [0.1, 0.2, 0.3], start=tmp_path / "one" / "iter_4")
    assert best_of(tmp_path / "two") == best_of(tmp_path / "one") == (2, 0.5)


def test_a_run_that_was_stopped_early_is_not_begun_again(tmp_path, log):
    run_with_figures(tmp_path, [0.5, 0.4, 0.3, 0.9], early_stop_intervals=2)
    assert (tmp_path / "iter_6").is_dir()
    run_with_figures(tmp_path, [0.9, 0.9], start=tmp_path / "iter_6", early_stop_intervals=2)
    assert log.text.count("stopped at iter 6: mIoU did not rise in 2 evaluations (early stop)") == 2
    assert best_of(tmp_path) == (2, 0.5)
    run_with_figures(tmp_path, [0.9, 0.9], start=tmp_path / "iter_6", early_stop_intervals=3)
    assert best_of(tmp_path) == (8, 0.9)


def test_a_moving_average_that_is_given_up_is_said(tmp_path, log):
    make_trainer(use_ema=True).save(str(tmp_path / "c"))
    make_trainer().restore(str(tmp_path / "c"))
    assert "has a moving average of the weights; without --use_ema it ends there" in log.text


def test_a_step_that_is_left_out_does_not_reach_the_weights_through_a_loss_scaler(monkeypatch):
    """A loss may be infinite where its gradients are not, and those the scaler lets pass."""
    updates = []

    class Scaler:
        def __init__(self, enable):
            pass

        def scale(self, loss):
            return loss

        def step(self, optimizer):
            updates.append("step")
            optimizer.step()

        def update(self):
            updates.append("update")

    class InfiniteInStepTwo(CrossEntropyLoss):
        calls = 0

        def forward(self, logits, label):
            self.calls += 1
            return super().forward(logits, label) + (np.inf if self.calls == 2 else 0.0)

    monkeypatch.setattr(paddle.amp, "GradScaler", Scaler)
    trainer = make_trainer(total_steps=3, max_skipped_steps=1, precision="fp16")
    trainer._losses = [(InfiniteInStepTwo(), 1.0)]
    seen = []
    batches = iter([make_batch(0), make_batch(1), make_batch(2)])
    for _ in range(3):
        trainer.train_step(batches)
        seen.append(weights(trainer))
    assert same(seen[0], seen[1])
    assert not same(seen[1], seen[2])
    assert updates == ["step", "update"] * 2


def test_gradients_in_several_precisions_are_judged_together(log):
    """With bf16 and O2 on a card the batch norm stays in float32."""

    class Mixed(nn.Layer):
        def __init__(self):
            super().__init__()
            self.coarse = self.create_parameter([2], dtype="bfloat16")
            self.fine = self.create_parameter([2], dtype="float32")

    model = Mixed()
    loss = model.coarse.astype("float32").sum() + model.fine.sum()
    loss.backward()
    guard = FiniteGuard(model, max_skipped=1)  # which does not touch the gradients: the CPU has no kernel for these
    guard.start_step()
    assert guard.finish_step(1, {"loss": loss.detach()}, ["picture.png"])
    model.coarse.grad.set_value(model.coarse.grad * float("inf"))
    assert not guard.finish_step(2, {"loss": loss.detach()}, ["picture.png"])
    assert re.search(r"step 2 is not finite \(loss: loss \S+, but gradients are not finite\)", log.text)
