"""Whether the server takes requests: yes, until it drains. The answers of gRPC's health service."""

from __future__ import annotations

import threading
from collections.abc import Callable
from enum import IntEnum

from server_ext.errors import NotFound

SERVICES = ("", "ModelService", "PredictionService")  # "": the server as a whole


class Serving(IntEnum):
    """The numbers of grpc.health.v1.HealthCheckResponse.ServingStatus."""

    SERVING = 1
    NOT_SERVING = 2
    SERVICE_UNKNOWN = 3


Notify = Callable[[Serving | None], None]


class Health:
    """Any thread may call. `_lock` orders what a watcher is told, and is held while it is told.

    A watcher may wait for its transport meanwhile, so a transport must never wait for the lock:
    what `watch` returns takes none.

    Compatible with model_servers/server.cc, which knows these names and is never NOT_SERVING.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now = Serving.SERVING
        self._watchers: dict[object, Notify] = {}

    def check(self, service: str) -> Serving:
        """Return how it stands with a service.

        Raises:
            NotFound: there is no such service.
        """
        if service not in SERVICES:
            names = ", ".join(repr(name) for name in SERVICES)
            raise NotFound(f"unknown service {service!r}: known are {names}")
        return self._now

    def watch(self, service: str, notify: Notify) -> Callable[[], None]:
        """Tell `notify` the status now and when it changes, None at the end; return how to stop.

        An unknown service has the status SERVICE_UNKNOWN, as gRPC's health protocol wants it.
        """
        key = object()
        with self._lock:
            known = service in SERVICES
            notify(self._now if known else Serving.SERVICE_UNKNOWN)
            if self._now is not Serving.SERVING:
                notify(None)
            else:
                self._watchers[key] = notify if known else _only_the_end(notify)
        return lambda: self._forget(key)

    def drain(self) -> None:
        """Say NOT_SERVING from now on, and end the watches."""
        with self._lock:
            self._now = Serving.NOT_SERVING
            for notify in list(self._watchers.values()):  # a copy: one may leave meanwhile
                notify(self._now)
                notify(None)
            self._watchers.clear()

    def _forget(self, key: object) -> None:
        self._watchers.pop(key, None)  # atomic


def _only_the_end(notify: Notify) -> Notify:
    def tell(status: Serving | None) -> None:
        if status is None:
            notify(None)

    return tell
