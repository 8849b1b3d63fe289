# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""How a run starts: checking options, taking the device, meeting the other processes, finding checkpoint and seed."""

from __future__ import annotations

import random
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import paddle

from paddleseg.training import checkpoint
from paddleseg.training.run_folder import find_start
from paddleseg.training.run_settings import RunSettings
from paddleseg.utils import distributed as dist
from paddleseg.utils.device import check_precision, select_device
from paddleseg.utils.logging import get_logger

OWN_OF_A_PROCESS = {
    "dataset_root", "train_path", "val_path", "test_path", "cache", "cache_dir", "index_dir", "class_names_file",
    "pretrained", "custom_imports", "teacher", "teacher_weights",
}  # fmt: skip
"""What may differ between machines without making another run of it: places of files."""


def start_run(settings: RunSettings, config: Mapping[str, Any] = MappingProxyType({})) -> checkpoint.Checkpoint | None:
    """Take the device, meet the other processes, and find the checkpoint to go on from.

    Args:
        settings: The run's, checked.
        config: The rest of its configuration, which all processes must share; places of files may differ.

    Returns:
        The checkpoint to resume, or None.

    Raises:
        UserError: A setting differs from the other processes', the device is missing, or the checkpoint is not
            complete.
    """
    select_device(settings.device)
    check_precision(settings.precision)
    dist.init()
    dist.check_equal({**settings.common(), "config": without_places(config)})
    return find_start(settings.save_dir, settings.resume_model)


def without_places(value: Any) -> Any:
    """A copy of a configuration, or a part of one, without the values that may differ between processes."""
    if isinstance(value, Mapping):
        return {key: without_places(inner) for key, inner in value.items() if key not in OWN_OF_A_PROCESS}
    return [without_places(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def choose_seed(wanted: int | None, start: checkpoint.Checkpoint | None) -> int:
    """The requested seed, that of the resumed run, or a new one; logged, and the same on all ranks."""
    seed = wanted
    if seed is None:
        seed = start.states["run"]["seed"] if start is not None else random.SystemRandom().randrange(2**31)
        if dist.world_size() > 1:
            shared = paddle.to_tensor([seed], dtype="int64")
            paddle.distributed.broadcast(shared, src=0)
            seed = int(shared[0])
    get_logger().info("seed: %d", seed)
    return seed
