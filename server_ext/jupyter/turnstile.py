"""Lets proxied requests go on one by one, a step in each round of the event loop.

The loop does all that is ready before it looks for more. With many requests ready at once each
round would take long, and what takes several rounds, such as a kernel's answer on its way to a
page, would wait for all of them in each. Threads: the event loop only.
"""

from __future__ import annotations

import asyncio
from collections import deque


class Turnstile:
    """A queue in front of what takes time on the loop."""

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._turning = False

    async def wait(self) -> None:
        """Return when it is this caller's turn: the only one in this round of the loop."""
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        self._waiting.append(turn)
        if not self._turning:
            self._turning = True
            loop.call_soon(self._next, loop)
        await turn

    def _next(self, loop: asyncio.AbstractEventLoop) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():  # its caller may have left
                turn.set_result(None)
                loop.call_soon(self._next, loop)
                return
        self._turning = False
