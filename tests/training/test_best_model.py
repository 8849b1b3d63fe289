# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The best model so far: kept, restored, and correct after every kind of resume."""

import json
import math
import shutil

import pytest

from paddleseg.inference.evaluation import EvaluationStopped
from paddleseg.models.pretrained import load_pretrained
from paddleseg.models.weight_folder import weight_file
from paddleseg.models.weights import load_weights, read_weights
from paddleseg.training import checkpoint
from paddleseg.training.checkpoint import open_checkpoint
from paddleseg.training.hooks.checkpoint import CheckpointHook
from paddleseg.training.hooks.ema import EmaHook
from paddleseg.training.hooks.evaluate import EvaluateHook
from paddleseg.training.run_folder import find_start, prepare_folder
from paddleseg.utils.errors import WeightsError
from tests.training.resumed import assert_same_state
from tests.training.small_trainer import TOTAL_STEPS, OneLayer, best_of, evaluate_hook, make_trainer, scores


def test_the_best_model_is_kept_and_not_overwritten_by_a_worse_one(tmp_path):
    hook = evaluate_hook([0.2, 0.5, 0.3, 0.4, 0.4], tmp_path / "best_model", interval=2)
    make_trainer(hooks=[hook]).train()
    assert (hook.best_figure, hook.best_step) == (0.5, 4)
    assert json.loads((tmp_path / "best_model/manifest.json").read_text())["step"] == 4


def test_early_stop_ends_after_that_many_evaluations_without_a_better_one(tmp_path, log):
    hook = evaluate_hook([0.2, 0.5, 0.3, 0.4, 0.9], tmp_path / "best_model", interval=2, early_stop_intervals=2)
    trainer = make_trainer(hooks=[hook, CheckpointHook(100, str(tmp_path), keep=5)])
    trainer.train()
    assert trainer.step == 8
    assert "early stop" in log.text
    assert (tmp_path / "iter_8").is_dir()


def test_the_best_metric_survives_a_resume(tmp_path):
    hook = evaluate_hook([0.5], tmp_path / "best_model", interval=TOTAL_STEPS)
    trainer = make_trainer(hooks=[hook])
    trainer.train()
    trainer.save(str(tmp_path / "c"))
    again = evaluate_hook([], tmp_path / "best_model", interval=TOTAL_STEPS)
    make_trainer(hooks=[again]).restore(open_checkpoint(tmp_path / "c"))
    assert (again.best_figure, again.best_step) == (0.5, TOTAL_STEPS)


def test_each_weight_file_names_its_own_figure(tmp_path):
    hook = evaluate_hook([0.2, 0.6], tmp_path / "best_model", interval=TOTAL_STEPS)
    make_trainer(hooks=[EmaHook(), hook], use_ema=True).train()
    metas = [read_weights(tmp_path / "best_model" / name)[1] for name in ("model.pdparams", "ema_model.pdparams")]
    assert [meta["metric"] for meta in metas] == [{"mIoU": 0.2}, {"mIoU": 0.6}]
    assert hook.best_file == "ema_model.pdparams"


def test_with_a_moving_average_the_better_figure_counts_and_both_files_are_kept(tmp_path):
    hook = evaluate_hook([0.2, 0.6], tmp_path / "best_model", interval=TOTAL_STEPS)
    make_trainer(hooks=[EmaHook(), hook], use_ema=True).train()
    assert hook.best_figure == 0.6
    assert (tmp_path / "best_model/ema_model.pdparams").is_file()
    assert (tmp_path / "best_model/model.pdparams").is_file()


def run_with_average(folder, figures):
    """The best model of a run of two evaluations: the weights' figure, then that of their average."""
    hook = evaluate_hook(figures, folder / "best_model", interval=TOTAL_STEPS)
    make_trainer(hooks=[EmaHook(), hook], use_ema=True).train()
    return folder / "best_model"


def test_a_folder_means_the_file_with_the_better_figure_and_a_named_file_itself(tmp_path, log):
    for figures, winner, other in (
        ([0.2, 0.6], "ema_model.pdparams", "model.pdparams"),
        ([0.6, 0.2], "model.pdparams", "ema_model.pdparams"),
        ([math.nan, 0.1], "ema_model.pdparams", "model.pdparams"),
        ([0.3, 0.3], "model.pdparams", "ema_model.pdparams"),
    ):
        best = run_with_average(tmp_path, figures)
        assert json.loads((best / "manifest.json").read_text())["best_file"] == winner
        log.clear()
        for load in (load_weights, load_pretrained):
            model = OneLayer()
            load(model, str(best))
            wanted = read_weights(best / winner)[0]
            assert all((value.numpy() == wanted[name]).all() for name, value in model.state_dict().items())
        assert ("using ema_model.pdparams" in log.text) == (winner == "ema_model.pdparams")
        assert weight_file(best / winner) == str(best / winner) and "used as named" not in log.text
        assert weight_file(best / other) == str(best / other)
        assert f"{best / other}: used as named, though {winner} beside it scored better" in log.text


