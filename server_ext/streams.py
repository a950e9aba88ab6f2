"""Standard streams a server can live without: a parent may close them, or stop to read.

A stream that was closed (`2>&-`) leaves its number to the next file, which is then a client's
connection, and what TensorFlow prints to stderr would go there.
"""

from __future__ import annotations

import logging
import os
import sys

log = logging.getLogger(__name__)


def replace_missing() -> None:
    """Open the null device in place of each standard stream that is closed. Call it first."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: this one
    if sys.stdout is None:
        sys.stdout = os.fdopen(1, "w", closefd=False)
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", closefd=False)


def private_stdout() -> int:
    """Return standard output as a file that nobody else writes to.

    What others print there, such as a model's own operations, goes to standard error from now on.
    """
    private = os.dup(1)
    if hasattr(os, "set_blocking"):  # on Windows since Python 3.12
        os.set_blocking(private, True)
    os.dup2(2, 1)
    return private


def say(text: str) -> None:
    """Write a line to standard output at once; when nobody reads it, the log tells."""
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except OSError as error:
        log.warning("Standard output cannot be written to (%s): %s", error, text)
        # What is still buffered must not fail once more at the interpreter's end.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.close(nowhere)
