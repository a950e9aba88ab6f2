"""Shows the model server and each version it knows: %tfs_status."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tfs_magics.views.markup import Markup, code, element, endpoints, head, join, muted, small
from tfs_magics.views.markup import state as state_markup
from tfs_magics.views.numbers import ABSENT, count, moment, plural, size, whole_seconds
from tfs_magics.views.table import Cell, Column, Row, Table
from tfs_magics.views.view import View

_WORDS = {
    "START": ("Waiting", "off"),
    "LOADING": ("Loading", "loading"),
    "AVAILABLE": ("Available", "available"),
    "UNLOADING": ("Unloading", "unloading"),
    "END": ("Unloaded", "off"),
}
_SERVER = {
    "stopped": ("Stopped", "off"),
    "starting": ("Starting", "loading"),
    "running": ("Running", "running"),
    "restarting": ("Restarting", "loading"),
    "failed": ("Failed", "failed"),
    "stopping": ("Stopping", "unloading"),
}
_COLUMNS = (
    Column("Model", subject=True),
    Column("Version", number=True),
    Column("State"),
    Column("Labels"),
    Column("Requests", number=True),
    Column("Errors", number=True),
    Column("Memory", number=True, only_wide=True),
)
_LABELS = 3
_STATE = 2


def state_cell(name: str, *, failed: bool = False) -> Cell:
    """Return the word for a version's state, `name` as the server spells it."""
    word, kind = ("Failed", "failed") if failed else _WORDS.get(name, (name.title(), "off"))
    return Cell(word.lower(), state_markup(word, kind))


def state_of(name: str) -> tuple[str, str]:
    """Return the word for a server's state, and the kind of dot before it."""
    return _SERVER.get(name, (name.title(), "off"))


def running(page: Mapping[str, Any], server: Mapping[str, Any], others: Mapping[str, str]) -> View:
    """Return the state of a server that answers.

    `page` is its GET /v1/server, `server` what its host tells of it; `others` are the notebooks
    that serve models which are not ours, by model.
    """
    now = time.time()
    facts = _facts(page, server, now)
    models: Sequence[Mapping[str, Any]] = page["models"]
    names = (("REST", server["rest_url"]), ("gRPC", server["grpc_target"]))
    addresses = [(name, address) for name, address in names if address]
    html = [
        head("Model server", state_markup("Running", "running"), muted(facts)),
        endpoints(*addresses),
    ]
    text = [f"running, {facts.replace(' · ', ', ')}"]
    text += [f"  {name}  {address}" for name, address in addresses]
    if models:
        table = versions_table(models)
        html.append(table.html())
        text.append(table.text())
    else:
        html.append(element("p", "Nothing is served yet. ", *_next(), class_="jp-tfs-muted"))
        text.append("Nothing is served yet. Next: %tfs_serve NAME")
    told = [f"{name} is served by {owner}." for name, owner in others.items()]
    html += [*(element("p", line) for line in told), small(f"As of {moment(now)}.")]
    text += [*told, f"as of {moment(now)}"]
    return View("Model server", join(*html), "\n".join(text), page)


def versions_table(models: Sequence[Mapping[str, Any]]) -> Table:
    """Return the versions of models, each with its state, labels and counters."""
    rows = [row for model in models for row in _rows(model)]
    return _table(rows, labels=any(model["labels"] for model in models))


def down(status: Mapping[str, Any]) -> View:
    """Return the state of a server that does not answer now, `status` as its host tells it."""
    server = status["server"]
    word, kind = state_of(server["state"])
    facts = _since(server["since"], still=server["state"] == "stopped")
    said = list(_reasons(status))
    html = [head("Model server", state_markup(word, kind), muted(facts))]
    html += [element("p", line) for line in said]
    if server["lines"]:
        lines = "\n".join(server["lines"])
        html.append(element("pre", lines, class_="jp-tfs-Code", tabindex="0"))
    text = [f"{word.lower()} {facts}".strip(), *said, *(f"  {line}" for line in server["lines"])]
    if server["state"] in ("failed", "stopped"):
        again = "%tfs_restart" if server["state"] == "failed" else "%tfs_serve NAME"
        html.append(element("p", "Next: ", code(again), class_="jp-tfs-muted"))
        text.append(f"Next: {again}")
    return View("Model server", join(*html), "\n".join(text), status)


