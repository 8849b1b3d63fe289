# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A run killed at any single disk operation goes on to the same end as one never killed.

The kill is an uncaught exception, raised in this process; ``test_kills.py`` kills real processes.
"""

import os

import pytest

from paddleseg.training import checkpoint
from paddleseg.training.hooks.base import Hook
from paddleseg.training.hooks.checkpoint import CheckpointHook
from paddleseg.training.hooks.evaluate import EvaluateHook
from paddleseg.training.run_folder import find_start, prepare_folder
from tests.faults.test_full_disk import FailingDisk
from tests.training.resumed import assert_same_state
from tests.training.small_trainer import best_of, make_trainer, scores

STEPS = 8
BEST_IN_THE_MIDDLE = {2: 0.2, 4: 0.5, 6: 0.3, 8: 0.4}  # saved as the best twice, the second time over the first
BEST_AT_THE_END = {2: 0.2, 4: 0.1, 6: 0.1, 8: 0.6}


class Killed(BaseException):
    """What a kill is here."""


class KillingDisk(FailingDisk):
    """Kills at a call; deleting a folder has as many calls as it has files."""

    def __init__(self, monkeypatch):
        super().__init__(monkeypatch)
        monkeypatch.setattr(os, "unlink", self._counted(os.unlink))

    def _call(self):
        self.calls += 1
        if self.calls == self.fail_at:
            raise Killed


class PutsAnExport(Hook):
    """Somebody exports into the checkpoints of step 2 while the run goes on."""

    def __init__(self, folder):
        self.places = [folder / name / "exported" / "model.txt" for name in ("best_model", "iter_2")]
        self.written = []

    def after_step(self, trainer, losses):
        if trainer.step == 3:
            for place in self.places:
                place.parent.mkdir(exist_ok=True)
                place.write_text(str(place))
                self.written.append(str(place))


def go_on(folder, figures, own_hooks=()):
    """What the same command with ``--resume_model auto`` does at each start; gives the hook that evaluated."""
    start = find_start(str(folder), "auto")
    hook = EvaluateHook(lambda model: scores(figures[trainer.step]), interval=2, folder=str(folder / "best_model"))
    hooks = [hook, CheckpointHook(2, str(folder), keep=1), *own_hooks]
    trainer = make_trainer(hooks=hooks, total_steps=STEPS)
    if start is not None:
        trainer.restore(start)
    prepare_folder(str(folder), start, "batch_size: 2\n")
    trainer.train()
    return hook


@pytest.mark.slow
@pytest.mark.parametrize("figures", [BEST_IN_THE_MIDDLE, BEST_AT_THE_END])
def test_killed_at_each_call_it_ends_as_if_it_had_not_been(figures, tmp_path, monkeypatch):
    best_step = max(figures, key=figures.get)
    best = best_step, figures[best_step]
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)  # this machine goes on, and it takes most of the time
    disk = KillingDisk(monkeypatch)
    disk.start()
    go_on(tmp_path / "straight", figures)
    calls = disk.calls
    assert calls > 100
    for call in range(1, calls + 1):
        folder = tmp_path / str(call)
        disk.start(call)
        with pytest.raises(Killed):
            go_on(folder, figures)
        disk.start()
        hook = go_on(folder, figures)
        assert_same_state(folder / f"iter_{STEPS}", tmp_path / f"straight/iter_{STEPS}")
        assert (hook.best_step, hook.best_figure) == best_of(folder) == best, call
        assert checkpoint.find_checkpoint(folder / f"iter_{STEPS}", STEPS) is not None, call
        left = {path.name for path in folder.iterdir() if not path.name.startswith("earlier_run_")}
        assert left == {"best_model", f"iter_{STEPS}", "config.yml"}, call


@pytest.mark.slow
def test_killed_at_each_call_it_loses_nothing_that_somebody_put_into_its_checkpoints(tmp_path, monkeypatch):
    def is_kept(text):
        return any(path.read_text() == text for path in folder.rglob("exported/model.txt"))

    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    disk = KillingDisk(monkeypatch)
    folder = tmp_path / "straight"
    disk.start()
    go_on(folder, BEST_IN_THE_MIDDLE, [PutsAnExport(folder)])
    assert len(list(folder.glob("earlier_run_*/*/exported/model.txt"))) == 2
    for call in range(1, disk.calls + 1):
        folder = tmp_path / str(call)
        export = PutsAnExport(folder)
        disk.start(call)
        with pytest.raises(Killed):
            go_on(folder, BEST_IN_THE_MIDDLE, [export])
        disk.start()
        hook = go_on(folder, BEST_IN_THE_MIDDLE)
        assert all(map(is_kept, export.written)), call
        assert (hook.best_step, hook.best_figure) == best_of(folder) == (4, 0.5), call
        assert_same_state(folder / f"iter_{STEPS}", tmp_path / f"straight/iter_{STEPS}")
