"""Which versions will answer soon, on a server that is told what to serve while it runs.

Such a server opens its ports first. A client that asks meanwhile must not hear that there is no
such model: after a restart that would be said of all that were there a moment ago.
"""

from __future__ import annotations

from server_ext.lifecycle.manager import Manager
from server_ext.lifecycle.policy import State


class Coming:
    """What is on its way. `told` is set when the server knows for the first time what to serve.

    Any thread may ask.
    """

    def __init__(self, manager: Manager) -> None:
        self._manager = manager
        self.told = False

    def soon(self, name: str, version: int | None) -> bool:
        """Tell whether a version of a model, or any with None, is on its way."""
        return any(
            status.state < State.AVAILABLE and not status.error
            for status in self._manager.versions(name)
            if version in (None, status.version)
        )
