"""Keeps one model server running from a start to a stop, whatever happens to its process.

    start() --> Watch --> runs.py, a thread: process, process, process ... --> stop()

Threads: one for each time that the server is wanted, which alone launches and ends processes; any
thread may call any method. The lock guards the situation and the watch, and nobody waits for a
process while holding it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from server_ext.errors import Unavailable
from server_ext.hosting.bell import Bell
from server_ext.hosting.process import ServerFailed
from server_ext.hosting.runs import Runs
from server_ext.hosting.settings import Settings
from server_ext.hosting.situation import Situation, State
from server_ext.hosting.watch import Crew, Watch
from server_ext.hosting.wish import Wish

log = logging.getLogger(__name__)

TICK_S = 0.1


class Supervisor:
    """Runs one server at a time. Any thread may call any method."""

    def __init__(self, settings: Settings, crew: Crew) -> None:
        self._settings = settings
        self._crew = crew
        self._changed = Bell()
        self._watch: Watch | None = None
        self._thread: threading.Thread | None = None
        self._closed = False
        self.situation = Situation(host=settings.host, max_restarts=settings.max_restarts)

    def start(self, wish: Wish, waiting: Callable[[], None]) -> float:
        """Have the server run, wait until it listens; return the seconds that took.

        0.0 if it runs. A start or a stop under way is waited for. `waiting` is called several times
        a second meanwhile; what it raises ends the wait and nothing else.

        Raises:
            FailedPrecondition: it runs in another way than wished.
            Unavailable: it could not be started, was stopped meanwhile, or this host is closed.
        """
        began = time.monotonic()
        watch: Watch | None = None
        while watch is None:
            self._wait(self._is_settled, waiting)
            with self._changed.lock:
                if self._runs():
                    ready = self.situation.ready
                    if ready is not None:
                        wish.check(ready, self.situation.batching)
                    return 0.0
                if self._is_settled():
                    watch = self._joined(wish)
        self._see_it_run(watch, waiting)
        return time.monotonic() - began

    def restart(self, wish: Wish, waiting: Callable[[], None]) -> float:
        """Stop the server and start it, wait as `start` does; return the seconds of the latter.

        The thread that ends it starts it, so that whoever waits may leave at any time.

        Raises:
            Unavailable: as from `start`; a stop that comes later is the last word.
        """
        with self._changed.lock:
            watch = self._watch
            if watch is None or watch.over:
                watch = None
            else:
                watch.again = wish
                self._end(watch, None)
        if watch is None:
            return self.start(wish, waiting)
        ended = watch
        self._wait(lambda: ended.over, waiting)
        began = time.monotonic()
        if ended.successor is None:
            raise ended.error or Unavailable("The model server was stopped.")
        self._see_it_run(ended.successor, waiting)
        return time.monotonic() - began

    @property
    def next_wish(self) -> Wish | None:
        """What to ask for to have the server where it was the last time; None if there was none."""
        watch, ready = self._watch, self.situation.ready
        if watch is None:
            return None
        return watch.wish.again(ready) if ready is not None else watch.wish

    def stop(self, timeout_s: float | None = None) -> bool:
        """End the server and wait for that; tell whether it went without force.

        `timeout_s` is how long it may take, also where another call has given it longer; 0 does
        not let it finish what is in flight.
        """
        with self._changed.lock:
            watch = self._watch
            if watch is None or watch.over:
                if self.situation.state is State.FAILED:
                    self._tell(State.STOPPED)
                return True
            watch.again = None
            self._end(watch, timeout_s)
        self._wait(lambda: watch.over, lambda: None)
        return watch.gentle

    def close(self, timeout_s: float | None = None) -> None:
        """End the server, for good."""
        with self._changed.lock:
            self._closed = True
        self.stop(timeout_s)
        if self._thread is not None:
            self._thread.join()

    def let_go(self) -> None:
        """In a forked copy, where no thread of ours runs: nobody may hold the lock for ever."""
        self._changed = Bell()

    def _end(self, watch: Watch, timeout_s: float | None) -> None:
        """Have its thread end the server; with no time for it, by force. Lock held."""
        if watch.wanted:
            watch.stop_timeout_s = self._settings.stop_timeout_s
            self._tell(State.STOPPING, ready=self.situation.ready)
        if timeout_s is not None:
            watch.stop_timeout_s = timeout_s
        if timeout_s == 0 and watch.process is not None:
            watch.process.kill()  # its thread may be waiting for it to finish what is in flight
        self._changed.ring()

    def _see_it_run(self, watch: Watch, waiting: Callable[[], None]) -> None:
        """Wait until the server runs, or its watch is over: then raise why, if there is a why."""
        self._wait(lambda: watch.over or self._runs(), waiting)
        if watch.over and watch.error is not None:
            raise watch.error

    def _runs(self) -> bool:
        return self.situation.state is State.RUNNING

    def _is_settled(self) -> bool:
        """Whether it is clear what a start is to do: not while the server ends, noticed or not."""
        if self.situation.state is State.STOPPING:
            return False
        process = self._watch.process if self._watch is not None else None
        return not self._runs() or process is None or process.alive

    def _joined(self, wish: Wish) -> Watch:
        """Return the watch under way, or a new one."""
        if self._closed:
            raise Unavailable("This host of a model server is closed, and starts none.")
        if self._watch is None or self._watch.over:
            self._watch = self._begin(wish)
        self._watch.impatient = True
        self._changed.ring()
        return self._watch

    def _begin(self, wish: Wish) -> Watch:
        watch = Watch(wish, self._changed)
        thread = threading.Thread(
            target=self._supervise, args=(watch,), name="model-server-supervisor", daemon=True
        )
        try:
            thread.start()  # it waits for our lock before it does anything
            self._tell(State.STARTING, restarts=0, batching=wish.batching)
        except BaseException:  # an interrupt, or no thread to be had: nobody must wait for it
            watch.stop_timeout_s, watch.over = 0.0, True
            self._tell(State.STOPPED)
            raise
        self._thread = thread
        return watch

    def _wait(self, done: Callable[[], bool], waiting: Callable[[], None]) -> None:
        while True:
            if self._changed.wait_for(done, TICK_S):
                return
            waiting()

    def _tell(self, state: State, **fields: Any) -> None:
        """Go to another situation, which takes over what stays the same between start and stop."""
        now = self.situation
        kept = {
            "restarts": now.restarts,
            "max_restarts": now.max_restarts,
            "batching": now.batching,
            "host": now.host,
        }
        self.situation = Situation(state, **{**kept, **fields})
        self._crew.tell(self.situation)
        self._changed.ring()

    def _supervise(self, watch: Watch) -> None:
        with self._changed.lock:
            if watch.over:
                return
        try:
            final = Runs(self._settings, self._crew, watch, self._tell).until_over()
        except Exception as error:  # a bug must not leave anybody waiting
            log.exception("The supervisor of the model server failed")
            final = Situation(State.FAILED, f"The supervisor failed: {error!r}")
        with self._changed.lock:
            if final.state is State.FAILED:
                watch.error = ServerFailed(final.reason, final.lines)
            else:
                watch.error = Unavailable(final.reason or "The model server was stopped.")
            watch.over = True
            self._tell(final.state, reason=final.reason, lines=final.lines, cause=final.cause)
            if watch.again is not None and not watch.wanted and not self._closed:
                self._watch = watch.successor = self._begin(watch.again)
                self._watch.impatient = True
