# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Load on a running service (ddrnet-serve): many connections that each send a picture repeatedly.

    python -m paddleseg.deploy.serve --model DIR --port 8000 &
    python benchmark/serving.py --url http://127.0.0.1:8000 --picture street.jpg --pid $!

Prints requests per second, the time from a request's first byte to its answer's last (median and 99th percentile of
successful requests), the number of each status, and the memory of the service before and after. Only addresses of this
machine are accepted: clients and service share its cores, so the figures show how the service behaves under load, not
how fast a network is.
"""

from __future__ import annotations

import argparse
import http.client
import ipaddress
import os
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import numpy as np

from paddleseg.utils.cli import run_command
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.json_report import add_json_flag, check_json_flag, write_json

_TIMEOUT_SECONDS = 120
_BUSY = 503


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="serving.py", description=__doc__.splitlines()[0])
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="address of the service (default: %(default)s)")
    parser.add_argument("--picture", required=True, help="file that is sent")
    parser.add_argument("--query", default="output=labels", help="query of /predict (default: %(default)s)")
    parser.add_argument("--connections", type=int, default=32, help="callers at once (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long (default: %(default)s)")
    parser.add_argument("--pid", type=int, help="process of the service, whose memory is shown (Linux)")
    add_json_flag(parser, "the figures")
    return parser


def main(arguments: argparse.Namespace) -> None:
    check_json_flag(arguments.json)
    host, port = loopback_address(arguments.url)
    if not Path(arguments.picture).is_file():
        raise ConfigError(f"--picture {arguments.picture}: there is no such file")
    if arguments.connections < 1 or not 0 < arguments.seconds <= 3600:
        raise ConfigError("--connections must be 1 or more, and --seconds above 0 and at most 3600")
    body, path = Path(arguments.picture).read_bytes(), f"/predict?{arguments.query}"
    before = memory_mib(arguments.pid)
    start = time.perf_counter()
    callers = [Caller(host, port, path, body, start + arguments.seconds) for _ in range(arguments.connections)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    seconds = time.perf_counter() - start
    statuses = Counter(status for caller in callers for status, _ in caller.answers)
    times = [1e3 * waited for caller in callers for status, waited in caller.answers if status == 200]
    p50, p99 = np.percentile(times, [50, 99]) if times else (float("nan"),) * 2
    after = memory_mib(arguments.pid)
    print(f"{arguments.connections} connections, {seconds:.1f} s: {len(times) / seconds:.1f} pictures a second")
    print(f"p50 {p50:.0f} ms, p99 {p99:.0f} ms; statuses: {dict(sorted(statuses.items()))}")
    if after is not None:
        print(f"memory: {before:.0f} MiB before, {after:.0f} MiB after")
    facts = {"seconds": seconds, "p50_ms": p50, "p99_ms": p99, "memory_mib": [before, after]}
    write_json(arguments.json, {**facts, "statuses": {str(status): count for status, count in statuses.items()}})


def loopback_address(url: str) -> tuple[str, int]:
    """Host and port of an address of this machine; raise ConfigError for any other."""
    parts = urlsplit(url)
    try:
        host, port = parts.hostname or "", parts.port or 80
        is_here = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_here = False
    if parts.scheme != "http" or not is_here:
        raise ConfigError(f"--url {url}: load is for a service on this machine, such as http://127.0.0.1:8000")
    return host, port


class Caller(threading.Thread):
    """One connection that sends the picture until the time is over, and waits when asked to.

    Attributes:
        answers: Status and seconds of each request.
    """

    def __init__(self, host: str, port: int, path: str, body: bytes, end: float) -> None:
        super().__init__(daemon=True)
        self._connection = http.client.HTTPConnection(host, port, timeout=_TIMEOUT_SECONDS)
        self._path, self._body, self._end = path, body, end
        self.answers: list[tuple[int, float]] = []

    def run(self) -> None:
        while (start := time.perf_counter()) < self._end:
            self._connection.request("POST", self._path, self._body, {"Content-Type": "application/octet-stream"})
            answer = self._connection.getresponse()
            answer.read()
            self.answers.append((answer.status, time.perf_counter() - start))
            if answer.status == _BUSY:
                time.sleep(min(float(answer.getheader("Retry-After", "1")), max(0.0, self._end - time.perf_counter())))
        self._connection.close()


def memory_mib(pid: int | None) -> float | None:
    """Resident memory of a process and its children; None if not requested or unknown."""
    if pid is None or not Path(f"/proc/{pid}/status").is_file():
        return None
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    own = next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return own + sum(memory_mib(int(child)) or 0.0 for child in children)


if __name__ == "__main__":
    run_command(main, make_parser())
