"""How much memory loaded versions may take together, by estimate, and who holds it.

A version that does not fit is refused before it loads; what is loaded stays.
Threads: none and no lock; the manager calls under its lock.
"""

from __future__ import annotations

import logging

from server_ext.errors import ResourceExhausted
from server_ext.lifecycle.model import Record
from server_ext.lifecycle.servable import Loader

log = logging.getLogger(__name__)


class Budget:
    """`limit_bytes` for all versions together; 0 is no limit."""

    def __init__(self, limit_bytes: int = 0) -> None:
        self._limit_bytes = limit_bytes
        self._taken_bytes = 0

    def fits(self, size_bytes: int) -> bool:
        """Say whether there is room for so much now."""
        return not self._limit_bytes or self._taken_bytes + size_bytes <= self._limit_bytes

    def reserve(self, name: str, record: Record, size_bytes: int) -> ResourceExhausted | None:
        """Reserve memory for a version, or return why not.

        Compatible with the text of core/basic_manager.cc.
        """
        if self.fits(size_bytes):
            self._taken_bytes += size_bytes
            record.reserved_bytes = size_bytes
            return None
        return ResourceExhausted(
            "Insufficient resources to load servable "
            f"{{name: {name} version: {record.version}}}: it takes about {size_bytes} bytes, "
            f"and {max(0, self._limit_bytes - self._taken_bytes)} of the "
            f"{self._limit_bytes} bytes of --total_model_memory_limit_bytes are free"
        )

    def release(self, record: Record) -> None:
        """Take back what a version has reserved, if anything."""
        self._taken_bytes -= record.reserved_bytes
        record.reserved_bytes = 0


def size_of(loader: Loader) -> int:
    """Return the estimate of the memory a version will take, in bytes; 0 when it cannot be told."""
    try:
        return loader.memory_bytes()
    except Exception:  # the load itself will say what is wrong with the files
        log.debug("No estimate of the memory of %s", loader.path, exc_info=True)
        return 0
