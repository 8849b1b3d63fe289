# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Downloads from a server on this machine: once, resumed when interrupted, a clear line when it cannot be reached."""

import os
import re
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from paddleseg.utils.download import cached_download, is_url
from paddleseg.utils.errors import WeightsError

CONTENT = bytes(range(256)) * 50


class Handler(BaseHTTPRequestHandler):
    """Sends CONTENT, from the byte that a Range header names; remembers the requests."""

    def do_GET(self):  # noqa: N802 (the name that http.server calls)
        asked = self.headers.get("Range")
        self.server.requests.append(asked)
        if self.path != "/model.pdparams":
            self.send_error(404)
            return
        start = int(re.fullmatch(r"bytes=(\d+)-", asked)[1]) if asked and self.server.knows_ranges else 0
        if start >= len(CONTENT):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(CONTENT) - start))
        self.end_headers()
        self.wfile.write(CONTENT[start : self.server.breaks_at])

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server(tmp_path, monkeypatch):
    monkeypatch.setenv("PADDLESEG_HOME", str(tmp_path / "cache"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.requests, server.breaks_at, server.knows_ranges = [], None, True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        server.url = f"http://127.0.0.1:{server.server_port}/model.pdparams"
        yield server
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
