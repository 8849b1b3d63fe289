# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The few things that several processes do together; with one process they do nothing.

Processes are started by ``python -m paddle.distributed.launch``: Gloo on the CPU, NCCL on cards.
"""

from __future__ import annotations

import paddle
from paddle import distributed as dist
from paddle import nn

from paddleseg.utils.logging import get_logger


def init() -> None:
    """Join the other processes, if there are any."""
    if world_size() > 1 and not dist.is_initialized():
        dist.init_parallel_env()


def rank() -> int:
    """Number of this process, 0 for the first."""
    return dist.get_rank()


def world_size() -> int:
    """Number of processes."""
    return dist.get_world_size()


def barrier() -> None:
    """Wait until all processes are here."""
    if world_size() > 1:
        dist.barrier()


def mean_over_processes(value: paddle.Tensor) -> float:
    """The mean of a scalar over all processes; fetches it from the device."""
    if world_size() == 1:
        return float(value)
    value = value.clone()
    dist.all_reduce(value)
    return float(value) / world_size()


def synchronize_batch_norm(model: nn.Layer) -> nn.Layer:
    """Let batch normalisation see the batches of all processes; on the CPU it has no kernel and stays local."""
    if world_size() == 1:
        return model
    if paddle.device.get_device() == "cpu":
        get_logger().info("batch normalisation: per process (SyncBatchNorm has no CPU kernel)")
        return model
    return nn.SyncBatchNorm.convert_sync_batchnorm(model)


def running_statistics(model: nn.Layer) -> list[paddle.Tensor]:
    """The float tensors of a model that training changes without a gradient: batch-norm means and variances.

    Paddle lists them among the parameters, marked by ``stop_gradient``.
    """
    tensors = {id(t): t for t in [*model.parameters(), *model.buffers()] if t.stop_gradient}
    return [t for t in tensors.values() if t.is_floating_point()]


def average_running_statistics(model: nn.Layer) -> None:
    """Give all processes the mean of their batch-norm statistics; DataParallel leaves them apart."""
    if world_size() == 1:
        return
    for tensor in running_statistics(model):
        dist.all_reduce(tensor)
        tensor.set_value(tensor / world_size())
