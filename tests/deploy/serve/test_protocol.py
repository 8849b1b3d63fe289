# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Unread answers: slow readers get all of it, and those who read nothing are disconnected."""

import socket
import threading
import time
from contextlib import contextmanager

import pytest

_ANSWER_BYTES = 20 << 20  # more than systems keep between two processes
_SECONDS = 0.5


async def send_much(scope, receive, send):
    headers = [(b"content-length", str(_ANSWER_BYTES).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": bytes(_ANSWER_BYTES)})


@pytest.fixture
def connect():
    """``connect("close")``: a connection, with a small window, that has asked for an answer."""
    import uvicorn

    from paddleseg.deploy.serve.command import _server_config
    from paddleseg.deploy.serve.settings import Settings

    config = _server_config(send_much, Settings(model="", receive_seconds=_SECONDS))
    config.lifespan = "off"
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, args=[[listening]])
        thread.start()

        @contextmanager
        def run(what_then):
            with socket.socket() as connection:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
                connection.settimeout(30)
                connection.connect(listening.getsockname())
                connection.sendall(f"GET / HTTP/1.1\r\nHost: a\r\nConnection: {what_then}\r\n\r\n".encode())
                yield connection

        yield run
        server.should_exit = True
        thread.join(30)


def received(connection, *, pause: float = 0.0, enough: int = _ANSWER_BYTES) -> int:
    """Bytes until the connection ends or there are enough, with a pause after each part."""
    count = 0
    try:
        while count < enough and (part := connection.recv(1 << 20)):
            count += len(part)
            time.sleep(pause)
    except ConnectionResetError:
        pass
    return count


@pytest.mark.parametrize("what_then", ["close", "keep-alive"])
def test_who_does_not_read_the_answer_is_cut_off(connect, log, what_then):
    with connect(what_then) as connection:
        time.sleep(4 * _SECONDS)
        assert received(connection) < _ANSWER_BYTES
    assert "the answer is not read" in log.text


@pytest.mark.parametrize("what_then", ["close", "keep-alive"])
def test_who_reads_slowly_gets_all_of_it(connect, log, what_then):
    with connect(what_then) as connection:
        start = time.monotonic()
        assert received(connection, pause=0.02) >= _ANSWER_BYTES
        assert time.monotonic() - start > 3 * _SECONDS
    assert "not read" not in log.text
