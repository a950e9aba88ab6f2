"""The operations a front end may call, in one place: what a server can do, without any protocol."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from server_ext.api.lookup import Lookup, ModelSpec
from server_ext.api.measured import Timed
from server_ext.api.overview import Overview
from server_ext.api.reload import Reloads
from server_ext.api.status import StatusApi
from server_ext.api.traffic import Traffic
from server_ext.errors import Code, ServingError
from server_ext.lifecycle.manager import Handle

T = TypeVar("T")


@dataclass(frozen=True)
class Services:
    """Thread-safe; shared by all front ends of a server.

    `check_methods` tells the verbs to refuse signatures that were made for another one.
    """

    lookup: Lookup
    status: StatusApi
    traffic: Traffic
    overview: Overview
    reloads: Reloads
    check_methods: bool = field(default=False, kw_only=True)

    def lent(self, spec: ModelSpec, use: Callable[[Handle], T]) -> T:
        """Use a version for a request that does not run it; the handle is given back at the end."""
        handle = self.lookup.lend(spec)
        try:
            return use(handle)
        finally:
            handle.release()

    def predict(self, spec: ModelSpec, run: Callable[[Handle], T], api: str = "Predict") -> T:
        """Use a version for one request of this API, and count how it ended and what it took."""
        handle = self.lookup.lend(spec)
        handle.servable = Timed(handle.servable, partial(self.traffic.ran, handle.name, api))
        code = Code.INTERNAL
        try:
            answer = run(handle)
            code = Code.OK
            return answer
        except ServingError as error:
            code = error.code
            raise
        finally:
            # Counted before the handle is returned: a status read after the last request is right.
            self.traffic.record(handle.name, handle.version, code)
            handle.release()
