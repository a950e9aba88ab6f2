"""What all handlers share: the host, the allowed directories, and the threads that may block.

    event loop --run()--> a thread of ours: Host.start(), serve() ...   may take seconds
    event loop --run_now()--> one of few that nothing else takes: Host.stop(), restart()
    event loop ---------> Host.status(), logs(), address()              never block
    a thread of the host --subscribe()--> event loop                    one wake-up per event

Nothing that blocks runs on Jupyter's event loop, on which all kernels answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from server_ext.errors import Unavailable
from server_ext.hosting.address import Address
from server_ext.hosting.settings import Settings
from server_ext.hosting.situation import State
from server_ext.jupyter import heap
from server_ext.jupyter.activity import Activity
from server_ext.jupyter.connections import Connections
from server_ext.jupyter.feed import Feed
from server_ext.jupyter.policy.roots import Roots
from server_ext.jupyter.turnstile import Turnstile

if TYPE_CHECKING:
    from server_ext.hosting.host import Host

T = TypeVar("T")
THREADS = 32  # a start may be waited for by many notebooks
THREADS_TO_STOP = 16  # what ends a server that hangs must not wait for those who wait for it
NOTHING_RUNS = "%tfs_serve NAME in a notebook, the panel, or POST tfs/api/server/start starts one."


class Service:
    """Lives as long as the extension. Event loop only, but for what `run` is given."""

    def __init__(self, host: Host, settings: Settings, roots: Roots, activity: Activity) -> None:
        self.host = host
        self.settings = settings
        self.roots = roots
        self.activity = activity
        self.document: dict[str, Any] = {}  # of the API; the one who lists the handlers makes it
        self.feeds: set[Feed] = set()
        self.turnstile = Turnstile()
        self.connections = Connections()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="tfs-jupyter")
        self._threads_to_stop = ThreadPoolExecutor(
            THREADS_TO_STOP, thread_name_prefix="tfs-jupyter-stop"
        )
        self._closed = False
        self._settled = False
        self._silence: Callable[[], None] = lambda: None

    async def run(self, work: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Run what may block on a thread of ours.

        Raises:
            Unavailable: Jupyter is stopping; and what `work` raises.
        """
        return await self._run_on(self._threads, lambda: work(*args, **kwargs))

    async def run_now(self, work: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """As `run`, for what ends the model server, however many wait for that."""
        return await self._run_on(self._threads_to_stop, lambda: work(*args, **kwargs))

    def address(self) -> Address:
        """Return where the model server answers. Never blocks.

        Raises:
            Unavailable: it does not; the message says why, and what starts one.
        """
        try:
            return self.host.address()
        except Unavailable as error:
            if self.host.status()["server"]["state"] != State.STOPPED.value:
                raise
            raise Unavailable(f"{error.message} {NOTHING_RUNS}") from error

    def retry_after_s(self) -> int:
        """Return in how many seconds a request that was refused for now may succeed."""
        at = self.host.status()["server"]["retry_at"]
        return max(1, math.ceil(at - time.time())) if at else 1

    def listen(self) -> None:
        """Begin to hand the events of the host to the activity and to all readers."""
        loop = asyncio.get_running_loop()

        def hear(event: dict[str, Any]) -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended before the host
                loop.call_soon_threadsafe(self._hear, event)

        self._silence = self.host.subscribe(hear)

    async def close(self) -> None:
        """End all readers and the host; returns when no process of ours is left."""
        self._closed = True
        self._silence()
        for feed in self.feeds:
            feed.end()
        self.connections.close()
        await asyncio.to_thread(self.host.close)
        self._threads.shutdown(wait=False)
        self._threads_to_stop.shutdown(wait=False)

    async def _run_on(self, threads: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        if self._closed:
            raise Unavailable("This Jupyter server is stopping, and its model server with it.")
        return await asyncio.get_running_loop().run_in_executor(threads, work)

    def _hear(self, event: dict[str, Any]) -> None:
        self.activity.hear(event)
        if (
            not self._settled
            and event["type"] == "server"
            and event["server"]["state"] == "running"
        ):
            self._settled = True
            heap.settle()
        for feed in self.feeds:
            feed.put(event)
