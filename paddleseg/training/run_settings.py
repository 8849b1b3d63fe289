# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""What a training is told beside its network and data: the flags of train.py, and their check."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import paddle

from paddleseg.training.hooks.profiler import ProfilerOptions
from paddleseg.utils import distributed as dist
from paddleseg.utils.cpus import usable_cpus
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.precision import check_names


@dataclass
class TrainOptions:
    """What the command line says beside the configuration; names and defaults are PaddleSeg's flags.

    Where PaddleSeg's default hurts, ours is None: ``device`` (first card, else CPU), ``num_workers`` (from the
    machine) and ``seed`` (drawn and logged).
    """

    save_dir: str = "./output"
    device: str | None = None
    num_workers: int | None = None
    do_eval: bool = False
    use_vdl: bool = False
    use_ema: bool = False
    resume_model: str | None = None
    save_interval: int = 1000
    log_iters: int = 10
    keep_checkpoint_max: int = 5
    early_stop_intervals: int | None = None
    seed: int | None = None
    precision: str = "fp32"
    amp_level: str = "O1"
    to_static_training: bool = False
    repeats: int = 1
    profiler_options: ProfilerOptions | None = None

    def check(self) -> None:
        """Refuse values that no run can use.

        Raises:
            ConfigError: Names the flag.
        """
        if self.early_stop_intervals is not None and not self.do_eval:
            raise ConfigError("--early_stop_intervals counts evaluations; give --do_eval too")
        check_names(self.precision, self.amp_level)
        for name in ("save_interval", "log_iters", "repeats", "early_stop_intervals"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ConfigError(f"--{name} is {value}; allowed: 1 and above")
        if self.seed is not None and not 0 <= self.seed < 2**31:
            raise ConfigError(f"--seed is {self.seed}; allowed: 0 to {2**31 - 1}")
        if Path(self.save_dir).exists() and not Path(self.save_dir).is_dir():
            raise ConfigError(f"--save_dir {self.save_dir} is a file; give a folder")
        if self.num_workers is not None and self.num_workers < 0:
            raise ConfigError(f"--num_workers is {self.num_workers}; allowed: 0 and above")


def default_num_workers() -> int:
    """Processes that read data, when none are asked for: this process's share of the cores, at most 8.

    On the CPU the network needs the cores itself, and two workers feed it.
    """
    most = 2 if paddle.device.get_device() == "cpu" else 8
    # Several machines: the cores of this one are shared by the processes that were started here.
    processes_here = int(os.environ.get("PADDLE_LOCAL_SIZE", dist.world_size()))
    return max(1, min(most, usable_cpus() // processes_here))
