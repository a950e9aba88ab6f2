"""Moves model versions through their life and lends them to requests.

    source --aspire()--> Manager --Loader.load()--> Servable --handle()--> request
                            |                           |
                      asks the policy after       close() when the last
                      every change                handle is given back

Threads: any thread may call any method. One lock guards all state. It is held for dictionary work
only: loaders, `close()` of servables, stamps and the conditions of waiters run without it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from functools import partial
from threading import Lock

from server_ext.errors import ServableNotFound, ServingError
from server_ext.lifecycle.changes import Changes
from server_ext.lifecycle.handle import Handle
from server_ext.lifecycle.loading import Loaded, attempt, stamp_of
from server_ext.lifecycle.model import Model, Record, VersionStatus
from server_ext.lifecycle.policy import Kind, Policy, State, availability_preserving
from server_ext.lifecycle.resources import Budget, size_of
from server_ext.lifecycle.retries import NO_RETRIES, Retries
from server_ext.lifecycle.servable import Loader
from server_ext.lifecycle.workers import Workers

__all__ = ["Handle", "Manager", "VersionStatus"]

log = logging.getLogger(__name__)


class Manager:
    """All models and their versions, with one pool of threads for loads and one for unloads.

    A version stays in START until a load thread is free for it. Models that wait take turns, and a
    version left out in the meantime is never loaded. One whose load fails may be tried again, as
    `retries` says; `memory_limit_bytes` bounds what all versions take together, 0 is no bound.
    """

    def __init__(
        self,
        *,
        policy: Policy = availability_preserving,
        load_threads: int = 2,
        unload_threads: int = 2,
        retries: Retries = NO_RETRIES,
        memory_limit_bytes: int = 0,
    ) -> None:
        self._policy = policy
        self._retries = retries
        self._budget = Budget(memory_limit_bytes)
        self._lock = Lock()
        self._changes = Changes(self._lock)
        self._models: dict[str, Model] = {}
        self._free_load_threads = load_threads
        self._waiting: dict[str, Model] = {}  # for a load thread, in the order of their turns
        self._closed = False
        self._loads = Workers(load_threads, "load")
        self._unloads = Workers(unload_threads, "unload")

    def aspire(self, name: str, versions: Mapping[int, Loader]) -> None:
        """Make these the versions of a model that are to be loaded; the others are unloaded.

        Returns at once. To say the same again changes nothing, except that a version that failed
        is tried again when its loader's stamp has changed since, or when it fits into memory now.
        After `close` it does nothing.
        """
        changed = self._failed_and_changed(name, versions)
        with self._lock:
            if self._closed or not (versions or name in self._models):
                return
            model = self._models.setdefault(name, Model(name))
            model.aspire(versions, changed)
            self._advance(model)

    def handle(self, name: str, version: int | None = None) -> Handle:
        """Lend a version, or the highest that is AVAILABLE; the caller releases the handle.

        Raises:
            ServableNotFound: this version, or any without one, is not AVAILABLE now.
        """
        with self._lock:
            model = self._models.get(name)
            record = model.available(version) if model else None
            if record:
                record.handles += 1
        if record:
            assert record.loaded is not None
            servable = record.loaded.servable
            return Handle(name, record.version, servable, record, self._take_back)
        raise ServableNotFound(
            f"Latest({name})" if version is None else f"Specific({name}, {version})"
        )

    def versions(self, name: str) -> list[VersionStatus]:
        """Return the versions of a model, highest first; none for an unknown model.

        The last of those that ended are among them.
        """
        with self._lock:
            model = self._models.get(name)
            records = model.records if model else {}
            return [records[version].status() for version in sorted(records, reverse=True)]

    def models(self) -> list[str]:
        """Return the names of all models that have or had a version, in alphabetical order."""
        with self._lock:
            return sorted(self._models)

    def wait(self, name: str, version: int, state: State, timeout: float) -> bool:
        """Wait until a version is in `state` or past it, at most `timeout` seconds.

        Returns whether it is. AVAILABLE counts only while it lasts; a wait for it ends with False
        as soon as the version has ended, for instance because it failed to load.
        """
        reached = False

        def settled() -> bool:
            nonlocal reached
            now = self._state(name, version)
            if now is None:
                return False
            reached = now == state if state is State.AVAILABLE else now >= state
            return reached or now is State.END

        self.wait_until(settled, timeout)
        return reached

    def wait_until(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        """Wait until a condition on the states holds; return whether it does.

        It is called now and after each change of a state, in this thread and without the lock.
        """
        return self._changes.wait_until(condition, timeout_s)

    @property
    def changes(self) -> int:
        """A number that grows when a state may have changed."""
        return self._changes.count

    def in_use(self) -> dict[tuple[str, int], int]:
        """Return how many requests use a version now, by model and version; none with none."""
        with self._lock:
            return {
                (model.name, record.version): record.handles
                for model in self._models.values()
                for record in model.records.values()
                if record.handles
            }

    def memory_bytes(self) -> dict[tuple[str, int], int]:
        """Return what the loaded versions take, as they estimate it, by model and version."""
        with self._lock:
            return {
                (model.name, record.version): record.loaded.memory_bytes
                for model in self._models.values()
                for record in model.records.values()
                if record.loaded
            }

    def close(self, timeout_s: float) -> None:
        """Unload everything and end the threads, after the loads and requests that are under way.

        What takes longer than `timeout_s` goes on: the last handle still closes its servable. The
        process does not wait for it.
        """
        deadline = time.monotonic() + timeout_s
        with self._lock:
            self._closed = True
            for model in self._models.values():
                model.aspire({})
                self._advance(model)
        if not self.wait_until(lambda: not self._busy(), timeout_s):
            log.warning("Not unloaded after %g s: %s", timeout_s, ", ".join(self._busy()))
            return
        for workers in (self._loads, self._unloads):
            workers.close(max(0.0, deadline - time.monotonic()))

    def _take_back(self, handle: Handle) -> None:
        with self._lock:
            record, handle._record = handle._record, None
            if record is None:
                return
            record.handles -= 1
            if not record.handles and record.state is State.UNLOADING:
                self._unloads.submit(partial(self._unload, handle.name, record))

    def _advance(self, model: Model) -> None:
        """Do what the policy says until it says no more, and wake who waits. Lock held."""
        while action := self._policy(model.versions()):
            record = model.records[action.version]
            if action.kind is Kind.UNLOAD:
                model.move(record, State.UNLOADING)
                if not record.handles:
                    self._unloads.submit(partial(self._unload, model.name, record))
            elif self._free_load_threads > 0:
                model.move(record, State.LOADING)
                self._free_load_threads -= 1
                self._loads.submit(partial(self._load, model.name, record))
            else:
                self._waiting.setdefault(model.name, model)
                break
        self._changes.happened()

    def _load(self, name: str, record: Record) -> None:
        log.info("Loading %s version %d from %s", name, record.version, record.loader.path)
        stamp, size_bytes = stamp_of(record.loader), size_of(record.loader)
        with self._lock:
            refusal = self._budget.reserve(name, record, size_bytes)
        outcome = refusal or attempt(record.loader)
        with self._lock:
            model = self._models[name]
            record.stamp, record.refused = stamp, refusal is not None
            record.attempts += 1
            if isinstance(outcome, Loaded):
                record.loaded, record.error = outcome, None
                # One that is not aspired any more may go on to UNLOADING before anyone sees it:
                # the policy knows whether it is needed until another is loaded.
                model.move(record, State.AVAILABLE)
            else:
                self._fail(model, record, outcome)
            self._advance(model)  # before its thread counts as free: those that wait go first
            self._free_load_thread()
        if isinstance(outcome, Loaded):
            log.info("Loaded %s version %d in %.2f s", name, record.version, outcome.seconds)
        else:
            log.error("%s version %d failed: %s", name, record.version, outcome.status_text)

    def _fail(self, model: Model, record: Record, error: ServingError) -> None:
        """End a version whose load has failed, or wait for the next attempt. Lock held."""
        record.error = error
        self._budget.release(record)
        again = not record.refused and self._retries.allow(record.attempts, error)
        if again and model.aspires(record):
            record.retry = self._retries.later(partial(self._retry, model.name, record))
        else:
            model.move(record, State.END)

    def _retry(self, name: str, record: Record) -> None:
        with self._lock:
            if record.retry:
                self._free_load_threads -= 1  # below zero: it waits for one that is busy
                self._loads.submit(partial(self._load_again, name, record))

    def _load_again(self, name: str, record: Record) -> None:
        with self._lock:
            wanted, record.retry = record.retry, None
            if not wanted:  # cancelled while it waited for this thread
                self._free_load_thread()
        if wanted:
            self._load(name, record)

    def _free_load_thread(self) -> None:
        """Let those that wait for a load thread have this one, in turns. Lock held."""
        self._free_load_threads += 1
        while self._free_load_threads > 0 and self._waiting:
            self._advance(self._waiting.pop(next(iter(self._waiting))))

    def _unload(self, name: str, record: Record) -> None:
        assert record.loaded is not None
        try:
            record.loaded.servable.close()
        except BaseException:  # whatever it was, the version is gone and the thread is needed
            log.exception("Closing %s version %d failed", name, record.version)
        with self._lock:
            model = self._models[name]
            self._budget.release(record)
            model.move(record, State.END)
            self._advance(model)
        log.info("Unloaded %s version %d", name, record.version)

    def _failed_and_changed(self, name: str, versions: Mapping[int, Loader]) -> set[Record]:
        with self._lock:
            model = self._models.get(name)
            failed = model.failed() if model else []
        return {
            record
            for record in failed
            if record.version in versions and self._may_load_now(record, versions[record.version])
        }

    def _may_load_now(self, record: Record, loader: Loader) -> bool:
        """Say whether what made a load fail is over: the files as they were, or too little room."""
        if record.refused and self._budget.fits(size_of(loader)):
            return True
        return stamp_of(loader) != record.stamp

    def _state(self, name: str, version: int) -> State | None:
        with self._lock:
            model = self._models.get(name)
            record = model.records.get(version) if model else None
            return record.state if record else None

    def _busy(self) -> list[str]:
        with self._lock:
            return [
                f"{model.name} version {record.version} ({record.state.name}, "
                f"{record.handles} requests)"
                for model in self._models.values()
                for record in model.records.values()
                if record.state is not State.END
            ]