def test_a_named_file_is_taken_in_silence_where_nothing_was_evaluated_and_whatever_the_manifest_is(tmp_path, log):
    for name in ("model.pdparams", "ema_model.pdparams"):
        (tmp_path / name).touch()
    for manifest in ('{"best_file": null}', "{}", "damaged"):
        (tmp_path / "manifest.json").write_text(manifest)
        for name in ("model.pdparams", "ema_model.pdparams"):
            assert weight_file(tmp_path / name) == str(tmp_path / name)
    assert "used as named" not in log.text


def test_the_best_model_of_an_older_version_says_in_its_state_which_file_won(tmp_path):
    best = run_with_average(tmp_path, [0.2, 0.6])
    manifest = json.loads((best / "manifest.json").read_text())
    del manifest["best_file"]
    (best / "manifest.json").write_text(json.dumps(manifest))
    assert weight_file(best) == str(best / "ema_model.pdparams")
    (best / "manifest.json").write_text(json.dumps({**manifest, "step": 7}))  # another step than the best one
    assert weight_file(best) == str(best / "model.pdparams")
    (best / "manifest.json").write_text(json.dumps({**manifest, "best_file": "../other.pdparams"}))
    with pytest.raises(WeightsError, match=r"best_file: found \.\./other\.pdparams; it must be model\.pdparams or"):
        weight_file(best)


def test_a_run_without_evaluation_does_not_forget_the_best_figure(tmp_path):
    first = make_trainer(hooks=[evaluate_hook([0.5], tmp_path / "best_model", interval=5)], total_steps=5)
    first.train()
    first.save(str(tmp_path / "a"))
    between = make_trainer()
    between.restore(open_checkpoint(tmp_path / "a"))
    between.save(str(tmp_path / "b"))
    hook = evaluate_hook([0.4], tmp_path / "best_model", interval=TOTAL_STEPS)
    last = make_trainer(hooks=[hook])
    last.restore(open_checkpoint(tmp_path / "b"))
    last.train()
    assert (hook.best_figure, hook.best_step) == (0.5, 5)
    assert json.loads((tmp_path / "best_model/manifest.json").read_text())["step"] == 5


def run_with_figures(folder, figures, *, start=None, total_steps=TOTAL_STEPS, **options):
    """A run that evaluates and saves each second step, as far as there are figures; gives its evaluation hook."""
    hook = evaluate_hook(figures, folder / "best_model", interval=2, **options)
    trainer = make_trainer(hooks=[hook, CheckpointHook(2, str(folder), keep=9)], total_steps=total_steps)
    if start is not None:
        start = open_checkpoint(start)
        trainer.restore(start)
        prepare_folder(str(folder), start, None)
    trainer.train()
    return hook


def test_a_run_killed_between_best_model_and_the_checkpoint_of_its_step_goes_on_from_the_best_model(tmp_path):
    run_with_figures(tmp_path, [0.2, 0.5, 0.6], total_steps=6)
    shutil.rmtree(tmp_path / "iter_6")
    start = find_start(str(tmp_path), "auto")
    assert start.folder == tmp_path / "best_model"
    run_with_figures(tmp_path, [], start=start.folder, total_steps=6)
    assert checkpoint.latest_checkpoint(tmp_path).folder == tmp_path / "iter_6"
    hook = run_with_figures(tmp_path, [0.3, 0.4], start=start.folder)
    assert (hook.best_figure, hook.best_step) == (0.6, 6)
    assert best_of(tmp_path) == (6, 0.6)
    assert not list(tmp_path.glob("earlier_run_*"))


def test_of_one_step_the_checkpoint_is_taken_and_where_it_is_damaged_the_best_model(tmp_path):
    run_with_figures(tmp_path, [0.2, 0.5], total_steps=4)
    assert checkpoint.latest_checkpoint(tmp_path).folder == tmp_path / "iter_4"
    (tmp_path / "iter_4" / "model.pdopt").write_bytes(b"")
    assert checkpoint.latest_checkpoint(tmp_path).folder == tmp_path / "best_model"
    (tmp_path / "best_model" / "model.pdopt").write_bytes(b"")
    assert checkpoint.latest_checkpoint(tmp_path).folder == tmp_path / "iter_2"


def put_export(folder):
    (folder / "exported").mkdir()
    (folder / "exported" / "model.json").write_text("a user's")


def test_a_best_model_in_which_somebody_put_an_export_is_moved_aside_whole_at_the_next_best(tmp_path, log):
    run_with_figures(tmp_path, [0.2, 0.5], total_steps=4)
    put_export(tmp_path / "best_model")
    run_with_figures(tmp_path, [0.6, 0.7], start=tmp_path / "iter_4", total_steps=8)
    assert best_of(tmp_path) == (8, 0.7)
    [aside] = tmp_path.glob("earlier_run_*")
    assert best_of(aside) == (4, 0.5)
    assert (aside / "best_model/exported/model.json").read_text() == "a user's"
    assert (
        f"{tmp_path / 'best_model'} held files that do not belong to a checkpoint; it was moved to {aside}" in log.text
    )


