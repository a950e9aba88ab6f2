"""gRPC on pygrpc-native: HTTP/2 outside the GIL, calls handed to Python in groups.

    a receiving thread per address --recv_batch--> calls, read here --> queues, or a short run here
                                        \\--large ones--> workers      --respond, from any thread-->

The receiver runs by itself what is short: no other thread is woken for it. Should it be held by a
run that was not, a stand-by receives for it, which hands all over. A cancelled or expired call that
has not run yet is dropped. The transport hands a call over when its message is complete, so that
one above the limit has been in memory.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pygrpc_native import EVENT_CALL, NativeGrpcFront

from server_ext.errors import ServingError, Unavailable
from server_ext.frontends import ports
from server_ext.frontends.lanes import BRIEF_BYTES, Lanes
from server_ext.frontends.opencalls import OpenCalls
from server_ext.frontends.rpc import Call, Method, Stream
from server_ext.frontends.terms import Terms
from server_ext.lifecycle.servable import Turn

if TYPE_CHECKING:
    from pygrpc_native._native import DetailedEvent

log = logging.getLogger(__name__)

# Threads of the transport. One passes 40,000 calls a second, and two do not share two cores well.
IO_THREADS = 1 if (os.cpu_count() or 1) <= 4 else 2
GROUP = 64  # calls taken from the transport at once
PATIENCE_S = 0.02  # after which the stand-by receives
SENDING_S = 0.005  # between two looks at what the transport has sent, as it does not tell by itself
_SHUTTING_DOWN = Unavailable("The server is shutting down")


class _Listener:
    """One address."""

    def __init__(
        self,
        name: str,
        methods: Sequence[Method],
        streams: Sequence[Stream],
        lanes: Lanes,
        terms: Terms,
    ) -> None:
        paths = [(method.path, False) for method in methods]
        self._front = NativeGrpcFront(
            name,
            paths + [(stream.path, True) for stream in streams],
            io_threads=IO_THREADS,
            call_details=True,  # metadata, deadlines, and word of unary callers that have gone
            metrics=True,  # for `_all_sent`
            **(terms.native() or {}),
        )
        self._path = name.removeprefix("unix:") if name.startswith("unix:") else ""
        self._methods = methods
        self._streams = streams
        self._open_to_all = [m.open for m in methods] + [s.open for s in streams]
        self._terms = terms
        self._leave: dict[int, Callable[[], None]] = {}  # used by who receives
        self._lanes = lanes
        self._workers = [lanes.of(method) for method in methods]
        self._brief = [method.blocking and not method.apart for method in methods]
        self._open = OpenCalls()
        self._busy_since = 0.0  # when the receiver got the calls it deals with; 0 while it waits
        self._came = threading.Event()  # calls have come since the stand-by has last looked
        self._closed = threading.Event()
        self._threads = [
            threading.Thread(target=target, name=f"grpc {name} {role}", daemon=True)
            for role, target in (("receiver", self._receive), ("stand-by", self._stand_by))
        ]

    @property
    def port(self) -> int:
        return self._front.bound_port

    def start(self) -> None:
        self._front.start()
        ports.widen(self._path or self.port)
        for thread in self._threads:
            thread.start()

    def drain(self) -> None:
        self._open.drain()

    def close(self, timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        self._open.wait(timeout_s)
        pause = threading.Event()
        while not self._all_sent() and time.monotonic() < deadline:
            pause.wait(SENDING_S)
        self._open.give_up_all()
        self._front.close()
        self._closed.set()
        self._came.set()
        for thread in self._threads:
            thread.join(timeout_s)

    def _all_sent(self) -> bool:
        """Tell whether each answer has left; closing would cut off those that are on their way."""
        counts = self._front.metrics() or {"methods": {}}
        return all(
            counted["started"] == sum(status["count"] for status in counted["status"].values())
            for counted in counts["methods"].values()
        )

    def _receive(self) -> None:
        while (events := self._front.recv_batch_details(GROUP)) is not None:
            self._busy_since = time.monotonic()
            if not self._came.is_set():
                self._came.set()
            for call_id, method_id, call in self._taken(events, brief=True):
                self._answer(call_id, method_id, call)
            self._lanes.help()
            self._busy_since = 0.0

    def _stand_by(self) -> None:
        """Receive while the receiver is held by a run that is longer than expected."""
        while self._came.wait() and not self._closed.wait(PATIENCE_S):
            self._came.clear()
            since = self._busy_since
            while since and since == self._busy_since:
                if time.monotonic() < since + PATIENCE_S:
                    self._closed.wait(PATIENCE_S)
                    continue
                self._lanes.help()
                events = self._front.recv_batch_details(GROUP, round(PATIENCE_S * 1000))
                if events is None:
                    return
                self._taken(events, brief=False)

    def _taken(self, events: Sequence[DetailedEvent], brief: bool) -> list[tuple[int, int, Call]]:
        """Hand calls over; if `brief`, return those that are to be answered here."""
        here = []
        came = time.monotonic()
        for kind, call_id, method_id, payload, _, details in events:
            if kind != EVENT_CALL or payload is None or details is None:
                self._open.give_up(call_id)
                self._leave.pop(call_id, _nothing)()
                continue
            refused = self._terms.refusal(details[0], payload, self._open_to_all[method_id])
            if refused:
                self._front.fail(call_id, refused.code.grpc, refused.message)
            elif method_id >= len(self._methods):
                self._watch(call_id, self._streams[method_id - len(self._methods)], payload)
            else:
                turn = Turn(None if details[2] is None else came + details[2])
                call = Call(payload, came, turn)
                if not self._open.begin(call_id, turn, self._methods[method_id].draining):
                    self._front.fail(call_id, _SHUTTING_DOWN.code.grpc, _SHUTTING_DOWN.message)
                elif brief and self._brief[method_id] and len(payload) <= BRIEF_BYTES:
                    turn.brief = True
                    here.append((call_id, method_id, call))
                else:
                    self._submit(call_id, method_id, call)
        return here

    def _watch(self, call_id: int, stream: Stream, payload: bytes) -> None:
        def send(message: bytes | None) -> None:
            if message is None:
                self._front.stream_end(call_id)
            else:
                self._front.stream_try_send(call_id, message)

        try:
            self._leave[call_id] = stream.watch(payload, send)
        except ServingError as error:
            self._front.fail(call_id, error.code.grpc, error.message)

    def _submit(self, call_id: int, method_id: int, call: Call) -> None:
        self._workers[method_id].submit(lambda: self._answer(call_id, method_id, call))

    def _answer(self, call_id: int, method_id: int, call: Call) -> None:
        def done(answer: bytes | ServingError) -> None:
            if isinstance(answer, ServingError):
                self._front.fail(call_id, answer.code.grpc, answer.message)
            else:
                self._front.respond(call_id, answer)
            self._open.finish(call_id)

        left = call.turn.left()
        if left:
            done(left)  # of which the transport tells nobody, if it knows already
        else:
            self._methods[method_id].take(call, done)


class NativeFront:
    """Serves the methods on a TCP address, a Unix socket, or both.

    Raises:
        Unavailable: an address cannot be bound; the message names it and the cause.
    """

    transport = "native"

    def __init__(
        self,
        address: tuple[str, int] | None,
        socket_path: str,
        methods: Sequence[Method],
        streams: Sequence[Stream],
        terms: Terms,
        lanes: Lanes,
    ) -> None:
        targets = [ports.grpc_target(*address)] if address else []
        targets += [f"unix:{socket_path}"] if socket_path else []
        self._listeners = [_bind(target, methods, streams, lanes, terms) for target in targets]
        self._tcp = self._listeners[0] if address else None

    @property
    def port(self) -> int | None:
        """TCP port really bound, or None."""
        return self._tcp.port if self._tcp else None

    def start(self) -> None:
        """Begin to answer."""
        for listener in self._listeners:
            listener.start()

    def stop(self, timeout_s: float) -> None:
        """Refuse new calls, answer those in flight for up to `timeout_s`, close."""
        for listener in self._listeners:
            listener.drain()
        for listener in self._listeners:
            listener.close(timeout_s)


def _nothing() -> None:
    return None


def _bind(
    target: str,
    methods: Sequence[Method],
    streams: Sequence[Stream],
    lanes: Lanes,
    terms: Terms,
) -> _Listener:
    try:
        return _Listener(target, methods, streams, lanes, terms)
    except OSError as error:
        raise Unavailable(f"cannot listen for gRPC on {target}: {error}") from None
