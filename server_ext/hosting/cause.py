"""Why a server ended or did not start, as facts: for those who offer a remedy and not just words.

    {"kind": "port_in_use", "port": 8501, "pid": 4711, "program": "python3"}
    {"kind": "out_of_memory", "limit_bytes": ...}    {"kind": "signal", "signal": "SIGSEGV"}
    {"kind": "hung", "seconds": 10}   {"kind": "exit", "exit_code": 3}   {"kind": "cannot_start"}

Functions; any thread may call.
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Mapping, Sequence
from typing import Any

import psutil

from server_ext.hosting import memory

Cause = Mapping[str, Any]
_NO_MEMORY = ("std::bad_alloc", "MemoryError", "Cannot allocate memory")


def of_exit(code: int, lines: Sequence[str], killed_before: int | None) -> Cause:
    """Return why a process ended with this code, and these last words.

    `killed_before` is what memory.killed returned when it started: the system ends what takes too
    much memory by SIGKILL, as anybody may.
    """
    starved = any(word in line for line in lines for word in _NO_MEMORY)
    if -code == signal.SIGKILL and killed_before is not None:
        starved = starved or (memory.killed() or 0) > killed_before
    if starved:
        return {"kind": "out_of_memory", "limit_bytes": memory.limit_bytes()}
    if code >= 0:
        return {"kind": "exit", "exit_code": code}
    return {"kind": "signal", "signal": signal_name(-code)}


def hung(seconds: float) -> Cause:
    """Return that a server did not answer for so long."""
    return {"kind": "hung", "seconds": seconds}


def not_started(code: int | None, lines: Sequence[str], killed_before: int | None) -> Cause:
    """Return why a server did not start; `code` is None for one that never ended by itself."""
    if code is not None and code < 0:
        return of_exit(code, lines, killed_before)
    return {"kind": "cannot_start", **({} if code is None else {"exit_code": code})}


def port_in_use(port: int) -> Cause:
    """Return that a port is taken, and by which process if we may know that."""
    found: dict[str, Any] = {"kind": "port_in_use", "port": port}
    with contextlib.suppress(psutil.Error, OSError):
        for each in psutil.net_connections("tcp"):
            if each.status != psutil.CONN_LISTEN or not each.laddr or not each.pid:
                continue
            if each.laddr.port == port:
                return {**found, "pid": each.pid, "program": psutil.Process(each.pid).name()}
    return found


def signal_name(number: int) -> str:
    """Return the name of a signal, or its number where it has none."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)
