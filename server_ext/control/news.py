"""Tells which models have changed: their versions, states, labels and errors, not their counters.

    a state changes --wakes--> News --due--> the outbox asks: what is other than was told last?

Changes that come together are told together, and what a reader misses is told with the next ones.

Threads: one of its own, which waits for changes. `document` is called by one thread at a time.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable
from functools import partial
from typing import Any

from server_ext.api.overview import Overview
from server_ext.control.outbox import Outbox
from server_ext.lifecycle.manager import Manager
from server_ext.lifecycle.source import ModelConfig, Source

APART_S = 0.05
LOOK_S = 1.0
"""How long what is no change of a state goes unnoticed, such as a base path that vanishes."""


class News:
    """The models of a server, and what of them was told already."""

    def __init__(
        self, manager: Manager, source: Source, overview: Overview, outbox: Outbox
    ) -> None:
        self._manager = manager
        self._source = source
        self._overview = overview
        self._outbox = outbox
        self._told: dict[str, Hashable] | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="news", daemon=True)

    def start(self) -> None:
        """Tell of all models now, and of changes from now on."""
        first = self.document()
        assert first is not None
        self._outbox.send(first)
        self._thread.start()

    def look(self) -> None:
        """Tell of what has changed, if anything has."""
        self._outbox.due("models", self.document, APART_S)

    def close(self) -> None:
        """Watch no more."""
        self._stop.set()

    def document(self) -> dict[str, Any] | None:
        """Return the event about what has changed since the last one, None if nothing has.

        An entry is that of `GET /v1/server`.
        """
        models = {config.name: config for config in self._source.models}
        before = self._told or {}
        # The prints first: what changes meanwhile is in the entries, and told once more.
        now = {name: self._print(config) for name, config in models.items()}
        changed = [name for name in models if now[name] != before.get(name)]
        removed = [name for name in before if name not in models]
        if self._told is not None and not changed and not removed:
            return None
        entries = [self._overview.model(models[name]) for name in changed]
        self._told = now
        return {"event": "models", "changed": entries, "removed": removed}

    def _print(self, config: ModelConfig) -> Hashable:
        """Return what differs when there is something to tell; it is cheap, an entry is not."""
        versions = self._manager.versions(config.name)
        return (
            config,
            self._source.problem(config.name),
            tuple((one.version, one.state, one.loaded_at, one.error) for one in versions),
        )

    def _changed_since(self, seen: int) -> bool:
        return self._manager.changes != seen

    def _watch(self) -> None:
        while not self._stop.is_set():
            seen = self._manager.changes
            self.look()
            if self._stop.wait(APART_S):
                return
            self._manager.wait_until(partial(self._changed_since, seen), LOOK_S)
