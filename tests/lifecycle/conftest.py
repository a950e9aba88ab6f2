"""Versions that pretend: no TensorFlow, loads and unloads that wait until the test lets them go."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from server_ext.lifecycle.manager import Manager
from server_ext.lifecycle.servable import Loader, Signature

WAIT_S = 10


class FakeServable:
    """Notices a run after `close` and a second `close`."""

    def __init__(self, go: threading.Event) -> None:
        signature = Signature("serving_default", "", {}, {}, b"")
        self.signatures = {"serving_default": signature}
        self.memory_bytes = 1234
        self.closing = threading.Event()
        self.closed = threading.Event()
        self.mistakes: list[str] = []
        self._may_close = go

    def run(self, signature: Any, inputs: Any, outputs: Any) -> list[Any]:
        if self.closing.is_set():
            self.mistakes.append("run after close")
        return []

    def close(self) -> None:
        if self.closing.is_set():
            self.mistakes.append("closed twice")
        self.closing.set()
        assert self._may_close.wait(WAIT_S)
        self.closed.set()


class FakeVersion:
    """A version as it lies on a disk; each load of it makes a servable or raises `error`.

    A load waits until `may_load` is set, a close until `may_close` is; both are unless `held`.
    """

    def __init__(self, *, error: BaseException | None = None, held: bool = False) -> None:
        self.error = error
        self.stamp = 0
        self.loads = 0
        self.loading = threading.Event()
        self.may_load = threading.Event()
        self.may_close = threading.Event()
        self.may_close.set()
        if not held:
            self.may_load.set()
        self.servables: list[FakeServable] = []
        self.loader = Loader(self._load, "/models/fake", lambda: self.stamp)

    @property
    def servable(self) -> FakeServable:
        return self.servables[-1]

    def _load(self) -> FakeServable:
        self.loads += 1
        self.loading.set()
        assert self.may_load.wait(WAIT_S)
        if self.error is not None:
            raise self.error
        self.servables.append(FakeServable(self.may_close))
        return self.servable


@pytest.fixture
def versions() -> Iterator[list[FakeVersion]]:
    made: list[FakeVersion] = []
    yield made
    mistakes = [m for version in made for servable in version.servables for m in servable.mistakes]
    assert mistakes == []


@pytest.fixture
def version(versions: list[FakeVersion]) -> Callable[..., FakeVersion]:
    """Make a FakeVersion; at the end of the test none may have been misused."""

    def make(**how: Any) -> FakeVersion:
        versions.append(FakeVersion(**how))
        return versions[-1]

    return make


@pytest.fixture
def make_manager(versions: list[FakeVersion]) -> Iterator[Callable[..., Manager]]:
    """Make a manager that is closed at the end; then every servable ever loaded must be closed."""
    made: list[Manager] = []

    def make(**options: Any) -> Manager:
        made.append(Manager(**options))
        return made[-1]

    yield make
    for version in versions:
        version.may_load.set()
        version.may_close.set()
    for manager in made:
        manager.close(WAIT_S)
    assert all(servable.closed.is_set() for v in versions for servable in v.servables)


@pytest.fixture
def manager(make_manager: Callable[..., Manager]) -> Manager:
    return make_manager()
