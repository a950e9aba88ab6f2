"""One model server: the place where source, manager, engine and front ends meet.

start: read config -> load models -> open ports
    stop: close ports, answer what is in flight, unload
"""

from __future__ import annotations

import logging
import os
import threading
from functools import partial
from typing import Any

import psutil

from server_ext.api import labels
from server_ext.api.gauges import Gauges
from server_ext.api.health import Health
from server_ext.api.lookup import Lookup
from server_ext.api.measured import MeasuredLoads
from server_ext.api.overview import Overview
from server_ext.api.reload import Reloads
from server_ext.api.services import Services
from server_ext.api.status import StatusApi
from server_ext.api.traffic import Traffic
from server_ext.configfile import ConfigFile
from server_ext.engine import savedmodel
from server_ext.engine.sessionconfig import session_config
from server_ext.engine.threads import chosen
from server_ext.errors import Unavailable
from server_ext.frontends import health, rpc
from server_ext.frontends.asgi import AsgiApp, RestFront
from server_ext.frontends.metrics import MetricsPage
from server_ext.frontends.ports import Reserved
from server_ext.frontends.rest import RestApi
from server_ext.lifecycle.manager import Manager
from server_ext.lifecycle.policy import State
from server_ext.lifecycle.retries import Retries
from server_ext.lifecycle.source import MakeLoader, ModelConfig, Source
from server_ext.lifecycle.workers import Workers
from server_ext.metrics import Registry
from server_ext.modelconfig import single_model
from server_ext.monitoringconfig import read_monitoring_config_file
from server_ext.options import Options

log = logging.getLogger(__name__)

DEFAULT_POOL = 2  # threads that load, and as many that unload


def _make_loader(options: Options) -> MakeLoader:
    config = session_config(
        options.tensorflow_session_config_file,
        options.per_process_gpu_memory_fraction,
        options.mixed_precision,
    )
    both = options.tensorflow_session_parallelism
    threads = chosen(
        both,
        options.tensorflow_intra_op_parallelism
        or (not both and config.intra_op_parallelism_threads),
        options.tensorflow_inter_op_parallelism
        or (not both and config.inter_op_parallelism_threads),
    )
    return partial(
        savedmodel.make_loader,
        tags=options.saved_model_tags.split(","),
        threads=threads,
        session_config=config,
    )


def _manager(options: Options) -> Manager:
    return Manager(
        load_threads=options.num_load_threads or DEFAULT_POOL,
        unload_threads=options.num_unload_threads or DEFAULT_POOL,
        retries=Retries(
            options.max_num_load_retries, options.load_retry_interval_micros / 1_000_000
        ),
        memory_limit_bytes=options.total_model_memory_limit_bytes,
    )


def _metrics_page(options: Options, metrics: Registry) -> MetricsPage | None:
    if not options.monitoring_config_file:
        return None
    path = read_monitoring_config_file(options.monitoring_config_file)
    if path and options.rest_api_port is None:
        log.warning("No metrics page: it needs --rest_api_port")
    return MetricsPage(path, metrics) if path else None


def run_threads(options: Options) -> int:
    """Return how many predictions run at a time: more than cores, beside a slow model too."""
    asked = max(options.grpc_max_threads, options.rest_api_num_threads)
    return asked or max(4, 2 * (os.cpu_count() or 1))


