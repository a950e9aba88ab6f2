"""The calls that a transport has taken and not answered yet, until the last one is."""

from __future__ import annotations

import threading

from server_ext.lifecycle.servable import Turn


class OpenCalls:
    """Any thread may call.

    `_lock` makes "draining and nothing open" final: no call slips in after it was seen.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._turns: dict[int, Turn] = {}
        self._draining = False
        self._idle = threading.Event()

    def begin(self, call_id: int, turn: Turn, draining: bool) -> bool:
        """Take a call; False when none is accepted any more, but for those that are `draining`."""
        with self._lock:
            if self._draining and not draining:
                return False
            self._turns[call_id] = turn
            return True

    def finish(self, call_id: int) -> Turn | None:
        """Forget a call that was answered, or whose caller has gone; None if it was answered."""
        with self._lock:
            turn = self._turns.pop(call_id, None)
            if self._draining and not self._turns:
                self._idle.set()
            return turn

    def give_up(self, call_id: int) -> None:
        """The caller has gone, or its time is over: skip what has not run yet."""
        turn = self.finish(call_id)
        if turn:
            turn.gone = True

    def drain(self) -> None:
        """Take no more."""
        with self._lock:
            self._draining = True
            if not self._turns:
                self._idle.set()

    def wait(self, timeout_s: float) -> None:
        """Wait until all are answered."""
        self._idle.wait(timeout_s)

    def give_up_all(self) -> None:
        """Nobody will hear the answers: what has not run yet need not."""
        with self._lock:
            for turn in self._turns.values():
                turn.gone = True
