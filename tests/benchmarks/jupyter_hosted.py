"""A real Jupyter server whose extension hosts the model server, asked by its API.

Its process is started as the tests of JupyterLab do it, by their modules.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import psutil

sys.path.append(str(Path(__file__).parents[1] / "lab"))
from jupyterprocess import JupyterServer

WAIT_S = 180
LOOK_S = 0.02


class Way(NamedTuple):
    """How requests reach a model: what stands before `/v1`, and h2load's arguments with a token."""

    url: str
    headers: list[str]


class Hosted:
    """Jupyter with its model server, from entry to exit; `jupyter` is the process and its API.

    `folder` is made for what it writes, `models` is the directory that it shows and serves from.
    """

    def __init__(self, folder: Path, models: Path, *options: str) -> None:
        folder.mkdir()
        self.jupyter = JupyterServer(folder, models, *options)

    def serve(self, name: str, base_path: Path) -> None:
        """Have a model served; returns before it is loaded."""
        self.jupyter.tell("PUT", f"tfs/api/models/{name}", json={"base_path": str(base_path)})

    def remove(self, name: str) -> None:
        """Serve a model no longer; returns when nothing of it is left."""
        self.jupyter.tell("DELETE", f"tfs/api/models/{name}")
        self.until(lambda status: name not in [model["name"] for model in status["models"]])

    def status(self) -> dict[str, Any]:
        """Return what the API says of the server and its models."""
        found: dict[str, Any] = self.jupyter.tell("GET", "tfs/api/status")
        return found

    def until(self, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Return the first status that fulfils the condition, asked every 20 ms.

        Raises:
            TimeoutError: none has for three minutes.
        """
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            status = self.status()
            if condition(status):
                return status
            time.sleep(LOOK_S)
        raise TimeoutError(f"not within {WAIT_S} s: {str(status)[:2000]}")

    def server(self) -> psutil.Process:
        """Return the process of the model server."""
        return psutil.Process(self.status()["server"]["pid"])

    def direct(self) -> Way:
        """Return the way to the model server's own REST port."""
        address = self.jupyter.tell("GET", "tfs/api/address")
        token = address["token"]
        headers = ["-H", f"authorization: Bearer {token}"] if token else []
        return Way(address["rest_url"], headers)

    def proxied(self) -> Way:
        """Return the way through Jupyter."""
        return Way(f"{self.jupyter.url}tfs", ["-H", f"authorization: token {self.jupyter.token}"])

    def __enter__(self) -> Hosted:
        return self

    def __exit__(self, *_: object) -> None:
        self.jupyter.stop()


def available(status: dict[str, Any], names: set[str]) -> bool:
    """Tell whether each of these models has a version that answers, and none that is on its way."""
    states = {
        model["name"]: {version["state"] for version in model["versions"]}
        for model in status["models"]
    }
    return status["server"]["state"] == "running" and all(
        states.get(name) and states[name] <= {"AVAILABLE", "END"} and "AVAILABLE" in states[name]
        for name in names
    )
