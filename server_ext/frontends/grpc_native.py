"""gRPC on pygrpc-native: HTTP/2 outside the GIL, calls handed to Python in groups.

    one receiving thread per address --recv_batch--> workers --respond / fail, from any thread-->

A cancelled or expired call that still waits for a worker is dropped before it runs.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence

from pygrpc_native import EVENT_CALL, NativeGrpcFront

from server_ext.errors import Code, ServingError, Unavailable
from server_ext.frontends.rpc import Method
from server_ext.lifecycle.workers import Workers

log = logging.getLogger(__name__)

GROUP = 64  # calls taken from the transport at once
_SHUTTING_DOWN = "The server is shutting down"


class _Listener:
    """One address. `_open` holds the calls that were taken and not answered yet.

    `_lock` makes "draining and nothing open" final: no call slips in after it was seen.
    """

    def __init__(
        self, target: str, methods: Sequence[Method], run: Workers, describe: Workers
    ) -> None:
        self._front = NativeGrpcFront(target, [(method.path, False) for method in methods])
        self._methods = methods
        self._workers = [run if method.blocking else describe for method in methods]
        self._lock = threading.Lock()
        self._open: set[int] = set()
        self._draining = False
        self._idle = threading.Event()
        self._thread = threading.Thread(target=self._receive, name=f"grpc {target}", daemon=True)

    @property
    def port(self) -> int:
        return self._front.bound_port

    def start(self) -> None:
        self._front.start()
        self._thread.start()

    def drain(self) -> None:
        with self._lock:
            self._draining = True
            if not self._open:
                self._idle.set()

    def close(self, timeout_s: float) -> None:
        self._idle.wait(timeout_s)
        self._front.close()
        self._thread.join(timeout_s)

    def _receive(self) -> None:
        while (events := self._front.recv_batch(GROUP)) is not None:
            for kind, call_id, method_id, payload, _ in events:
                if kind != EVENT_CALL or payload is None:
                    self._finish(call_id)  # the caller has gone; its turn is skipped
                elif self._begin(call_id):
                    self._submit(call_id, method_id, payload)
                else:
                    self._front.fail(call_id, Code.UNAVAILABLE.grpc, _SHUTTING_DOWN)

    def _begin(self, call_id: int) -> bool:
        with self._lock:
            if not self._draining:
                self._open.add(call_id)
            return not self._draining

    def _finish(self, call_id: int) -> None:
        with self._lock:
            self._open.discard(call_id)
            if self._draining and not self._open:
                self._idle.set()

    def _submit(self, call_id: int, method_id: int, payload: bytes) -> None:
        self._workers[method_id].submit(lambda: self._answer(call_id, method_id, payload))

    def _answer(self, call_id: int, method_id: int, payload: bytes) -> None:
        if call_id not in self._open:
            return
        try:
            self._front.respond(call_id, self._methods[method_id].answer(payload))
        except ServingError as error:
            self._front.fail(call_id, error.code.grpc, error.message)
        finally:
            self._finish(call_id)


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
        run: Workers,
        describe: Workers,
    ) -> None:
        targets = [f"{_bracketed(address[0])}:{address[1]}"] if address else []
        targets += [f"unix:{socket_path}"] if socket_path else []
        self._listeners = [_bind(target, methods, run, describe) for target in targets]
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


def _bind(target: str, methods: Sequence[Method], run: Workers, describe: Workers) -> _Listener:
    try:
        return _Listener(target, methods, run, describe)
    except OSError as error:
        raise Unavailable(f"cannot listen for gRPC on {target}: {error}") from None


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
