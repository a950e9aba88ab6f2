"""Asks a model server, and tells what became of it where all a client sees is a broken connection.

asked(server, run) --> run(place) --breaks--> does the server run? elsewhere by now? --> again
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from server_ext.errors import Code, ServingError
from tfs_magics.client.predicting import Place
from tfs_magics.connection import Connection
from tfs_magics.connections.state import MOVING, not_running

T = TypeVar("T")
ENDING_S = 1.0  # a connection breaks a moment before the process is seen to have ended
LOOK_BACK = 200
_GONE = (Code.UNAVAILABLE, Code.UNAUTHENTICATED)


def asked(server: Connection, run: Callable[[Place], T]) -> T:
    """Return what `run` gets from where the server answers.

    A server that was started again may answer elsewhere, and with another token: then it is asked
    there. Nothing is asked twice in one place, as a request may be what ends a server.

    Raises:
        ServingError: why there is no server, else what `run` raises.
    """
    place = server.place()
    try:
        return run(place)
    except ServingError as error:
        if error.code not in _GONE:
            raise
        server.check(ENDING_S)
        now = server.place(fresh=True)
        if now == place:
            raise
    return run(now)


def page(server: Connection) -> dict[str, Mapping[str, Any]] | None:
    """Return a server's models by name; None while it starts, also after it has ended by itself.

    Raises:
        ServingError: it does not run, and is not started again.
    """
    told = server.status()
    state = told["server"]["state"]
    if state in MOVING:
        return None
    if state != "running":
        raise not_running(told)
    return {entry["name"]: entry for entry in told["models"]}


def last_lines(server: Connection) -> list[str]:
    """Return the last lines of a server's log, none if they are not to be had."""
    try:
        return [line["text"] for line in server.logs(LOOK_BACK)["lines"]]
    except ServingError:
        return []
