"""Export, serve, ask, look, stop: what the magics do, as functions for scripts.

Threads: any thread may call any function.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from server_ext.errors import Code, InvalidArgument, Unavailable
from server_ext.hosting.models import parse_versions
from tfs_magics import connection
from tfs_magics.client.feeds import Array
from tfs_magics.client.predicting import Place, Prediction, not_served
from tfs_magics.client.predicting import metadata as ask_metadata
from tfs_magics.client.predicting import predict as ask
from tfs_magics.client.response import Response
from tfs_magics.exporting.export import Exported
from tfs_magics.exporting.export import export as export_files
from tfs_magics.ipython.notebook import Progress
from tfs_magics.selection import Selection
from tfs_magics.served import Served
from tfs_magics.views import log as log_views
from tfs_magics.views import signature as signature_views
from tfs_magics.views import status as status_views
from tfs_magics.views.numbers import whole_seconds
from tfs_magics.views.view import View
from tfs_magics.waiting import check_versions, goal, not_up, wait

LOOK_BACK = 200
ENDING_S = 1.0  # a connection breaks a moment before the process is seen to have ended
_exported: dict[str, Path] = {}  # the models of this session, by name: their directories


@functools.wraps(export_files)
def export(
    obj: Any,
    *,
    name: str | None = None,
    base_path: str | os.PathLike[str] = "./models",
    version: int | None = None,
    timestamp: bool = False,
    overwrite: bool = False,
    signatures: Mapping[str, Callable[..., Any]] | None = None,
    check: Any = None,
) -> Exported:
    """Export, and remember the model for a serve() without names."""
    result = export_files(
        obj,
        name=name,
        base_path=base_path,
        version=version,
        timestamp=timestamp,
        overwrite=overwrite,
        signatures=signatures,
        check=check,
    )
    _exported[result.name] = result.path.parent
    return result


def serve(
    *models: str,
    base_path: str | None = None,
    rest_port: int | None = None,
    grpc_port: int | None = None,
    versions: str | None = None,
    batching: str | None = None,
    timeout_s: float | None = None,
) -> Served:
    """Serve models by name or directory and wait until they answer; start the server if need be.

    Without `models`: those exported in this session, else all in `base_path` (`./models`). Ports:
    8501 and 8500, or free ones if those are taken; 0 takes free ones. `versions` is `latest:N`,
    `all` or `1,3`, by default `latest:1`. `batching` is how a server that starts lets requests run
    together: `off`, `on`, or `auto`, the default. `timeout_s` limits the wait for the models, None
    does not; an interrupt ends the wait, and the server goes on. After one that died, a new server
    brings back its models and is waited for until they have settled, too.

    Raises:
        NotFound: a name, directory or version does not exist, or there is nothing to serve.
        FailedPrecondition: none of the models could be loaded; the message says why.
        Unavailable: the server did not start, or a port is taken; with its last lines.
        ServingError: DEADLINE_EXCEEDED, `timeout_s` passed; the models go on loading.
    """
    policy = parse_versions(versions) if versions is not None else None
    server = connection.current()
    chosen = Selection(base_path, _exported, server.models).models(models, policy)
    before = _page() if server.running else {}
    goals = [goal(model, before.get(model.name)) for model in chosen]
    if policy is not None:
        check_versions(goals)
    with Progress() as progress:
        began = time.monotonic()

        def starting() -> None:
            progress.show("Starting", whole_seconds(time.monotonic() - began))

        start_s = server.open(chosen, rest_port, grpc_port, batching, starting)
        names = {model.name for model in chosen}
        back = [m for m in server.models.values() if start_s and m.name not in names]
        goals += [goal(model, None) for model in back]
        settled = wait(goals, _page, progress, timeout_s)[: len(chosen)]
    if not any(each.ok for each in settled):
        raise not_up(settled, server.last_lines(LOOK_BACK))
    found = [version for each in settled for version in each.versions]
    return Served(_place(), found, server.notes if start_s else (), start_s)


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
    with _explained():
        return ask(_place(), name, x, version=version, signature=signature, grpc=grpc)


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
    with _explained():
        place = _place()
        answer = place.client.predict(name, version, raw)
        if answer.status == Code.NOT_FOUND.http:
            raise not_served(place.client, name, version)
    return Response(name if version is None else f"{name} {version}", answer)


def status() -> View:
    """Return the state of the server and of each version; `.data` is its GET /v1/server.

    Raises:
        Unavailable: the server ended by itself, or does not answer.
    """
    server = connection.current()
    if not server.started:
        return status_views.stopped(server.stopped_at)
    with _explained():
        place = _place()
        return status_views.running(place.client.server(), place.rest_url, place.grpc_target)


def metadata(name: str, *, version: int | None = None) -> View:
    """Return the signatures of a model; `.data` holds them as values.

    Raises:
        NotFound: no such model or version is served; says what is.
    """
    with _explained():
        return signature_views.metadata(ask_metadata(_place().client, name, version))


def stop() -> View:
    """End the server, after the requests in flight; the models stay on disk.

    Raises:
        Unavailable: no server runs.
        FailedPrecondition: the server belongs to the process that forked this one.
    """
    server = connection.current()
    if not server.started:
        raise Unavailable("No model server runs here, so there is none to stop.")
    server.stop()
    return status_views.stopped(server.stopped_at)


def logs(lines: int = 20) -> View:
    """Return the last lines of the server's log, also of one that has ended; `.data` lists them.

    Raises:
        InvalidArgument: `lines` is no number of lines.
    """
    if lines < 1:
        raise InvalidArgument(f"{lines} lines cannot be shown: ask for 1 or more.")
    return log_views.log(connection.current().last_lines(lines))


def _place() -> Place:
    server = connection.current()
    server.check()
    return Place(server.rest_url, server.grpc_target)


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    """Say that the server has ended, where all a client sees is a broken connection."""
    try:
        yield
    except Unavailable:
        connection.current().check(ENDING_S)
        raise


def _page() -> dict[str, Mapping[str, Any]]:
    return {model["name"]: model for model in _place().client.server()["models"]}
