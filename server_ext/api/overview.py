"""The whole server on one page: what `GET /v1/server` and `/readyz` answer.

Ours; TensorFlow Serving has no such routes.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from typing import Any

from server_ext import __version__
from server_ext.api.traffic import Traffic
from server_ext.lifecycle.manager import Manager, VersionStatus
from server_ext.lifecycle.policy import State
from server_ext.lifecycle.source import AllVersions, Latest, ModelConfig, Source, VersionPolicy


class Overview:
    """Describes the server and its models. Any thread may call.

    `process` gives what only the process knows: ports, transport, TensorFlow's version.
    """

    def __init__(
        self,
        manager: Manager,
        source: Source,
        traffic: Traffic,
        process: Callable[[], Mapping[str, Any]],
    ) -> None:
        self._manager = manager
        self._source = source
        self._traffic = traffic
        self._process = process
        self._started_at = time.time()

    def document(self) -> dict[str, Any]:
        """Return the page: process facts, then each configured model with its versions."""
        return {
            "version": __version__,
            "pid": os.getpid(),
            "started_at": self._started_at,
            **self._process(),
            "models": [self._model(config) for config in self._source.models],
        }

    def not_ready(self) -> dict[str, str]:
        """Return the configured models without an AVAILABLE version, each with the reason."""
        reasons = {}
        for config in self._source.models:
            versions = self._manager.versions(config.name)
            if not any(status.state is State.AVAILABLE for status in versions):
                reasons[config.name] = self._reason(config.name, versions)
        return reasons

    def _reason(self, name: str, versions: list[VersionStatus]) -> str:
        problem = self._source.problem(name)
        if problem:
            return problem
        failed = next((status for status in versions if status.error), None)
        if failed and failed.error:
            return f"version {failed.version} failed to load: {failed.error.message}"
        return "loading" if versions else "no version found yet"

    def _model(self, config: ModelConfig) -> dict[str, Any]:
        return {
            "name": config.name,
            "base_path": config.base_path,
            "policy": _policy_text(config.policy),
            "labels": dict(config.labels),
            "problem": self._source.problem(config.name),
            "versions": [
                self._version(config.name, status) for status in self._manager.versions(config.name)
            ],
        }

    def _version(self, name: str, status: VersionStatus) -> dict[str, Any]:
        counts = self._traffic.of(name, status.version)
        error = status.error
        return {
            "version": status.version,
            "state": status.state.name,
            "error": {"code": error.code.name, "message": error.message} if error else None,
            "path": status.path,
            "memory_bytes": status.memory_bytes,
            "loaded_at": status.loaded_at,
            "load_seconds": status.load_seconds,
            "in_flight": status.handles,
            "requests": counts.requests,
            "errors": counts.errors,
            "signatures": [s for s in status.signatures if not s.startswith("__")],
        }


def _policy_text(policy: VersionPolicy) -> str:
    if isinstance(policy, Latest):
        return f"latest: {policy.num_versions}"
    if isinstance(policy, AllVersions):
        return "all"
    return "specific: " + ", ".join(str(version) for version in policy.versions)
