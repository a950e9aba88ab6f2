"""A model server that a Jupyter server hosts: changed by /tfs/api, asked directly or through it.

    magics --/tfs/api--> Jupyter server --pipe--> model server
       |-------- REST, gRPC: on this machine ---------^
       '-------- /tfs/v1 through Jupyter: from another

Threads: any thread may call any method.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any
from urllib.parse import quote, urlsplit

import requests

from server_ext.errors import FailedPrecondition, PermissionDenied
from server_ext.hosting.models import Model
from server_ext.hosting.settings import Owner
from tfs_magics.client.predicting import Place
from tfs_magics.connections.jupyterapi import JupyterApi
from tfs_magics.connections.state import check_wishes, not_running, owner_of, wanted
from tfs_magics.connections.ticking import ticking
from tfs_magics.connections.where import Opened, Stopped, Where, Wishes

LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Hosted:
    """The model server of one Jupyter server, as one notebook sees it."""

    def __init__(self, where: Where, api: JupyterApi, owner: Owner) -> None:
        self.where = where
        self.owner = owner.identity
        self._api = api
        self._who = owner
        self._pid = os.getpid()
        self._place: Place | None = None
        self._near = (urlsplit(api.url).hostname or "") in LOOPBACK

    def status(self) -> dict[str, Any]:
        """Return what the host tells: `server`, `models`, `held`."""
        return self._api.get("status")

    def place(self, *, fresh: bool = False) -> Place:
        """Return where the server answers; `fresh` asks again, as ports and tokens may change.

        Raises:
            ServingError: it does not run; says why.
        """
        if self._place is None or fresh:
            self.check()
            self._place = self._direct() if self._near else self._through()
        return self._place

    def check(self, grace_s: float = 0.0) -> None:
        """Return if the server runs, and still does after `grace_s`.

        Raises:
            ServingError: it does not, or the Jupyter server does not answer.
        """
        until = time.monotonic() + grace_s
        while (status := self.status())["server"]["state"] == "running":
            if time.monotonic() >= until:
                return
            time.sleep(0.1)
        raise not_running(status)

    def models(self) -> Mapping[str, Model]:
        """Return what the server is to serve, by name, for all notebooks."""
        return wanted(self.status())

    def open(self, models: Sequence[Model], wishes: Wishes, waiting: Callable[[], None]) -> Opened:
        """Have models served by the server, started if it does not run."""
        self._check_process()
        began = time.monotonic()
        status = self.status()
        check_wishes(status, wishes)
        notes: list[str] = []
        ran = status["server"]["state"] == "running"
        if not ran:
            status = ticking(lambda: self._change("POST", "server/start", _body(wishes)), waiting)
            notes += status["server"]["notes"]
        start_s = 0.0 if ran else time.monotonic() - began
        for model in models:
            body = {
                "base_path": model.base_path,
                "versions": model.versions.words,
                "owner": asdict(self._who),
                "replace": wishes.replace,
            }
            answer = self._change("PUT", _path(model.name), body)
            notes += [answer["note"]] if answer.get("note") else []
        return Opened(start_s, tuple(notes))

    def remove(self, name: str) -> None:
        """Have a model served no longer."""
        self._change("DELETE", _path(name))

    def set_versions(self, model: Model) -> None:
        """Change which versions of a model are served."""
        self._change("PATCH", _path(model.name), {"versions": model.versions.words})

    def set_labels(self, name: str, labels: Mapping[str, int | None]) -> None:
        """Give labels to versions; None takes one away."""
        self._change("PATCH", _path(name), {"labels": dict(labels)})

    def load(self, name: str, version: int) -> str:
        """Have one more version served; return a note."""
        return str(self._change("POST", f"{_path(name)}/versions/{version}/load").get("note") or "")

    def unload(self, name: str, version: int) -> str:
        """Have one version less served; return a note."""
        path = f"{_path(name)}/versions/{version}/unload"
        return str(self._change("POST", path).get("note") or "")

    def poll(self) -> None:
        """Have the directories looked at now."""
        self._change("POST", "poll")

    def stop(self, *, everything: bool = False) -> Stopped:
        """Have this notebook's models served no longer, and end a server that is left with none.

        `everything`: end the server for all notebooks, and forget all models.
        """
        entries = self.status()["models"]
        mine = tuple(each["name"] for each in entries if owner_of(each) == self.owner)
        left = [(each["name"], owner_of(each)) for each in entries if each["name"] not in mine]
        if left and not everything:
            for name in mine:
                self.remove(name)
            return Stopped(False, True, mine, tuple(left))
        self._change("POST", "server/stop", {"forget": True})
        self._place = None
        return Stopped(True, True, tuple(each["name"] for each in entries))

    def restart(self, waiting: Callable[[], None]) -> float:
        """End the server and start it again, with all its models; return seconds it took."""
        began = time.monotonic()
        ticking(lambda: self._change("POST", "server/restart"), waiting)
        self._place = None
        return time.monotonic() - began

    def logs(self, lines: int, after: int = 0) -> dict[str, Any]:
        """Return lines of the log, and the number to ask for those after them."""
        return self._api.get("logs", lines=lines, after=after)

    def pass_on(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, *, stream: bool
    ) -> requests.Response:
        """Ask for a path below tfs/ for a page that cannot; return whatever is answered."""
        return self._api.pass_on(method, path, headers, body, stream=stream)

    def _change(
        self, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        self._check_process()
        return self._api.change(method, path, body)

    def _check_process(self) -> None:
        """Return unless this is a forked copy, which must not act for the notebook.

        Raises:
            FailedPrecondition: it is.
        """
        if os.getpid() != self._pid:
            raise FailedPrecondition(
                "The model server belongs to the process that forked this one. Change it there."
            )

    def _direct(self) -> Place:
        try:
            said = self._api.get("address")
        except PermissionDenied:  # who may look but not write gets no token
            return self._through()
        token = f"Bearer {said['token']}" if said.get("token") else ""
        return Place(said["rest_url"], said["grpc_target"] or "", token)

    def _through(self) -> Place:
        return Place(f"{self._api.url}/tfs", "", self._api.authorization)


def _path(name: str) -> str:
    return f"models/{quote(name, safe='')}"


def _body(wishes: Wishes) -> dict[str, Any]:
    asked = {
        "rest_port": wishes.rest_port,
        "grpc_port": wishes.grpc_port,
        "batching": wishes.batching,
    }
    return {name: value for name, value in asked.items() if value is not None}
