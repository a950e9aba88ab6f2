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
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from server_ext.hosting import additions, journal, memory
from server_ext.hosting.additions import Additions
from server_ext.hosting.history import History
from server_ext.hosting.journal import Happening, Journal
from server_ext.hosting.logring import Line
from server_ext.hosting.ondisk import OnDisk
from server_ext.hosting.situation import Situation, State
from server_ext.hosting.wanted import Entry, Wanted

log = logging.getLogger(__name__)

Event = dict[str, Any]
Subscriber = Callable[[Event], None]
EVENTS = 50  # of the journal, in the status


class Board:
    """The last that was heard. See the module for who may call what."""

    def __init__(self, situation: Situation, wanted: Wanted, roots: Iterable[str] = ()) -> None:
        self._situation = situation
        self.disk = OnDisk(lambda: self._wanted, roots, self._disk_has_changed)
        self._additions = Additions(self.disk)
        self._wanted = wanted
        self._problems: Mapping[str, str] = {}
        self._models: Mapping[str, Mapping[str, Any]] = {}  # as the server that runs says
        self._leaving: frozenset[str] = frozenset()  # removed by us; the server still unloads them
        self._journal = Journal()
        self._history = History()
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
        self.disk.look()
        wanted, models, leaving = self._wanted, self._models, self._leaving
        names = [*(entry.model.name for entry in wanted)]
        names += [name for name in models if wanted.get(name) is None and name not in leaving]
        sample = self._sample
        return {
            "server": self._server(),
            "models": [shown for name in names if (shown := self._shown(name))],
            "sample": sample,
            "events": self._journal.last(EVENTS),
        }

    def history(self, model: str | None, version: int | None, span: str) -> dict[str, Any]:
        """Return what was measured and what happened within a range of history.RANGES until now.

        Raises:
            NotFound: the model is not served, and nothing was measured of it.
        """
        if model is not None and model not in self._models and not self._history.knows(model):
            _ = self._wanted[model]  # which knows what to say of a model that is not there
        now = time.time()
        found = self._history.of(model, version, span, now)
        since = now - found["step_s"] * len(found["points"])
        return {**found, "events": self._journal.of(model, version, since)}

    def versions(self, name: str) -> Sequence[Mapping[str, Any]]:
        """Return what the server that runs says of the versions of a model; nothing without one."""
        model = self._models.get(name)
        versions: Sequence[Mapping[str, Any]] = model["versions"] if model else ()
        return versions

    def states(self, name: str) -> dict[int, str]:
        """Return the states of those versions."""
        return {each["version"]: each["state"] for each in self.versions(name)}

    def set_situation(self, situation: Situation) -> None:
        """Take a new situation of the server."""
        with self._lock:
            before, self._situation = self._situation, situation
            self._publish({"type": "server", "server": self._server()})
            self._note(journal.of_server(before, situation))
            if self._additions.remembers and _is_coming(before) != _is_coming(situation):
                self._tell_models([entry.model.name for entry in self._wanted], [])

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
            self._additions.forget(gone)
            self._leaving = frozenset(
                name
                for name in {*self._leaving, *gone}
                if name in self._models and wanted.get(name) is None
            )
            self._tell_models(changed, gone)
            self._note(journal.of_wanted(before, wanted))
        self.disk.look(now=True)

    def hear(self, said: Mapping[str, Any]) -> None:
        """Take what the server tells of its models, or a sample."""
        with self._lock:
            if said["event"] == "models":
                changed = {model["name"]: model for model in said["changed"]}
                removed = set(said.get("removed", ()))
                before = self._models
                kept = {name: each for name, each in before.items() if name not in removed}
                self._models = {**kept, **changed}
                self._additions.hear_models(changed.values(), removed)
                leaving, self._leaving = self._leaving, self._leaving - removed
                back = [name for name in removed if self._wanted.get(name) is not None]
                shown = [name for name in (*changed, *back) if name not in leaving]
                self._tell_models(shown, removed.difference(back, leaving))
                stay = [each for name, each in changed.items() if name not in leaving]
                self._note(journal.of_models(before, stay))
            elif said["event"] == "sample":
                self._history.take(said)
                self._additions.hear_sample(said)
                self._sample = additions.told(said)
                self._publish({"type": "sample", **self._sample})
                if self._subscribers:
                    self.disk.look()
                if self._situation.state is State.STOPPING:  # how many requests are left
                    self._publish({"type": "server", "server": self._server()})

    def run_is_over(self) -> None:
        """Forget what the server said, which runs no longer, but for the versions it had."""
        with self._lock:
            known = self._models.keys() - self._leaving
            names = [entry.model.name for entry in self._wanted]
            gone = [name for name in known if name not in names]
            self._additions.run_is_over(self._models)
            self._additions.forget(self._models.keys() - set(names))
            self._models, self._leaving, self._sample = {}, frozenset(), None
            self._tell_models(names, gone)

    def hear_lines(self, lines: Sequence[Line]) -> None:
        """Take new lines of the log."""
        if self._subscribers:
            with self._lock:
                self._publish({"type": "log", "lines": [line._asdict() for line in lines]})

    def let_go(self) -> None:
        """In a forked copy: nobody hears anything, and nobody holds the lock for ever."""
        self._lock = threading.RLock()
        self.disk.let_go()
        self._history.let_go()
        self._subscribers = {}

    def _note(self, happenings: Sequence[Happening]) -> None:
        if happenings:
            self._publish({"type": "happened", "events": self._journal.add(happenings)})

    def _disk_has_changed(self, names: Iterable[str]) -> None:
        with self._lock:
            self._tell_models([name for name in names if self._wanted.get(name)], [])

    def _tell_models(self, changed: Iterable[str], removed: Iterable[str]) -> None:
        shown = [shown for name in changed if (shown := self._shown(name))]
        gone = list(removed)
        if shown or gone:
            self._publish({"type": "models", "changed": shown, "removed": gone})

    def _server(self) -> dict[str, Any]:
        sample = self._sample
        return {
            **self._situation.document(),
            "in_flight": sample.get("in_flight", 0) if sample else 0,
            "memory_limit_bytes": memory.limit_bytes(),
        }

    def _shown(self, name: str) -> dict[str, Any] | None:
        """Return a model as the server says, or as it is wanted, with whose it is."""
        said, entry = self._models.get(name), self._wanted.get(name)
        if said is None and entry is None:
            return None  # gone since its name was read
        shown = dict(said) if said is not None else _unserved(entry)
        if name in self._problems:
            shown["problem"] = self._problems[name]
        coming = _is_coming(self._situation) and name not in self._problems
        shown |= self._additions.of(name, said, coming=coming)
        shown["owner"] = asdict(entry.owner) if entry and entry.owner else None
        shown["wanted"] = entry.model.versions.text if entry else None
        return shown

    def _publish(self, event: Event) -> None:
        for subscriber in self._subscribers.values():
            try:
                subscriber(event)
            except Exception:  # one who fails must not keep the others from hearing
                log.exception("A subscriber to the events of the model server failed")


def _is_coming(situation: Situation) -> bool:
    """Tell whether versions that a server had are about to be loaded again."""
    return situation.state in (State.STARTING, State.RUNNING, State.RESTARTING)


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
