# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Two processes with a batch each are one process with a batch of twice the size."""

import numpy as np
import pytest

from paddleseg.training import checkpoint
from tests.training.data_parallel_program import STEPS

PROGRAM = "tests/training/data_parallel_program.py"
LAUNCH = ("-m", "paddle.distributed.launch", "--nproc_per_node", 2, "--log_dir")


def trained(folder):
    """Weights, statistics and velocities of the last checkpoint, in the order in which they were saved."""
    found = checkpoint.open_checkpoint(folder / f"iter_{STEPS}")
    files = found.read(checkpoint.WEIGHTS), found.read(checkpoint.OPTIMIZER)
    # By place and not by name: Paddle numbers the optimiser's within a process.
    return [value for file in files for value in file.values() if isinstance(value, np.ndarray)]


@pytest.mark.slow
def test_two_processes_with_batch_2_are_one_with_batch_4_over_20_steps(run_command, tmp_path):
    one = run_command(PROGRAM, tmp_path / "one", 4)
    two = run_command(*LAUNCH, tmp_path / "log", PROGRAM, tmp_path / "two", 2)
    assert (one.returncode, two.returncode) == (0, 0), one.stderr + two.stdout + two.stderr
    expected, found = trained(tmp_path / "one"), trained(tmp_path / "two")
    assert [value.shape for value in found] == [value.shape for value in expected]
    assert sum(value.size for value in found) > 10_000_000
    for value, wanted in zip(found, expected):
        np.testing.assert_allclose(value, wanted, rtol=0, atol=1e-10 * np.abs(wanted).max())
