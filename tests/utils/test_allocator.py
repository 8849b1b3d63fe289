# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Freed memory stays with the process where the C library is glibc."""

import os
import subprocess
import sys

import pytest

# Touches 64 MB again and again and counts the pages that the system has to hand out for it.
SCRIPT = """
import ctypes, resource
from paddleseg.utils.allocator import keep_freed_memory
done = keep_freed_memory()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]

def use(size=64 << 20):
    block = libc.malloc(size)
    ctypes.memset(block, 1, size)
    libc.free(block)

use()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    use()
print(done, resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""

needs_glibc = pytest.mark.skipif(
    "CS_GNU_LIBC_VERSION" not in getattr(os, "confstr_names", {}),
    reason="needs glibc, whose malloc is told to keep freed blocks",
)


def page_faults(**variables):
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT], env={**os.environ, **variables}, check=True, capture_output=True, text=True
    )
    done, faults = result.stdout.split()
    return done == "True", int(faults)


@needs_glibc
def test_blocks_that_were_freed_are_used_again():
    done, faults = page_faults()
    assert done
    assert faults < 100  # 10 x 16384 when each block is mapped anew


@needs_glibc
def test_what_the_environment_says_is_left_alone():
    done, faults = page_faults(MALLOC_MMAP_MAX_="65536")
    assert not done
    assert faults > 1000
