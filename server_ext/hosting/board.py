"""What is known of a hosted server and its models, and who wants to hear when that changes.

    supervisor --situation--+                     +--> status(): never waits for anything
    server's events --------+--> Board ---events--+
    catalog --wanted--------+                     +--> subscribers: server, models, sample, log

Threads: any thread may call any method. Whoever writes holds the lock, and tells the subscribers
with it, so that all of them hear everything in its order. Who reads needs none: each part is a
value that is replaced as a whole. What is returned is to be read only.
"""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from server_ext.hosting.logring import Line
from server_ext.hosting.situation import Situation
from server_ext.hosting.wanted import Entry, Wanted

log = logging.getLogger(__name__)

Event = dict[str, Any]
Subscriber = Callable[[Event], None]


class Board:
    """The last that was heard. See the module for who may call what."""

    def __init__(self, situation: Situation, wanted: Wanted) -> None:
        self._situation = situation
        self._wanted = wanted
        self._problems: Mapping[str, str] = {}
        self._models: Mapping[str, Mapping[str, Any]] = {}  # as the server that runs says
        self._leaving: frozenset[str] = frozenset()  # removed by us; the server still unloads them
        self._sample: Mapping[str, Any] | None = None
        self._subscribers: Mapping[int, Subscriber] = {}
        self._numbers = itertools.count()
        self._lock = threading.RLock()

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Have it called with each event from now on; return what ends that."""
        number = next(self._numbers)
        with self._lock:
            self._subscribers = {**self._subscribers, number: subscriber}

        def unsubscribe() -> None:
            with self._lock:
                left = self._subscribers.items()
                self._subscribers = {key: each for key, each in left if key != number}

        return unsubscribe

    def status(self) -> dict[str, Any]:
        """Return the server, the models and the last sample."""
        wanted, models, problems = self._wanted, self._models, self._problems
        leaving = self._leaving
        names = [*(entry.model.name for entry in wanted)]
        names += [name for name in models if wanted.get(name) is None and name not in leaving]
        sample = self._sample
        return {
            "server": self._situation.document(),
            "models": [_shown(name, wanted.get(name), models, problems) for name in names],
            "sample": sample,
        }

    def versions(self, name: str) -> Sequence[Mapping[str, Any]]:
        """Return what the server that runs says of the versions of a model; nothing without one."""
        model = self._models.get(name)
        versions: Sequence[Mapping[str, Any]] = model["versions"] if model else ()
        return versions

    def set_situation(self, situation: Situation) -> None:
        """Take a new situation of the server."""
        with self._lock:
            self._situation = situation
            self._publish({"type": "server", "server": situation.document()})

    def set_wanted(self, wanted: Wanted, problems: Mapping[str, str]) -> None:
        """Take what is wanted now, and why the server does not serve some of it."""
        with self._lock:
            before, problems_before = self._wanted, self._problems
            self._wanted, self._problems = wanted, dict(problems)
            changed = [
                entry.model.name
                for entry in wanted
                if before.get(entry.model.name) != entry
                or problems_before.get(entry.model.name) != problems.get(entry.model.name)
            ]
            gone = [entry.model.name for entry in before if wanted.get(entry.model.name) is None]
            self._leaving = frozenset(
                name
                for name in {*self._leaving, *gone}
                if name in self._models and wanted.get(name) is None
            )
            self._tell_models(changed, gone)

    def hear(self, said: Mapping[str, Any]) -> None:
        """Take what the server tells of its models, or a sample."""
        with self._lock:
            if said["event"] == "models":
                changed = {model["name"]: model for model in said["changed"]}
                removed = set(said.get("removed", ()))
                kept = {name: each for name, each in self._models.items() if name not in removed}
                self._models = {**kept, **changed}
                leaving, self._leaving = self._leaving, self._leaving - removed
                back = [name for name in removed if self._wanted.get(name) is not None]
                shown = [name for name in (*changed, *back) if name not in leaving]
                self._tell_models(shown, removed.difference(back, leaving))
            elif said["event"] == "sample":
                self._sample = {key: value for key, value in said.items() if key != "event"}
                self._publish({"type": "sample", **self._sample})

    def run_is_over(self) -> None:
        """Forget what the server said, which runs no longer."""
        with self._lock:
            known = self._models.keys() - self._leaving
            self._models, self._leaving, self._sample = {}, frozenset(), None
            names = [entry.model.name for entry in self._wanted]
            self._tell_models(names, [name for name in known if self._wanted.get(name) is None])

    def hear_lines(self, lines: Sequence[Line]) -> None:
        """Take new lines of the log."""
        if self._subscribers:
            with self._lock:
                self._publish({"type": "log", "lines": [line._asdict() for line in lines]})

    def let_go(self) -> None:
        """In a forked copy: nobody hears anything, and nobody holds the lock for ever."""
        self._lock = threading.RLock()
        self._subscribers = {}

    def _tell_models(self, changed: Iterable[str], removed: Iterable[str]) -> None:
        wanted, models, problems = self._wanted, self._models, self._problems
        shown = [_shown(name, wanted.get(name), models, problems) for name in changed]
        gone = list(removed)
        if shown or gone:
            self._publish({"type": "models", "changed": shown, "removed": gone})

    def _publish(self, event: Event) -> None:
        for subscriber in self._subscribers.values():
            try:
                subscriber(event)
            except Exception:  # one who fails must not keep the others from hearing
                log.exception("A subscriber to the events of the model server failed")


def _shown(
    name: str,
    entry: Entry | None,
    models: Mapping[str, Mapping[str, Any]],
    problems: Mapping[str, str],
) -> dict[str, Any]:
    """Return a model as the server says, or as it is wanted, with whose it is."""
    said = models.get(name)
    shown = dict(said) if said is not None else _unserved(entry)
    if name in problems:
        shown["problem"] = problems[name]
    shown["owner"] = asdict(entry.owner) if entry and entry.owner else None
    shown["wanted"] = entry.model.versions.text if entry else None
    return shown


def _unserved(entry: Entry | None) -> dict[str, Any]:
    """Return what there is to say of a model that no server has told us of, in the same form."""
    assert entry is not None
    return {
        "name": entry.model.name,
        "base_path": entry.model.base_path,
        "policy": entry.model.versions.text,
        "labels": dict(entry.model.labels),
        "problem": None,
        "batching": None,
        "versions": [],
    }
