"""gRPC on grpcio, where the native front cannot: with TLS, and on platforms without a wheel of it.

    a thread of grpcio's pool reads a call, answers it and sends the answer; or waits for the answer

A call that waits, in a batch, keeps its thread: where there are batches, there are more threads
than may run models. Calls that are answered at once have threads that no other one can take. Same
answers as native.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from queue import SimpleQueue
from threading import Semaphore
from typing import Any, NamedTuple

import grpc

from server_ext.errors import Code, ServingError, Unavailable
from server_ext.frontends import ports
from server_ext.frontends.grpc_guards import STATUS, Door, guards
from server_ext.frontends.reflection import Reflection
from server_ext.frontends.rpc import Call, Method, Reply, Send, Stream
from server_ext.frontends.terms import Terms
from server_ext.lifecycle.servable import Turn

AT_ONCE = 8
APART = 2  # one for a reload, one for a profile
WAITING = 128
_LEFT = ServingError("The caller has left", Code.CANCELLED)


class Threads(NamedTuple):
    """How many calls may run models at a time, and how many may wait or run."""

    running: int
    waiting: int

    @classmethod
    def of(cls, running: int, batches: bool) -> Threads:
        """Return the numbers for a server with batches, or without: then nothing waits."""
        return cls(running, max(running, WAITING) if batches else running)


class GrpcioFront:
    """Serves the methods on a TCP address, a Unix socket, or both, each with TLS if there is any.

    `reflected` offers server reflection, too.

    Raises:
        Unavailable: an address cannot be bound; the message names it and the cause.
    """

    transport = "grpcio"

    def __init__(
        self,
        address: tuple[str, int] | None,
        socket_path: str,
        methods: Sequence[Method],
        streams: Sequence[Stream],
        terms: Terms,
        threads: Threads,
        reflected: bool = False,
    ) -> None:
        self._credentials = _credentials(terms)
        self._at_once = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="grpc-at-once")
        self._apart = ThreadPoolExecutor(APART, thread_name_prefix="grpc-apart")
        self._runs = Semaphore(threads.running)
        draining = [m.path for m in methods if m.draining] + [s.path for s in streams]
        self._door = Door(draining, self._at_once)
        self._server = grpc.server(
            ThreadPoolExecutor(threads.waiting, thread_name_prefix="grpc"),
            interceptors=[self._door, *guards(terms.tokens, methods, streams)],
            options=list(_options(terms).items()),
        )
        self._register(methods, streams)
        self._reflection: Reflection | None = None
        if reflected:
            paths = [method.path for method in methods] + [stream.path for stream in streams]
            self._reflection = Reflection(paths)
            self._server.add_generic_rpc_handlers(self._reflection.handlers())
        self._port = self._bind(ports.grpc_target(*address)) if address else None
        if socket_path:
            self._bind(f"unix:{socket_path}")

    @property
    def port(self) -> int | None:
        """TCP port really bound, or None."""
        return self._port

    def start(self) -> None:
        """Begin to answer."""
        self._server.start()

    def stop(self, timeout_s: float) -> None:
        """Refuse new calls, answer those in flight for up to `timeout_s`, close."""
        deadline = time.monotonic() + timeout_s
        self._door.close()
        stopped = self._server.stop(max(0.0, deadline - time.monotonic()))
        if self._reflection:
            self._reflection.close()
        stopped.wait()
        for pool in (self._at_once, self._apart):
            pool.shutdown(wait=False, cancel_futures=True)

    def _bind(self, target: str) -> int:
        try:
            if self._credentials:
                return int(self._server.add_secure_port(target, self._credentials))
            return int(self._server.add_insecure_port(target))
        except RuntimeError as error:
            raise Unavailable(f"cannot listen for gRPC on {target}: {error}") from None

    def _register(self, methods: Sequence[Method], streams: Sequence[Stream]) -> None:
        for method in methods:
            runs = method.blocking and not method.apart
            behaviour = _behaviour(method.take, self._runs if runs else nullcontext())
            if not runs:
                pool = self._apart if method.apart else self._at_once
                behaviour.experimental_thread_pool = pool
            self._add(method.path, grpc.unary_unary_rpc_method_handler(behaviour))
        for stream in streams:
            self._add(stream.path, grpc.unary_stream_rpc_method_handler(_watching(stream)))

    def _add(self, path: str, handler: Any) -> None:
        _, service, name = path.split("/")
        self._server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler(service, {name: handler}),)
        )


def _credentials(terms: Terms) -> Any:
    tls = terms.tls
    return tls and grpc.ssl_server_credentials(
        [(tls.key, tls.certificate)],
        root_certificates=tls.ca or None,
        require_client_auth=tls.client_verify,
    )


def _options(terms: Terms) -> dict[str, int | str]:
    return {
        # Otherwise two servers share a port on Linux, and each gets half of the calls.
        "grpc.so_reuseport": 0,
        "grpc.max_receive_message_length": terms.max_message_bytes,
        "grpc.max_send_message_length": -1,
        **terms.arguments,
    }


def _watching(stream: Stream) -> Any:
    """Return a behaviour that holds no thread between two messages."""

    def behave(payload: bytes, context: grpc.ServicerContext, send_response_callback: Send) -> None:
        try:
            context.add_callback(stream.watch(payload, send_response_callback))
        except ServingError as error:
            context.abort(STATUS[error.code.grpc], error.message)

    behaviour: Any = behave
    behaviour.experimental_non_blocking = True
    return behaviour


def _behaviour(answer: Callable[[Call, Reply], None], turns: AbstractContextManager[Any]) -> Any:
    """Return a behaviour that answers in its turn, and waits no longer than its caller does."""

    def behave(payload: bytes, context: grpc.ServicerContext) -> bytes:
        came = time.monotonic()
        remaining_s = context.time_remaining()
        call = Call(payload, came, Turn(None if remaining_s is None else came + remaining_s))
        answered: SimpleQueue[bytes | ServingError] = SimpleQueue()

        def leave() -> None:
            call.turn.gone = True
            answered.put(_LEFT)  # so that no thread waits for those who do not

        if not context.add_callback(leave):
            return b""
        with turns:
            left = call.turn.left()
            if left:
                answered.put(left)
            else:
                answer(call, answered.put)
        outcome = answered.get()
        if not isinstance(outcome, ServingError):
            return outcome
        context.set_code(STATUS[outcome.code.grpc])
        context.set_details(outcome.message)
        return b""

    return behave