def test_a_best_model_in_which_somebody_put_an_export_is_resumed_and_copied_without_it(tmp_path):
    run_with_figures(tmp_path, [0.2, 0.5, 0.6], total_steps=6)
    put_export(tmp_path / "best_model")
    shutil.rmtree(tmp_path / "iter_6")  # killed between the two
    start = find_start(str(tmp_path), "auto")
    assert start.folder == tmp_path / "best_model"
    run_with_figures(tmp_path, [0.3, 0.4], start=start.folder)
    assert not (tmp_path / "iter_6" / "exported").exists()
    assert (tmp_path / "best_model/exported/model.json").is_file() and not list(tmp_path.glob("earlier_run_*"))


def test_an_old_checkpoint_in_which_somebody_put_an_export_is_moved_aside_and_not_pruned(tmp_path):
    make_trainer(hooks=[CheckpointHook(3, str(tmp_path), keep=2)], total_steps=6).train()
    put_export(tmp_path / "iter_3")
    make_trainer(hooks=[CheckpointHook(3, str(tmp_path), keep=1)], total_steps=6).train()
    [aside] = tmp_path.glob("earlier_run_*")
    assert (aside / "iter_3/exported/model.json").is_file() and open_checkpoint(aside / "iter_3").step == 3
    assert {path.name for path in tmp_path.iterdir()} == {"iter_6", aside.name}


def test_going_back_behind_the_best_model_brings_back_the_one_of_that_time(tmp_path):
    run_with_figures(tmp_path, [0.5, 0.4, 0.3, 0.6], total_steps=8)
    assert best_of(tmp_path) == (8, 0.6)
    hook = run_with_figures(tmp_path, [0.1, 0.2, 0.3], start=tmp_path / "iter_4")
    assert (hook.best_figure, hook.best_step) == (0.5, 2)
    assert best_of(tmp_path) == (2, 0.5)
    [aside] = tmp_path.glob("earlier_run_*")
    assert best_of(aside) == (8, 0.6)


def test_a_best_model_that_is_nowhere_is_forgotten_aloud(tmp_path, log):
    run_with_figures(tmp_path, [0.5, 0.4, 0.3, 0.6], total_steps=8)
    shutil.rmtree(tmp_path / "iter_2")
    hook = run_with_figures(tmp_path, [0.1, 0.2, 0.15], start=tmp_path / "iter_4")
    assert "the model with the best validation mIoU so far (0.5000, of iter 2) is not in" in log.text
    assert (hook.best_figure, hook.best_step) == (0.2, 8)
    assert best_of(tmp_path) == (8, 0.2)


def test_a_run_that_goes_on_in_another_folder_takes_its_best_model_along(tmp_path):
    run_with_figures(tmp_path / "one", [0.5, 0.4], total_steps=4)
    run_with_figures(tmp_path / "two", [0.1, 0.2, 0.3], start=tmp_path / "one" / "iter_4")
    assert best_of(tmp_path / "two") == best_of(tmp_path / "one") == (2, 0.5)


@pytest.mark.parametrize("stopped_at", [2, 4, TOTAL_STEPS])
def test_an_evaluation_that_is_stopped_is_made_up_for_by_the_resumed_run(stopped_at, tmp_path):
    figures = {2: 0.2, 4: 0.6, 6: 0.3, 8: 0.4, 10: 0.5}

    def run(folder, stopped_at=None):
        def evaluate(model):
            if trainer.step == stopped_at:
                raise EvaluationStopped
            return scores(figures[trainer.step])

        start = find_start(str(folder), "auto")
        hook = EvaluateHook(evaluate, interval=2, folder=str(folder / "best_model"))
        trainer = make_trainer(hooks=[hook, CheckpointHook(4, str(folder), keep=0)])
        if start is not None:
            trainer.restore(start)
        trainer.train()
        return trainer, hook

    _, wanted = run(tmp_path / "straight")
    trainer, hook = run(tmp_path / "run", stopped_at)
    assert trainer.step == stopped_at and hook.is_due
    trainer, hook = run(tmp_path / "run")
    last = f"iter_{TOTAL_STEPS}"
    assert_same_state(tmp_path / "run" / last, tmp_path / "straight" / last, with_meta=stopped_at != TOTAL_STEPS)
    assert hook.state_dict() == wanted.state_dict()
    assert best_of(tmp_path / "run") == best_of(tmp_path / "straight") == (4, 0.6)


def test_a_run_that_was_stopped_early_is_not_begun_again(tmp_path, log):
    run_with_figures(tmp_path, [0.5, 0.4, 0.3, 0.9], early_stop_intervals=2)
    assert (tmp_path / "iter_6").is_dir()
    run_with_figures(tmp_path, [0.9, 0.9], start=tmp_path / "iter_6", early_stop_intervals=2)
    assert log.text.count("stopped at iter 6: mIoU did not rise in 2 evaluations (early stop)") == 2
    assert best_of(tmp_path) == (2, 0.5)
    run_with_figures(tmp_path, [0.9, 0.9], start=tmp_path / "iter_6", early_stop_intervals=3)
    assert best_of(tmp_path) == (8, 0.9)
