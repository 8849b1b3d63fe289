# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Two processes with a batch each equal one process with a batch of twice the size."""

import os
import re

import numpy as np
import pytest

from paddleseg import onednn
from paddleseg.models.weight_folder import EMA_WEIGHTS
from paddleseg.onednn.cpu_settings import ENVIRONMENT
from paddleseg.training import checkpoint
from tests.training.data_parallel_program import STEPS

PROGRAM = "tests/training/data_parallel_program.py"
LAUNCH = ("-m", "paddle.distributed.launch", "--nproc_per_node", 2, "--log_dir")
DEFAULT = "paddle" if onednn.why_unavailable() else "onednn"


def trained(folder, dtype):
    """Weights, statistics, velocities and averages of the last checkpoint, in the order in which they were saved."""
    found = checkpoint.open_checkpoint(folder / f"iter_{STEPS[dtype]}")
    files = [found.read(name) for name in (checkpoint.WEIGHTS, checkpoint.OPTIMIZER)]
    if found.has(EMA_WEIGHTS):
        files.append(found.read(EMA_WEIGHTS))
    # By place and not by name: Paddle numbers the optimiser's within a process.
    arrays = [value for file in files for value in file.values() if isinstance(value, np.ndarray)]
    return arrays, found.states["run"]["cpu"]["backend"]


def grad_norms(log):
    return [float(norm) for norm in re.findall(r"grad_norm: (\S+)", log)]


@pytest.mark.slow
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-10), ("float32", 1e-4)])
def test_two_processes_with_batch_2_are_one_with_batch_4(dtype, tolerance, run_command, tmp_path):
    one = run_command(PROGRAM, tmp_path / "one", 4, dtype)
    two = run_command(*LAUNCH, tmp_path / "log", PROGRAM, tmp_path / "two", 2, dtype)
    assert (one.returncode, two.returncode) == (0, 0), one.stderr + two.stdout + two.stderr
    (expected, backend), (found, _) = trained(tmp_path / "one", dtype), trained(tmp_path / "two", dtype)
    assert [value.shape for value in found] == [value.shape for value in expected]
    assert sum(value.size for value in found) > 10_000_000
    for value, wanted in zip(found, expected):
        np.testing.assert_allclose(value, wanted, rtol=0, atol=tolerance * np.abs(wanted).max())
    norms = [grad_norms(process.stdout) for process in (one, two)]
    assert len(norms[0]) == STEPS[dtype]
    np.testing.assert_allclose(norms[1], norms[0], rtol=2e-3)  # of four digits
    assert backend == ("paddle" if os.environ.get(ENVIRONMENT) == "paddle" else DEFAULT)
