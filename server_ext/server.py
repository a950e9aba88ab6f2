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

from server_ext.api.lookup import Lookup
from server_ext.api.overview import Overview
from server_ext.api.services import Services
from server_ext.api.status import StatusApi
from server_ext.api.traffic import Traffic
from server_ext.configfile import ConfigFile
from server_ext.engine import savedmodel
from server_ext.engine.threads import OpThreads, chosen
from server_ext.frontends import rpc
from server_ext.frontends.asgi import AsgiApp, RestFront
from server_ext.frontends.ports import Reserved
from server_ext.frontends.rest import RestApi
from server_ext.lifecycle.manager import Manager
from server_ext.lifecycle.policy import State
from server_ext.lifecycle.source import ModelConfig, Source
from server_ext.lifecycle.workers import Workers
from server_ext.modelconfig import single_model
from server_ext.options import Options

log = logging.getLogger(__name__)


def _op_threads(options: Options) -> OpThreads:
    return chosen(
        options.tensorflow_session_parallelism,
        options.tensorflow_intra_op_parallelism,
        options.tensorflow_inter_op_parallelism,
    )


def run_threads() -> int:
    """Return how many predictions run at a time: more than cores, beside a slow model too."""
    return max(4, 2 * (os.cpu_count() or 1))


class ModelServer:
    """A server for the models its options name. One thread calls `start`, then `stop`, once."""

    def __init__(self, options: Options, reserved: Reserved) -> None:
        self._options = options
        self._reserved = reserved
        self._manager = Manager()
        self._source = Source(
            self._manager,
            partial(savedmodel.make_loader, threads=_op_threads(options)),
            poll_wait_s=options.file_system_poll_wait_seconds,
        )
        self._config_file = (
            ConfigFile(
                options.model_config_file,
                options.model_config_file_poll_wait_seconds,
                self._source.serve,
            )
            if options.model_config_file
            else None
        )
        traffic = Traffic()
        self._services = Services(
            Lookup(self._manager, self._labels),
            StatusApi(self._manager, self._source.problem),
            traffic,
            Overview(self._manager, self._source, traffic, self._process),
        )
        self._run = Workers(run_threads(), "predict")
        self._describe = Workers(1, "describe")  # status never waits behind a slow model
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
            ServingError: the config cannot be read, or gRPC cannot listen.
        """
        self._source.serve(self._configs())
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
        states = {status.state for status in self._manager.versions(name)}
        if State.AVAILABLE in states or self._source.problem(name):
            return True
        return bool(states) and states == {State.END}

    def _open_grpc(self) -> None:
        address = None
        if self._reserved.grpc:
            address = self._reserved.grpc.getsockname()[:2]
            self._reserved.grpc.close()  # released for the transport, which binds by itself
        methods = rpc.methods(self._services)
        path = self._options.grpc_socket_path
        try:
            from server_ext.frontends.grpc_native import NativeFront
        except ImportError:  # no wheel for this platform
            from server_ext.frontends.grpc_io import GrpcioFront

            self._grpc = GrpcioFront(address, path, methods, run_threads())
        else:
            self._grpc = NativeFront(address, path, methods, self._run, self._describe)
        self._grpc.start()

    def _open_rest(self) -> None:
        if self._reserved.rest:
            timeout_s = self._options.rest_api_timeout_in_ms / 1000
            app = AsgiApp(RestApi(self._services, self._run), timeout_s if timeout_s > 0 else None)
            self._rest = RestFront(app, self._reserved.rest, self._options.drain_timeout_seconds)
            self._rest.start()

    def _labels(self, name: str) -> dict[str, int]:
        for config in self._source.models:
            if config.name == name:
                return dict(config.labels)
        return {}

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
