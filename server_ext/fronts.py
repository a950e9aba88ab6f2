"""Opens what the flags ask for: gRPC on the transport that can serve it, REST, the metrics page."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Callable
from functools import partial

from server_ext.api.health import Health
from server_ext.api.profiling import Profiling
from server_ext.api.services import Services
from server_ext.errors import Unavailable
from server_ext.flagvalues import OFF
from server_ext.frontends import health, ports, profiler, rpc
from server_ext.frontends.asgi import AsgiApp
from server_ext.frontends.gate import gate
from server_ext.frontends.lanes import Lanes
from server_ext.frontends.listener import RestFront
from server_ext.frontends.metrics import MetricsPage
from server_ext.frontends.ports import Reserved
from server_ext.frontends.rest import RestApi
from server_ext.frontends.terms import Terms, parse_arguments
from server_ext.frontends.tokens import Tokens
from server_ext.lifecycle.workers import Workers
from server_ext.metrics import Registry
from server_ext.monitoringconfig import read_monitoring_config_file
from server_ext.options import Options
from server_ext.sslconfig import read_ssl_config_file

log = logging.getLogger(__name__)


class Fronts:
    """The open front ends of one server; one thread calls `open_grpc`, `open_rest` and `close`.

    Predictions run on `run`; what is answered at once, and never waits behind a slow model, has
    threads of its own. Who reads requests calls `help` when it has read some, see lanes.py.

    Raises:
        ServingError: a file that a flag names cannot be read, or says what cannot be.
        InvalidArgument: --grpc_channel_arguments is no list of arguments.
    """

    def __init__(
        self,
        options: Options,
        reserved: Reserved,
        metrics: Registry,
        run: Workers,
        help: Callable[[], None],
    ) -> None:
        self._options = options
        self._reserved = reserved
        self._metrics_page = _metrics_page(options, metrics)
        self._terms = _terms(options)
        # Of those apart one is for a reload, and one for a profile.
        self._lanes = Lanes(run, Workers(1, "describe"), Workers(2, "apart"), help)
        self._profiling = Profiling() if options.enable_profiler else None
        self.grpc: rpc.GrpcFront | None = None
        self.rest: RestFront | None = None

    @property
    def tls(self) -> bool:
        """Whether the ports speak TLS."""
        return self._terms.tls is not None

    def open_grpc(self, services: Services, serving: Health) -> None:
        """Listen for gRPC.

        Raises:
            Unavailable: the address is taken.
        """
        address = None
        if self._reserved.grpc:
            address = self._reserved.grpc.getsockname()[:2]
            self._reserved.grpc.close()  # released for the transport, which binds by itself
        methods = rpc.methods(services)
        streams: tuple[rpc.Stream, ...] = ()
        if self._options.enable_grpc_healthcheck_service:
            methods = (*methods, *health.methods(serving))
            streams = health.streams(serving)
        if self._profiling:
            methods = (*methods, *profiler.methods(self._profiling))
        path = self._options.grpc_socket_path
        if path:
            ports.claim(path)  # once more, as loading has taken its time
        make = _transport(self._options, self._terms, self._lanes)
        self.grpc = make(address, path, methods, streams, self._terms)
        self.grpc.start()

    def open_rest(self, services: Services) -> None:
        """Listen for REST, if its port is ours; otherwise gRPC goes on alone."""
        if not self._reserved.rest:
            return
        timeout_s = self._options.rest_api_timeout_in_ms / 1000
        bound, limit_bytes = self._reserved.rest, self._options.max_request_bytes
        tokens = self._terms.tokens is not None
        rest = RestApi(services, self._lanes, limit_bytes or sys.maxsize, tokens=tokens)
        names = (self._options.host, *self._options.rest_api_allowed_hosts.split(","))
        app = AsgiApp(
            rest,
            timeout_s if timeout_s > 0 else None,
            self._metrics_page,
            gate=gate(
                self._terms,
                bound.getsockname()[0],
                names,
                foreign_origins=not self._options.rest_api_refuse_foreign_origins,
            ),
            cors=self._options.rest_api_enable_cors_support,
            tokens=tokens,
        )
        front = RestFront(app, bound, self._options.drain_timeout_seconds, self._terms.tls)
        try:
            front.start()
        except Unavailable as error:
            log.error("REST is off: %s", error)
        else:
            self.rest = front

    def close(self) -> None:
        """Accept no more, and answer what is in flight, up to the drain time."""
        drain_s = self._options.drain_timeout_seconds
        if self._profiling:
            self._profiling.close()
        fronts = [front for front in (self.grpc, self.rest) if front]
        stopping = [
            threading.Thread(target=front.stop, args=(drain_s,), name="drain") for front in fronts
        ]
        for thread in stopping:
            thread.start()
        for thread in stopping:
            thread.join()
        for workers in (self._lanes.describe, self._lanes.apart):
            workers.close(timeout_s=1)


def run_threads(options: Options) -> int:
    """Return how many predictions run at a time: more than cores, beside a slow model too."""
    asked = max(options.grpc_max_threads, options.rest_api_num_threads)
    return asked or max(4, 2 * (os.cpu_count() or 1))


def _terms(options: Options) -> Terms:
    return Terms(
        tokens=Tokens(options.auth_token_file) if options.auth_token_file else None,
        max_request_bytes=options.max_request_bytes,
        tls=read_ssl_config_file(options.ssl_config_file) if options.ssl_config_file else None,
        arguments=parse_arguments(options.grpc_channel_arguments),
    )


def _transport(options: Options, terms: Terms, lanes: Lanes) -> Callable[..., rpc.GrpcFront]:
    """Return the transport that can do it on these terms: native unless only the other one can."""
    reflected = options.enable_grpc_reflection
    if terms.native() is not None and not reflected:
        try:
            from server_ext.frontends.grpc_native import NativeFront
        except ImportError:  # no wheel for this platform
            pass
        else:
            return partial(NativeFront, lanes=lanes)
    from server_ext.frontends.grpc_io import GrpcioFront, Threads

    threads = Threads.of(run_threads(options), options.batching_mode != OFF)
    return partial(GrpcioFront, threads=threads, reflected=reflected)


def _metrics_page(options: Options, metrics: Registry) -> MetricsPage | None:
    if not options.monitoring_config_file:
        return None
    path = read_monitoring_config_file(options.monitoring_config_file)
    if path and options.rest_api_port is None:
        log.warning("No metrics page: it needs --rest_api_port")
    return MetricsPage(path, metrics) if path else None
