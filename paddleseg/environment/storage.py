# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Room on disks, in shared memory and in the container."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from paddleseg.environment.finding import Finding, note, ok, wrong
from paddleseg.environment.machine import Machine

_MB, _GB = 2**20, 2**30
# Two workers that read ahead two batches each, of 8 pictures of 1024 x 1024 with labels: 128 MB. Docker gives 64.
_LEAST_SHARED, _AMPLE_SHARED = 128 * _MB, _GB
# DDRNet-23-slim at batch 2 of 512 x 512, with Paddle itself and two workers.
_LEAST_MEMORY, _AMPLE_MEMORY = 2 * _GB, 8 * _GB
# Weights of a network with its optimiser: some hundred MB; and downloads of archives.
_LEAST_DISK, _AMPLE_DISK = 100 * _MB, 2 * _GB
# What version 1 of control groups reports if there is no limit.
_NO_LIMIT = 2**60


def check_shared_memory(machine: Machine) -> Iterator[Finding]:
    """Shared memory, through which data workers send their batches."""
    folder = machine.root / "dev/shm"
    if not folder.is_dir():
        yield ok("/dev/shm", "none: this system has other shared memory")
        return
    total, free = machine.space(folder)
    found = f"{_size(total)}, {_size(free)} of them free"
    mend = "docker run --shm-size 8g ..., or train.py --num_workers 0"
    if free < _LEAST_SHARED:
        yield wrong("/dev/shm", f"{found}: data workers die with a bus error", mend)
    elif free < _AMPLE_SHARED:
        yield note("/dev/shm", f"{found}: few for large batches", mend)
    else:
        yield ok("/dev/shm", found)


def check_memory(machine: Machine) -> Iterator[Finding]:
    """Memory of the machine, or of the container if that is less."""
    limits = [_container_limit(machine), _machine_memory(machine)]
    known = [limit for limit in limits if limit is not None]
    if not known:
        yield ok("memory", "this system does not say")
        return
    found = f"{_size(min(known))}{' by the limit of the container' if min(known) == limits[0] else ''}"
    mend = "docker run --memory 16g ..., or a smaller batch_size with grad_accum_steps, and fewer --num_workers"
    if min(known) < _LEAST_MEMORY:
        yield wrong("memory", f"{found}: a training is killed by the system", mend)
    elif min(known) < _AMPLE_MEMORY:
        yield note("memory", f"{found}: few for large batches and many workers", mend)
    else:
        yield ok("memory", found)


def check_folders(machine: Machine) -> Iterator[Finding]:
    """The folders of downloads and of temporary files."""
    home = machine.variables.get("PADDLESEG_HOME")
    downloads = Path(home) if home else Path(machine.variables.get("HOME", str(Path.home()))) / ".paddleseg"
    yield _check_folder(machine, "downloads", downloads, "export PADDLESEG_HOME=/a/writable/folder")
    temporary = next((machine.variables[name] for name in ("TMPDIR", "TEMP", "TMP") if name in machine.variables), None)
    yield _check_folder(
        machine, "temporary files", Path(temporary or tempfile.gettempdir()), "export TMPDIR=/a/writable/folder"
    )


def _check_folder(machine: Machine, subject: str, folder: Path, mend: str) -> Finding:
    there = next(path for path in (folder, *folder.parents) if path.exists())
    fault = "a file is in its place" if not there.is_dir() else machine.write_fault(there)
    if fault is not None:
        return wrong(subject, f"{folder}: nothing can be written there ({fault})", mend)
    _, free = machine.space(there)
    found = f"{folder}, {_size(free)} free"
    if free < _LEAST_DISK:
        return wrong(subject, f"{found}: the disk is full", mend)
    return note(subject, f"{found}: little", mend) if free < _AMPLE_DISK else ok(subject, found)


def _container_limit(machine: Machine) -> int | None:
    for file in ("sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory/memory.limit_in_bytes"):
        text = (machine.read(file) or "").strip()
        if text.isdecimal() and int(text) < _NO_LIMIT:
            return int(text)
    return None


def _machine_memory(machine: Machine) -> int | None:
    for line in (machine.read("proc/meminfo") or "").splitlines():
        name, _, value = line.partition(":")
        if name == "MemTotal":
            return int(value.split()[0]) * 1024
    return None


def _size(count: int) -> str:
    return f"{count / _GB:.1f} GB" if count >= _GB else f"{count // _MB} MB"
