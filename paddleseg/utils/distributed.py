# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The few operations of several processes together; with one process they do nothing.

Processes are started by ``python -m paddle.distributed.launch``: Gloo on the CPU, NCCL on cards.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent import futures
from typing import Any

import paddle
from paddle import distributed as dist
from paddle import nn

from paddleseg.utils.errors import ConfigError, UserError
from paddleseg.utils.frozen_layers import frozen_tensors
from paddleseg.utils.logging import get_logger
from paddleseg.utils.nested import flatten

_SECONDS_BETWEEN_SIGNS = 5
_WORKING, _DONE, _FAILED = range(3)


def init() -> None:
    """Join the other processes, if there are any.

    Raises:
        ConfigError: Another launcher has started several processes, which would each train separately in one folder.
    """
    others = os.environ.get("WORLD_SIZE", "1")
    if world_size() == 1 and {"RANK", "LOCAL_RANK"} <= os.environ.keys() and others != "1":
        raise ConfigError(
            f"another launcher, such as torch.distributed.launch, has started {others} processes, which would not know "
            f"of each other; use python -m paddle.distributed.launch --nproc_per_node {others} train.py ..., or "
            f"bash tools/dist_train.sh CONFIG {others}"
        )
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


def in_first_process(work: Callable[[], None]) -> None:
    """Run something in the first process; the others wait as long as it takes.

    A barrier would not suffice: gloo gives up after 30 seconds. So the processes exchange signs of life every few
    seconds, while a thread of the first one works.

    Raises:
        UserError: The work failed in the first process, which raises the original error.
    """
    if world_size() == 1:
        work()
        return
    job: futures.Future[None] = futures.Future()
    if rank() == 0:
        # A daemon, so that Ctrl-C need not wait for it.
        threading.Thread(target=_settle, args=(job, work), daemon=True).start()
    state = _WORKING
    while state == _WORKING:
        if rank() == 0 and futures.wait([job], _SECONDS_BETWEEN_SIGNS).done:
            state = _DONE if job.exception() is None else _FAILED
        state = int(maximum_over_processes(paddle.to_tensor(state, dtype="int32")))
    if rank() == 0:
        job.result()
    elif state == _FAILED:
        raise UserError("the first process of this run has failed; its log says why")


def _settle(job: futures.Future[None], work: Callable[[], None]) -> None:
    try:
        job.set_result(work())
    except BaseException as error:  # raised where the result is requested
        job.set_exception(error)


def mean_over_processes(value: paddle.Tensor) -> float:
    """The mean of a scalar over all processes; fetches it from the device."""
    if world_size() == 1:
        return float(value)
    value = value.clone()
    dist.all_reduce(value)
    return float(value) / world_size()


def maximum_over_processes(value: paddle.Tensor) -> paddle.Tensor:
    """The largest of all processes' values, element by element; stays on the device."""
    if world_size() == 1:
        return value
    value = value.clone()
    dist.all_reduce(value, op=dist.ReduceOp.MAX)
    return value


def check_equal(settings: Mapping[str, Any]) -> None:
    """Refuse to go on if the settings of the processes differ.

    Args:
        settings: Plain values by name, nested at will.

    Raises:
        ConfigError: Names each setting that differs, and its values; all processes raise it.
    """
    if world_size() == 1:
        return
    gathered: list[dict[str, str]] = []
    dist.all_gather_object(gathered, {name: repr(value) for name, value in flatten(settings)})
    names = dict.fromkeys(name for one in gathered for name in one)
    differing = []
    for name in names:
        values: dict[str, list[int]] = {}
        for number, one in enumerate(gathered):
            values.setdefault(one.get(name, "not given"), []).append(number)
        if len(values) > 1:
            differing.append(f"{name} is " + ", ".join(f"{v} in {_name_ranks(who)}" for v, who in values.items()))
    if differing:
        raise ConfigError(
            f"the processes of this run differ: {'; '.join(differing)}. Give all of them the same files and arguments"
        )


def _name_ranks(numbers: list[int]) -> str:
    first = ", ".join(map(str, numbers[:4]))
    return ("process " if len(numbers) == 1 else "processes ") + first + (", ..." if len(numbers) > 4 else "")


def synchronize_batch_norm(model: nn.Layer) -> nn.Layer:
    """Let batch normalisation see the batches of all processes; on the CPU it has no kernel and stays local."""
    if world_size() == 1:
        return model
    if paddle.device.get_device() == "cpu":
        get_logger().info("batch normalisation: per process (SyncBatchNorm has no CPU kernel)")
        return model
    return nn.SyncBatchNorm.convert_sync_batchnorm(model)


def take_weights_of_first(layers: nn.Layer) -> None:
    """Give layers the weights of the first process."""
    if world_size() > 1:
        for tensor in layers.state_dict().values():
            dist.broadcast(tensor, src=0)


def running_statistics(model: nn.Layer) -> list[paddle.Tensor]:
    """The float tensors of a model that training changes without a gradient: batch-norm means and variances.

    Paddle lists them among the parameters, marked by ``stop_gradient``. Frozen tensors have that mark, too, and are
    left out: a mean of three equal values need not equal them to the last bit.
    """
    frozen = {id(t) for t in frozen_tensors(model)}
    tensors = {id(t): t for t in [*model.parameters(), *model.buffers()] if t.stop_gradient and id(t) not in frozen}
    return [t for t in tensors.values() if t.is_floating_point()]


def average_over_processes(tensors: Iterable[paddle.Tensor]) -> None:
    """Give tensors the mean over all processes, in place."""
    if world_size() == 1:
        return
    for tensor in tensors:
        dist.all_reduce(tensor)
        paddle.assign(tensor / world_size(), tensor)
