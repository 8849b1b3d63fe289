# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Cores, threads and instructions of the CPU."""

from __future__ import annotations

import platform
from collections.abc import Iterator

from paddleseg.environment.finding import Finding, note, ok
from paddleseg.environment.machine import Machine
from paddleseg.utils.errors import count_of

_THREADS = "OMP_NUM_THREADS"
_FEATURES = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "amx_int8")


def check_instructions(machine: Machine) -> Iterator[Finding]:
    """What makes convolutions fast, in fp32 and in bf16."""
    text = machine.read("proc/cpuinfo") or ""
    fields = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    fields = {name.strip(): value.strip() for name, value in fields.items()}
    if "flags" not in fields:
        yield ok("CPU", f"{fields.get('model name') or platform.machine()}; its instructions are not known here")
        return
    there = [feature for feature in _FEATURES if feature in fields["flags"].split()]
    found = f"{fields.get('model name', 'CPU')}: {', '.join(there) or 'none of ' + ', '.join(_FEATURES)}"
    if "avx2" not in there:
        yield note("CPU", f"{found}; Paddle's packages may need AVX", "take another machine for trainings")
    else:
        bf16 = any(feature in there for feature in ("avx512_bf16", "amx_bf16"))
        yield ok("CPU", f"{found}; bf16 is {'faster than fp32' if bf16 else 'no faster than fp32'} on it")


def check_convolutions(machine: Machine) -> Iterator[Finding]:
    """Whether convolutions go through oneDNN on the CPU."""
    subject = "convolutions on the CPU"
    paddle, library = machine.imported("paddle"), machine.imported("paddleseg.onednn")
    if paddle.fault is not None:
        yield ok(subject, "Paddle does not load, see above")
        return
    why = library.fault or library.facts["unavailable"]
    if why is None:
        yield ok(subject, "by oneDNN")
    else:
        mend = "pip install paddlepaddle==3.3.1 brings a oneDNN that is known here; a card needs none"
        yield note(subject, f"by Paddle's own kernels, several times slower than oneDNN: {why}", mend)


def check_threads(machine: Machine) -> Iterator[Finding]:
    """Whether the number of threads fits the cores that may be used."""
    cores, quota = machine.cores, _quota(machine)
    usable = cores if quota is None else min(cores, max(1, round(quota)))
    given = machine.variables.get(_THREADS, "")
    found = count_of(usable, "core") + (f" of {cores}, by the limit of the container" if usable < cores else "")
    first = given.split(",")[0].strip()
    threads = int(first) if first.isdecimal() else None
    if given and not threads:
        yield note("threads", f"{found}; {_THREADS}={given} is not a count", f"unset {_THREADS}")
    elif threads is not None and threads > usable:
        yield note("threads", f"{found}, but {_THREADS}={given}", f"export {_THREADS}={usable}")
    elif threads == 1 and usable > 1:
        yield note("threads", f"{found}, of which {_THREADS}=1 lets networks on the CPU use one", f"unset {_THREADS}")
    elif threads is None and usable < cores:
        yield note(
            "threads", f"{found}: as many threads as cores get in each other's way", f"export {_THREADS}={usable}"
        )
    else:
        yield ok("threads", found + (f", {_THREADS}={given}" if given else ""))


def _quota(machine: Machine) -> float | None:
    """How many cores' worth of time the container may use; None without a limit."""
    text = machine.read("sys/fs/cgroup/cpu.max")
    if text is None:
        parts = [machine.read(f"sys/fs/cgroup/cpu/cpu.cfs_{name}_us") or "" for name in ("quota", "period")]
    else:
        parts = text.split()
    parts = [part.strip() for part in parts]
    if len(parts) != 2 or not all(part.isdecimal() and int(part) for part in parts):
        return None
    return int(parts[0]) / int(parts[1])
