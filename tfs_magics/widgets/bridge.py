"""Answers what pages ask by messages of one widget, where they cannot reach the server by HTTP.

    page --ask--> hear() --a thread--> answer(): the connection of this kernel --> send()
         --leave, alive--> the stream that is meant

A stream ends when its page leaves, or is not heard of for long: one that was closed says nothing.

Threads: any thread may call any method; `send` is called by one thread at a time.
"""

from __future__ import annotations

import contextvars
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from server_ext.errors import Code, ResourceExhausted, ServingError
from tfs_magics.widgets import asks
from tfs_magics.widgets.asks import Answer, Ask

log = logging.getLogger(__name__)

MOST_AT_ONCE = 64
LEASE_S = 900.0  # pages renew it each minute, if the kernel is not busy

Content = Mapping[str, Any]
Send = Callable[[dict[str, Any], Sequence[bytes]], None]
AnswerTo = Callable[[Ask, threading.Event], Answer]


class _Going:
    """A request that is being answered."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.renew()

    def renew(self) -> None:
        """Note that somebody reads the answer."""
        self.until = time.monotonic() + LEASE_S


class Bridge:
    """What pages ask of one widget. See the module for who may call what."""

    def __init__(self, send: Send, answer: AnswerTo) -> None:
        self._send = send
        self._answer = answer
        self._going: dict[str, _Going] = {}
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        self._closed = False

    def hear(self, content: Content) -> None:
        """Take a message of a page; never blocks. Messages that are not ours are left alone."""
        number = str(content.get("ask"))
        kind = content.get("kind")
        if kind == "ask":
            self._begin(number, content)
            return
        with self._lock:
            going = self._going.get(number)
        if going is not None and kind == "leave":
            going.over.set()
        elif going is not None and kind == "alive":
            going.renew()

    def close(self) -> None:
        """End all streams; nothing is sent any more."""
        with self._lock:
            self._closed = True
            for going in self._going.values():
                going.over.set()

    def _begin(self, number: str, content: Content) -> None:
        going = _Going()
        with self._lock:
            if self._closed or number in self._going:
                return
            is_full = len(self._going) >= MOST_AT_ONCE
            if not is_full:
                self._going[number] = going
        if is_full:
            error = ResourceExhausted(
                f"{MOST_AT_ONCE} requests of this widget are not answered yet"
            )
            self._tell(number, asks.refused(error))
            return
        # In this context answers belong to the message, and ipykernel has what the page sends next
        # heard by whoever heard this one, and not by a cell that runs.
        context = contextvars.copy_context()
        work = (self._run, number, content, going)
        threading.Thread(
            target=context.run, args=work, name="tfs-magics-widget", daemon=True
        ).start()

    def _run(self, number: str, content: Content, going: _Going) -> None:
        try:
            answer = self._answered(content, going)
            self._tell(number, answer)
            if answer.pieces is not None:
                self._stream(number, answer, going)
        except Exception:
            log.exception("A message of a widget could not be answered")
        finally:
            with self._lock:
                self._going.pop(number, None)

    def _answered(self, content: Content, going: _Going) -> Answer:
        try:
            return self._answer(asks.read(content), going.over)
        except ServingError as error:
            return asks.refused(error)
        except Exception as error:
            log.exception("A request of a widget failed")
            return asks.refused(ServingError(f"{type(error).__name__}: {error}", Code.INTERNAL))

    def _stream(self, number: str, answer: Answer, going: _Going) -> None:
        assert answer.pieces is not None
        for piece in answer.pieces:
            if going.over.is_set() or time.monotonic() > going.until:
                break
            self._put({"kind": "piece", "ask": number}, [piece])
        if not going.over.is_set():
            going.over.set()
            self._put({"kind": "over", "ask": number}, [])

    def _tell(self, number: str, answer: Answer) -> None:
        head = {
            "kind": "answer",
            "ask": number,
            "status": answer.status,
            "headers": dict(answer.headers),
            "more": answer.pieces is not None,
        }
        self._put(head, [answer.body] if answer.body else [])

    def _put(self, content: dict[str, Any], buffers: Sequence[bytes]) -> None:
        with self._sending:
            if not self._closed:
                self._send(content, buffers)
