"""One attempt to load a version, and what its files looked like: whatever a loader does, an answer.

Threads: no state; any thread may call.
"""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Hashable
from typing import NamedTuple

from server_ext.errors import Code, ServingError
from server_ext.lifecycle.servable import Loader, Servable

log = logging.getLogger(__name__)


class Loaded(NamedTuple):
    """A servable with what its status tells; `at` is in seconds since the epoch."""

    servable: Servable
    signatures: tuple[str, ...]
    memory_bytes: int
    at: float
    seconds: float


def attempt(loader: Loader) -> Loaded | ServingError:
    """Load, or answer why not; what is no ServingError becomes INTERNAL and goes to the log."""
    began = time.monotonic()
    try:
        servable = loader.load()
        signatures, memory_bytes = tuple(servable.signatures), servable.memory_bytes
    except ServingError as error:
        # A copy: the original's traceback would keep all that the load has allocated.
        return ServingError(error.message, error.code)
    except BaseException as error:  # SystemExit too: the model's fault must not cost the thread
        log.exception("Loading %s failed in a way that is a bug of the loader", loader.path)
        reason = traceback.format_exception_only(error)[-1].strip()
        return ServingError(f"Loading failed: {reason}", Code.INTERNAL)
    return Loaded(servable, signatures, memory_bytes, time.time(), time.monotonic() - began)


def stamp_of(loader: Loader) -> Hashable:
    """Return what tells one state of a version's files from another."""
    try:
        return loader.path, loader.stamp()
    except Exception:  # not to be read just now; it differs from what can be read later
        log.debug("No stamp of %s", loader.path, exc_info=True)
        return loader.path, None
