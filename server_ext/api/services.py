"""The operations a front end may call, in one place: what a server can do, without any protocol."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from server_ext.api.lookup import Lookup, ModelSpec
from server_ext.api.overview import Overview
from server_ext.api.status import StatusApi
from server_ext.api.traffic import Traffic
from server_ext.lifecycle.manager import Handle

T = TypeVar("T")


@dataclass(frozen=True)
class Services:
    """Thread-safe; shared by all front ends of a server."""

    lookup: Lookup
    status: StatusApi
    traffic: Traffic
    overview: Overview

    def lent(self, spec: ModelSpec, use: Callable[[Handle], T]) -> T:
        """Use a version for a request that does not run it; the handle is given back at the end."""
        handle = self.lookup.lend(spec)
        try:
            return use(handle)
        finally:
            handle.release()

    def predict(self, spec: ModelSpec, run: Callable[[Handle], T]) -> T:
        """Use a version for one prediction, and count how it ended."""
        handle = self.lookup.lend(spec)
        failed = True
        try:
            answer = run(handle)
            failed = False
            return answer
        finally:
            # Counted before the handle is returned: a status read after the last request is right.
            self.traffic.record(handle.name, handle.version, failed=failed)
            handle.release()
