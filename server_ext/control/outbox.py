"""Writes lines to whoever started the server, who may read slowly, or not at all.

    replies, journal --in their order--> lines --\\
                                                  one thread --> the pipe
    models, sample   --the newest of each--> due -/

Nobody waits for the pipe but this thread. What tells of a state is made when there is room for it,
so a reader that falls behind finds the newest state and misses those in between.

Threads: any thread may call. `_changed` guards lines and what is due; writing runs without it.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

log = logging.getLogger(__name__)

MAX_LINES = 10_000
SLOWED = 5
"""Of what takes long to be made, the pause after it is so many times as long."""

Document = Mapping[str, Any]
Make = Callable[[], Document | None]


class _Line(NamedTuple):
    text: str
    written: threading.Event | None = None


class _Due(NamedTuple):
    make: Make
    apart_s: float


class Outbox:
    """A file descriptor and the thread that writes to it, which is a daemon.

    More than MAX_LINES lines wait only where nobody reads; then the oldest are lost.
    """

    def __init__(self, file: int) -> None:
        self._file = file
        self._changed = threading.Condition()
        self._lines: deque[_Line] = deque()
        self._due: dict[str, _Due] = {}
        self._not_before: dict[str, float] = {}  # by the monotonic clock
        self._closed = False
        self._broken = False
        self._thread = threading.Thread(target=self._work, name="commands-out", daemon=True)
        self._thread.start()

    def say(self, text: str) -> None:
        """Write text, a line or several."""
        self._add(_Line(text))

    def send(self, document: Document) -> None:
        """Write a document as a line."""
        self._add(_Line(json.dumps(document)))

    def send_now(self, document: Document, timeout_s: float) -> bool:
        """Write a document, and return when the pipe has it; at most so much later.

        Returns whether it has.
        """
        written = threading.Event()
        self._add(_Line(json.dumps(document), written))
        return written.wait(timeout_s)

    def due(self, kind: str, make: Make, apart_s: float = 0.0) -> None:
        """Write what `make` returns when there is room, at least so long after the last one.

        It is called by the thread that writes. None writes nothing. To say it again meanwhile
        changes nothing, but the last `make` of a kind counts.
        """
        with self._changed:
            self._due[kind] = _Due(make, apart_s)
            self._changed.notify()

    def close(self, timeout_s: float) -> None:
        """Write what is there, then end; a reader that reads no more is left behind."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(timeout_s)

    def _add(self, line: _Line) -> None:
        with self._changed:
            if len(self._lines) >= MAX_LINES:
                self._lines.popleft()
            self._lines.append(line)
            self._changed.notify()

    def _work(self) -> None:
        while (found := self._next()) is not None:
            if isinstance(found, _Line):
                self._write(found.text)
                if found.written:
                    found.written.set()
            else:
                self._tell(*found)

    def _next(self) -> _Line | tuple[str, _Due] | None:
        """Wait for the next line, or for what is due; None at the end."""
        with self._changed:
            while True:
                if self._lines:
                    return self._lines.popleft()
                now = time.monotonic()
                times = {kind: self._not_before.get(kind, 0.0) for kind in self._due}
                kind = min(times, key=times.__getitem__, default=None)
                if kind is not None and (self._closed or times[kind] <= now):
                    return kind, self._due.pop(kind)
                if self._closed:
                    return None
                self._changed.wait(None if kind is None else times[kind] - now)

    def _tell(self, kind: str, due: _Due) -> None:
        began = time.monotonic()
        try:
            document = due.make()
        except Exception:
            log.exception("The event %s failed in a way that is a bug of the server", kind)
            return
        now = time.monotonic()
        self._not_before[kind] = now + max(due.apart_s, SLOWED * (now - began))
        if document is not None:
            self._write(json.dumps(document))

    def _write(self, text: str) -> None:
        left = memoryview(f"{text}\n".encode())
        try:
            while left and not self._broken:
                left = left[os.write(self._file, left) :]
        except OSError as error:
            self._broken = True  # nobody can read any more: what is to come is thrown away
            log.warning("Events cannot be written (%s)", error)
