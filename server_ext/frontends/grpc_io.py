"""gRPC on grpcio, for platforms that have no wheel of the native front; same answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import grpc

from server_ext.errors import ServingError, Unavailable
from server_ext.frontends.rpc import Method

_STATUS = {status.value[0]: status for status in grpc.StatusCode}


class GrpcioFront:
    """Serves the methods on a TCP address, a Unix socket, or both, on `threads` threads of its own.

    Raises:
        Unavailable: an address cannot be bound; the message names it and the cause.
    """

    transport = "grpcio"

    def __init__(
        self,
        address: tuple[str, int] | None,
        socket_path: str,
        methods: Sequence[Method],
        threads: int,
    ) -> None:
        # Without so_reuseport=0 two servers share a port on Linux, and each gets half of the calls.
        self._server = grpc.server(
            ThreadPoolExecutor(threads, thread_name_prefix="grpc"),
            options=[
                ("grpc.so_reuseport", 0),
                ("grpc.max_receive_message_length", -1),
                ("grpc.max_send_message_length", -1),
            ],
        )
        self._register(methods)
        self._port = self._bind(f"{address[0]}:{address[1]}") if address else None
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
        self._server.stop(timeout_s).wait()

    def _bind(self, target: str) -> int:
        try:
            return int(self._server.add_insecure_port(target))
        except RuntimeError as error:
            raise Unavailable(f"cannot listen for gRPC on {target}: {error}") from None

    def _register(self, methods: Sequence[Method]) -> None:
        for method in methods:
            _, service, name = method.path.split("/")
            handler = grpc.unary_unary_rpc_method_handler(_behaviour(method.answer))
            self._server.add_generic_rpc_handlers(
                (grpc.method_handlers_generic_handler(service, {name: handler}),)
            )


def _behaviour(answer: Callable[[bytes], bytes]) -> Callable[[bytes, grpc.ServicerContext], bytes]:
    def behave(payload: bytes, context: grpc.ServicerContext) -> bytes:
        try:
            return answer(payload)
        except ServingError as error:
            context.set_code(_STATUS[error.code.grpc])
            context.set_details(error.message)
            return b""

    return behave
