# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Serve the site of build.py on this machine, to try it, with the headers that let a page compute with several threads."""

from __future__ import annotations

import argparse
import functools
import http.server
import sys
from pathlib import Path

# The repository's own package is found without being installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from paddleseg.utils.cli import CommandParser, run_command
from paddleseg.utils.errors import UserError

HEADERS = {
    # Both together isolate the page, and only then browsers share memory between threads.
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Workers heed that of their own file and not that of the page.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; style-src 'self'; "
        "img-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


class SiteHandler(http.server.SimpleHTTPRequestHandler):
    """Sends the files of one folder with ``HEADERS``; it lists no folders."""

    extensions_map = {
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        ".js": "text/javascript",
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
        ".onnx": "application/octet-stream",
    }

    def __init__(self, *args, isolated: bool = True, **options) -> None:
        self._isolated = isolated
        super().__init__(*args, **options)

    def end_headers(self) -> None:
        for name, value in HEADERS.items():
            if self._isolated or not name.startswith(("Cross-Origin-Opener", "Cross-Origin-Embedder")):
                self.send_header(name, value)
        super().end_headers()

    def list_directory(self, path):
        self.send_error(404, "there is nothing at this address")


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
    if not (Path(args.site) / "model.json").is_file():
        raise UserError(f"--site {args.site}: is no site (there is no model.json); build.py makes one")
    if not 0 <= args.port <= 65535:
        raise UserError(f"--port {args.port}: must be from 0 to 65535")
    handler = functools.partial(SiteHandler, directory=args.site, isolated=not args.one_thread)
    try:
        server = http.server.ThreadingHTTPServer((args.host, args.port), handler)
    except OSError as error:
        raise UserError(f"--host {args.host} --port {args.port}: cannot listen there ({error.strerror})") from None
    print(f"http://{args.host}:{server.server_port}/", flush=True)
    with server:
        server.serve_forever()


if __name__ == "__main__":
    run_command(main, make_parser())
