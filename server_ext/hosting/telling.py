"""What a host tells, and never blocks for: status, log, history, events.

Any thread may call.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from server_ext.hosting.board import Board, Subscriber
from server_ext.hosting.held import HeldVersions
from server_ext.hosting.logring import LogRing
from server_ext.hosting.registry import Registry
from server_ext.hosting.settings import Settings
from server_ext.hosting.situation import Situation
from server_ext.hosting.wanted import Wanted

LOG_LINES = 200


class Telling:
    """The half of a host that is asked. The other half changes things, and has this one."""

    def __init__(
        self, settings: Settings, wanted: Wanted, held: HeldVersions, registry: Registry | None
    ) -> None:
        self.settings = settings
        self._registry = registry
        self._identity = secrets.token_hex(8) if registry is None else registry.identity
        self._held = held
        self._board = Board(
            Situation(host=settings.host, max_restarts=settings.max_restarts),
            wanted,
            settings.roots,
        )
        self._log = LogRing(settings.log_lines, self._board.hear_lines)

    def status(self) -> dict[str, Any]:
        """Return the server, its models, the last sample, the registry and what is held.

        `host` tells this host from all others. Never blocks. What is returned is to be read only.
        """
        registry = self._registry
        return {
            **self._board.status(),
            "host": self._identity,
            "registry": {
                "path": str(registry.path) if registry is not None else None,
                "problem": registry.problem if registry is not None else None,
            },
            "held": [each.document() for each in self._held.all()],
        }

    def logs(self, lines: int = LOG_LINES, after: int = 0) -> dict[str, Any]:
        """Return the last lines of the server's log, of those numbered above `after`.

        `next` is what to pass as `after` to get the lines that follow. Never blocks.
        """
        return self._log.document(lines, after)

    def history(self, model: str | None, version: int | None, span: str) -> dict[str, Any]:
        """Return what was measured and what happened of a version, a model, or all without one.

        `span` is one of history.RANGES, until now. Never blocks.

        Raises:
            NotFound: the model is not served, and nothing was measured of it.
        """
        return self._board.history(model, version, span)

    def subscribe(self, callback: Subscriber) -> Callable[[], None]:
        """Have it called with each event; return what ends that.

        {"type": "server", "server": {}}    {"type": "models", "changed": [], "removed": []}
        {"type": "sample", ...}             {"type": "log", "lines": [{"seq", "at", "text"}]}
        {"type": "happened", "events": [{"at", "model", "version", "kind", "text"}]}

        Threads of the host call it, which it must not block: it may ask for the status, but must
        not change anything.
        """
        return self._board.subscribe(callback)
