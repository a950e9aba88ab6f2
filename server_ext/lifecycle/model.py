"""The versions of one model and the only place where one changes its state.

    START -> LOADING -> AVAILABLE -> UNLOADING -> END
      |         |                                  ^
      +---------+---- left out / failed -----------+

A record is one pass through this life. A version that is loaded again gets a new record.

Threads: none of its own and no lock; the manager calls it under its lock.
"""

from __future__ import annotations

import time
from collections.abc import Container, Hashable, Mapping
from dataclasses import dataclass, field
from threading import Timer

from server_ext.errors import Code, ServingError
from server_ext.lifecycle.loading import Loaded
from server_ext.lifecycle.policy import State, Version
from server_ext.lifecycle.servable import Loader

REMEMBERED = 20

_NEXT = {
    State.START: (State.LOADING, State.END),
    State.LOADING: (State.AVAILABLE, State.END),
    State.AVAILABLE: (State.UNLOADING,),
    State.UNLOADING: (State.END,),
    State.END: (),
}


@dataclass(frozen=True)
class VersionStatus:
    """What is known about one version at one moment.

    `error` is set when it failed to load; in LOADING, when an attempt did and another follows.
    `loaded_at` (seconds since the epoch), `load_seconds`, `memory_bytes` and `signatures` are set
    while it is loaded. `handles` counts the requests that use it. It is in its state `since` then,
    and `load_started_at` is when its load began.
    """

    version: int
    state: State
    error: ServingError | None
    path: str
    loaded_at: float | None
    load_seconds: float | None
    memory_bytes: int
    handles: int
    signatures: tuple[str, ...]
    since: float
    load_started_at: float | None


@dataclass(eq=False, slots=True)
class Record:
    """One life of one version.

    `loaded` is set from AVAILABLE until END, `error` when the load failed. `handles` counts those
    lent out now. `stamp` was taken just before the load: files that change during a load that
    fails are a reason to try again. `retry` is set in LOADING while it waits for its next attempt;
    `refused` when it did not fit into memory, of which it holds `reserved_bytes`.
    """

    version: int
    loader: Loader
    state: State = State.START
    loaded: Loaded | None = None
    error: ServingError | None = None
    stamp: Hashable = None
    handles: int = 0
    attempts: int = 0
    retry: Timer | None = None
    refused: bool = False
    reserved_bytes: int = 0
    since: float = field(default_factory=time.time)
    load_started_at: float | None = None

    def status(self) -> VersionStatus:
        """Return what is known now."""
        loaded = self.loaded
        return VersionStatus(
            version=self.version,
            state=self.state,
            error=self.error,
            path=self.loader.path,
            loaded_at=loaded.at if loaded else None,
            load_seconds=loaded.seconds if loaded else None,
            memory_bytes=loaded.memory_bytes if loaded else 0,
            handles=self.handles,
            signatures=loaded.signatures if loaded else (),
            since=self.since,
            load_started_at=self.load_started_at,
        )


class Model:
    """Records by version, and what the source aspires."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.records: dict[int, Record] = {}  # those in END come in the order they ended
        self._latest: Record | None = None
        self._aspired: Mapping[int, Loader] = {}

    def available(self, version: int | None) -> Record | None:
        """Return this version, or the highest without one, if it is AVAILABLE."""
        if version is None:
            return self._latest
        record = self.records.get(version)
        return record if record is not None and record.state is State.AVAILABLE else None

    def versions(self) -> list[Version]:
        """Return what a policy decides on."""
        return [
            Version(record.version, record.state, record.version in self._aspired)
            for record in self.records.values()
        ]

    def failed(self) -> list[Record]:
        """Return the aspired versions whose load failed: they wait for their files to change."""
        return [
            record
            for record in self.records.values()
            if record.error is not None
            and (record.state is State.END or record.retry)
            and record.version in self._aspired
        ]

    def aspires(self, record: Record) -> bool:
        """Return whether this version is wanted now."""
        return record.version in self._aspired

    def aspire(self, loaders: Mapping[int, Loader], changed: Container[Record] = ()) -> None:
        """Replace what is wanted; `changed` holds the failed records whose files have changed.

        A version in LOADING or AVAILABLE goes on. One that has ended starts anew when it was left
        out before or is in `changed`; one in UNLOADING starts anew when it has ended. One waiting
        for another attempt is cancelled when it is left out, and starts anew when in `changed`.
        """
        before, self._aspired = self._aspired, dict(loaders)
        for record in list(self.records.values()):
            if record.state is State.START and record.version not in loaders:
                self.move(record, State.END)
            elif record.retry and (record.version not in loaders or record in changed):
                self._cancel(record, record.retry)
        for version, loader in loaders.items():
            known = self.records.get(version)
            again = version not in before or known in changed
            if known is None or known.state is State.START or (known.state is State.END and again):
                self.records[version] = Record(version, loader)
        self._forget()

    def move(self, record: Record, state: State) -> None:
        """Take a record to its next state.

        Raises:
            AssertionError: the state cannot follow, which is a bug of the caller.
        """
        if state not in _NEXT[record.state]:
            raise AssertionError(
                f"{self.name} version {record.version} cannot go from "
                f"{record.state.name} to {state.name}"
            )
        record.state, record.since = state, time.time()
        if state is State.LOADING:
            record.load_started_at = record.since
        if state is State.END:
            self._end(record)
        available = [entry for entry in self.records.values() if entry.state is State.AVAILABLE]
        self._latest = max(available, key=lambda entry: entry.version, default=None)

    def _cancel(self, record: Record, retry: Timer) -> None:
        retry.cancel()
        record.retry = None
        record.error = ServingError(
            f"Loading of {{name: {self.name} version: {record.version}}} was cancelled after "
            f"{record.attempts} attempts, the last of which failed: {record.error}",
            Code.CANCELLED,
        )
        self.move(record, State.END)

    def _end(self, record: Record) -> None:
        record.loaded = None
        del self.records[record.version]  # and in again at the end: the order they ended in
        loader = self._aspired.get(record.version)
        if loader is not None and record.error is None:  # aspired again while it was unloading
            record = Record(record.version, loader)
        self.records[record.version] = record
        self._forget()

    def _forget(self) -> None:
        # Those aspired have failed; without their record each aspire would try them again.
        over = [
            entry.version
            for entry in self.records.values()
            if entry.state is State.END and entry.version not in self._aspired
        ]
        for version in over[:-REMEMBERED]:
            del self.records[version]
