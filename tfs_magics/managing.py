"""Change a model server that runs: its labels, its versions, its end and a new start.

Threads: any thread may call any function.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from server_ext.errors import (
    FailedPrecondition,
    NotFound,
    Unavailable,
)
from server_ext.hosting.models import Model, Versions
from tfs_magics import connection
from tfs_magics.asking import last_lines, page
from tfs_magics.connections.state import not_running, owner_of, wanted
from tfs_magics.ipython.notebook import Progress
from tfs_magics.nearest import suggestion
from tfs_magics.views import change as change_views
from tfs_magics.views import status as status_views
from tfs_magics.views.numbers import whole_seconds
from tfs_magics.views.view import View
from tfs_magics.waiting import Goal, goal, not_up, wait

POLL_S = 0.1
SEEN_S = 60
_NONE = "No model server runs here, so there is none to {}."


def label(name: str, labels: Mapping[str, int | None], *, replace: bool = False) -> View:
    """Give labels to versions of a served model, `{"stable": 3}`; None takes one away.

    Without labels: show those it has. `replace`: also if another notebook serves the model.

    Raises:
        NotFound: no such model is served.
        FailedPrecondition: a version is not available, or the model is not ours to change.
    """
    to = connection.current()
    _wanted(to, name)
    if labels:
        _check_owner(to, name, "%tfs_label", replace)
        to.set_labels(name, labels)
        _until(lambda: _has(to, name, labels), f"Labels of {name}")
    said = [
        f"{each} stands for no version now." if version is None else f"{each} is version {version}."
        for each, version in labels.items()
    ]
    return change_views.changed(_known(to)[name], said)


def load(
    name: str,
    version: int | None = None,
    *,
    replace: bool = False,
    timeout_s: float | None = None,
) -> View:
    """Have one more version of a served model loaded, and wait until it answers.

    Without `version`: look for new versions now, and follow the latest one again where the versions
    were chosen by number. `replace`: also if another notebook serves the model.

    Raises:
        NotFound: no such model is served, or it has no such version.
        FailedPrecondition: it could not be loaded, or is not ours to change; says why.
    """
    to = connection.current()
    model = _wanted(to, name)
    _check_owner(to, name, "%tfs_load", replace)
    before = _known(to)[name]
    note = ""
    if version is not None:
        note = f"{to.load(name, version)} {_back(name)}"
    elif model.versions.numbers:
        to.set_versions(Model(name, model.base_path, Versions()))
        note = "The latest version is followed again."
    else:
        to.poll()
    awaited = goal(_wanted(to, name), before)
    if version is not None:
        awaited = Goal(awaited.model, frozenset({version}), awaited.stale)
    with Progress() as progress:
        settled = wait([awaited], lambda: page(to), progress, timeout_s)
    if not settled[0].ok:
        raise not_up(settled, last_lines(to))
    return change_views.changed(_known(to)[name], [note])


def unload(name: str, version: int | None = None, *, replace: bool = False) -> View:
    """Have one version of a model unloaded, or the model served no longer; files stay on disk.

    `replace`: also if another notebook serves the model.

    Raises:
        NotFound: no such model is served, or it has no such version.
        FailedPrecondition: it is the only version, or the model is not ours to change.
    """
    to = connection.current()
    _wanted(to, name)
    _check_owner(to, name, "%tfs_unload", replace)
    if version is None:
        to.remove(name)
        _until(lambda: name not in _known(to), f"Unloading {name}")
        return change_views.removed(name)
    if _versions(to, name) == {version}:
        raise FailedPrecondition(
            f"{name} has no other version than {version}: %tfs_unload {name} takes the whole model."
        )
    note = to.unload(name, version)
    _until(lambda: version not in _versions(to, name), f"Unloading {name} {version}")
    return change_views.changed(_known(to)[name], [f"{note} {_back(name)}"])


def stop(*, all: bool = False) -> View:
    """End the server, after the requests in flight; the models stay on disk.

    One that Jupyter hosts for several notebooks goes on while others serve models: then only ours
    are served no longer, unless `all`.

    Raises:
        Unavailable: no server runs.
        FailedPrecondition: the server is not ours to stop.
    """
    to = connection.current()
    if not _is_up(to):
        raise Unavailable(_NONE.format("stop"))
    done = to.stop(everything=all)
    if done.ended:
        return status_views.stopped(time.time(), gently=done.gently)
    _until(lambda: not _known(to).keys() & set(done.removed), "Unloading")
    return change_views.withdrawn(done.removed, done.left)


def restart() -> View:
    """End the server and start it again with all its models; wait until they have settled.

    Raises:
        Unavailable: none was started, or it does not start again; with its last lines.
        FailedPrecondition: the server is not ours to stop.
    """
    to = connection.current()
    if not _is_up(to) and not to.models():
        raise Unavailable(_NONE.format("restart"))
    with Progress() as progress:
        began = time.monotonic()

        def starting() -> None:
            progress.show("Restarting", whole_seconds(time.monotonic() - began))

        start_s = to.restart(starting)
        goals = [goal(model, None) for model in to.models().values()]
        wait(goals, lambda: page(to), progress, None)
    return change_views.restarted(_known(to), start_s)


def _is_up(to: connection.Connection) -> bool:
    return bool(to.status()["server"]["state"] != "stopped")


def _known(to: connection.Connection) -> dict[str, Mapping[str, Any]]:
    return {entry["name"]: entry for entry in to.status()["models"]}


def _wanted(to: connection.Connection, name: str) -> Model:
    """Return what is wanted of a model that is served.

    Raises:
        NotFound: it is not served; says what is.
        ServingError: no server runs.
    """
    told = to.status()
    models = wanted(told)
    if told["server"]["state"] != "running":
        raise not_running(told)
    if name not in models:
        hint = suggestion(name, models, label="Served are")
        raise NotFound(f"No model {name} is served.{hint or f' %tfs_serve {name} serves it.'}")
    return models[name]


def _check_owner(to: connection.Connection, name: str, magic: str, replace: bool) -> None:
    """Return if a model may be changed from here: one without an owner belongs to everybody.

    Raises:
        FailedPrecondition: another notebook serves it.
    """
    owner = owner_of(_known(to).get(name, {}))
    if to.where.kind == "jupyter" and not replace and owner not in ("", to.owner):
        raise FailedPrecondition(
            f"Model {name} is served by {owner}. {magic} with --replace changes it all the same."
        )


def _versions(to: connection.Connection, name: str) -> set[int]:
    """Return the versions of a model that are in memory, or on the way there or out of it."""
    listed = (page(to) or {}).get(name, {}).get("versions", ())
    return {each["version"] for each in listed if each["state"] != "END"}


def _has(to: connection.Connection, name: str, labels: Mapping[str, int | None]) -> bool:
    """Tell whether the server's page shows these labels; also if there is no such model by now."""
    entry = (page(to) or {}).get(name)
    return entry is None or all(entry["labels"].get(key) == at for key, at in labels.items())


def _back(name: str) -> str:
    return f"%tfs_load {name} follows the latest version again."


def _until(condition: Callable[[], bool], what: str) -> None:
    """Wait for what the server was told to do, saying so; an interrupt ends the wait.

    Not for ever: what was done may be undone by another notebook before it is seen here.
    """
    began = time.monotonic()
    with Progress() as progress:
        while not condition() and time.monotonic() - began < SEEN_S:
            progress.show(what, whole_seconds(time.monotonic() - began))
            time.sleep(POLL_S)
