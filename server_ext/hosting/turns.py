"""Does one thing after the other, in the order they came, in a thread of its own.

    do(work) --queue--> the thread --result or error--> do() returns

Whoever waits for its turn holds no lock, and may leave: what it asked for is done all the same.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from typing import Generic, TypeVar, cast

from server_ext.errors import Unavailable

log = logging.getLogger(__name__)

T = TypeVar("T")


class Turn(Generic[T]):
    """Something to do, and its outcome."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._result: T | None = None
        self._error: BaseException | None = None
        self._over: queue.SimpleQueue[None] = queue.SimpleQueue()  # why no Event, says bell.py

    def take(self) -> BaseException | None:
        """Do it; return the error it ended in."""
        try:
            self._result = self._work()
        except Exception as error:  # goes to the one who asked
            self._error = error
        self._over.put(None)
        return self._error

    def result(self) -> T:
        """Wait; return or raise what the work did."""
        self._over.get()
        if self._error is not None:
            raise self._error
        return cast(T, self._result)


class Turns:
    """A queue and its thread, alive from the first turn until `close`. Any thread may call."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._queue: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._lock = threading.Lock()

    def do(self, work: Callable[[], T]) -> T:
        """Do something when it is its turn; return or raise what it does.

        Raises:
            Unavailable: it is closed.
        """
        turn = Turn(work)
        self._add(lambda: turn.take())
        return turn.result()

    def later(self, work: Callable[[], None]) -> None:
        """Do something when it is its turn, without waiting for it; nothing once it is closed."""
        turn = Turn(work)

        def take() -> None:
            error = turn.take()
            if error is not None:
                log.error("What was to be done later failed", exc_info=error)

        try:
            self._add(take)
        except Unavailable:
            return

    def close(self) -> None:
        """Do what was asked for so far, then end the thread."""
        with self._lock:
            self._closed = True
            thread = self._thread
            self._queue.put(None)
        if thread is not None:
            thread.join()

    def _add(self, take: Callable[[], object]) -> None:
        with self._lock:
            if self._closed:
                raise Unavailable("This host of a model server is closed.")
            if self._thread is None:
                thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                thread.start()
                self._thread = thread
            self._queue.put(take)

    def _run(self) -> None:
        with self._lock:
            if self._thread is not threading.current_thread():
                return  # whoever started us was interrupted
        while take := self._queue.get():
            take()
