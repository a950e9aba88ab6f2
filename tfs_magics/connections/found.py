"""Finds the model servers of this user on this machine, whoever started them: %tfs_ps.

A process counts by its command, and is shown with what its own page says. One that wants a token
keeps its page to itself, and is shown without its models.
"""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import psutil
import requests

from tfs_magics.client.rest import session

ASK_TIMEOUT_S = 2.0
_PROGRAM = "tensorflow_model_server"
_STARTERS = (("ipykernel", "kernel"), ("jupyterhub", "JupyterHub"), ("jupyter", "Jupyter server"))


@dataclass(frozen=True)
class FoundServer:
    """A process that serves models; `page` is its GET /v1/server, None if it tells nothing.

    A port is None if it is not known. `starter` is what started it, such as `kernel 4711`.
    """

    pid: int
    starter: str
    started_at: float
    rss_bytes: int
    rest_port: int | None
    grpc_port: int | None
    page: dict[str, Any] | None


def model_servers() -> list[FoundServer]:
    """Return the model servers of this user, the oldest first; asks each, for a moment at most."""
    processes = list(_processes())
    if not processes:
        return []
    with ThreadPoolExecutor(max_workers=8) as threads:
        found = [each for each in threads.map(_server, processes) if each is not None]
    return sorted(found, key=lambda server: server.started_at)


def serves_models(command: list[str]) -> bool:
    """Tell whether a command starts a model server: ours, or TensorFlow Serving's."""
    if not command:
        return False
    program, *first = (PurePath(word).name for word in command[:2])
    if not program.startswith("python"):
        return program == _PROGRAM
    module = next((after for word, after in itertools.pairwise(command) if word == "-m"), "")
    return first == [_PROGRAM] or module == "server_ext"


def _processes() -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if _is_ours(process) and serves_models(process.cmdline()):
                yield process


def _is_ours(process: psutil.Process) -> bool:
    if not hasattr(os, "getuid"):
        return process.username() == psutil.Process().username()
    return bool(process.uids().real == os.getuid())


def _server(process: psutil.Process) -> FoundServer | None:
    try:
        with process.oneshot():
            started, memory = process.create_time(), process.memory_info().rss
        ports = _ports(process)
        asked = ((port, *_page(port, process.pid)) for port in ports)
        rest, page = next(((port, page) for port, ok, page in asked if ok), (None, None))
        others = [port for port in ports if port != rest]
        grpc = others[0] if rest is not None and len(others) == 1 else None
        return FoundServer(process.pid, _starter(process), started, memory, rest, grpc, page)
    except psutil.Error:  # it has ended since
        return None


def _ports(process: psutil.Process) -> list[int]:
    ask = getattr(process, "net_connections", None) or process.connections  # psutil 5
    return sorted({each.laddr.port for each in ask("tcp") if each.status == psutil.CONN_LISTEN})


def _page(port: int, pid: int) -> tuple[bool, dict[str, Any] | None]:
    """Tell whether a port is REST of this process, and what it says of itself if it does."""
    with session() as asking:
        try:
            answer = asking.get(f"http://127.0.0.1:{port}/v1/server", timeout=ASK_TIMEOUT_S)
            page = answer.json()
        except (requests.RequestException, ValueError):
            return False, None
    if isinstance(page, dict) and page.get("pid") == pid and "models" in page:
        return True, page
    return isinstance(page, dict) and answer.status_code == 401, None


def _starter(process: psutil.Process) -> str:
    """Return what started a process, as people call it; empty if that has ended."""
    parent = process.parent()
    if parent is None or parent.pid == 1:
        return ""
    if parent.pid == os.getpid():
        return "this process"
    command = " ".join(parent.cmdline()[:4])
    kind = next((kind for word, kind in _STARTERS if word in command), parent.name())
    return f"{kind} {parent.pid}"
