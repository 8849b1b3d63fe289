# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Serve the site of build.py on this machine, to try it, with the headers that allow several threads."""

from __future__ import annotations

import argparse
import functools
import http.server
import sys
from collections.abc import Mapping
from pathlib import Path

# The repository's own package is found without being installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from paddleseg.utils.cli import CommandParser, run_command
from paddleseg.utils.errors import UserError

ISOLATION = ("Cross-Origin-Opener-Policy", "Cross-Origin-Embedder-Policy")


class SiteHandler(http.server.SimpleHTTPRequestHandler):
    """Sends the files of one folder with given headers; it does not list folders."""

    extensions_map = {
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        ".js": "text/javascript",
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
        ".onnx": "application/octet-stream",
    }

    def __init__(self, *args, headers: Mapping[str, str], **options) -> None:
        self._headers_of_all = headers
        super().__init__(*args, **options)

    def end_headers(self) -> None:
        for name, value in self._headers_of_all.items():
            self.send_header(name, value)
        super().end_headers()

    def list_directory(self, path):
        self.send_error(404, "there is nothing at this address")


def read_headers(site: Path) -> dict[str, str]:
    """The headers that the site's file ``_headers`` sets for all files.

    Raises:
        UserError: There is no such file.
    """
    try:
        lines = (site / "_headers").read_text(encoding="utf-8").splitlines()
    except OSError:
        raise UserError(f"--site {site}: not a site (there is no file _headers); build.py makes one") from None
    return dict(line.strip().split(": ", 1) for line in lines if line.startswith(" "))


def make_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = CommandParser(prog="serve.py", description=__doc__)
    add = parser.add_argument
    add("--site", required=True, help="the folder that build.py wrote")
    add("--host", default="127.0.0.1", help="address to listen at (default: %(default)s, this machine alone)")
    add("--port", type=int, default=8001, help="0: any that is free (default: %(default)s)")
    add("--one_thread", action="store_true", help="without the headers for threads, as most static hosts send files")
    return parser


def main(args: argparse.Namespace) -> None:
    """Serve until Ctrl-C."""
    headers = {**read_headers(Path(args.site)), "Cache-Control": "no-cache"}
    if args.one_thread:
        headers = {name: value for name, value in headers.items() if name not in ISOLATION}
    if not 0 <= args.port <= 65535:
        raise UserError(f"--port {args.port}: must be from 0 to 65535")
    handler = functools.partial(SiteHandler, directory=args.site, headers=headers)
    try:
        server = http.server.ThreadingHTTPServer((args.host, args.port), handler)
    except OSError as error:
        raise UserError(f"--host {args.host} --port {args.port}: cannot listen there ({error.strerror})") from None
    print(f"http://{args.host}:{server.server_port}/", flush=True)
    with server:
        server.serve_forever()


if __name__ == "__main__":
    run_command(main, make_parser())