class ModelServer:
    """A server for the models its options name. One thread calls `start`, then `stop`, once."""

    def __init__(self, options: Options, reserved: Reserved) -> None:
        self._options = options
        self._reserved = reserved
        self._manager = _manager(options)
        self._metrics = Registry()
        Gauges(self._metrics, self._manager)
        self._source = Source(
            self._manager,
            MeasuredLoads(_make_loader(options), self._metrics),
            poll_wait_s=options.file_system_poll_wait_seconds,
        )
        self._reloads = Reloads(
            self._manager,
            self._source,
            timeout_s=options.reload_timeout_seconds,
            allow_unavailable_labels=options.allow_version_labels_for_unavailable_models,
            counter=self._metrics.first,
        )
        self._config_file = (
            ConfigFile(
                options.model_config_file,
                options.model_config_file_poll_wait_seconds,
                partial(self._reloads.apply, wait=options.wait_for_models),
            )
            if options.model_config_file
            else None
        )
        traffic = Traffic(self._metrics)
        self._services = Services(
            Lookup(self._manager, lambda name: labels.of(self._source.models, name)),
            StatusApi(self._manager, self._source.problem),
            traffic,
            Overview(self._manager, self._source, traffic, self._process),
            self._reloads,
            check_methods=options.enable_signature_method_name_check,
        )
        self._health = Health()
        self._run = Workers(run_threads(options), "predict")
        self._describe = Workers(1, "describe")  # status never waits behind a slow model
        self._metrics_page = _metrics_page(options, self._metrics)
        self._grpc: rpc.GrpcFront | None = None
        self._rest: RestFront | None = None

    @property
    def grpc_port(self) -> int | None:
        """TCP port of gRPC once started, None without one."""
        return self._grpc.port if self._grpc else None

    @property
    def rest_port(self) -> int | None:
        """TCP port of REST once started, None without one."""
        return self._rest.port if self._rest else None

    def start(self, give_up: threading.Event) -> None:
        """Load the models, then open the ports. Setting `give_up` ends the wait for the models.

        Raises:
            ServingError: the config cannot be read or is refused, or gRPC cannot listen.
        """
        self._reloads.apply(self._configs(), wait=False)
        self._source.start()
        if self._config_file:
            self._config_file.start()
        if self._options.wait_for_models:
            self._wait_for_models(give_up)
        self._open_grpc()
        self._open_rest()

    def stop(self) -> None:
        """Accept no more, answer what is in flight (up to the drain time), unload."""
        drain_s = self._options.drain_timeout_seconds
        self._health.drain()
        self._reloads.close()
        if self._config_file:
            self._config_file.close()
        self._source.close()
        fronts = [front for front in (self._grpc, self._rest) if front]
        stopping = [
            threading.Thread(target=front.stop, args=(drain_s,), name="drain") for front in fronts
        ]
        for thread in stopping:
            thread.start()
        for thread in stopping:
            thread.join()
        self._run.close(timeout_s=1)
        self._describe.close(timeout_s=1)
        self._manager.close(timeout_s=5)

    def _configs(self) -> list[ModelConfig]:
        if self._config_file:
            return self._config_file.read()
        return [single_model(self._options.model_name, self._options.model_base_path)]

    def _wait_for_models(self, give_up: threading.Event) -> None:
        while not give_up.is_set():
            if self._manager.wait_until(self._settled, timeout_s=0.2):
                return

    def _settled(self) -> bool:
        return all(self._model_settled(config.name) for config in self._source.models)

    def _model_settled(self, name: str) -> bool:
        versions = self._manager.versions(name)
        if any(status.state is State.AVAILABLE for status in versions):
            return True
        if self._source.problem(name):
            return True
        # One that has failed may be tried again for minutes: nobody waits for that.
        return bool(versions) and all(s.error or s.state is State.END for s in versions)

    def _open_grpc(self) -> None:
        address = None
        if self._reserved.grpc:
            address = self._reserved.grpc.getsockname()[:2]
            self._reserved.grpc.close()  # released for the transport, which binds by itself
        methods = rpc.methods(self._services)
        streams: tuple[rpc.Stream, ...] = ()
        if self._options.enable_grpc_healthcheck_service:
            methods = (*methods, *health.methods(self._health))
            streams = health.streams(self._health)
        path = self._options.grpc_socket_path
        try:
            from server_ext.frontends.grpc_native import NativeFront
        except ImportError:  # no wheel for this platform
            from server_ext.frontends.grpc_io import GrpcioFront

            self._grpc = GrpcioFront(address, path, methods, streams, run_threads(self._options))
        else:
            self._grpc = NativeFront(address, path, methods, streams, self._run, self._describe)
        self._grpc.start()

    def _open_rest(self) -> None:
        if self._reserved.rest:
            timeout_s = self._options.rest_api_timeout_in_ms / 1000
            rest = RestApi(self._services, self._run)
            app = AsgiApp(rest, timeout_s if timeout_s > 0 else None, self._metrics_page)
            front = RestFront(app, self._reserved.rest, self._options.drain_timeout_seconds)
            try:
                front.start()
            except Unavailable as error:  # gRPC goes on alone, as when the port is taken earlier
                log.error("REST is off: %s", error)
            else:
                self._rest = front

    def _process(self) -> dict[str, Any]:
        return {
            "tensorflow_version": savedmodel.tensorflow_version(),
            "ports": {
                "grpc": self.grpc_port,
                "rest": self.rest_port,
                "grpc_socket_path": self._options.grpc_socket_path,
            },
            "rss_bytes": psutil.Process().memory_info().rss,
            "transport": {"grpc": self._grpc.transport if self._grpc else None},
        }
