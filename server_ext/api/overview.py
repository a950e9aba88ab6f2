"""The whole server on one page: what `GET /v1/server` and `/readyz` answer.

Ours; TensorFlow Serving has no such routes.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from google.protobuf.json_format import MessageToDict

from server_ext import __version__
from server_ext.api.traffic import Traffic
from server_ext.errors import ServableNotFound
from server_ext.lifecycle.manager import Manager, VersionStatus
from server_ext.lifecycle.policy import State
from server_ext.lifecycle.servable import Signature
from server_ext.lifecycle.source import AllVersions, Latest, ModelConfig, Source, VersionPolicy
from server_ext.lifecycle.storage import size_bytes
from server_ext.modelconfig import to_proto


class Served(NamedTuple):
    """A configured model with its labels, and the signatures by version, the newest first."""

    name: str
    labels: Mapping[str, int]
    versions: Mapping[int, Mapping[str, Signature]]


class Overview:
    """Describes the server and its models. Any thread may call.

    `process` gives what only the process knows: ports, transport, options, limits. `batching`
    says how requests for a version of a model are batched, or for the model when none answers.
    """

    def __init__(
        self,
        manager: Manager,
        source: Source,
        traffic: Traffic,
        process: Callable[[], Mapping[str, Any]],
        batching: Callable[[str, int | None], Mapping[str, Any]],
    ) -> None:
        self._manager = manager
        self._source = source
        self._traffic = traffic
        self._process = process
        self._batching = batching
        self._started_at = time.time()
        self._began = time.monotonic()

    def document(self) -> dict[str, Any]:
        """Return the page: the process, the configuration in force, each model with its versions.

        `config` is a ModelServerConfig in protobuf's JSON form.
        """
        models = self._source.models
        return {
            "version": __version__,
            "pid": os.getpid(),
            "started_at": self._started_at,
            "uptime_seconds": round(time.monotonic() - self._began, 3),
            **self._process(),
            "config": MessageToDict(to_proto(models), preserving_proto_field_name=True),
            "models": [self.model(config) for config in models],
        }

    def model(self, config: ModelConfig) -> dict[str, Any]:
        """Return what the page says of a model: its configuration, problem and versions."""
        versions = self._manager.versions(config.name)
        answering = [status.version for status in versions if status.state is State.AVAILABLE]
        return {
            "name": config.name,
            "base_path": config.base_path,
            "policy": _policy_text(config.policy),
            "labels": dict(config.labels),
            "problem": self._source.problem(config.name),
            "batching": self._batching(config.name, max(answering, default=None)),
            "versions": [self._version(config.name, status) for status in versions],
        }

    def served(self) -> list[Served]:
        """Return the configured models with the signatures of their AVAILABLE versions."""
        return [
            Served(
                config.name,
                dict(config.labels),
                {
                    status.version: signatures
                    for status in self._manager.versions(config.name)
                    if (signatures := self._signatures(config.name, status)) is not None
                },
            )
            for config in self._source.models
        ]

    def not_ready(self) -> dict[str, str]:
        """Return the configured models without an AVAILABLE version, each with the reason."""
        reasons = {}
        for config in self._source.models:
            versions = self._manager.versions(config.name)
            if not any(status.state is State.AVAILABLE for status in versions):
                reasons[config.name] = self._reason(config.name, versions)
        return reasons

    def _signatures(self, name: str, status: VersionStatus) -> Mapping[str, Signature] | None:
        if status.state is not State.AVAILABLE:
            return None
        try:
            with self._manager.handle(name, status.version) as servable:
                return servable.signatures
        except ServableNotFound:  # unloaded since
            return None

    def _reason(self, name: str, versions: list[VersionStatus]) -> str:
        problem = self._source.problem(name)
        if problem:
            return problem
        failed = next((status for status in versions if status.error), None)
        if failed and failed.error:
            return f"version {failed.version} failed to load: {failed.error.message}"
        return "loading" if versions else "no version found yet"

    def _version(self, name: str, status: VersionStatus) -> dict[str, Any]:
        counts = self._traffic.of(name, status.version)
        error = status.error
        return {
            "version": status.version,
            "state": status.state.name,
            "error": {"code": error.code.name, "message": error.message} if error else None,
            "since": round(status.since, 3),
            "path": status.path,
            "bytes": _bytes(status.path, status.loaded_at) if status.loaded_at else None,
            "memory_bytes": status.memory_bytes,
            "loaded_at": status.loaded_at,
            "load_started_at": status.load_started_at,
            "load_seconds": status.load_seconds,
            "in_flight": status.handles,
            "requests": counts.requests,
            "errors": counts.errors,
            "signatures": [s for s in status.signatures if not s.startswith("__")],
            "batching": self._batching(name, status.version) if status.loaded_at else None,
        }


@lru_cache(maxsize=1000)
def _bytes(path: str, loaded_at: float) -> int:
    """Return the size of the files of a version, which do not change while it is loaded."""
    return size_bytes(path)


def _policy_text(policy: VersionPolicy) -> str:
    if isinstance(policy, Latest):
        return f"latest: {policy.num_versions}"
    if isinstance(policy, AllVersions):
        return "all"
    return "specific: " + ", ".join(str(version) for version in policy.versions)
