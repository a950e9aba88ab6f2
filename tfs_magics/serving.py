"""Export, serve, ask, look: what the magics do, as functions for scripts.

What changes a server that runs is in managing.py, what looks at it in looking.py and watching.py;
all of it can be imported from here.

Threads: any thread may call any function.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace as replace_
from typing import Any

from server_ext.errors import Code
from server_ext.hosting.models import Model, parse_versions
from tfs_magics import connection
from tfs_magics.asking import asked, last_lines, page
from tfs_magics.client.feeds import Array
from tfs_magics.client.predicting import Place, Prediction, not_served
from tfs_magics.client.predicting import predict as ask
from tfs_magics.client.response import Response
from tfs_magics.client.rest import Answer
from tfs_magics.connections.state import owner_of, wanted
from tfs_magics.connections.where import Opened, Wishes
from tfs_magics.ipython.notebook import Progress
from tfs_magics.live import export, exported, on_disk
from tfs_magics.looking import logs, ps, where
from tfs_magics.managing import label, load, restart, stop, unload
from tfs_magics.selection import Selection
from tfs_magics.served import Served
from tfs_magics.views.numbers import whole_seconds
from tfs_magics.waiting import Goal, Settled, check_versions, goal, not_up, wait
from tfs_magics.watching import answered, draw, metadata, panel, status

__all__ = [
    "answered",
    "draw",
    "export",
    "label",
    "load",
    "logs",
    "metadata",
    "panel",
    "predict",
    "ps",
    "request",
    "restart",
    "serve",
    "status",
    "stop",
    "unload",
    "where",
]


def serve(
    *models: Any,
    name: str | None = None,
    base_path: str | None = None,
    rest_port: int | None = None,
    grpc_port: int | None = None,
    versions: str | None = None,
    batching: str | None = None,
    replace: bool = False,
    server: str | None = None,
    timeout_s: float | None = None,
) -> Served:
    """Serve models and wait until they answer; start the server if need be.

    Each of `models` is a name or directory, or a live object: a Keras model, a tf.Module, a
    function. An object is exported as its next version first, unless it was and is unchanged;
    `name` is what a single one is called. Without `models`: those exported in this session, else
    all in `base_path` (`./models`). Ports: 8501 and 8500, or free ones if those are taken; 0 takes
    free ones. `versions` is `latest:N`, `all` or `1,3`, by default `latest:1`. `batching` is how a
    server that starts lets requests run together: `off`, `on`, or `auto`, the default. `replace`
    takes a model over that another notebook serves under the same name. `server` is whose server to
    use from now on, if it answers: a URL, `own`, or empty for the one that is found. `timeout_s`
    limits the wait for the models, None does not; an interrupt ends the wait, and the server goes
    on.

    Raises:
        NotFound: a name, directory or version does not exist, or there is nothing to serve.
        FailedPrecondition: none of the models could be loaded; the message says why.
        AlreadyExists: another notebook serves a model of that name; says which.
        Unavailable: the server did not start, or a port is taken; with its last lines.
        ServingError: DEADLINE_EXCEEDED, `timeout_s` passed; the models go on loading.
    """
    if server is not None:
        connection.change_to(server)
    policy = parse_versions(versions) if versions is not None else None
    to = connection.current()
    told = to.status()
    names, notes, exports = on_disk(models, name, base_path)
    known = wanted(told) if names else _ours(to, told)
    chosen = Selection(base_path, exported, known).models(names, policy)
    before = _entries(told) if told["server"]["state"] == "running" else {}
    goals = [goal(model, before.get(model.name)) for model in chosen]
    if policy is not None:
        check_versions(goals)
    wishes = Wishes(rest_port, grpc_port, batching, replace)
    opened, settled = _open(to, chosen, goals, wishes, timeout_s)
    if not any(each.ok for each in settled):
        raise not_up(settled, last_lines(to))
    found = [
        replace_(version, export_seconds=exports.get((version.name, version.version)))
        for each in settled
        for version in each.versions
    ]
    return Served(to, found, [*notes, *opened.notes], opened.start_s)


def predict(
    name: str,
    x: Any,
    *,
    version: int | None = None,
    signature: str | None = None,
    grpc: bool = False,
) -> Array | dict[str, Array]:
    """Return a served model's answer to one array, or to a dict of arrays by input.

    An array with the signature's dtype; a dict of them by alias for several outputs. Text is bytes.
    None means the latest version and the default signature; `grpc` asks over gRPC instead of REST.

    Raises:
        NotFound: no such model or version is served; says what is.
        InvalidArgument: no such signature, or `x` does not fit it.
        ServingError: the server refused or cannot be reached.
    """
    return prediction(name, x, version=version, signature=signature, grpc=grpc).value


def prediction(
    name: str, x: Any, *, version: int | None, signature: str | None, grpc: bool
) -> Prediction:
    """Do what predict() does; return the answer with who gave it and how long that took."""
    return asked(
        connection.current(),
        lambda place: ask(place, name, x, version=version, signature=signature, grpc=grpc),
    )


def request(
    name: str, body: str | bytes | Mapping[str, Any], *, version: int | None = None
) -> Response:
    """Post a `:predict` body as it is and return the answer, be it a refusal.

    Raises:
        NotFound: no such model or version is served; says what is.
        Unavailable: the server cannot be reached.
    """
    if isinstance(body, Mapping):
        body = json.dumps(body)
    raw = body.encode() if isinstance(body, str) else bytes(body)

    def post(place: Place) -> Answer:
        answer = place.client.predict(name, version, raw)
        if answer.status == Code.NOT_FOUND.http:
            raise not_served(place.client, name, version)
        return answer.checked() if answer.status == Code.UNAUTHENTICATED.http else answer

    answer = asked(connection.current(), post)
    return Response(name if version is None else f"{name} {version}", answer)


def _entries(told: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {entry["name"]: entry for entry in told["models"]}


def _open(
    to: connection.Connection,
    models: Sequence[Model],
    goals: Sequence[Goal],
    wishes: Wishes,
    timeout_s: float | None,
) -> tuple[Opened, Sequence[Settled]]:
    """Have models served, and show how long that takes; return what has become of each."""
    with Progress() as progress:
        began = time.monotonic()

        def starting() -> None:
            progress.show("Starting", whole_seconds(time.monotonic() - began))

        opened = to.open(models, wishes, starting)
        back = _brought_back(to, {model.name for model in models}) if opened.start_s else []
        return opened, wait([*goals, *back], lambda: page(to), progress, timeout_s)[: len(models)]


def _brought_back(to: connection.Connection, names: Collection[str]) -> Sequence[Goal]:
    """Return our other models, which a server that was started loads again."""
    ours = _ours(to, to.status())
    return [goal(model, None) for name, model in ours.items() if name not in names]


def _ours(to: connection.Connection, told: Mapping[str, Any]) -> dict[str, Model]:
    """Return the models that no other notebook serves."""
    others = {
        name for name, entry in _entries(told).items() if owner_of(entry) not in ("", to.owner)
    }
    return {name: model for name, model in wanted(told).items() if name not in others}
