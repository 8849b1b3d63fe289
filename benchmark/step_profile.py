# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The time of a train step by kind of operation, from the events of Paddle's profiler.

Every moment belongs to the innermost event, which is counted with the outermost enclosing event in the table, so that
the additions of a loss belong to the loss. Events not in the table are the rest: normalisation of the pictures, pools,
concatenation, Python between the operations.

A kernel of Paddle's that makes both gradients of a convolution is one event. Its share is divided by a second step, in
which the convolutions' weights are frozen: there only gradients with respect to the data remain. oneDNN's primitives,
unknown to Paddle's profiler, get their own events by their function.
"""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

FORWARD, BACKWARD_DATA, BACKWARD_WEIGHTS = "conv_forward", "conv_backward_data", "conv_backward_weights"
BACKWARD = "conv_backward"  # of both gradients, until it is divided
REST = "rest"
KINDS = (
    FORWARD, BACKWARD_DATA, BACKWARD_WEIGHTS, "batch_norm", "activations_and_sums", "upsampling", "loss", "optimiser",
    REST,
)  # fmt: skip

# The first match in an event's name counts, without regard to case. Layers are events too, named by their classes, so
# that "relu" alone would match ConvBNReLU.
_TABLE = (
    (r"backward_data", BACKWARD_DATA),
    (r"backward_weights?", BACKWARD_WEIGHTS),
    (r"conv2d\w*grad|GradNode\w*conv", BACKWARD),
    (r"conv2d", FORWARD),
    (r"batch_?norm", "batch_norm"),
    (r"bilinear|matmul|resize", "upsampling"),  # the network has no other products of matrices
    (r"loss|cross_?entropy", "loss"),
    (r"^(global_|local_)?(multiply|divide|div_?scale|scale|sum)GradNode", "loss"),  # sums and means behind it
    (r"^(global_|local_|__)?(relu|i?add)", "activations_and_sums"),
    (r"momentum|optimization", "optimiser"),
)
# Names of oneDNN's primitives here, by their keys in the cache.
_PRIMITIVES = {"forward": "forward", "input": "backward_data", "weights": "backward_weights", "backward": "backward"}
_PATTERNS = tuple((re.compile(pattern, re.IGNORECASE), kind) for pattern, kind in _TABLE)
_STEP = "profiled train step"


def kind_of(name: str) -> str | None:
    """The kind of operation of an event by its name, or None."""
    return next((kind for pattern, kind in _PATTERNS if pattern.search(name)), None)


def add_up(event: Any, kind: str | None, seconds: dict[str, float]) -> None:
    """Add the time of an event and of all within it to the kinds.

    Args:
        event: With ``name``, ``start_ns``, ``end_ns`` and ``children_node``, as in Paddle's profiler.
        kind: The kind of the enclosing events; None: unknown so far.
        seconds: Totals by kind, which are increased.
    """
    if kind is None:
        kind = kind_of(event.name)
    elif kind == BACKWARD and kind_of(event.name) in (BACKWARD_DATA, BACKWARD_WEIGHTS):
        kind = kind_of(event.name)
    own = event.end_ns - event.start_ns
    for child in event.children_node:
        own -= child.end_ns - child.start_ns
        add_up(child, kind, seconds)
    seconds[kind or REST] = seconds.get(kind or REST, 0.0) + own / 1e9


def divide_backward(full: Mapping[str, float], frozen: Mapping[str, float]) -> dict[str, float]:
    """Divide the convolutions' backward time of a step.

    Args:
        full: Seconds by kind of a whole step.
        frozen: The same for a step whose convolutions need no gradient of their weights.

    Returns:
        Seconds of all ``KINDS``; their sum is that of ``full``.
    """
    both = full.get(BACKWARD, 0.0)
    data = min(frozen.get(BACKWARD, 0.0), both)
    divided = {kind: full.get(kind, 0.0) for kind in KINDS}
    divided[BACKWARD_DATA] += data
    divided[BACKWARD_WEIGHTS] += both - data
    return divided


def profile_step(
    step: Callable[[], object], conv_weights: Sequence[Any], rounds: int
) -> tuple[dict[str, float], float]:
    """Run a step under the profiler, whole and with frozen convolutions, and without the profiler, in turns.

    Args:
        step: Runs a whole train step; it has been run before.
        conv_weights: The weights of all convolutions.
        rounds: Steps of each; the median of each kind counts.

    Returns:
        Seconds of all ``KINDS``; and of the step without the profiler, which their sum should come near.
    """
    whole, frozen, unprofiled = [], [], []
    for _ in range(rounds):
        begin = time.perf_counter()
        step()
        unprofiled.append(time.perf_counter() - begin)
        whole.append(_seconds_by_kind(step))
        with _frozen(conv_weights):
            frozen.append(_seconds_by_kind(step))
    return divide_backward(_medians(whole), _medians(frozen)), statistics.median(unprofiled)


def _seconds_by_kind(step: Callable[[], object]) -> dict[str, float]:
    from paddle import profiler

    # Without on_trace_ready the profiler would leave a folder of traces in the current one.
    with profiler.Profiler(targets=[profiler.ProfilerTarget.CPU], on_trace_ready=lambda _: None) as recording:
        with _primitives_recorded(), profiler.RecordEvent(_STEP):
            step()
    roots = recording.profiler_result.get_data().values()
    [event] = (event for root in roots for event in _find(root, _STEP))
    seconds: dict[str, float] = {}
    add_up(event, None, seconds)
    return seconds


@contextmanager
def _primitives_recorded() -> Iterator[None]:
    from paddle import profiler

    from paddleseg.onednn.primitive import CACHE

    run = CACHE.run

    def recorded(key: Any, *arguments: Any) -> None:
        operation, part = key
        kind = {"Convolution": "conv2d", "BatchNorm": "batch_norm"}.get(type(operation).__name__, "resize")
        with profiler.RecordEvent(f"oneDNN {kind} {_PRIMITIVES[part]}"):
            run(key, *arguments)

    CACHE.run = recorded
    try:
        yield
    finally:
        del CACHE.run


def _find(event: Any, name: str) -> Iterator[Any]:
    if event.name == name:
        yield event
        return
    for child in event.children_node:
        yield from _find(child, name)


def _medians(runs: Sequence[Mapping[str, float]]) -> dict[str, float]:
    kinds = {kind for run in runs for kind in run}
    return {kind: statistics.median(run.get(kind, 0.0) for run in runs) for kind in kinds}


@contextmanager
def _frozen(weights: Sequence[Any]) -> Iterator[None]:
    for weight in weights:
        weight.stop_gradient = True
    try:
        yield
    finally:
        for weight in weights:
            weight.stop_gradient = False
