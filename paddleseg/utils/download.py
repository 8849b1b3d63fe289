# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Downloading weight files once, into a cache, with resumption; also by several processes at once.

A file grows under a ``.part`` name; ``.part.json`` beside it records the version of the file (ETag or date) and its
length. It is resumed only if the server says that it still has this version.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import re
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None


from paddleseg.utils.atomic_file import move_into_place, write_atomically
from paddleseg.utils.checksum import sha256_of
from paddleseg.utils.errors import WeightsError
from paddleseg.utils.foreign_imports import foreign_names
from paddleseg.utils.logging import get_logger
from paddleseg.utils.progress import Progress
from paddleseg.utils.safe_pickle import one_line

__getattr__ = foreign_names(__name__)

_CHUNK = 1 << 20
_TIMEOUT_SECONDS = 30
_OF_THE_NETWORK = (urllib.error.URLError, ssl.SSLError, ConnectionError, TimeoutError, http.client.HTTPException)


def cache_folder() -> Path:
    """The folder of downloads: ``$PADDLESEG_HOME``, or ``~/.paddleseg``."""
    return Path(os.environ.get("PADDLESEG_HOME") or Path.home() / ".paddleseg")


def cached_download(url: str, sha256: str | None = None, says: str = "the configuration says") -> str:
    """Return the local copy of ``url``, downloading missing parts.

    The file is renamed when complete; a second call resumes an interrupted first one. If a launch starts several
    processes, one downloads and the others wait for it (on Windows, which has no ``flock``, they do not wait).

    Args:
        url: The address.
        sha256: The file's SHA-256, or its beginning; a copy with another one is fetched again. None: anything.
        says: The source of the checksum, for the message.

    Raises:
        WeightsError: The address cannot be reached or answers with an error, the cache cannot be written, or the file
            is not the requested one.
    """
    try:
        parts = urllib.parse.urlsplit(url)
        address = parts._replace(path=urllib.parse.quote(parts.path, safe="/%:@!$&'()*+,;=~")).geturl()
    except ValueError as error:
        raise WeightsError(f"cannot download {url}: it is not a valid address ({error})") from None
    # Many weight files are called model.pdparams: the hash of the address keeps them apart.
    folder = cache_folder() / hashlib.sha256(url.encode()).hexdigest()[:16]
    path = folder / (Path(parts.path).name or "download")
    try:
        if _is_there(path, sha256):
            return str(path)
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(path.with_name(path.name + ".lock")):
            if not _is_there(path, sha256):  # else another process fetched it meanwhile
                get_logger().info("downloading %s to %s", url, path)
                _download(address, path, sha256, says)
    except urllib.error.HTTPError as error:
        answer = one_line(f"{error.code} {error.reason}")  # three lines for an endless redirection
        raise WeightsError(f"cannot download {url}: the server answers {answer}") from None
    except WeightsError:
        raise
    except (*_OF_THE_NETWORK, ValueError) as error:
        reason = one_line(getattr(error, "reason", error))
        raise WeightsError(
            f"cannot download {url} ({reason}). Without a network: put the file at {path}, or name a local file instead"
        ) from None
    except OSError as error:
        raise WeightsError(
            f"cannot keep {url} at {path} ({error.strerror or error}); PADDLESEG_HOME names another folder"
        ) from None
    return str(path)


def _is_there(path: Path, sha256: str | None) -> bool:
    return path.exists() and (sha256 is None or sha256_of(path).startswith(sha256))


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Let one process at a time into the block. The file stays: removing it would let a second one in."""
    with open(path, "w") as file:  # closing it, also at the death of the process, unlocks
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


@dataclass(frozen=True)
class _Version:
    """The version of a file that a part belongs to.

    Attributes:
        validator: The server's ETag if it guarantees equal bytes, else its date of the file; None if it gives neither.
        total: Bytes of the whole file; None if the server does not say.
    """

    validator: str | None = None
    total: int | None = None

    @classmethod
    def of(cls, headers: Mapping[str, str], total: int | None) -> _Version:
        etag = headers.get("ETag")
        is_strong = etag is not None and not etag.startswith("W/")
        return cls(etag if is_strong else headers.get("Last-Modified"), total)


def _download(url: str, path: Path, sha256: str | None, says: str) -> None:
    part, record = path.with_name(path.name + ".part"), path.with_name(path.name + ".part.json")
    if not (_fetch_rest(url, part, record) and _is_there(part, sha256)):
        _fetch(url, part, record, have=0, version=None)
        if not _is_there(part, sha256):
            found = sha256_of(part)
            part.unlink()
            raise WeightsError(f"{url} is a different file: its SHA-256 is {found}, {says} {sha256}")
    move_into_place(part, path)
    record.unlink(missing_ok=True)


def _fetch_rest(url: str, part: Path, record: Path) -> bool:
    """Complete a part; False if it must be fetched from the beginning."""
    have = part.stat().st_size if part.exists() else 0
    version = _read_version(record)
    if not have or version.validator is None or (version.total is not None and have > version.total):
        return False
    if have == version.total:
        return True
    try:
        return _fetch(url, part, record, have=have, version=version)
    except urllib.error.HTTPError as error:
        if error.code in (412, 416):  # the server's present file has no such rest
            return False
        raise


def _fetch(url: str, part: Path, record: Path, *, have: int, version: _Version | None) -> bool:
    """Fetch a file, or what follows the first ``have`` bytes of a version of it.

    Returns:
        Whether the part is complete now; false if the server sent the rest of another version.

    Raises:
        OSError: The connection broke; the received bytes are kept.
    """
    headers = {"Range": f"bytes={have}-", "If-Range": version.validator} if have else {}
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=_TIMEOUT_SECONDS) as response:
        length = response.headers.get("Content-Length")
        if have and response.status == 206:
            total = _total_of_range(response.headers, have)
            now = _Version.of(response.headers, total)
            if total is None or now.validator not in (None, version.validator) or version.total not in (None, total):
                return False
        else:  # the whole file, maybe because of a new version
            have, total = 0, None if length is None else int(length)
            part.unlink(missing_ok=True)  # first, so that record and part never differ in version
            write_atomically(record, json.dumps(asdict(_Version.of(response.headers, total))).encode())
        with (
            open(part, "ab" if have else "wb") as file,
            Progress(f"downloading {part.stem}", total, "B", done=have) as bar,
        ):
            while chunk := response.read(_CHUNK):
                file.write(chunk)
                bar.update(len(chunk))
    if total is not None and part.stat().st_size < total:
        raise ConnectionError(f"only {part.stat().st_size} of {total} bytes arrived; start again to continue")
    return True


def _total_of_range(headers: Mapping[str, str], start: int) -> int | None:
    """The length of the whole file, if the answer has its rest from ``start`` on."""
    match = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", headers.get("Content-Range", ""))
    if match is None or int(match[1]) != start or int(match[2]) != int(match[3]) - 1:
        return None
    return int(match[3])


def _read_version(record: Path) -> _Version:
    try:
        known = json.loads(record.read_text(encoding="utf-8"))
        return _Version(known["validator"], known["total"])
    except (OSError, ValueError, LookupError, TypeError):  # from an older version of this toolkit, or half written
        return _Version()
