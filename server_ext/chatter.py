"""Keeps TensorFlow's notes about its own build out of the server's log.

While it is imported, its C++ side writes to standard error before it reads any setting. What
is written there meanwhile is held back, the notes are dropped, and the rest comes after all.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import tempfile
from collections.abc import Iterator

STDERR = 2
# Notes and warnings of absl's log ("I0000 00:00:1 1 file.cc:1] text"), and lines they go on with.
_NOTE = re.compile(rb"[IW]\d{4} |WARNING: All log messages before absl|To enable the following ")


@contextlib.contextmanager
def held_back() -> Iterator[None]:
    """Hold back what is written to standard error, then write what is no note of TensorFlow's."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # errors reach us as exceptions
    sys.stderr.flush()
    kept = os.dup(STDERR)
    with tempfile.TemporaryFile() as aside:
        os.dup2(aside.fileno(), STDERR)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(kept, STDERR)
            os.close(kept)
            aside.seek(0)
            for line in aside:
                if not _NOTE.match(line):
                    os.write(STDERR, line)
