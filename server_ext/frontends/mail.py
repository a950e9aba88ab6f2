"""Answers from other threads on their way to the event loop: one wake-up for all that are there."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable

from server_ext.frontends.messages import Answer

log = logging.getLogger(__name__)

Settle = Callable[[Answer], None]


class Mail:
    """Any thread may post. On the loop itself an answer needs no way."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[Settle, Answer]] = deque()
        self._called = False

    def post(self, loop: asyncio.AbstractEventLoop, settle: Settle, answer: Answer) -> None:
        """Call `settle` with the answer on the loop; do nothing once the loop is closed."""
        if asyncio._get_running_loop() is loop:
            settle(answer)
            return
        self._waiting.append((settle, answer))
        if not self._called:
            self._called = True
            with contextlib.suppress(RuntimeError):  # the loop has been closed: nobody waits
                loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        self._called = False  # before the look: what comes after it calls again
        while self._waiting:
            settle, answer = self._waiting.popleft()
            try:
                settle(answer)
            except Exception:  # the others wait for their answers
                log.exception("An answer could not be given")
