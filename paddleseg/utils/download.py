# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Downloading weight files once, into a cache, resuming what was interrupted; also by several processes at once."""

from __future__ import annotations

import hashlib
import http.client
import os
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

from tqdm import tqdm

from paddleseg.utils.atomic_file import move_into_place
from paddleseg.utils.errors import WeightsError
from paddleseg.utils.logging import get_logger

_CHUNK = 1 << 20
_TIMEOUT_SECONDS = 30


def is_url(source: str) -> bool:
    """Whether ``source`` is an address and not a path."""
    return source.startswith(("http://", "https://"))


def cache_folder() -> Path:
    """Where downloads are kept: ``$PADDLESEG_HOME``, or ``~/.paddleseg``."""
    return Path(os.environ.get("PADDLESEG_HOME") or Path.home() / ".paddleseg")


def cached_download(url: str) -> str:
    """Return the local copy of ``url``, downloading what is missing of it.

    The file grows under a ``.part`` name and is renamed when it is whole; a second call goes on where the first
    was interrupted. Of several processes, as a launch starts them, one downloads and the others wait for it (on
    Windows, which has no ``flock``, they do not wait).

    Raises:
        WeightsError: The address cannot be reached or answers with an error, or the cache cannot be written.
    """
    parsed = urllib.parse.urlparse(url)
    # Many weight files are called model.pdparams: the hash of the address keeps them apart.
    folder = cache_folder() / hashlib.sha256(url.encode()).hexdigest()[:16]
    path = folder / (Path(parsed.path).name or "download")
    if path.exists():
        return str(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(path.with_name(path.name + ".lock")):
            if not path.exists():  # else another process fetched it meanwhile
                get_logger().info("downloading %s to %s", url, path)
                part = path.with_name(path.name + ".part")
                _fetch(url, part)
                move_into_place(part, path)
    except urllib.error.HTTPError as error:
        raise WeightsError(f"cannot download {url}: the server answers {error.code} {error.reason}") from None
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise WeightsError(
            f"cannot download {url} ({reason}). Without a network: put the file at {path}, or set "
            "model.pretrained to a local file"
        ) from None
    return str(path)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Let one process at a time into the block. The file stays: taking it away would let a second one in."""
    with open(path, "w") as file:  # closing it, also at the death of the process, unlocks
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _fetch(url: str, part: Path) -> None:
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        response = urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS)
    except urllib.error.HTTPError as error:
        if error.code == 416 and have:  # nothing beyond what we have: the part is whole
            return
        raise
    with response:
        if have and response.status != 206:  # the server sends everything again
            have = 0
        length = response.headers.get("Content-Length")
        total = None if length is None else have + int(length)
        with (
            open(part, "ab" if have else "wb") as file,
            tqdm(total=total, initial=have, unit="B", unit_scale=True, disable=None, desc=part.name) as bar,
        ):
            while chunk := response.read(_CHUNK):
                file.write(chunk)
                bar.update(len(chunk))
    if total is not None and part.stat().st_size < total:
        raise ConnectionError(f"only {part.stat().st_size} of {total} bytes arrived; start again to go on")
