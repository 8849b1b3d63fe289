# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Speed and last loss of a training log, as a line of JSON.

Replaces the analysis.py of PaddlePaddle's benchmark, which is in ``$BENCHMARK_ROOT/scripts`` on its machines, if that
is missing: same flags, same keys.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from pathlib import Path

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from paddleseg.utils.atomic_file import write_atomically
from paddleseg.utils.cli import CommandParser, run_command
from paddleseg.utils.errors import ConfigError, DataError

_NUMBER = r"\s*([-+]?(?:\d+(?:\.\d+)?(?:e[-+]?\d+)?|nan|inf))"


def make_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = CommandParser(prog="analysis.py", description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--filename", required=True, help="the training log")
    add("--speed_log_file", required=True, help="file to write")
    add("--model_name", required=True)
    add("--base_batch_size", type=int, required=True, help="pictures of a process and step")
    add("--run_mode", default="DP", help="(default: %(default)s)")
    add("--fp_item", default="fp32", help="(default: %(default)s)")
    add("--keyword", default="ips:", help="what stands before the speed (default: %(default)s)")
    add("--convergence_key", default="loss:", help="what stands before the loss (default: %(default)s)")
    add("--skip_steps", type=int, default=2, help="lines at the beginning that do not count (default: %(default)s)")
    add("--device_num", default="N1C1", help="machines and cards (default: %(default)s)")
    add("--speed_unit", default="samples/s", help="(default: %(default)s)")
    return parser


def main(arguments: argparse.Namespace) -> None:
    """Write and print the figures."""
    log = Path(arguments.filename)
    if not log.is_file():
        raise ConfigError(f"--filename {log}: there is no such file")
    text = log.read_text(encoding="utf-8", errors="replace")
    speeds = numbers_after(arguments.keyword, text)
    losses = numbers_after(arguments.convergence_key, text)
    if len(speeds) <= arguments.skip_steps:
        raise DataError(
            f"{log}: {len(speeds)} lines have a number after {arguments.keyword!r}, and the first "
            f"{arguments.skip_steps} do not count; train longer, or log more often"
        )
    counted = speeds[arguments.skip_steps :]
    match = re.fullmatch(r"N(\d+)C(\d+)", arguments.device_num)
    if match is None:
        raise ConfigError(f"--device_num {arguments.device_num}: must be N<machines>C<all cards>, such as N1C8")
    line = json.dumps(
        {
            "model_branch": os.environ.get("model_branch", ""),
            "model_commit": os.environ.get("model_commit", ""),
            "model_name": arguments.model_name,
            "batch_size": arguments.base_batch_size,
            "fp_item": arguments.fp_item,
            "run_process_type": "SingleP" if int(match[2]) == 1 else "MultiP",
            "run_mode": arguments.run_mode,
            "convergence_value": losses[-1] if losses else 0,
            "convergence_key": arguments.convergence_key,
            # The log's speed is that of one process; with several cards the total counts.
            "ips": round(sum(counted) / len(counted) * int(match[2]), 3),
            "speed_unit": arguments.speed_unit,
            "device_num": arguments.device_num,
            "model_run_time": os.environ.get("model_run_time", ""),
            "frame_commit": os.environ.get("frame_commit", ""),
            "frame_version": os.environ.get("frame_version", ""),
        }
    )
    write_atomically(arguments.speed_log_file, f"{line}\n".encode())
    print(line)


def numbers_after(key: str, text: str) -> list[float]:
    """The number after the key in each line that has it, except for those of evaluations."""
    pattern = re.compile(rf"\[TRAIN\].*?\b{re.escape(key)}{_NUMBER}")
    return [float(found[1]) for found in map(pattern.search, text.splitlines()) if found]


if __name__ == "__main__":
    run_command(main, make_parser())
