"""Look at a model server with views that are live where a page can ask it.

    status(), metadata(), panel(), draw() --> View: text, HTML, and a spec for who can be live

Threads: any thread may call any function.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from server_ext.errors import InvalidArgument, NotFound, ServingError
from tfs_magics import connection
from tfs_magics.asking import asked
from tfs_magics.client.feeds import Array
from tfs_magics.client.predicting import Place, Prediction
from tfs_magics.client.predicting import metadata as ask_metadata
from tfs_magics.client.signatures import Metadata
from tfs_magics.connections.state import owner_of
from tfs_magics.nearest import suggestion
from tfs_magics.views import signature as signature_views
from tfs_magics.views import status as status_views
from tfs_magics.views.canvas import canvas
from tfs_magics.views.prediction import classes
from tfs_magics.views.prediction import facts as prediction_facts
from tfs_magics.views.spec import spec
from tfs_magics.views.view import View

_MOST_COMPARED = 4


def status() -> View:
    """Return the state of the server and of each version; live in a notebook.

    `.data` is GET /v1/server of one that runs, else what its host tells of it.

    Raises:
        ServingError: a Jupyter server, or another one that was asked for, does not answer.
    """
    to = connection.current()
    told = to.status()
    return live(_status(to, told), to, "status", told)


def panel(model: str | None = None) -> View:
    """Return the panel: the server with all it serves, or one model with its tabs.

    It is live in a notebook, and can be used; elsewhere it is what status() is.

    Raises:
        NotFound: no such model is served; says what is.
    """
    to = connection.current()
    told = to.status()
    if model is not None:
        _check_served(told, model)
    return live(_status(to, told, model), to, "panel", told, model)


def metadata(name: str, *, version: int | None = None) -> View:
    """Return the signatures of a model; `.data` holds them as values.

    Raises:
        NotFound: no such model or version is served; says what is.
    """
    to = connection.current()
    found = asked(to, lambda place: ask_metadata(place.client, name, version))
    told = to.status()
    same = _same(to, told, found)
    view = signature_views.metadata(found, same)
    return live(view, to, "metadata", told, name, facts=signature_views.facts(found, same))


def draw(
    model: str,
    *,
    versions: Sequence[int] | None = None,
    labels: Sequence[str] | None = None,
    size: tuple[int, int] | None = None,
    max: float | None = None,
    signature: str | None = None,
) -> View:
    """Return a canvas whose drawing is sent to a model while it comes to be.

    `versions` and `labels` are whom to ask, by default all versions. `size` is rows and columns,
    where the signature leaves them open; `max` what full ink is, such as 1, 16 or 255.

    Raises:
        NotFound: no such model or version is served; says what is.
        InvalidArgument: a label that the model does not have, or no such signature.
    """
    to = connection.current()
    told = to.status()
    known = _check_served(told, model)["labels"]
    for label in labels or ():
        if label not in known:
            hint = suggestion(label, known, label="Labels")
            raise InvalidArgument(f"{model} has no label {label}.{hint}")
    whom: Sequence[int | None] = versions or [None]
    for version in whom:
        found = asked(to, _metadata_of(model, version))
        if signature is not None and signature not in found.signatures:
            hint = suggestion(signature, found.signatures, label="It has")
            raise InvalidArgument(f"{model} {found.version} has no signature {signature}.{hint}")
    return live(
        canvas(model, [*(labels or ()), *map(str, versions or ())]),
        to,
        "draw",
        told,
        model,
        versions=list(versions) if versions else None,
        labels=list(labels) if labels else None,
        size=list(size) if size else None,
        max=max,
        signature=signature,
    )


def answered(answer: Prediction, value: Array) -> View:
    """Return the table of a classifier's answer, with the labels that its version has now."""
    name, image = next(iter(answer.fed.items())) if len(answer.fed) == 1 else ("", None)
    to = connection.current()
    try:
        told = to.status()
    except ServingError:  # it answered, and that is what is shown
        told = None
    entries = told["models"] if told else ()
    labels = sorted(
        label
        for entry in entries
        for label, version in entry["labels"].items()
        if (entry["name"], version) == (answer.model, answer.version)
    )
    known_as = f" ({', '.join(labels)})" if labels else ""
    title = f"{answer.model} {answer.version}{known_as}"
    view = classes(value, image, title, answer.seconds, answer.timing, name)
    facts = prediction_facts(
        value, image, answer.version, labels, answer.seconds, answer.timing, name
    )
    return live(view, to, "prediction", told, answer.model, facts=facts)


def live(
    view: View,
    to: connection.Connection,
    kind: str,
    told: Mapping[str, Any] | None,
    model: str | None = None,
    names: Collection[str] | None = None,
    **more: Any,
) -> View:
    """Return the view with what it takes to show it live, see views/spec.py."""
    return view.live(spec(kind, told, model, names, **more), hosted=to.where.shows_us)


def _metadata_of(model: str, version: int | None) -> Callable[[Place], Metadata]:
    return lambda place: ask_metadata(place.client, model, version)


def _status(to: connection.Connection, told: Mapping[str, Any], model: str | None = None) -> View:
    server = told["server"]
    if server["state"] != "running":
        return status_views.down(told)
    try:
        document = to.place().client.server()  # its counters are those of now
    except ServingError:
        memory = (told["sample"] or {}).get("rss_bytes") or 0
        document = {**server, "models": told["models"], "rss_bytes": memory}
    if model is not None:
        shown = [each for each in document["models"] if each["name"] == model]
        document = {**document, "models": shown}
    owners = {each["name"]: owner_of(each) for each in told["models"]}
    others = {name: owner for name, owner in owners.items() if owner not in ("", to.owner)}
    return status_views.running(document, server, others, told.get("sample"))


def _same(to: connection.Connection, told: Mapping[str, Any], found: Metadata) -> list[int]:
    """Return the other versions that take and return the same."""
    others = [
        version["version"]
        for entry in told["models"]
        for version in entry["versions"]
        if entry["name"] == found.name and version["state"] == "AVAILABLE"
    ]
    same = []
    for version in sorted({*others} - {found.version}, reverse=True)[:_MOST_COMPARED]:
        try:
            other = ask_metadata(to.place().client, found.name, version)
        except ServingError:  # unloaded meanwhile
            continue
        if other.signatures == found.signatures:
            same.append(version)
    return same


def _check_served(told: Mapping[str, Any], model: str) -> Mapping[str, Any]:
    """Return what is told of a model.

    Raises:
        NotFound: it is not served.
    """
    models: dict[str, Mapping[str, Any]] = {each["name"]: each for each in told["models"]}
    if model not in models:
        hint = suggestion(model, models, label="Served are")
        raise NotFound(f"No model {model} is served.{hint or f' %tfs_serve {model} serves it.'}")
    return models[model]
