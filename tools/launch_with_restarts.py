# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Start ``paddle.distributed.launch`` again when a training in several processes fails, up to N times.

    python tools/launch_with_restarts.py --max_restarts 3 -- --gpus 0,1,2,3 train.py --config CONFIG --do_eval

The arguments after ``--`` are the launcher's. Each restart adds ``--resume_model auto``, and so goes on from the newest
complete checkpoint in ``--save_dir``, even from an earlier run. SIGTERM and Ctrl-C are passed on, and end it.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import time
from types import FrameType

# Statuses of train.py and the launcher when asked to stop: not a failure. A wrong argument gives 2, too.
_ASKED_TO_STOP = (128 + signal.SIGINT, 128 + signal.SIGTERM, signal.SIGINT, signal.SIGTERM)


class Launcher:
    """The launcher's process, and the requests to this program.

    Attributes:
        asked: Number of the signal that this program has received, 0 before.
    """

    def __init__(self) -> None:
        self.asked = 0
        self._process: subprocess.Popen | None = None

    def run(self, command: list[str]) -> int:
        """Run it to its end, and return its exit status like a shell."""
        # In a session of its own it gets the terminal's Ctrl-C only once, from here.
        self._process = subprocess.Popen(command, start_new_session=True)
        if self.asked:  # since the last check, when there was no process to pass it on to
            self._process.send_signal(self.asked)
        status = self._process.wait()
        return status if status >= 0 else 128 - status

    def pass_on(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal."""
        self.asked = number
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)


def main() -> int:
    """Run the launcher until it succeeds, and return the exit status."""
    parser = argparse.ArgumentParser(prog="launch_with_restarts.py", description=__doc__.splitlines()[0])
    parser.add_argument("--max_restarts", type=int, default=3, help="how often at most (default: %(default)s)")
    parser.add_argument("--pause", type=float, default=5.0, help="seconds before a restart (default: %(default)s)")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="-- and the arguments of paddle.distributed.launch")
    options = parser.parse_args()
    given = options.arguments[1:] if options.arguments[:1] == ["--"] else options.arguments
    if not given:
        parser.error("give the arguments of paddle.distributed.launch after --")
    if options.max_restarts < 0 or options.pause < 0:
        parser.error("--max_restarts and --pause must be 0 or more")
    finder = argparse.ArgumentParser(add_help=False)
    finder.add_argument("--resume_model")
    if finder.parse_known_args(given)[0].resume_model not in (None, "auto"):
        parser.error(
            "--resume_model names a folder, but a restart goes on from the newest checkpoint of --save_dir; give auto, "
            "or resume it with paddle.distributed.launch"
        )
    launcher = Launcher()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, launcher.pass_on)
    command = [sys.executable, "-m", "paddle.distributed.launch", *given]
    status = launcher.run(command)
    for restart in range(1, options.max_restarts + 1):
        if launcher.asked or status == 0 or status in _ASKED_TO_STOP:
            break
        print(
            f"launch_with_restarts.py: ended with status {status}; restart {restart} of {options.max_restarts} with "
            f"--resume_model auto in {options.pause:g} s",
            file=sys.stderr, flush=True,
        )  # fmt: skip
        time.sleep(options.pause)
        if launcher.asked:
            break
        status = launcher.run([*command, "--resume_model", "auto"])
    return 128 + launcher.asked if launcher.asked else status


if __name__ == "__main__":
    sys.exit(main())
