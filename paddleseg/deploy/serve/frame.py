# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""What every answer has: an id, a line in the log, its count in the figures, security headers."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Collection

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from paddleseg.deploy.serve.metrics import Metrics
from paddleseg.deploy.serve.refusals import LONG_HEADER, Refusal, refusal_response
from paddleseg.deploy.serve.settings import LARGEST_HEADER
from paddleseg.utils.errors import printable_line
from paddleseg.utils.logging import get_logger

ID_HEADER = "X-Request-ID"
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_LOGGED_LETTERS = 200
_HEADERS = {
    # Only the service's own files: no inline scripts, no other host, no frame around it.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Frame:
    """ASGI middleware around the whole application.

    Args:
        app: The application.
        metrics: Counts requests.
        paths: The addresses that the figures distinguish.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, paths: Collection[str]) -> None:
        self._app, self._metrics, self._paths = app, metrics, frozenset(paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        start, status, sent = time.perf_counter(), None, 0

        async def send_framed(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers[ID_HEADER] = request_id
                headers.setdefault("Cache-Control", "no-store")
                for name, value in _HEADERS.items():
                    headers[name] = value
            sent += len(message.get("body", b""))
            await send(message)

        try:
            app = _refusal_of_header(scope, request_id) or self._app
            await app(scope, receive, send_framed)
        except Exception:  # already answered with status 500, see app.py
            get_logger().exception("request %s: a bug", request_id)
        finally:
            seconds = time.perf_counter() - start
            path = scope["path"] if scope["path"] in self._paths else "other"
            self._metrics.count(path, status or 500, seconds)
            words = printable_line(f"{scope['method']} {scope['path']}"[:_LOGGED_LETTERS])
            client = (scope.get("client") or ("-",))[0]
            get_logger().info(
                "request %s: %s from %s: %s, %d bytes, %.1f ms", request_id, words, client, status, sent, 1e3 * seconds
            )


def _request_id(scope: Scope) -> str:
    """The caller's own id if it is well formed, else a new one."""
    given = dict(scope["headers"]).get(ID_HEADER.lower().encode(), b"").decode("latin-1")
    return given if _ID.fullmatch(given) else uuid.uuid4().hex


def _refusal_of_header(scope: Scope, request_id: str) -> ASGIApp | None:
    """The answer to a header that is too long; uvicorn bounds only those that come in several pieces."""
    lines = sum(len(name) + len(value) for name, value in scope["headers"])
    size = len(scope.get("raw_path") or b"") + len(scope["query_string"]) + lines
    if size <= LARGEST_HEADER:
        return None
    reason = f"the request's header has {size} bytes; at most {LARGEST_HEADER} are taken"
    return refusal_response(Refusal(LONG_HEADER, reason, {"Connection": "close"}), request_id)
