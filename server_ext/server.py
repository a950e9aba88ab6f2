"""One model server: the place where source, manager, engine and front ends meet.

start: read config -> load models -> open ports
    stop: close ports, answer what is in flight, unload
"""

from __future__ import annotations

import dataclasses
import threading
from functools import partial
from typing import Any, NamedTuple

import psutil

from server_ext import platformconfig
from server_ext.api import labels
from server_ext.api.gauges import Gauges
from server_ext.api.health import Health
from server_ext.api.lookup import Lookup
from server_ext.api.overview import Overview
from server_ext.api.recorded import RecordedTraffic
from server_ext.api.reload import Reloads
from server_ext.api.requestlogs import RequestLogs
from server_ext.api.services import Services
from server_ext.api.status import StatusApi
from server_ext.api.traffic import Traffic
from server_ext.batching.loads import Batching
from server_ext.configfile import ConfigFile
from server_ext.engine import runtime
from server_ext.frontends.ports import Reserved
from server_ext.fronts import Fronts, run_threads
from server_ext.lifecycle.admission import Admission
from server_ext.lifecycle.coming import Coming
from server_ext.lifecycle.manager import Manager
from server_ext.lifecycle.policy import State
from server_ext.lifecycle.retries import Retries
from server_ext.lifecycle.source import ModelConfig, Source
from server_ext.lifecycle.workers import Workers
from server_ext.loaders import make_loader
from server_ext.metrics import Registry
from server_ext.modelconfig import single_model
from server_ext.options import Options

DEFAULT_POOL = 2  # threads that load, and as many that unload


def _manager(options: Options) -> Manager:
    return Manager(
        load_threads=options.num_load_threads or DEFAULT_POOL,
        unload_threads=options.num_unload_threads or DEFAULT_POOL,
        retries=Retries(
            options.max_num_load_retries, options.load_retry_interval_micros / 1_000_000
        ),
        memory_limit_bytes=options.total_model_memory_limit_bytes,
    )


def _limits(options: Options) -> dict[str, Any]:
    """Return what bounds a request and the models; None where nothing does."""
    timeout_ms = options.rest_api_timeout_in_ms
    return {
        "requests_running": run_threads(options),
        "request_bytes": options.max_request_bytes or None,
        "rest_request_seconds": timeout_ms / 1000 if timeout_ms > 0 else None,
        "model_memory_bytes": options.total_model_memory_limit_bytes or None,
    }


class Parts(NamedTuple):
    """What of a server with --commands_on_stdin the commands work on, and its reports come from.

    Without that flag nothing is asked of `admission` and `coming`.
    """

    manager: Manager
    source: Source
    reloads: Reloads
    admission: Admission
    coming: Coming
    overview: Overview
    traffic: Traffic
    batching: Batching


class ModelServer:
    """A server for the models its options name. One thread calls `start`, then `stop`, once."""

    def __init__(self, options: Options, reserved: Reserved) -> None:
        platform = platformconfig.read(options)
        self._options = options = platform.options
        self._itself = psutil.Process()
        self._manager = _manager(options)
        self._metrics = Registry()
        Gauges(self._metrics, self._manager)
        self._batching = Batching(options, self._metrics, platform.batching_parameters)
        self._pool = Workers(run_threads(options), "predict")
        loads = make_loader(platform, self._metrics, self._pool, self._batching)
        self._admission = Admission(loads)
        self._source = Source(
            self._manager,
            self._admission if options.commands_on_stdin else loads,
            poll_wait_s=options.file_system_poll_wait_seconds,
        )
        self._request_logs = RequestLogs(self._metrics, options.saved_model_tags.split(","))
        self._reloads = self._make_reloads()
        self._config_file = self._make_config_file()
        asked = options.commands_on_stdin
        coming = Coming(self._manager)
        traffic = RecordedTraffic(self._metrics) if asked else Traffic(self._metrics)
        overview = Overview(self._manager, self._source, traffic, self._process, self._batching.of)
        self._services = self._make_services(traffic, overview, coming if asked else None)
        self.parts = Parts(
            self._manager,
            self._source,
            self._reloads,
            self._admission,
            coming,
            overview,
            traffic,
            self._batching,
        )
        self._health = Health()
        self._fronts = Fronts(options, reserved, self._metrics, self._pool, self._batching.help)

    @property
    def grpc_port(self) -> int | None:
        """TCP port of gRPC once started, None without one."""
        grpc = self._fronts.grpc
        return grpc.port if grpc else None

    @property
    def tls(self) -> bool:
        """Whether the ports speak TLS."""
        return self._fronts.tls

    @property
    def rest_port(self) -> int | None:
        """TCP port of REST once started, None without one."""
        rest = self._fronts.rest
        return rest.port if rest else None

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
        self._fronts.open_grpc(self._services, self._health)
        self._fronts.open_rest(self._services)

    def stop(self) -> None:
        """Accept no more, answer what is in flight (up to the drain time), unload."""
        self._health.drain()
        self._reloads.close()
        if self._config_file:
            self._config_file.close()
        self._source.close()
        self._batching.drain()
        self._fronts.close()
        self._pool.close(timeout_s=1)
        self._request_logs.close(timeout_s=5)
        self._batching.close(timeout_s=1)
        self._manager.close(timeout_s=1)  # the process ends, and with it what is not unloaded

    def _make_reloads(self) -> Reloads:
        return Reloads(
            self._manager,
            self._source,
            timeout_s=self._options.reload_timeout_seconds,
            allow_unavailable_labels=self._options.allow_version_labels_for_unavailable_models,
            counter=self._metrics.first,
            check=self._request_logs.check,
            applied=self._request_logs.apply,
        )

    def _make_config_file(self) -> ConfigFile | None:
        if not self._options.model_config_file:
            return None
        return ConfigFile(
            self._options.model_config_file,
            self._options.model_config_file_poll_wait_seconds,
            partial(self._reloads.apply, wait=self._options.wait_for_models),
        )

    def _make_services(
        self, traffic: Traffic, overview: Overview, coming: Coming | None
    ) -> Services:
        return Services(
            Lookup(self._manager, lambda name: labels.of(self._source.models, name), coming),
            StatusApi(self._manager, self._source.problem),
            traffic,
            overview,
            self._reloads,
            self._request_logs,
            check_methods=self._options.enable_signature_method_name_check,
            tensor_content=self._options.enable_serialization_as_tensor_content,
            reload_requests=self._options.enable_reload_requests,
        )

    def _configs(self) -> list[ModelConfig]:
        if self._config_file:
            return self._config_file.read()
        if self._options.commands_on_stdin:
            return []
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

    def _process(self) -> dict[str, Any]:
        return {
            "tensorflow_version": runtime.version(),
            "ports": {
                "grpc": self.grpc_port,
                "rest": self.rest_port,
                "grpc_socket_path": self._options.grpc_socket_path,
            },
            "rss_bytes": self._itself.memory_info().rss,
            "transport": {
                "grpc": self._fronts.grpc.transport if self._fronts.grpc else None,
                "tls": self.tls,
            },
            "options": dataclasses.asdict(self._options),  # of secrets they have the paths only
            "limits": _limits(self._options),
        }
