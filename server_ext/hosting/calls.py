"""Commands to a model server that wait for their replies.

    ask(do, ...) --queue--> one thread --{"id": 1, "do": ...}--> stdin of the server
    Call.wait()  <----------- reply() <--{"id": 1, "ok": true}-- stdout

Asking never blocks: a server that does not read keeps the writing thread waiting and nobody else.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import queue
import threading
from collections.abc import Callable, Mapping
from typing import Any

from server_ext.errors import Code, ServingError, Unavailable


class Call:
    """One command on its way. Any thread may wait for it."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._over = threading.Event()
        self._error: ServingError | None = None

    def settle(self, error: ServingError | None) -> None:
        """Let those go who wait, with this error or without one."""
        self._error = error
        self._over.set()

    def wait(self, timeout_s: float) -> None:
        """Return when the server has done it.

        Raises:
            ServingError: the server's own refusal, with its code.
            Unavailable: it ended first, or did not answer in time.
        """
        if not self._over.wait(timeout_s):
            raise Unavailable(
                f"The model server did not answer within {timeout_s:.0f} s to: {self._what}."
            )
        if self._error is not None:
            raise self._error


class Calls:
    """The commands of one server. Any thread may call any method; the lock guards who waits."""

    def __init__(self, stdin: int, close: Callable[[int], None]) -> None:
        self._stdin, self._close = stdin, close
        self._numbers = itertools.count(1)
        self._waiting: dict[int, Call] = {}
        self._ended: ServingError | None = None
        self._lock = threading.Lock()
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write, name="model-server-input", daemon=True)
        self._writer.start()

    def ask(self, do: str, **fields: Any) -> Call:
        """Send a command after those before it, without waiting for anything."""
        call, number = Call(do), next(self._numbers)
        line = json.dumps({"id": number, "do": do, **fields}).encode() + b"\n"
        with self._lock:
            if self._ended is not None:
                call.settle(self._ended)
                return call
            self._waiting[number] = call
            self._lines.put(line)
        return call

    def reply(self, said: Mapping[str, Any]) -> bool:
        """Take what the server said; tell whether it is the reply to a command."""
        with self._lock:
            call = self._waiting.pop(said.get("id", 0), None)
        if call is None:
            return False
        error = said.get("error")
        call.settle(_error(error) if error else None)
        return True

    def end(self, why: ServingError) -> None:
        """Tell all who wait, and all who come later, that there will be no replies."""
        with self._lock:
            self._ended = why
            waiting, self._waiting = self._waiting, {}
        for call in waiting.values():
            call.settle(why)

    def close(self, timeout_s: float) -> None:
        """Close the server's standard input after what is still to be written."""
        self._lines.put(None)
        self._writer.join(timeout_s)

    def _write(self) -> None:
        with contextlib.suppress(OSError):  # the server has ended; whoever waits is told by end()
            while line := self._lines.get():
                rest = memoryview(line)
                while rest:
                    rest = rest[os.write(self._stdin, rest) :]
        self._close(self._stdin)


def _error(error: Mapping[str, Any]) -> ServingError:
    name = error.get("code", "")
    code = Code[name] if name in Code.__members__ else Code.UNKNOWN
    return ServingError(str(error.get("message", "refused without a reason")), code)
