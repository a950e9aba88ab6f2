"""What a Jupyter server tells of its model server while something else goes on: `/tfs/api/events`.

A thread reads the stream of server-sent events from entry to exit, and keeps all of them.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from jupyterprocess import Jupyter

SILENCE_S = 60  # a comment comes every 15 s


class EventLog:
    """All events since entry; `with EventLog(jupyter) as log`."""

    def __init__(self, jupyter: Jupyter) -> None:
        self._jupyter = jupyter
        self._events: list[tuple[str, dict[str, Any]]] = []

    def seen(self) -> list[tuple[str, int, str]]:
        """Return each model, version and state that was told, in the order of the first time."""
        found = []
        for kind, data in list(self._events):
            models = data.get("models" if kind == "status" else "changed", [])
            for model in models if kind in ("status", "models") else []:
                for version in model["versions"]:
                    found.append((model["name"], int(version["version"]), version["state"]))
        return list(dict.fromkeys(found))

    def pids(self) -> list[int]:
        """Return the processes of the model server that were told, in order."""
        servers = [
            data.get("server", data) for kind, data in self._events if kind in ("status", "server")
        ]
        return list(dict.fromkeys(server["pid"] for server in servers if server.get("pid")))

    def __enter__(self) -> EventLog:
        at = urlsplit(self._jupyter.url)
        assert at.hostname
        connection = HTTPConnection(at.hostname, at.port, timeout=SILENCE_S)
        connection.request(
            "GET",
            f"{at.path}tfs/api/events",
            headers={"Authorization": f"token {self._jupyter.token}"},
        )
        self._socket = connection.sock
        answer = connection.getresponse()
        if answer.status != 200:
            raise RuntimeError(f"tfs/api/events: {answer.status} {answer.read()[:1000]!r}")
        self._thread = threading.Thread(target=self._read, args=[answer], daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    def _read(self, answer: Any) -> None:
        with contextlib.suppress(OSError, HTTPException), answer:
            for event in events(answer):
                self._events.append(event)  # at once: extend() would keep them to itself


def events(lines: Iterator[bytes]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Put the lines of a stream together to events, as pairs of type and data."""
    kind, data = "message", ""
    for line in lines:
        name, _, value = line.decode().rstrip("\n").partition(":")
        if name == "event":
            kind = value.strip()
        elif name == "data":
            data += value
        elif not name and not value and data:
            yield kind, json.loads(data)
            kind, data = "message", ""
