# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A process that keeps a graph of an export on an engine, or matrix products, and runs them on request.

Engines share libraries, and one may slow down or crash another: each way to run a graph has a separate process. Several
of them can take turns, one run each, to be subject to the same drift of the machine.

With one thread, times are CPU times of the process, which others on the same core change little; with more, they are
wall-clock times.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from benchmark import common
from paddleseg.deploy.deploy_config import CLASSIFICATION, DeployConfig, read_deploy_config
from paddleseg.deploy.engines.base import EngineOptions
from paddleseg.deploy.graph_choice import choose_graph
from paddleseg.deploy.graph_spec import STRIDE8, GraphSpec
from paddleseg.utils.errors import ConfigError, UserError

Times = dict[str, float]
Turn = Callable[[], Times]


@dataclass(frozen=True)
class Way:
    """How a graph is run: flags of infer.py, and its input.

    Attributes:
        size_hw: Height and width of the picture.
        in_graph: Whether it is a graph that returns class ids; None: the one that infer.py chooses.
    """

    backend: str
    precision: str
    size_hw: tuple[int, int]
    threads: int = 1
    enable_mkldnn: bool | None = None
    in_graph: bool | None = None

    @property
    def flags(self) -> str:
        onednn = "" if self.enable_mkldnn is None else f" --enable_mkldnn {self.enable_mkldnn}"
        return f"--backend {self.backend} --precision {self.precision} --cpu_threads {self.threads}{onednn}"

    @property
    def engine(self) -> str:
        """The engine, with a separate name for Paddle with oneDNN."""
        return self.backend if self.enable_mkldnn is None else "onednn"

    @property
    def options(self) -> EngineOptions:
        return EngineOptions(
            backend=self.backend, precision=self.precision, cpu_threads=self.threads, enable_mkldnn=self.enable_mkldnn
        )

    def graph_of(self, config: DeployConfig) -> GraphSpec:
        """The graph that it runs.

        Raises:
            ConfigError: The export has none.
            DeviceError: The engine is not installed.
        """
        graphs = [config.main_graph, *config.graphs.values()]
        if self.in_graph is not None:
            graphs = [graph for graph in graphs if (graph.gives == "argmax") == self.in_graph]
        if not graphs:
            raise ConfigError(f"{config.path}: there is no graph of {'class ids' if self.in_graph else 'scores'}")
        return choose_graph(config, self.options, graphs, (STRIDE8, config.output_op))[0]


class Process:
    """A process that runs something on request; ``with`` ends it.

    Args:
        kind: A name in ``_KINDS``.
        task: The argument of its function.
        threads: Cores that it is pinned to, and threads of its libraries.

    Attributes:
        started: ``cold_start``: seconds from its start to the first result.

    Raises:
        UserError: It cannot run that; the message is its own.
    """

    def __init__(self, kind: str, task: dict[str, Any], threads: int = 1) -> None:
        self._errors = tempfile.TemporaryFile(mode="w+")
        task = {"kind": kind, "threads": threads, "start": time.time(), **task}
        command = [sys.executable, os.path.abspath(__file__), json.dumps(task)]
        environment = {**os.environ, **dict.fromkeys(common.THREAD_VARIABLES, str(threads))}
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=self._errors, text=True, env=environment
        )
        try:
            self.started = self._answer()
        except UserError:
            self.__exit__()
            raise

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *exception: object) -> None:
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()  # ends its loop
        self._process.wait()
        self._process.stdout.close()
        self._errors.close()

    def run(self) -> Times:
        """One turn.

        Returns:
            For a graph ``preprocess``, ``network``, ``tail`` and their sum ``whole`` in ms; ``wall``, the sum by
            wall-clock time; ``peak_memory`` so far in MB. For a core's peak ``gflop_per_second``.
        """
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> Times:
        line = self._process.stdout.readline()
        if line:
            return json.loads(line)
        status = self._process.wait()
        self._errors.seek(0)
        errors = self._errors.read().strip().splitlines()
        raise UserError(errors[-1] if errors else f"its process ended with status {status}")


