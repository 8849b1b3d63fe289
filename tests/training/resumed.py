# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Whether a resumed run equals the uninterrupted one: their saved files, and their logs."""

import pickle
import re

import numpy as np

from paddleseg.models.weights import META_KEY

FILES = ("model.pdparams", "ema_model.pdparams", "model.pdopt")


def saved_state(folder):
    """Weights, moving average and optimiser of a checkpoint: (file, name) to array, or to a plain value.

    Paddle numbers the parameters of a process and keys the optimiser's state by these numbers, which are others where
    something was built before; here it is keyed by the names that the parameters have in the network.
    """
    numbered = pickle.loads((folder / "model.pdstates").read_bytes())["parameter_names"]
    found = {}
    for file in FILES:
        if not (folder / file).exists():
            continue
        for key, value in pickle.loads((folder / file).read_bytes()).items():
            name = key if file != "model.pdopt" else _with_own_name(key, numbered)
            found[file, name] = value
    return found


def _with_own_name(key, numbered):
    # Longest first, for conv2d_1.w_0 is how conv2d_1.w_0_1 begins.
    for name, number in sorted(numbered.items(), key=lambda item: -len(item[1])):
        if key.startswith(f"{number}_"):
            return name + key[len(number) :]
    return key


def assert_same_state(resumed, straight, *, tolerance=0.0, with_meta=True):
    """Compare two checkpoints: the same names, and the same numbers up to ``tolerance``; 0 is to the last bit.

    What the weight files say of themselves has the figures of an evaluation. Where only one of the runs had made it
    before it saved, or where rounding may differ, ``with_meta`` is False.
    """
    ours, theirs = saved_state(resumed), saved_state(straight)
    assert ours.keys() == theirs.keys()
    for key, wanted in theirs.items():
        where = f"{resumed}: {key}"
        if key[1] == META_KEY and not with_meta:
            continue
        if not isinstance(wanted, np.ndarray):
            assert ours[key] == wanted, where
        elif tolerance:
            np.testing.assert_allclose(ours[key], wanted, rtol=tolerance, atol=tolerance, err_msg=where)
        else:
            assert (ours[key].dtype, ours[key].shape) == (wanted.dtype, wanted.shape), where
            assert ours[key].tobytes() == wanted.tobytes(), where


def logged_losses(log):
    """Loss and learning rate of each step, as the log says; a step that was done twice must have had them twice."""
    found = {}
    for step, figures in re.findall(r"iter: (\d+)/\d+, (loss: [\d.]+, lr: [\d.]+)", log):
        assert found.setdefault(int(step), figures) == figures, f"step {step}"
    return found


def assert_same_losses(resumed_log, straight_log, done=0):
    """Compare what two runs have logged; the first one's log may begin after ``done`` steps."""
    wanted = logged_losses(straight_log)
    assert len(wanted) > done
    assert logged_losses(resumed_log) == {step: figures for step, figures in wanted.items() if step > done}
