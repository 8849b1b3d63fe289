# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Downloads from a server on this machine: once, resumed when interrupted, a clear line when it cannot be reached."""

import hashlib
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
from paddleseg.utils.download import cached_download
from paddleseg.utils.errors import WeightsError

CONTENT = bytes(range(256)) * 50
DOWNLOAD = """
import sys
from paddleseg.utils.download import cached_download
print("ready", flush=True)
print(cached_download(sys.argv[1]))
"""


class Handler(BaseHTTPRequestHandler):
    """Sends its content, from the byte that a Range header names; remembers the requests, answers when it may."""

    def do_GET(self):  # noqa: N802 (the name that http.server calls)
        asked = self.headers.get("Range")
        self.server.requests.append(asked)
        self.server.may_answer.wait(30)
        if self.path == "/loop":
            self.send_response(302)
            self.send_header("Location", self.path)
            self.end_headers()
            return
        if self.path != "/model.pdparams":
            self.send_error(404)
            return
        content, is_the_version = self.server.content, self.headers.get("If-Range") in (None, self.server.etag)
        gives_rest = asked and self.server.knows_ranges and (is_the_version or self.server.ignores_versions)
        start = int(re.fullmatch(r"bytes=(\d+)-", asked)[1]) if gives_rest else 0
        if start and start >= len(content):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        if self.server.etag is not None:
            for name in self.server.validators:
                weak = name == "ETag" and len(self.server.validators) > 1  # which promises nothing about bytes
                self.send_header(name, f'W/"{self.server.etag}"' if weak else self.server.etag)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        if self.server.sends_chunks:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        if self.server.sends_chunks:
            self.wfile.write(f"{len(content):x}\r\n".encode())
        self.wfile.write(content[start : self.server.breaks_at])

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server(tmp_path, monkeypatch):
    monkeypatch.setenv("PADDLESEG_HOME", str(tmp_path / "cache"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.requests, server.breaks_at, server.knows_ranges, server.sends_chunks = [], None, True, False
        server.content, server.etag, server.ignores_versions = CONTENT, '"first"', False
        server.validators = ["ETag"]
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


def interrupted(server):
    """A download of the first 5000 bytes; gives the part."""
    server.breaks_at = 5000
    with pytest.raises(WeightsError, match="5000 of 12800 bytes"):
        cached_download(server.url)
    server.breaks_at = None
    [part] = download.cache_folder().glob("*/*.part")
    return part


@pytest.mark.parametrize("knows_ranges", [True, False])
@pytest.mark.parametrize("ignores_versions", [True, False])
@pytest.mark.parametrize("length", [4000, 12800, 20000])
def test_a_file_that_changed_on_the_server_meanwhile_is_fetched_anew(server, knows_ranges, ignores_versions, length):
    interrupted(server)
    server.content, server.etag = bytes(reversed(CONTENT * 2))[:length], '"second"'
    server.knows_ranges, server.ignores_versions = knows_ranges, ignores_versions
    assert read(cached_download(server.url)) == server.content


@pytest.mark.parametrize("validators", [["Last-Modified"], ["ETag", "Last-Modified"]])
@pytest.mark.parametrize("changes", [False, True])
def test_the_date_of_a_file_tells_versions_apart_where_no_strong_etag_does(server, validators, changes):
    server.validators, server.etag = validators, "Sun, 29 Nov 2026 16:00:00 GMT"
    interrupted(server)
    if changes:
        server.content, server.etag = bytes(reversed(CONTENT)), "Sun, 29 Nov 2026 17:00:00 GMT"
    assert read(cached_download(server.url)) == server.content
    assert server.requests == [None, "bytes=5000-"]


def test_a_server_that_does_not_tell_versions_apart_sends_all_of_it_again(server):
    server.etag = None
    interrupted(server)
    server.content = bytes(reversed(CONTENT))
    assert read(cached_download(server.url)) == server.content
    assert server.requests == [None, None]


@pytest.mark.parametrize("surplus", [b"", b"x", b"x" * 9000])
def test_a_part_that_is_whole_is_taken_and_one_that_is_longer_is_not(surplus, server):
    part = interrupted(server)
    part.write_bytes(CONTENT + surplus)
    path = cached_download(server.url)
    assert read(path) == CONTENT and len(server.requests) == (2 if surplus else 1)
    assert sorted(os.listdir(os.path.dirname(path))) == ["model.pdparams", "model.pdparams.lock"]


@pytest.mark.parametrize("record", ["", "[]", "{", '{"validator": 3}'])
def test_a_part_that_nobody_knows_anything_of_is_fetched_anew(record, server):
    part = interrupted(server)
    part.with_name(part.name + ".json").write_text(record)
    part.write_bytes(b"x" * 100)
    assert read(cached_download(server.url)) == CONTENT


def test_a_checksum_decides_what_is_taken(server):
    right, wrong = hashlib.sha256(CONTENT).hexdigest(), "0" * 64
    path = cached_download(server.url, right)
    assert cached_download(server.url, right) == path and len(server.requests) == 1
    Path(path).write_bytes(b"something else")
    assert read(cached_download(server.url, right)) == CONTENT and len(server.requests) == 2
    with pytest.raises(
        WeightsError, match=f"is a different file: its SHA-256 is {right}, the configuration says {wrong}"
    ):
        cached_download(server.url, wrong)
    assert read(path) == CONTENT  # for whoever asks for it without


def test_a_part_of_another_file_does_not_pass_the_checksum(server):
    part = interrupted(server)
    part.write_bytes(b"x" * len(CONTENT))
    assert read(cached_download(server.url, hashlib.sha256(CONTENT).hexdigest())) == CONTENT


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


def test_a_redirection_that_leads_to_itself_is_one_line(server):
    with pytest.raises(WeightsError, match="the server answers 302 .*infinite loop") as caught:
        cached_download(server.url.replace("model.pdparams", "loop"))
    assert "\n" not in str(caught.value)


def test_a_server_that_does_not_answer_is_one_line(server, monkeypatch):
    monkeypatch.setattr(download, "_TIMEOUT_SECONDS", 0.2)
    server.may_answer.clear()
    with pytest.raises(WeightsError, match="cannot download .*timed out"):
        cached_download(server.url)


def test_a_cache_that_cannot_be_written_is_one_line(server, tmp_path):
    (tmp_path / "cache").write_text("a file in the place of the folder")
    with pytest.raises(
        WeightsError, match="cannot keep .*(Not a directory|File exists).*; PADDLESEG_HOME names another"
    ):
        cached_download(server.url)


@pytest.mark.parametrize("url", ["https://[your-server]/model.pdparams", "http://127.0.0.1:1/\u6a21\u578b.pdparams"])
def test_an_address_that_cannot_be_is_one_line(url):
    with pytest.raises(WeightsError, match="^cannot download http.*pdparams"):
        cached_download(url)
