# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The service as it runs: signals, slow callers, malformed requests, several workers, and its command line."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.conftest import REPOSITORY
from tests.deploy.serve.hostile import hostile_requests
from tests.deploy.serve.service import running_service
from tests.messages import assert_names
from tests.needs import needs_proc

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def service(exported):
    with running_service(exported, "--receive_seconds", 1.5, "--queue", 8, "--cpu_threads", 1) as service:
        yield service


def wait_for_figure(service, line: str) -> None:
    """Until /metrics has the line, whichever worker is asked."""
    deadline = time.monotonic() + 120
    while line not in (text := httpx.get(f"{service.url}/metrics", timeout=120).text).splitlines():
        assert time.monotonic() < deadline, text
        time.sleep(0.05)


def until_closed(connection) -> bytes:
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
    return received


def test_it_listens_at_this_machine_alone_unless_told_otherwise(service):
    assert f"at http://127.0.0.1:{service.port}" in service.text


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"POST /predict HTT",
        b"POST /predict HTTP/1.1\r\nHost: a\r\nX-A: b\r\n",
        b"GET /health HTTP/1.1\r\nHost: a\r\n\r\nGET /he",
    ],
)
def test_who_does_not_get_done_with_a_header_is_cut_off(service, sent):
    with service.connect() as connection:
        start = time.monotonic()
        connection.sendall(sent)
        try:
            received = until_closed(connection)
        except ConnectionResetError:
            received = b""
        assert time.monotonic() - start < 10
    assert received.count(b"HTTP/1.1") == sent.count(b"\r\n\r\n")


def test_who_drips_a_header_byte_by_byte_is_cut_off_too(service):
    with service.connect() as connection:
        start = time.monotonic()
        with pytest.raises(OSError):
            for letter in b"GET /health HTTP/1.1\r\nX-Long: " + b"a" * 1000:
                connection.sendall(bytes([letter]))
                time.sleep(0.1)
        assert 1 < time.monotonic() - start < 10


def test_a_body_that_does_not_come_is_answered_with_408(service, png):
    with service.connect() as connection:
        connection.sendall(b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(png) + png[:-1])
        answer = until_closed(connection)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert_names(answer.decode(), "1.5 seconds", str(len(png) - 1))


def test_slow_bodies_take_the_places_and_the_next_caller_gets_503_and_a_picture_afterwards(service, png):
    connections = [service.connect() for _ in range(8)]
    for connection in connections:
        connection.sendall(b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n")
    while httpx.get(f"{service.url}/health").json()["requests_in_hand"] < 8:
        time.sleep(0.02)
    refused = httpx.post(f"{service.url}/predict", content=png)
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert_names(refused.json()["reason"], 8)
    for connection in connections:
        assert until_closed(connection).startswith(b"HTTP/1.1 408 ")
        connection.close()
    assert httpx.post(f"{service.url}/predict", content=png).status_code == 200


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS
        b"GET / FTP/1.1\r\n\r\n",
        b"GET /" + b"a" * 70000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X-A: " + b"b" * 70000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n" + b"".join(b"X-%d: a\r\n" % i for i in range(9000)) + b"\r\n",
        b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\nhello",
    ],
    ids=["TLS", "FTP", "a long path", "a long header", "many headers", "two lengths", "a negative length"],
)  # fmt: skip
def test_what_is_no_decent_http_is_answered_with_a_reason(service, sent):
    with service.connect() as connection:
        connection.sendall(sent)
        answer = until_closed(connection)
    # A header that comes in one piece is parsed before its length is known.
    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 431 ") if len(sent) > 65000 else b"HTTP/1.1 400 ")
    assert b'"reason": "' in answer
    assert httpx.get(f"{service.url}/health").json()["status"] == "ok"


def test_a_body_that_is_too_long_is_read_so_far_that_the_caller_reads_why(service):
    answer = httpx.post(f"{service.url}/predict", content=bytes(40 << 20), timeout=30)
    assert answer.status_code == 413
    assert_names(answer.json()["reason"], 40 << 20, 16 << 20)


