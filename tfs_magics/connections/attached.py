"""A model server that somebody else runs: it is asked, and neither changed nor stopped.

Threads: any thread may call any method.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn
from urllib.parse import urlsplit

from server_ext.errors import FailedPrecondition, ServingError
from server_ext.hosting.models import Model
from tfs_magics.client.predicting import Place
from tfs_magics.client.rest import Client
from tfs_magics.connections.state import wanted
from tfs_magics.connections.where import Opened, Stopped, Where, Wishes


class Attached:
    """A server known by its REST URL.

    `who` says who can change it; else `instead` is what leads to a server of one's own.
    """

    def __init__(self, where: Where, token: str = "", who: str = "", instead: str = "") -> None:
        self.where = where
        self.owner = ""
        self._authorization = f"Bearer {token}" if token else ""
        self._grpc_target: str | None = None
        self._who = who or (
            f"The model server at {where.url} is run by somebody else: whoever started it can "
            f"change or stop it. For one of your own: {instead}."
        )

    @property
    def client(self) -> Client:
        """The REST client."""
        return Place(self.where.url, "", self._authorization).client

    def status(self) -> dict[str, Any]:
        """Return the server and its models in the form a host tells them.

        Raises:
            ServingError: it does not answer, or refuses.
        """
        page = self.client.server()
        self._grpc_target = self._target(page)
        server = {
            "state": "running",
            "since": page["started_at"],
            "reason": "",
            "lines": [],
            "pid": page["pid"],
            "restarts": 0,
            "started_at": page["started_at"],
            "start_seconds": None,
            "rest_port": page["ports"]["rest"],
            "grpc_port": page["ports"]["grpc"],
            "rest_url": self.where.url,
            "grpc_target": self._grpc_target,
            "notes": [],
            "batching": page["options"].get("batching"),
            "retry_at": None,
        }
        models = [{**entry, "owner": None} for entry in page["models"]]
        return {"server": server, "models": models, "held": [], "sample": None, "registry": {}}

    def place(self, *, fresh: bool = False) -> Place:
        """Return where it answers."""
        if self._grpc_target is None:
            try:
                self.status()
            except ServingError:
                self._grpc_target = ""  # TensorFlow Serving itself has no page about itself
        return Place(self.where.url, self._grpc_target or "", self._authorization)

    def check(self, grace_s: float = 0.0) -> None:
        """Return: what is wrong shows when it is asked."""

    def models(self) -> Mapping[str, Model]:
        """Return what it serves, by name."""
        return wanted(self.status())

    def open(self, models: Sequence[Model], wishes: Wishes, waiting: Callable[[], None]) -> Opened:
        """Return if it serves these models already.

        Raises:
            FailedPrecondition: it does not.
        """
        served = self.models()
        if any(served.get(model.name) != model for model in models):
            self.refuse()
        return Opened(0.0)

    def remove(self, name: str) -> None:
        """Refuse."""
        self.refuse()

    def set_versions(self, model: Model) -> None:
        """Refuse."""
        self.refuse()

    def set_labels(self, name: str, labels: Mapping[str, int | None]) -> None:
        """Refuse."""
        self.refuse()

    def load(self, name: str, version: int) -> str:
        """Refuse."""
        self.refuse()

    def unload(self, name: str, version: int) -> str:
        """Refuse."""
        self.refuse()

    def poll(self) -> None:
        """Return: it looks at its directories itself."""

    def stop(self, *, everything: bool = False) -> Stopped:
        """Refuse."""
        self.refuse()

    def restart(self, waiting: Callable[[], None]) -> float:
        """Refuse."""
        self.refuse()

    def logs(self, lines: int, after: int = 0) -> dict[str, Any]:
        """Refuse: its log is with who started it."""
        raise FailedPrecondition(
            f"The log of the model server at {self.where.url} is where it was started."
        )

    def refuse(self) -> NoReturn:
        """Say who can change it.

        Raises:
            FailedPrecondition: always.
        """
        raise FailedPrecondition(self._who)

    def _target(self, page: Mapping[str, Any]) -> str:
        port = page["ports"]["grpc"]
        return f"{urlsplit(self.where.url).hostname}:{port}" if port else ""
