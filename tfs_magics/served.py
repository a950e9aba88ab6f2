"""What serve() returns: addresses, and a way to ask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from server_ext.errors import InvalidArgument, NotFound, ServingError
from tfs_magics.asking import asked
from tfs_magics.client.feeds import Array
from tfs_magics.client.predicting import predict
from tfs_magics.client.rest import model_path
from tfs_magics.connection import Connection
from tfs_magics.nearest import suggestion
from tfs_magics.views.served import ServedVersion
from tfs_magics.views.served import facts as served_facts
from tfs_magics.views.served import served as served_view
from tfs_magics.views.view import View
from tfs_magics.watching import live


class Served:
    """One or more models that answer; `served["digits"]` is one of them.

    The addresses name no version: they follow the latest one. `versions` is how each version stood
    when the wait was over.
    """

    def __init__(
        self,
        server: Connection,
        versions: Sequence[ServedVersion],
        notes: Sequence[str] = (),
        start_s: float = 0.0,
    ) -> None:
        self.versions = tuple(versions)
        self._server = server
        self._place = server.place()
        self._notes = tuple(notes)
        self._start_s = start_s

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the models."""
        return tuple(dict.fromkeys(version.name for version in self.versions))

    @property
    def name(self) -> str:
        """The name of the model.

        Raises:
            InvalidArgument: there are several.
        """
        if len(self.names) > 1:
            raise InvalidArgument(
                f"{len(self.names)} models are served ({', '.join(self.names)}): "
                f'choose one, as in served["{self.names[0]}"]'
            )
        return self.names[0]

    @property
    def url(self) -> str:
        """The model's REST address, without a verb: append `:predict` or `/metadata`."""
        return f"{self._place.rest_url}{model_path(self.name)}"

    @property
    def grpc_target(self) -> str:
        """Where gRPC answers, for `grpc.insecure_channel`."""
        return self._place.grpc_target

    @property
    def token(self) -> str:
        """The token that the server wants now, as under a JupyterHub; else empty. A secret."""
        return self._server.place().authorization.partition(" ")[2]

    @property
    def headers(self) -> dict[str, str]:
        """What goes with each request, as headers of REST and as metadata of gRPC: the token."""
        return {"authorization": f"Bearer {self.token}"} if self.token else {}

    def predict(
        self,
        x: Any,
        *,
        version: int | None = None,
        signature: str | None = None,
        grpc: bool = False,
    ) -> Array | dict[str, Array]:
        """Return the model's answer to one array, or to a dict of arrays by input.

        An array with the signature's dtype; a dict of them by alias for several outputs. Text is
        bytes. None means the latest version and the default signature.

        Raises:
            ServingError: what the server refuses, what does not fit, or that it is gone.
        """
        return asked(
            self._server,
            lambda place: predict(
                place, self.name, x, version=version, signature=signature, grpc=grpc
            ),
        ).value

    def __getitem__(self, name: str) -> Served:
        if name not in self.names:
            raise NotFound(f"{name} is not among them.{suggestion(name, self.names, label='Are')}")
        return Served(self._server, [each for each in self.versions if each.name == name])

    def __len__(self) -> int:
        return len(self.names)

    def _view(self) -> View:
        """Return the view; live where the server can still be asked how it stands."""
        name = self.names[0] if len(self.names) == 1 else "NAME"
        url = f"{self._place.rest_url}{model_path(name)}"
        try:
            told = self._server.status()
        except ServingError:
            told = None
        labels = {each["name"]: each["labels"] for each in told["models"]} if told else {}
        shown = self.versions, url, self.grpc_target, self._notes, self._start_s
        grpc = f"{self.grpc_target}, model {name}" if self.grpc_target else ""
        facts = served_facts(self.versions, url, grpc, self._notes, self._start_s)
        names = set(self.names)
        return live(
            served_view(*shown, labels), self._server, "served", told, names=names, facts=facts
        )

    def __repr__(self) -> str:
        return repr(self._view())

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        return self._view()._repr_mimebundle_()
