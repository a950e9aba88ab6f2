"""The operations a front end may call, in one place: what a server can do, without any protocol."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from server_ext.api.inference import Inference
from server_ext.api.lookup import Lookup, ModelSpec
from server_ext.api.overview import Overview
from server_ext.api.reload import Reloads
from server_ext.api.requestlogs import RequestLogs
from server_ext.api.status import StatusApi
from server_ext.api.traffic import Traffic
from server_ext.errors import ServingError, failure
from server_ext.lifecycle.manager import Handle
from server_ext.lifecycle.servable import Turn

if TYPE_CHECKING:
    from server_ext.lifecycle.servable import Array

T = TypeVar("T")


@dataclass(frozen=True)
class Services:
    """Thread-safe; shared by all front ends of a server.

    `check_methods` tells the verbs to refuse signatures that were made for another one,
    `tensor_content` gRPC's Predict to answer with tensors as bytes, `reload_requests` whether a
    request may bring another configuration.
    """

    lookup: Lookup
    status: StatusApi
    traffic: Traffic
    overview: Overview
    reloads: Reloads
    request_logs: RequestLogs
    check_methods: bool = field(default=False, kw_only=True)
    tensor_content: bool = field(default=False, kw_only=True)
    reload_requests: bool = field(default=True, kw_only=True)

    def lent(self, spec: ModelSpec, use: Callable[[Handle], T]) -> T:
        """Use a version for a request that does not run it; the handle is given back at the end."""
        handle = self.lookup.lend(spec)
        try:
            return use(handle)
        finally:
            handle.release()

    def infer(
        self,
        spec: ModelSpec,
        ask: Callable[[Handle], Inference[T]],
        api: str,
        turn: Turn,
        done: Callable[[T | ServingError], None],
    ) -> None:
        """Use a version for one request of this API; count how it ended and what it took.

        `done` gets the reply or the error once: before this returns, or later from another thread.
        """
        try:
            handle = self.lookup.lend(spec)
        except Exception as error:
            done(failure(error, api))
            return
        use: _Use[T] = _Use(self, handle, api, done)
        try:
            asked = use.asked = ask(handle)
        except Exception as error:
            use.fail(failure(error, api))
            return
        use.began = time.monotonic()
        handle.servable.submit(asked.signature, asked.inputs, asked.outputs, use.computed, turn)


class _Use(Generic[T]):
    """One request while it uses a version."""

    __slots__ = ("_api", "_done", "_handle", "_services", "asked", "began")

    def __init__(
        self, services: Services, handle: Handle, api: str, done: Callable[[T | ServingError], None]
    ) -> None:
        self._services = services
        self._handle = handle
        self._api = api
        self._done = done
        self.asked: Inference[T]
        self.began: float

    def computed(self, outputs: list[Array] | ServingError) -> None:
        """Make the answer of the outputs; called once, by any thread."""
        if isinstance(outputs, ServingError):
            self.fail(outputs)
            return
        handle, services = self._handle, self._services
        ran_s = time.monotonic() - self.began
        try:
            answer = self.asked.reply(outputs)
        except Exception as error:
            services.traffic.ran(handle.name, self._api, ran_s)
            self.fail(failure(error, self._api))
            return
        # Counted before the handle is returned: a status read after the last request is right.
        services.traffic.served(handle.name, handle.version, self._api, ran_s)
        handle.release()
        self._done(answer)
        services.request_logs.offer(self._api, handle, self.asked, outputs, answer)

    def fail(self, error: ServingError) -> None:
        """Answer with an error."""
        self._services.traffic.failed(self._handle.name, self._handle.version, error)
        self._handle.release()
        self._done(error)
