"""Look at a model server: which one it is, what it logs, and which others there are.

Threads: any thread may call any function.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

from server_ext.errors import InvalidArgument, ServingError
from tfs_magics import connection
from tfs_magics.connections.found import model_servers
from tfs_magics.views import log as log_views
from tfs_magics.views import servers as servers_views
from tfs_magics.views.view import View

FOLLOW_S = 0.3
MOST_AT_ONCE = 1000  # lines of a log that is followed


def logs(lines: int = 20, *, follow: bool = False) -> View | None:
    """Return the last lines of the server's log, also of one that has ended; `.data` lists them.

    `follow`: print lines as they come instead, until interrupted; then there is nothing to return.

    Raises:
        InvalidArgument: `lines` is no number of lines.
        FailedPrecondition: the log of this server is elsewhere.
    """
    if lines < 1:
        raise InvalidArgument(f"{lines} lines cannot be shown: ask for 1 or more.")
    to = connection.current()
    if not follow:
        return log_views.log([line["text"] for line in to.logs(lines)["lines"]])
    try:
        for text in _lines(to, lines):
            print(text, flush=True)  # noqa: T201
    except KeyboardInterrupt:  # how a look at a log that goes on ends
        return None
    return None


def where() -> View:
    """Return which server is talked to and why; `.data` is what was found."""
    to = connection.current()
    told = to.status()
    place = to.place() if told["server"]["state"] == "running" else None
    return servers_views.where(to.where, told, place, to.owner)


def ps() -> View:
    """Return all model servers of this user on this machine, whoever started them; `.data` too."""
    found = model_servers()
    try:
        told = connection.current().status()
    except ServingError:  # it is looked for, maybe because the one that is used does not answer
        return servers_views.processes(found, None)
    here = told["server"]["pid"]
    known = {"models": told["models"]}
    found = [replace(each, page=known) if each.pid == here else each for each in found]
    return servers_views.processes(found, here)


def _lines(to: connection.Connection, number: int) -> Iterator[str]:
    """Yield the last lines, then each that comes; ends never."""
    found = to.logs(number)
    while True:
        yield from (line["text"] for line in found["lines"])
        time.sleep(FOLLOW_S)
        found = to.logs(MOST_AT_ONCE, found["next"])
