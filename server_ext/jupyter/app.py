"""The extension of a Jupyter server that hosts one model server for all its notebooks.

    jupyter server --> TFSExtension --> Host (threads) --pipe--> tensorflow_model_server
                           |
                       handlers <--HTTP-- magics, the panel, clients

It is enabled by being installed. Nothing heavy is imported here: the model server is a process of
its own, so neither its memory nor its crashes are those of Jupyter.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
from datetime import datetime, timezone
from typing import Any

from jupyter_core.paths import jupyter_data_dir
from jupyter_server.extension.application import ExtensionApp
from traitlets import Bool, Enum, Float, Integer, List, Unicode

import server_ext
from server_ext.errors import InvalidArgument, ServingError
from server_ext.flagvalues import WAYS_TO_BATCH
from server_ext.hosting.host import Host
from server_ext.hosting.registry import Registry
from server_ext.hosting.settings import Settings
from server_ext.jupyter import routes
from server_ext.jupyter.activity import Activity
from server_ext.jupyter.openapi import document
from server_ext.jupyter.policy import tokens
from server_ext.jupyter.policy.roots import Roots
from server_ext.jupyter.service import Service

_D = Settings()  # one place for each default


class TFSExtension(ExtensionApp):
    """Hosts a model server with TensorFlow Serving's APIs for all notebooks of a Jupyter server."""

    name = "tfs"
    version = server_ext.__version__
    description = "A Jupyter server that hosts a model server for its notebooks."
    load_other_extensions = True

    enabled = Bool(True, help="Whether to host a model server at all.").tag(config=True)
    autostart = Bool(
        False,
        help="Start the model server with Jupyter. Without this it starts when a notebook serves a "
        "model, or when it ran as Jupyter stopped.",
    ).tag(config=True)
    host = Unicode(
        _D.host,
        help="The address that the model server listens on. Any but a loopback one lets other "
        "machines in; requests need a token then, whatever require_token says.",
    ).tag(config=True)
    rest_port = Integer(
        None,
        min=0,
        max=65535,
        allow_none=True,
        help="The model server's port for REST; it does not start when the port is taken. "
        "None: 8501, or a free one. 0: any free one.",
    ).tag(config=True)
    grpc_port = Integer(
        None,
        min=0,
        max=65535,
        allow_none=True,
        help="The model server's port for gRPC; it does not start when the port is taken. "
        "None: 8500, or a free one. 0: any free one.",
    ).tag(config=True)
    batching = Enum(
        WAYS_TO_BATCH, _D.batching, help="Whether requests that wait together run together."
    ).tag(config=True)
    server_flags = List(
        Unicode(),
        help="Further flags of tensorflow_model_server, like --rest_api_num_threads=4.",
    ).tag(config=True)
    model_roots = List(
        Unicode(),
        help="The directories that models may be served from, with all below them; what counts is "
        "where a symbolic link leads. Empty: the directory that Jupyter shows, and the home "
        "directory.",
    ).tag(config=True)
    require_token = Enum(
        tokens.POLICIES,
        "auto",
        help="Whether the model server's own ports ask for a token. Clients that have none go "
        "through Jupyter, at tfs/v1. auto: under JupyterHub, or when other people use this "
        "machine.",
    ).tag(config=True)
    allow_reload_requests = Bool(
        _D.allow_reload_requests,
        help="Whether gRPC clients may change which models are served (HandleReloadConfigRequest), "
        "past Jupyter's authorization.",
    ).tag(config=True)
    max_models = Integer(_D.max_models, min=1, help="How many models may be served.").tag(
        config=True
    )
    max_restarts = Integer(
        _D.max_restarts,
        min=0,
        help="How many times the model server may end by itself within restart_window before it "
        "is left alone.",
    ).tag(config=True)
    restart_window = Float(
        _D.restart_window_s, min=0, help="The seconds within which max_restarts counts."
    ).tag(config=True)
    start_timeout = Float(
        _D.start_timeout_s, min=1, help="The seconds that the model server may take to listen."
    ).tag(config=True)
    stop_timeout = Float(
        _D.stop_timeout_s,
        min=0,
        help="The seconds that the model server may take to answer what runs when it stops.",
    ).tag(config=True)
    health_deadline = Float(
        _D.health_deadline_s,
        min=1,
        help="The seconds without an answer after which the model server is taken for hung.",
    ).tag(config=True)
    log_lines = Integer(
        _D.log_lines, min=10, help="How many lines of the model server's log are kept."
    ).tag(config=True)

    service: Service | None = None
    _starting: asyncio.Task[None] | None = None

    def initialize_handlers(self) -> None:
        """Make the host and put the handlers under tfs/; Jupyter calls this once."""
        if not self.enabled:
            self.log.info("tfs: c.TFSExtension.enabled is False, so no model server is hosted")
            return
        try:
            self._host_models()
        except InvalidArgument as error:
            problem = f"The options of TFSExtension cannot be used: {error.message}"
            self.log.error("tfs: %s", problem)
            for pattern, handler in routes.refusing():
                self.handlers.append((pattern, handler, {"problem": problem}))

    def _host_models(self) -> None:
        serverapp = self.serverapp
        assert serverapp is not None
        roots = Roots(self.model_roots, serverapp.root_dir)
        settings = self._settings(roots)
        registry = Registry(_registry_path(serverapp.root_dir, serverapp.base_url))
        self.service = Service(Host(settings, registry), settings, roots, Activity(self._touched))
        self.service.document = document(routes.ROUTES, serverapp.base_url)
        for pattern, handler in routes.patterns():
            self.handlers.append((pattern, handler, {"service": self.service}))

    async def _start_jupyter_server_extension(self, serverapp: Any) -> None:
        """Start the model server if it is wanted; Jupyter calls this when its loop runs."""
        if self.service is None:
            return
        self.service.listen()
        if self.autostart or self.service.host.wanted_running:
            self._starting = asyncio.create_task(self._start(self.service))

    async def stop_extension(self) -> None:
        """End the model server; Jupyter calls this before it ends its kernels."""
        service, self.service = self.service, None
        if service is not None:
            await service.close()
        if self._starting is not None:
            with contextlib.suppress(ServingError):
                await self._starting

    def current_activity(self) -> dict[str, int] | None:
        """Return what keeps this server busy: requests since the last look, and those that run."""
        return self.service.activity.look() if self.service is not None else None

    async def _start(self, service: Service) -> None:
        try:
            await service.run(service.host.start)
        except ServingError as error:
            self.log.warning("tfs: the model server was not started: %s", error)

    def _settings(self, roots: Roots) -> Settings:
        needs_token = tokens.needed(self.require_token, self.host, os.environ, tokens.users())
        if not tokens.is_loopback(self.host):
            self.log.warning(
                "tfs: the model server will listen on %s, where other machines reach it", self.host
            )
        return Settings(
            host=self.host,
            rest_port=self.rest_port,
            grpc_port=self.grpc_port,
            batching=self.batching,
            flags=tuple(self.server_flags),
            roots=roots.paths,
            require_token=needs_token,
            allow_reload_requests=self.allow_reload_requests,
            max_models=self.max_models,
            max_restarts=self.max_restarts,
            restart_window_s=self.restart_window,
            start_timeout_s=self.start_timeout,
            stop_timeout_s=self.stop_timeout,
            health_deadline_s=self.health_deadline,
            log_lines=self.log_lines,
            name="c.TFSExtension.",
        )

    def _touched(self) -> None:
        """Tell Jupyter that somebody works with this server."""
        assert self.serverapp is not None
        self.serverapp.web_app.settings["last_activity_times"]["tfs"] = datetime.now(timezone.utc)


def _registry_path(root_dir: str, base_url: str) -> str:
    """Return the file in which the models of this Jupyter server are remembered."""
    key = hashlib.sha256(f"{root_dir}\n{base_url}".encode()).hexdigest()[:16]
    return os.path.join(jupyter_data_dir(), "tfs-magics", f"jupyter-{key}.json")