def test_a_length_that_nobody_can_send_is_refused_at_once(service):
    with service.connect() as connection:
        connection.sendall(b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\nx" % 10**18)
        answer = until_closed(connection)
    assert answer.startswith(b"HTTP/1.1 413 ")


def test_curl_need_not_send_what_will_not_be_taken(service):
    with service.connect() as connection:
        connection.sendall(
            b"POST /predict HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n" % (40 << 20)
        )
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")


def test_a_caller_that_hangs_up_leaves_no_trace(service, png):
    for _ in range(20):
        with service.connect() as connection:
            connection.sendall(b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(png) + png)
    time.sleep(2)
    assert httpx.get(f"{service.url}/health").json()["requests_in_hand"] == 0
    assert "bug" not in service.text


def test_the_hostile_requests_get_the_same_through_a_real_connection(service, png):
    with httpx.Client(base_url=service.url, timeout=30) as client:
        for hostile in hostile_requests():
            if "Content-Length" in hostile.request.get("headers", {}):  # httpx does not lie
                continue
            answer = client.request(hostile.method, hostile.path, **hostile.request)
            assert (hostile.name, answer.status_code) == (hostile.name, hostile.status)
        assert client.post("/predict?output=labels", content=png).status_code == 200


@pytest.mark.parametrize("workers", [1, 2])
def test_sigterm_lets_running_requests_finish_and_takes_no_new_ones(exported, png, workers):
    with running_service(exported, "--cpu_threads", 1, "--workers", workers) as service:
        connection = service.connect()
        connection.sendall(b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(png) + png[:50])
        wait_for_figure(service, "ddrnet_requests_in_hand 1.0")
        service.process.send_signal(signal.SIGTERM)
        time.sleep(1)
        if workers == 1:  # of several the parent keeps the socket until they have ended
            with pytest.raises(OSError):
                service.connect()
        connection.sendall(png[50:])
        assert until_closed(connection).startswith(b"HTTP/1.1 200 OK")
        connection.close()
        assert service.process.wait(30) == 0
        assert service.lines[-1].endswith("ended\n")
        assert "Termination signal" not in service.text  # of Paddle's own handler


def test_sigterm_does_not_wait_for_ever_for_a_caller_that_sends_nothing(exported):
    with running_service(exported, "--shutdown_seconds", 1, "--receive_seconds", 60) as service:
        with service.connect() as silent, service.connect() as slow:
            slow.sendall(b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n")
            silent.sendall(b"GET /")
            time.sleep(0.5)
            start = time.monotonic()
            assert service.end() == 0
            assert time.monotonic() - start < 10


def test_two_workers_share_the_callers_and_their_figures_are_summed(exported, png):
    with running_service(exported, "--workers", 2, "--cpu_threads", 1) as service:
        deadline = time.monotonic() + 120
        while service.text.count("device: cpu") < 3 and time.monotonic() < deadline:  # the parent has checked it too
            time.sleep(0.2)

        def send(_):
            return httpx.post(f"{service.url}/predict", content=png, timeout=60).status_code

        with ThreadPoolExecutor(8) as threads:
            assert set(threads.map(send, range(40))) == {200}
        figures = [httpx.get(f"{service.url}/metrics").text for _ in range(6)]  # whichever worker is asked
        line = 'ddrnet_requests_total{path="/predict",status="200"} 40.0'
        assert all(line in text.splitlines() for text in figures)
        assert service.end() == 0


def workers_of(service) -> list[int]:
    """Their process numbers, when both have been started."""
    parent = service.process.pid
    deadline = time.monotonic() + 120
    while True:
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        workers = [int(pid) for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        if len(workers) == 2:
            return workers
        assert time.monotonic() < deadline, service.text
        time.sleep(0.05)


@needs_proc
def test_a_worker_that_is_killed_is_replaced_and_what_it_had_in_hand_forgotten(exported, png):
    with running_service(exported, "--workers", 2, "--cpu_threads", 1) as service, service.connect() as connection:
        connection.sendall(b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(png) + png[:50])
        wait_for_figure(service, "ddrnet_requests_in_hand 1.0")
        for pid in workers_of(service):
            os.kill(pid, signal.SIGKILL)
        wait_for_figure(service, "ddrnet_requests_in_hand 0.0")
        assert httpx.post(f"{service.url}/predict", content=png, timeout=60).status_code == 200


def run(*flags):
    command = [sys.executable, "-m", "paddleseg.deploy.serve", *map(str, flags)]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=120)


def test_bad_flags_end_in_one_line_before_anything_is_loaded(exported, service, tmp_path):
    for flags, named in [
        (["--model", tmp_path], ["--model", str(tmp_path), "deploy.yaml", "export.py"]),
        (["--model", exported, "--queue", 0], ["queue", "0", "1 to 100000"]),
        (["--model", exported, "--port", service.port], ["--port", str(service.port), "in use"]),
        (["--model", exported, "--host", "no.such.host.invalid"], ["--host", "no.such.host.invalid"]),
        (["--model", exported, "--receive_seconds", "nan"], ["receive_seconds", "nan"]),
        (["--model", exported, "--precision", "int8"], ["--precision", "int8"]),
        (["--model", exported, "--backend", "tensorrt"], ["tensorrt", "--use_trt True"]),
    ]:
        done = run(*flags)
        assert done.returncode == (2 if "tensorrt" in flags else 1), flags  # 2: by the parser
        assert len(done.stderr.strip().splitlines()[-1:]) == 1 and "Traceback" not in done.stderr
        assert_names(done.stderr, *named)


def test_a_missing_package_is_named_with_the_extra_that_brings_it(exported):
    code = (
        "import sys; sys.modules['starlette'] = None\n"
        "from paddleseg.deploy.serve.__main__ import run; sys.argv = ['ddrnet-serve', '--model', sys.argv[1]]; run()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, exported], cwd=REPOSITORY, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 1
    assert_names(done.stderr, "starlette", "pip install -e '.[serving]'")
