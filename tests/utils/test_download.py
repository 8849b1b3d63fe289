# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Downloads from a server on this machine: once, resumed when interrupted, a clear line when it cannot be reached."""

import os
import re
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from paddleseg.utils import download
from paddleseg.utils.download import cached_download, is_url
from paddleseg.utils.errors import WeightsError

CONTENT = bytes(range(256)) * 50
DOWNLOAD = """
import sys
from paddleseg.utils.download import cached_download
print("ready", flush=True)
print(cached_download(sys.argv[1]))
"""


class Handler(BaseHTTPRequestHandler):
    """Sends CONTENT, from the byte that a Range header names; remembers the requests, answers when it may."""

    def do_GET(self):  # noqa: N802 (the name that http.server calls)
        asked = self.headers.get("Range")
        self.server.requests.append(asked)
        self.server.may_answer.wait(30)
        if self.path != "/model.pdparams":
            self.send_error(404)
            return
        start = int(re.fullmatch(r"bytes=(\d+)-", asked)[1]) if asked and self.server.knows_ranges else 0
        if start >= len(CONTENT):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        if self.server.sends_chunks:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(len(CONTENT) - start))
        self.end_headers()
        if self.server.sends_chunks:
            self.wfile.write(f"{len(CONTENT):x}\r\n".encode())
        self.wfile.write(CONTENT[start : self.server.breaks_at])

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server(tmp_path, monkeypatch):
    monkeypatch.setenv("PADDLESEG_HOME", str(tmp_path / "cache"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.requests, server.breaks_at, server.knows_ranges, server.sends_chunks = [], None, True, False
        server.may_answer = threading.Event()
        server.may_answer.set()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        server.url = f"http://127.0.0.1:{server.server_port}/model.pdparams"
        yield server
        server.may_answer.set()
        server.shutdown()


def read(path):
    with open(path, "rb") as file:
        return file.read()


def test_a_file_is_fetched_once_and_then_taken_from_the_cache(server):
    path = cached_download(server.url)
    assert path.endswith("model.pdparams")
    assert cached_download(server.url) == path
    assert read(path) == CONTENT
    assert server.requests == [None]


@pytest.mark.parametrize("knows_ranges", [True, False])
def test_an_interrupted_download_is_completed(server, knows_ranges):
    server.breaks_at, server.knows_ranges = 5000, knows_ranges
    with pytest.raises(WeightsError, match="5000 of 12800 bytes"):
        cached_download(server.url)
    server.breaks_at = None
    assert read(cached_download(server.url)) == CONTENT
    assert server.requests == [None, "bytes=5000-"]


def test_a_part_that_was_whole_already_is_taken(server):
    path = cached_download(server.url)
    os.rename(path, path + ".part")
    assert read(cached_download(server.url)) == CONTENT


def test_files_of_one_name_from_two_addresses_are_kept_apart(server):
    other = server.url.replace("127.0.0.1", "localhost")
    assert cached_download(server.url) != cached_download(other)


def test_an_address_without_the_file_is_named(server):
    with pytest.raises(WeightsError, match=r"no_such.*404"):
        cached_download(server.url.replace("model", "no_such"))


def test_without_a_network_the_message_says_where_to_put_the_file(server):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/model.pdparams"
    with pytest.raises(WeightsError, match=r"cannot download http.*put the file at .*model\.pdparams.*local file"):
        cached_download(url)


def test_addresses_are_told_from_paths():
    assert is_url("https://host/x") and is_url("http://host/x")
    assert not is_url("weights/model.pdparams")


def test_two_processes_fetch_a_file_once(server):
    server.may_answer.clear()
    command = [sys.executable, "-c", DOWNLOAD, server.url]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen(command, cwd=Path(__file__).parents[2], **pipes) for _ in range(2)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    time.sleep(0.5)  # both are at the server or at the lock by now
    server.may_answer.set()
    results = [process.communicate(timeout=30) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], results
    first, second = (output.splitlines()[-1] for output, _ in results)
    assert first == second
    assert read(first) == CONTENT
    assert server.requests == [None]


def test_a_chunk_that_breaks_off_is_one_line(server):
    server.sends_chunks, server.breaks_at = True, 5000
    with pytest.raises(WeightsError, match="cannot download .*IncompleteRead") as caught:
        cached_download(server.url)
    assert "\n" not in str(caught.value)


def test_a_server_that_does_not_answer_is_one_line(server, monkeypatch):
    monkeypatch.setattr(download, "_TIMEOUT_SECONDS", 0.2)
    server.may_answer.clear()
    with pytest.raises(WeightsError, match="cannot download .*timed out"):
        cached_download(server.url)


def test_a_cache_that_cannot_be_written_is_one_line(server, tmp_path):
    (tmp_path / "cache").write_text("a file in the place of the folder")
    with pytest.raises(WeightsError, match="cannot download .*(Not a directory|File exists)"):
        cached_download(server.url)
