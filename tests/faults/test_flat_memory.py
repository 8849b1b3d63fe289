# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A long training needs no more memory than a short one."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.conftest import ROOT, descendants
from tests.needs import needs_proc


def resident_megabytes(pid) -> float:
    return int(re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())[1]) / 1024


@pytest.mark.slow
@needs_proc
def test_memory_grows_by_less_than_2_per_cent_over_500_steps_with_two_workers(tiny_config, tmp_path):
    """Main process and workers, with pictures of changing size, evaluations and checkpoints on the way."""
    tiny_config.write_text(
        tiny_config.read_text().replace(
            "- {type: RandomPaddingCrop", "- {type: ResizeStepScaling}\n    - {type: RandomPaddingCrop"
        )
    )
    command = [sys.executable, "train.py", "--config", tiny_config, "--save_dir", tmp_path / "run", "--iters", 500,
               "--num_workers", 2, "--do_eval", "--save_interval", 50, "--log_iters", 10]  # fmt: skip
    process = subprocess.Popen(
        [*map(str, command)], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    used, lines, workers = {}, [], []
    for line in process.stdout:
        lines.append(line)
        step = re.search(r"iter: (\d+)/500", line)
        if step and int(step[1]) < 500:  # the workers of the last steps may have ended
            workers = workers or descendants(process.pid)  # later, an evaluation may have begun and have its own
            assert len(workers) == 2
            used[int(step[1])] = sum(map(resident_megabytes, [process.pid, *workers]))
    assert process.wait() == 0, "".join(lines)
    early = max(value for step, value in used.items() if 50 < step <= 150)  # from the first evaluation and save on
    late = max(value for step, value in used.items() if step > 400)
    assert late < 1.02 * early, used
