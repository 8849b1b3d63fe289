# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""How a run starts: options checked, device taken, the other processes met, checkpoint and seed found."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import paddle

from paddleseg.training import checkpoint
from paddleseg.training.run_folder import find_start
from paddleseg.training.run_settings import TrainOptions
from paddleseg.utils import distributed as dist
from paddleseg.utils.device import check_precision, select_device
from paddleseg.utils.logging import get_logger

# What may differ between machines without making another run of it.
_OWN_OF_A_PROCESS = {
    "save_dir", "device", "num_workers", "log_iters", "profiler_options", "resume_model",
    "dataset_root", "train_path", "val_path", "test_path", "cache", "cache_dir", "pretrained", "custom_imports",
}  # fmt: skip


def start_run(options: TrainOptions, settings: Mapping[str, Any]) -> Path | None:
    """Check the options, take the device, meet the other processes, and find what to go on from.

    Args:
        options: The options.
        settings: The other values that all processes must have in common. Places of files may differ.

    Returns:
        The checkpoint to resume, or None.

    Raises:
        UserError: An option is wrong or another than in the other processes, or the device is not there.
    """
    options.check()
    select_device(options.device)
    check_precision(options.precision)
    dist.init()
    dist.check_equal(_shared({**dataclasses.asdict(options), **settings}))
    return find_start(options.save_dir, options.resume_model)


def _shared(value: Any) -> Any:
    """A copy without what may differ between processes."""
    if isinstance(value, Mapping):
        return {key: _shared(inner) for key, inner in value.items() if key not in _OWN_OF_A_PROCESS}
    return [_shared(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def choose_seed(wanted: int | None, start: Path | None) -> int:
    """The seed that is asked for, that of the resumed run, or a new one; logged, and the same on all ranks."""
    seed = wanted
    if seed is None:
        seed = (
            checkpoint.read_states(start)["run"]["seed"]
            if start is not None
            else random.SystemRandom().randrange(2**31)
        )
        if dist.world_size() > 1:
            shared = paddle.to_tensor([seed], dtype="int64")
            paddle.distributed.broadcast(shared, src=0)
            seed = int(shared[0])
    get_logger().info("seed: %d", seed)
    return seed
