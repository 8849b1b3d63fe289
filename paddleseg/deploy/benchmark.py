# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The benchmark report of PaddlePaddle's inference tests, line by line as printed by the package AutoLog 1.2.

Programs that collect such reports look for the headings, names and units, "drivier_version" included. The package
(github.com/LDOUBLEV/AutoLog) is not needed.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import NamedTuple

from paddleseg.deploy.engines.base import EngineOptions
from paddleseg.deploy.graph_formats import PADDLE
from paddleseg.deploy.graph_spec import GraphSpec

# The content of these sections has not changed since the package's first version.
_LOG_API_VERSION = "1.0"
_BYTES_PER_MB = 1 << 20


class CardState(NamedTuple):
    """nvidia-smi's facts about a card; None without a card or nvidia-smi.

    Attributes:
        driver: Version of the driver.
        memory_mb: Memory in use, by all processes.
        utilization: Share of the time in which the card is busy, in per cent.
    """

    driver: str | None = None
    memory_mb: str | None = None
    utilization: str | None = None


def report_lines(
    graph: GraphSpec,
    options: EngineOptions,
    seconds: Mapping[str, float],
    *,
    num_pictures: int,
    batch_size: int,
    model_name: str,
) -> list[str]:
    """The report, without the prefix of log lines.

    Args:
        graph: The graph that was run.
        options: The options of its engine.
        seconds: Time of all pictures in ``preprocess``, ``inference`` and ``postprocess``.
        num_pictures: The number of these pictures.
        batch_size: Most pictures in a batch.
        model_name: The displayed name; if empty, the graph's file.

    Returns:
        Lines with a blank before each value, as in the package. Times are means for one picture, to four
        decimals of a millisecond.
    """
    is_gpu = options.device.startswith("gpu")
    card = card_state(options.device) if is_gpu else CardState()
    is_paddle = options.backend == PADDLE
    versions = _paddle_versions(is_gpu) if is_paddle else dict.fromkeys(("cuda", "cudnn", "paddle", "commit"))
    has_free_size = -1 in graph.input_shape[2:]
    times = ", ".join(f"{stage}_time(ms): {1e3 * total / num_pictures:.4f}" for stage, total in seconds.items())
    return [
        "---------------------- Env info ----------------------",
        f" OS_version: {_os_version()}",
        f" CUDA_version: {versions['cuda']}",
        f" CUDNN_version: {versions['cudnn']}",
        f" drivier_version: {card.driver}",
        "---------------------- Paddle info ----------------------",
        f" paddle_version: {versions['paddle']}",
        f" paddle_commit: {versions['commit']}",
        f" log_api_version: {_LOG_API_VERSION}",
        "----------------------- Conf info -----------------------",
        f" runtime_device: {options.device.partition(':')[0]}",
        " ir_optim: True",
        f" enable_memory_optim: {is_paddle and graph.model.suffix == '.pdmodel'}",
        f" enable_tensorrt: {options.use_trt}",
        f" enable_mkldnn: {options.enable_mkldnn is True}",
        f" cpu_math_library_num_threads: {options.cpu_threads}",
        "----------------------- Model info ----------------------",
        f" model_name: {model_name or graph.model.name}",
        f" precision: {options.precision}",
        "----------------------- Data info -----------------------",
        f" batch_size: {batch_size}",
        f" input_shape: {'dynamic' if has_free_size else list(graph.input_shape[1:])}",
        f" data_num: {num_pictures}",
        "----------------------- Perf info -----------------------",
        f" cpu_rss(MB): {_peak_memory_mb()}, gpu_rss(MB): {card.memory_mb}, gpu_util: {card.utilization}%",
        f" total time spent(s): {sum(seconds.values()):.4f}",
        f" {times}",
    ]


def _paddle_versions(is_gpu: bool) -> dict[str, str | None]:
    import paddle

    return {
        "cuda": paddle.version.cuda() if is_gpu else None,
        "cudnn": paddle.version.cudnn() if is_gpu else None,
        "paddle": paddle.__version__,
        "commit": paddle.version.commit,
    }


def print_report(lines: list[str]) -> None:
    """Print the lines with the prefix of AutoLog's own logger."""
    now = time.strftime("%Y/%m/%d %H:%M:%S")
    for line in lines:
        print(f"[{now}] root INFO: {line}")


def card_state(device: str) -> CardState:
    """Ask nvidia-smi about a card. The tests have no GPU and replace it by a program of their own.

    Args:
        device: ``gpu:0``; the number counts the cards that this process may see.
    """
    program = shutil.which("nvidia-smi")
    if program is None:
        return CardState()
    # nvidia-smi knows all cards, whatever this process may see.
    number = int(device.partition(":")[2] or 0)
    visible = [card for card in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if card]
    card = visible[number] if number < len(visible) else str(number)
    query = "--query-gpu=driver_version,memory.used,utilization.gpu"
    command = [program, f"--id={card}", query, "--format=csv,noheader,nounits"]
    done = subprocess.run(command, capture_output=True, text=True)
    facts = done.stdout.strip().split(", ")
    return CardState(*facts) if done.returncode == 0 and len(facts) == len(CardState._fields) else CardState()


def _peak_memory_mb() -> str | None:
    """Peak of the process's memory; AutoLog samples it during the run."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Bytes on macOS, KiB elsewhere.
    return f"{peak / (_BYTES_PER_MB if sys.platform == 'darwin' else 1024):.4f}"


def _os_version() -> str:
    """``Ubuntu 22.04`` if the system says so, else the kernel's name and release."""
    try:
        with open("/etc/os-release", encoding="utf-8") as file:
            facts = dict(line.rstrip().split("=", 1) for line in file if "=" in line)
        return f"{facts['NAME']} {facts['VERSION_ID']}".replace('"', "")
    except (OSError, KeyError):
        return f"{platform.system()} {platform.release()}"
