"""What one request waited for and ran, noted by those who run it, for a client that has asked."""

from __future__ import annotations


class Timing:
    """Seconds in a queue and in a run, and the rows that ran together; None without a batch.

    Where a request ran in pieces, or again, the longest counts. Whoever runs it notes that before
    it is answered, and nobody reads it earlier.
    """

    __slots__ = ("queue_s", "rows", "run_s")

    def __init__(self) -> None:
        self.queue_s = 0.0
        self.run_s = 0.0
        self.rows: int | None = None

    def ran(self, queue_s: float, run_s: float, rows: int | None = None) -> None:
        """Take note of a run, and of the rows in it if they may be of several requests."""
        self.queue_s = max(self.queue_s, queue_s)
        self.run_s = max(self.run_s, run_s)
        if rows is not None:
            self.rows = max(self.rows or 0, rows)
