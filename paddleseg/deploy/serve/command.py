# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The command: flags to settings, a listening socket, one or more processes, a clean end."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
import tempfile
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

from paddleseg.deploy.engine_flags import backend_name
from paddleseg.deploy.engines import ENGINES
from paddleseg.deploy.graph_formats import PRECISIONS
from paddleseg.deploy.serve.settings import LARGEST_HEADER, Settings
from paddleseg.deploy.serve.worker import AppFactory, make_app
from paddleseg.utils.cli import CommandParser, require_packages
from paddleseg.utils.errors import ConfigError, UserError
from paddleseg.utils.extras import install_extra
from paddleseg.utils.logging import get_logger, log_outcome

_BACKLOG = 1024
# A worker that loads Paddle on a busy machine does not answer for some seconds; if killed for it, it would never start.
_HEALTH_SECONDS = 60


def make_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = CommandParser(prog="ddrnet-serve", description="Serve an exported network over HTTP, with a page at /.")
    add = parser.add_argument
    add("--model", required=True, metavar="DIR", help="folder that export.py wrote")
    add("--host", default=Settings.host, help="address to listen on; 0.0.0.0: all addresses (default: %(default)s)")
    add("--device", help="cpu, gpu, gpu:1, ... (default: the first GPU, else the CPU)")
    backend_help = "what runs the graph (default: the first that can, as in infer.py)"
    add("--backend", type=backend_name, choices=list(ENGINES), help=backend_help)
    add("--precision", choices=PRECISIONS, default=Settings.precision, help="of the network (default: %(default)s)")
    add("--cpu_threads", type=int, metavar="N", help="threads per worker (default: the cores divided by the workers)")
    for one in fields(Settings):
        if one.metadata:
            words = f"{one.metadata['words']} (default: {one.default})"
            add(f"--{one.name}", type=type(one.default), default=one.default, metavar="N", help=words)
    return parser


def main(arguments: argparse.Namespace) -> None:
    """Serve until SIGTERM or Ctrl-C; running requests are finished first."""
    settings = Settings(**{one.name: getattr(arguments, one.name) for one in fields(Settings)})
    if not (Path(settings.model) / "deploy.yaml").is_file():
        raise ConfigError(
            f"--model {settings.model}: there is no deploy.yaml; give the folder that export.py wrote. A checkpoint "
            "has to be exported first"
        )
    require_serving()
    require_packages("cv2")

    from paddleseg.deploy.serve.app import open_model

    with _listen(settings) as listening:
        host, port = listening.getsockname()[:2]
        address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        if settings.workers == 1:
            app = make_app(settings)
            log_outcome("serving %s at %s", settings.model, address)
            _serve_here(app, settings, listening)
        else:
            # A model that cannot be loaded is reported here, once, not by each process.
            open_model(settings)
            log_outcome("serving %s at %s with %d workers", settings.model, address, settings.workers)
            _serve_in_processes(settings, listening)
    get_logger().info("ended")


def require_serving() -> None:
    """Raise UserError if the packages of the extra are missing."""
    try:
        import prometheus_client  # noqa: F401
        import python_multipart  # noqa: F401
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise UserError(f"serving needs a package that is missing ({error}): {install_extra('serving')}") from None


def _listen(settings: Settings) -> socket.socket:
    try:
        family = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.create_server((settings.host, settings.port), family=family, backlog=_BACKLOG)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"--host {settings.host} --port {settings.port}: cannot listen there: {reason}") from None
    listening.set_inheritable(True)
    return listening


def _server_config(app: Any, settings: Settings) -> Any:
    """The configuration of uvicorn, for the application or its factory in a separate process."""
    import uvicorn

    from paddleseg.deploy.serve.protocol import BoundedProtocol

    return uvicorn.Config(
        app,
        factory=isinstance(app, AppFactory),
        workers=settings.workers,
        http=partial(BoundedProtocol, seconds=settings.receive_seconds),
        ws="none",
        lifespan="on",
        h11_max_incomplete_event_size=LARGEST_HEADER,
        timeout_worker_healthcheck=_HEALTH_SECONDS,
        timeout_graceful_shutdown=max(1, round(settings.shutdown_seconds)),
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
    )


def _serve_here(app: Any, settings: Settings, listening: socket.socket) -> None:
    import uvicorn

    # uvicorn ends on these signals and then raises them again; a normal end has status 0.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    server = uvicorn.Server(_server_config(app, settings))
    server.run([listening])
    if not server.started:
        raise UserError("the service did not start; the log says why")


def _serve_in_processes(settings: Settings, listening: socket.socket) -> None:
    from paddleseg.deploy.serve.metrics import SHARED_FOLDER
    from paddleseg.deploy.serve.supervisor import Supervisor

    with tempfile.TemporaryDirectory(prefix="ddrnet_serve_") as folder:
        os.environ[SHARED_FOLDER] = folder  # only counts; read by prometheus-client when the workers import it
        supervisor = Supervisor(_server_config(AppFactory(settings), settings), sockets=[listening])
        supervisor.run()
    failed = [process.exitcode for process in supervisor.processes if process.exitcode not in (0, -signal.SIGTERM)]
    if failed:
        get_logger().error("workers ended with status %s", ", ".join(map(str, failed)))
        sys.exit(1)
