# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Two processes with a batch each learn from the teacher like one process with a batch of twice the size."""

import numpy as np
import pytest

from paddleseg.training.checkpoint import open_checkpoint

PROGRAM = "tests/distillation/program.py"


def saved(folder):
    """Weights of the student and the projection by name."""
    found = open_checkpoint(folder)
    weights = {name: value for name, value in found.read("model.pdparams").items() if isinstance(value, np.ndarray)}
    return {**weights, **found.states["extra_layers"]}


@pytest.mark.slow
def test_two_processes_with_batch_2_are_one_with_batch_4(run_command, tmp_path):
    launch = ("-m", "paddle.distributed.launch", "--nproc_per_node", 2, "--log_dir", tmp_path / "log")
    one = run_command(PROGRAM, tmp_path / "one", 4)
    two = run_command(*launch, PROGRAM, tmp_path / "two", 2)
    assert (one.returncode, two.returncode) == (0, 0), one.stderr + two.stdout + two.stderr
    first, wanted, found = (saved(tmp_path / run) for run in ("one/iter_1", "one/iter_2", "two/iter_2"))
    assert "teacher_trunk.weight" in found and found.keys() == wanted.keys()
    for name, value in wanted.items():
        np.testing.assert_allclose(found[name], value, rtol=0, atol=1e-5 * np.abs(value).max(), err_msg=name)
    moved = np.abs(wanted["teacher_trunk.weight"] - first["teacher_trunk.weight"]).max()
    assert moved > 1e-3 * np.abs(wanted["teacher_trunk.weight"]).max()
