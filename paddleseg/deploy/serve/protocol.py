# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""uvicorn's HTTP/1.1 with bounds where it has none: on the time for a request's header, and for reading an answer."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from paddleseg.deploy.serve.refusals import BAD_REQUEST, refusal_body
from paddleseg.deploy.serve.settings import LARGEST_HEADER
from paddleseg.utils.logging import get_logger

_LINGER_SECONDS = 1.0
_LEAST_READ = 1 << 16
"""Bytes of an answer that a caller reads in the time that it has to send a header; who is slower holds memory."""


class BoundedProtocol(H11Protocol):
    """One connection.

    Args:
        seconds: Time for the header of each request, from the start of the connection or the header; and for the caller
            to read the next ``_LEAST_READ`` bytes of an answer.
        arguments: Those of ``H11Protocol``.
    """

    def __init__(self, *, seconds: float, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._seconds = seconds
        self._header_timer: asyncio.TimerHandle | None = None
        self._reader_timer: asyncio.TimerHandle | None = None
        self._is_refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self._watch_header()

    def data_received(self, data: bytes) -> None:
        if self._is_refused:
            return
        super().data_received(data)
        self._watch_header()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        if self._reader_timer is not None:
            self._reader_timer.cancel()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        super().on_response_complete()  # which may have started the next pipelined request
        if self.conn.trailing_data[0]:
            self._watch_header()
        if self._reader_timer is None:
            self._watch_reader()

    def send_400_response(self, msg: str) -> None:
        """Like uvicorn's, but in JSON like all other errors."""
        self._stop_timer()
        request_id = uuid.uuid4().hex
        reason = f"this is not an HTTP/1.1 request, or its header has more than {LARGEST_HEADER} bytes"
        get_logger().info("request %s: %s", request_id, reason)
        body = refusal_body(BAD_REQUEST, reason, request_id)
        headers = [
            (b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()),
            (b"x-request-id", request_id.encode()), (b"connection", b"close"),
        ]  # fmt: skip
        for event in (
            h11.Response(status_code=BAD_REQUEST, headers=headers, reason=b"Bad Request"),
            h11.Data(data=body),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event))
        # Closing with unread bytes would reset the connection and lose the answer: they are received and discarded.
        self._is_refused = True
        self.transport.write_eof()
        self.loop.call_later(_LINGER_SECONDS, self.transport.abort)

    def _watch_header(self) -> None:
        """Run a timer while waiting for the rest of a header, or for the first one."""
        is_in_request = self.cycle is not None and not self.cycle.response_complete
        if is_in_request or self._is_refused or self.transport.is_closing():
            self._stop_timer()
        elif self._header_timer is None:
            self._header_timer = self.loop.call_later(self._seconds, self._cut_off)

    def _stop_timer(self) -> None:
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None

    def _cut_off(self) -> None:
        self._header_timer = None
        if not self.transport.is_closing():
            get_logger().info("connection from %s: no request after %g seconds", self.client, self._seconds)
            self.transport.abort()

    def _watch_reader(self, left_before: int | None = None) -> None:
        """Watch the unread part of an answer until it has been read, even while the connection is closing."""
        left = self.transport.get_write_buffer_size()
        self._reader_timer = None
        if left_before is not None and left > max(0, left_before - _LEAST_READ):
            get_logger().info(
                "connection from %s: the answer is not read (%d bytes are left after %g seconds)",
                self.client, left, self._seconds,
            )  # fmt: skip
            self.transport.abort()
        elif left:
            self._reader_timer = self.loop.call_later(self._seconds, self._watch_reader, left)
