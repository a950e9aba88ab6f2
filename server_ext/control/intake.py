"""Reads commands from standard input, whatever the server is busy with, and notices its end.

    standard input --own thread--> lines: a queue --> who does them, when there is a server
                          \\--its end--> stop

Standard library only: it reads while TensorFlow is being imported.
"""

from __future__ import annotations

import os
import threading
from queue import SimpleQueue

READ_BYTES = 65536
MAX_LINE_BYTES = 64 * 1024 * 1024


class Intake:
    """The lines of a file that is being written, and a thread that reads it to its end.

    `lines` has each that is not blank, and None at the end; `stop` is set then. Of a line that is
    longer than MAX_LINE_BYTES the queue gets the beginning.
    """

    def __init__(self, file: int, stop: threading.Event) -> None:
        self.lines: SimpleQueue[bytes | None] = SimpleQueue()
        self._file = file
        self._stop = stop
        threading.Thread(target=self._read, name="commands-in", daemon=True).start()

    def _read(self) -> None:
        pieces: list[bytes] = []
        size = 0
        try:
            while chunk := os.read(self._file, READ_BYTES):
                *ended, rest = chunk.split(b"\n")
                for line in ended:
                    self._take(b"".join([*pieces, line]))
                    pieces, size = [], 0
                if size <= MAX_LINE_BYTES:
                    pieces.append(rest)
                    size += len(rest)
        except OSError:
            pass  # a terminal that is gone is the end as well
        self._take(b"".join(pieces))
        self.lines.put(None)
        self._stop.set()

    def _take(self, line: bytes) -> None:
        if line.strip():
            self.lines.put(line)
