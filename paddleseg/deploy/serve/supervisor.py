# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The parent of several workers."""

from __future__ import annotations

from uvicorn.supervisors import Multiprocess


class Supervisor(Multiprocess):
    """uvicorn's supervisor, which also notices at once that a worker died during a health check.

    uvicorn keeps the worker's end of the health-check pipe open in the parent, so that the pipe of a dead worker never
    ends: the check waits for the whole ``timeout_worker_healthcheck``, and no worker is replaced meanwhile. A worker
    that loads its network takes seconds to answer, so this is not rare.
    """

    def init_processes(self) -> None:
        """Start the workers."""
        super().init_processes()
        self._leave_pipes_to_workers()

    def keep_subprocess_alive(self) -> None:
        """Replace the workers that have died or hang."""
        super().keep_subprocess_alive()
        self._leave_pipes_to_workers()

    def _leave_pipes_to_workers(self) -> None:
        for process in self.processes:
            process.child_conn.close()  # a second time does nothing
