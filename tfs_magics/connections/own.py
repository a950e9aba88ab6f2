"""The model server this process owns: a Host of its own, made when it is first needed.

It ends with the process, however that ends. In a forked copy of the process the server can be
asked, but neither changed nor stopped.

Threads: any thread may call any method.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from server_ext.errors import FailedPrecondition, ServingError
from server_ext.hosting.models import Model
from server_ext.hosting.settings import Settings
from tfs_magics.client.predicting import Place
from tfs_magics.connections.attached import Attached
from tfs_magics.connections.owner import this_owner
from tfs_magics.connections.state import check_wishes, not_running, wanted
from tfs_magics.connections.where import Opened, Stopped, Where, Wishes

if TYPE_CHECKING:
    from server_ext.hosting.host import Host

_FORKED = "The model server belongs to the process that forked this one. {} there."
NOTHING: dict[str, Any] = {
    "server": {
        "state": "stopped",
        "since": None,
        "reason": "",
        "lines": [],
        "pid": None,
        "restarts": 0,
        "started_at": None,
        "start_seconds": None,
        "rest_port": None,
        "grpc_port": None,
        "rest_url": None,
        "grpc_target": None,
        "notes": [],
        "batching": "",
        "retry_at": None,
    },
    "models": [],
    "held": [],
    "sample": None,
    "registry": {"path": None, "problem": None},
}


class Own:
    """One server at a time; one that was stopped is started again by `open`."""

    def __init__(self) -> None:
        self.where = Where("own", "")
        self.owner = this_owner().identity
        self._lock = threading.Lock()
        self._pid = os.getpid()
        self._host: Host | None = None
        self._last: Place | None = None

    @property
    def host(self) -> Host:
        """The host, made with its threads when it is first needed."""
        with self._lock:
            if self._host is None:
                from server_ext.hosting.host import Host

                self._host = Host(Settings())
                atexit.register(self.close)
            return self._host

    def status(self) -> dict[str, Any]:
        """Return what the host tells: `server`, `models`, `held`."""
        if self._forked and self._last is not None:
            return self._attached("Serve models").status()
        return NOTHING if self._host is None else self._host.status()

    def place(self, *, fresh: bool = False) -> Place:
        """Return where the server answers.

        Raises:
            ServingError: it does not run; says why.
        """
        if self._forked and self._last is not None:
            return self._last
        self.check()
        address = self.host.address()
        token = f"Bearer {address.token}" if address.token else ""
        self._last = Place(address.rest_url, address.grpc_target, token)
        return self._last

    def check(self, grace_s: float = 0.0) -> None:
        """Return if the server runs, and still does after `grace_s`.

        Raises:
            ServingError: it does not; says why.
        """
        if self._forked and self._last is not None:
            return
        until = time.monotonic() + grace_s
        while (status := self.status())["server"]["state"] == "running":
            if time.monotonic() >= until:
                return
            time.sleep(0.02)
        raise not_running(status)

    def models(self) -> Mapping[str, Model]:
        """Return what the server is to serve, by name."""
        return wanted(self.status())

    def open(self, models: Sequence[Model], wishes: Wishes, waiting: Callable[[], None]) -> Opened:
        """Have models served by the server, started if it does not run."""
        if self._forked:
            return self._attached("Serve models").open(models, wishes, waiting)
        before = self.status()
        check_wishes(before, wishes)
        known = wanted(before)
        who = this_owner()
        self.owner = who.identity
        self.host.serve(models, who, replace=True)
        try:
            start_s = self.host.start(*wishes[:3], waiting=waiting)
        except ServingError:
            self._undo(models, known)
            raise
        self.place()
        return Opened(start_s, tuple(self.status()["server"]["notes"]) if start_s else ())

    def remove(self, name: str) -> None:
        """Have a model served no longer."""
        self._changing("Change it").remove(name)

    def set_versions(self, model: Model) -> None:
        """Change which versions of a model are served."""
        self._changing("Change it").set_versions(model.name, model.versions)

    def set_labels(self, name: str, labels: Mapping[str, int | None]) -> None:
        """Give labels to versions; None takes one away."""
        self._changing("Change it").set_labels(name, labels)

    def load(self, name: str, version: int) -> str:
        """Have one more version served; return a note."""
        return self._changing("Change it").load(name, version)

    def unload(self, name: str, version: int) -> str:
        """Have one version less served; return a note."""
        return self._changing("Change it").unload(name, version)

    def poll(self) -> None:
        """Have the directories looked at now."""
        self._changing("Change it").poll()

    def stop(self, *, everything: bool = False) -> Stopped:
        """End the server and forget its models; they stay on disk."""
        host = self._changing("Stop it")
        removed = tuple(entry["name"] for entry in host.status()["models"])
        return Stopped(True, host.stop(forget=True), removed)

    def restart(self, waiting: Callable[[], None]) -> float:
        """End the server and start it again, with all its models; return seconds it took."""
        return self._changing("Restart it").restart(waiting=waiting)

    def logs(self, lines: int, after: int = 0) -> dict[str, Any]:
        """Return lines of the log, and the number to ask for those after them."""
        if self._forked or self._host is None:
            return {"lines": [], "next": after}
        return self._host.logs(lines, after)

    def close(self) -> None:
        """End the server with this process, unless this is a forked copy of the one it is of."""
        if not self._forked and self._host is not None:
            self._host.close()

    @property
    def _forked(self) -> bool:
        return os.getpid() != self._pid

    def _changing(self, what: str) -> Host:
        if self._forked:
            self._attached(what).refuse()
        return self.host

    def _attached(self, what: str) -> Attached:
        """Return the parent's server, as a forked copy sees it.

        Raises:
            FailedPrecondition: the parent had none.
        """
        if self._last is None:
            raise FailedPrecondition(_FORKED.format(what))
        token = self._last.authorization.removeprefix("Bearer ")
        return Attached(Where("own", "", self._last.rest_url), token, _FORKED.format(what))

    def _undo(self, models: Sequence[Model], known: Mapping[str, Model]) -> None:
        """Take back what was asked of a server that did not start."""
        for model in models:
            if model.name in known:
                self.host.serve([known[model.name]], this_owner(), replace=True)
            else:
                self.host.remove(model.name)
