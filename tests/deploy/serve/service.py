# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The real service, in a process of its own."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.conftest import REPOSITORY

_START_SECONDS = 120


@dataclass
class Service:
    """A running service.

    Attributes:
        process: It.
        port: Where it listens.
        lines: What it has written so far.
    """

    process: subprocess.Popen
    port: int = 0
    lines: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def text(self) -> str:
        """All that it has written so far."""
        return "".join(self.lines)

    def connect(self) -> socket.socket:
        """A plain connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal to the parent process and wait for its end; gives the status."""
        self.process.send_signal(number)
        return self.process.wait(60)


@contextmanager
def running_service(model: Path, *flags: object, env: dict[str, str] | None = None):
    """Start the service at a free port; at the end it is killed, if it has not ended yet."""
    process = subprocess.Popen(
        [sys.executable, "-m", "paddleseg.deploy.serve", "--model", str(model), "--port", "0", "--device", "cpu",
         *map(str, flags)],
        cwd=REPOSITORY, env={**os.environ, "PYTHONPATH": str(REPOSITORY), **(env or {})},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
    service, is_up = Service(process), threading.Event()

    def collect() -> None:
        for line in process.stdout:
            service.lines.append(line)
            found = re.search(r"serving .* at http://127\.0\.0\.1:(\d+)", line)
            if found:
                service.port = int(found[1])
                is_up.set()
        is_up.set()

    reader = threading.Thread(target=collect, daemon=True)
    reader.start()
    try:
        assert is_up.wait(_START_SECONDS) and service.port, service.text
        yield service
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)  # the workers with it
            process.wait(30)
        reader.join(30)
        process.stdout.close()