def graph_process(way: Way, config: DeployConfig, picture: Path, result: Path) -> Process:
    """The process of a way; it writes its label map, or class, to ``result`` (.npy)."""
    task = {"way": asdict(way), "config": str(config.path), "picture": str(picture), "result": str(result)}
    return Process("graph", task, way.threads)


def save_picture(size_hw: tuple[int, int], channels: int, path: Path, picture: Any = None) -> None:
    """Resize a picture, and save it as an array in a file.

    Args:
        size_hw: Its height and width there.
        channels: Those that the network takes.
        path: The file (.npy).
        picture: (H, W, channels); None: a drawn street, whose channels are repeated or dropped as needed.
    """
    import cv2
    import numpy as np

    from paddleseg.scenes import draw_scene

    if picture is None:
        picture = draw_scene(np.random.default_rng(0), (1024, 512))[0][:, :, np.resize(np.arange(3), channels)]
    resized = cv2.resize(np.ascontiguousarray(picture), size_hw[::-1], interpolation=cv2.INTER_LINEAR)
    np.save(path, resized.reshape(*size_hw, channels))


def _graph(task: dict[str, Any], clock: Callable[[], float]) -> Turn:
    """In the process: load a graph, save its first result; return the function that runs it once more."""
    import numpy as np

    from paddleseg.deploy.classifier import Classifier
    from paddleseg.deploy.segmenter import Segmenter

    way = Way(**{**task["way"], "size_hw": tuple(task["way"]["size_hw"])})
    config = read_deploy_config(task["config"])
    alone = dataclasses.replace(config, main_graph=way.graph_of(config), graphs={})
    is_classifier = config.task == CLASSIFICATION
    graph = Classifier(alone, way.options) if is_classifier else Segmenter(alone, way.options, main_graph=True)
    finish = (lambda output, _: graph.to_classes(output)) if is_classifier else graph.to_label_maps
    picture = np.load(task["picture"])

    def once() -> tuple[Any, Times]:
        image, begin = picture.copy(), time.perf_counter()
        times = [clock()]
        items = [graph.prepare(image)]
        times.append(clock())
        output = graph.run(items)
        times.append(clock())
        [result] = finish(output, items)
        times.append(clock())
        wall = 1e3 * (time.perf_counter() - begin)
        stages = (1e3 * (after - before) for before, after in zip(times, times[1:]))
        whole = 1e3 * (times[-1] - times[0])
        names = ("preprocess", "network", "tail")
        return result, {**dict(zip(names, stages)), "whole": whole, "wall": wall, "peak_memory": _peak_memory_mb()}

    result, _ = once()
    np.save(task["result"], np.asarray([found.id for found in result] if is_classifier else result))
    return lambda: once()[1]


def _peak(task: dict[str, Any], clock: Callable[[], float]) -> Turn:
    """In the process: measure a core's peak; return the function that does it once more."""
    from benchmark.core_peak import make_peak

    run, gflop = make_peak(task["precision"], task["threads"])
    run()

    def once() -> Times:
        begin = clock()
        run()
        return {"gflop_per_second": gflop / (clock() - begin)}

    return once


_KINDS = {"graph": _graph, "peak": _peak}


def _peak_memory_mb() -> float:
    # Not getrusage on Linux: its figure is never less than the parent's when this process began.
    with contextlib.suppress(OSError):
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def _serve(task: dict[str, Any]) -> None:
    """The process's main loop: a line of JSON after the first result, and one for each line of input."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # engines print what they like
    threads = task["threads"]
    if hasattr(os, "sched_setaffinity"):  # Linux
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    import cv2

    cv2.setNumThreads(threads)
    clock = time.process_time if threads == 1 else time.perf_counter
    turn = _KINDS[task["kind"]](task, clock)
    cold_start = time.process_time() if threads == 1 else time.time() - task["start"]
    print(json.dumps({"cold_start": cold_start}), file=answers, flush=True)
    for _ in sys.stdin:
        print(json.dumps(turn()), file=answers, flush=True)


if __name__ == "__main__":
    try:
        _serve(json.loads(sys.argv[1]))
    except UserError as error:
        sys.exit(str(error))
