"""What a model server writes: lines, JSON objects among them, the ready line; and how it ends."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from server_ext.hosting.cause import signal_name

log = logging.getLogger(__name__)

READ_BYTES = 65536
MOST_BYTES = 64 << 20  # of a line that may be JSON: what is told of thousands of versions

Said = Mapping[str, Any]


class Ready(NamedTuple):
    """What a server says of itself when it listens; a port is None where it does not."""

    pid: int
    host: str
    grpc_port: int | None
    rest_port: int | None
    tls: bool = False


def whole_lines(source: int) -> Iterator[list[str]]:
    """Yield the lines that came together, until the other end of a pipe is closed.

    A line without an end does not grow for ever: it is cut.
    """
    rest = bytearray()
    while chunk := os.read(source, READ_BYTES):
        done, newline, fresh = chunk.rpartition(b"\n")
        if newline:
            whole = bytes(rest + done)
            yield [line.rstrip("\r") for line in whole.decode("utf-8", "replace").split("\n")]
            rest.clear()
        rest += fresh
        if len(rest) > (MOST_BYTES if rest.startswith(b"{") else READ_BYTES):
            yield [rest.decode("utf-8", "replace")]
            rest.clear()
    if rest:
        yield [rest.decode("utf-8", "replace")]


def reader(
    source: int, take: Callable[[Sequence[str]], None], end: Callable[[], None]
) -> threading.Thread:
    """Start a thread that hands over whole lines, and `end`s when the other end is closed."""

    def read() -> None:
        for lines in whole_lines(source):
            try:
                take(lines)
            except Exception:  # a bug of ours must not leave the server with a full pipe
                log.exception("The model server's output could not be taken")
        end()

    thread = threading.Thread(target=read, name="model-server-output", daemon=True)
    thread.start()
    return thread


def json_object(line: str) -> Said | None:
    """Return the JSON object in a line, None if it is something else."""
    if line.startswith("{"):
        with contextlib.suppress(ValueError, RecursionError):
            said = json.loads(line)
            return said if isinstance(said, dict) else None
    return None


def ready(said: Said) -> Ready:
    """Return what a ready line says."""
    return Ready(
        said["pid"],
        said.get("host", ""),
        said.get("port"),
        said.get("rest_api_port"),
        bool(said.get("tls")),
    )


def exit_text(code: int) -> str:
    """Return how a process ended, in words: `exit code 1`, `signal SIGKILL`."""
    return f"exit code {code}" if code >= 0 else f"signal {signal_name(-code)}"