def stopped(at: float, *, gently: bool = True) -> View:
    """Return that the server was stopped, `at` in Unix seconds.

    One that was not ended `gently` took too long to finish, and was ended by force.
    """
    said = f"at {moment(at)}"
    forced = [] if gently else ["It did not finish in time, and was ended by force."]
    html = join(
        head("Model server", state_markup("Stopped", "off"), muted(said)),
        *(element("p", line) for line in forced),
        element("p", *_next(), class_="jp-tfs-muted"),
    )
    text = "\n".join([f"stopped {said}", *forced, "Next: %tfs_serve NAME"])
    return View("Model server", html, text)


def _since(at: float | None, *, still: bool) -> str:
    if at is None:
        return ""
    return f"since {moment(at)}" if still else f"for {whole_seconds(max(0.0, time.time() - at))}"


def _reasons(status: Mapping[str, Any]) -> Iterator[str]:
    """Yield why the server is not up, what happens next, and what it is to serve then."""
    server = status["server"]
    if server["reason"]:
        yield f"{server['reason'].rstrip('.')}."
    if server["state"] == "restarting" and server["retry_at"]:
        left_s = server["retry_at"] - time.time()
        when = f"in {whole_seconds(left_s)}" if left_s >= 1 else "now"
        yield f"It is started again {when}."
    names = ", ".join(entry["name"] for entry in status["models"])
    if names and server["state"] in ("starting", "restarting"):
        yield f"It will serve {names}."


def _next() -> tuple[str, Markup]:
    return "Next: ", code("%tfs_serve NAME")


def _facts(page: Mapping[str, Any], server: Mapping[str, Any], now: float) -> str:
    versions = [version for model in page["models"] for version in model["versions"]]
    parts = [
        whole_seconds(max(0.0, now - page["started_at"])),
        plural(sum(version["requests"] for version in versions), "request"),
        size(page["rss_bytes"]),
    ]
    if server["restarts"]:
        times = "once" if server["restarts"] == 1 else f"{count(server['restarts'])} times"
        parts.append(f"started again {times}")
    return " · ".join(parts)


def _table(rows: Sequence[Row], *, labels: bool) -> Table:
    if labels:
        return Table(_COLUMNS, rows, reason_at=_STATE)
    columns = [column for column in _COLUMNS if column.head != "Labels"]
    narrower = [
        Row([*row.cells[:_LABELS], *row.cells[_LABELS + 1 :]], row.reason, row.repeats)
        for row in rows
    ]
    return Table(columns, narrower, reason_at=_STATE)


def _rows(model: Mapping[str, Any]) -> Iterator[Row]:
    """Yield a row a version, newest first, and one for a model that has nothing to load."""
    name, versions = model["name"], model["versions"]
    if model["problem"] or not versions:
        reason = model["problem"] or "no version found yet"
        word = Cell("waiting", state_markup("Waiting", "off"))
        yield Row([name, ABSENT, word, "", "", "", ""], reason)
    for position, version in enumerate(versions):
        error = version["error"]
        state = state_cell(version["state"], failed=bool(error))
        alive = version["state"] in ("AVAILABLE", "UNLOADING")
        numbers = [
            count(version["requests"]),
            count(version["errors"]),
            size(version["memory_bytes"]),
        ]
        repeats = position > 0 or bool(model["problem"])
        yield Row(
            [name, str(version["version"]), state, _labels(model, version["version"])]
            + (numbers if alive else ["", "", ""]),
            error["message"] if error else "",
            repeats,
        )


def _labels(model: Mapping[str, Any], number: int) -> Cell:
    names = [label for label, version in sorted(model["labels"].items()) if version == number]
    chips = [element("span", name, class_="jp-tfs-Chip") for name in names]
    return Cell(", ".join(names), join(*chips))
