"""Memory that requests give back is kept for the next ones, unless the user wants it otherwise."""

from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

from server_ext import allocator

glibc = pytest.mark.skipif(
    not hasattr(ctypes.CDLL(None), "gnu_get_libc_version"), reason="for glibc only"
)
# Frees 8 MB and touches as many again, from a thread; prints the page faults that this took.
FAULTS = """
import resource, threading
import numpy as np
from server_ext import allocator

assert allocator.tune({})

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        np.ones(8_000_000, np.uint8)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

def run():
    faults()
    print(faults())

thread = threading.Thread(target=run)
thread.start()
thread.join()
"""


@glibc
def test_memory_that_was_freed_is_taken_again_without_page_faults():
    done = subprocess.run(
        [sys.executable, "-c", FAULTS], capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 100  # of some 2,000 a time


@pytest.mark.parametrize("name", ["MALLOC_ARENA_MAX", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES"])
def test_what_the_user_has_set_stays(name: str):
    assert not allocator.tune({"PATH": "/bin", name: "1"})
