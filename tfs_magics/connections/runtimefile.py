"""Finds the Jupyter server that started this kernel, by the file it wrote about itself.

    JPY_PARENT_PID --> <runtime dir>/jpserver-PID.json --> base URL, token, root directory

The file of a server that was killed stays behind, and its process number may be another one's by
now: it counts if its process lives and is older than the file. Nothing of jupyter_server is
imported; it may not be installed here.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import psutil

PARENT = "JPY_PARENT_PID"
SLACK_S = 2.0  # clocks of processes and of files differ by less
_ANY_ADDRESS = ("", "0.0.0.0", "::", "*")


class JupyterServer(NamedTuple):
    """A Jupyter server on this machine; `url` has no slash at its end."""

    url: str
    token: str
    pid: int
    root: str = ""
    secure: bool = False


def parent_server(environment: Mapping[str, str] = os.environ) -> JupyterServer | str:
    """Return the Jupyter server that started this process, or why there is none to be found."""
    pid = environment.get(PARENT, "")
    if not pid.isdigit():
        return "this process was not started by a Jupyter server"
    from jupyter_core.paths import jupyter_runtime_dir

    file = Path(jupyter_runtime_dir()) / f"jpserver-{pid}.json"
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
        written = file.stat().st_mtime
        found = _server(said, int(pid))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return f"what started this kernel (process {pid}) is no Jupyter server with a runtime file"
    if not _lives(int(pid), written):
        return f"{file.name} was left behind by a Jupyter server that has ended"
    if said.get("sock"):
        return f"the Jupyter server of process {pid} listens on a Unix socket only"
    return found


def _server(said: Mapping[str, Any], pid: int) -> JupyterServer:
    """Return the server with an address to connect to, where the file may name all addresses."""
    host = str(said.get("hostname") or "")
    if host in _ANY_ADDRESS:
        host = "127.0.0.1"
    if ":" in host:
        host = f"[{host}]"
    secure = bool(said.get("secure"))
    scheme = "https" if secure else "http"
    base = str(said.get("base_url") or "/").strip("/")
    url = f"{scheme}://{host}:{said['port']}/{base}".rstrip("/")
    return JupyterServer(url, str(said.get("token") or ""), pid, said.get("root_dir") or "", secure)


def _lives(pid: int, written: float) -> bool:
    try:
        return psutil.Process(pid).create_time() <= written + SLACK_S
    except psutil.Error:
        return False
