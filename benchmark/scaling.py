# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Training with two processes on two cores against one process on one core.

    python benchmark/scaling.py [--json FILE]

Both are whole runs of train.py on drawn street scenes; pictures per second are taken from its log lines.
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from benchmark import common

CONFIG = "configs/quick_start/ddrnet23_slim_roadscenes.yml"
BATCH_SIZE = 4
STEPS = 30
LOG_ITERS = 5
ROUNDS = 3


def pictures_per_second(num_processes: int, save_dir: str) -> float:
    """Train on as many cores as processes, and return the median over the log lines, without the first."""
    launcher = [sys.executable, "-m", "paddle.distributed.launch", "--nproc_per_node", str(num_processes)]
    launcher += ["--log_dir", os.path.join(save_dir, "log")]
    command = [
        *(launcher if num_processes > 1 else [sys.executable]),
        *("train.py", "--config", CONFIG, "--save_dir", os.path.join(save_dir, "run"), "--device", "cpu"),
        *("--iters", str(STEPS), "--log_iters", str(LOG_ITERS), "--save_interval", str(STEPS)),
        *("--batch_size", str(BATCH_SIZE), "--num_workers", "0", "--seed", "1"),
        *(
            "--opts",
            f"train_dataset.num_samples={STEPS * BATCH_SIZE * num_processes}",
        ),  # all are drawn to count classes
    ]
    all_cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(all_cores)[:num_processes])  # the new processes inherit it
    try:
        result = subprocess.run(
            command,
            cwd=common.ROOT,
            env={**os.environ, **dict.fromkeys(common.THREAD_VARIABLES, "1")},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
    finally:
        os.sched_setaffinity(0, all_cores)
    seconds = [float(cost) for cost in re.findall(r"\[TRAIN\].*batch_cost: ([\d.]+)", result.stdout)]
    if result.returncode != 0 or len(seconds) < 2:
        raise SystemExit(f"{' '.join(command)} failed:\n{result.stdout[-3000:]}")
    return num_processes * BATCH_SIZE / statistics.median(seconds[1:])


def main() -> None:
    arguments = common.parse_arguments(__doc__.splitlines()[0])
    if len(os.sched_getaffinity(0)) < 2:
        raise SystemExit("scaling.py needs two cores")
    speeds: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(arguments.repeats or ROUNDS):
        for num_processes, found in speeds.items():
            with tempfile.TemporaryDirectory() as save_dir:
                found.append(pictures_per_second(num_processes, save_dir))
    one, two = (statistics.median(found) for found in speeds.values())
    common.report([common.compare("scaling_2", "pictures/s", two, one, higher_is_better=True)], arguments)


if __name__ == "__main__":
    main()
