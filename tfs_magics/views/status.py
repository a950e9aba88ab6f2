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


def running(server: Mapping[str, Any], rest: str, grpc: str) -> View:
    """Return the state of a server that answers; `server` is its GET /v1/server."""
    now = time.time()
    facts = _facts(server, now)
    models: Sequence[Mapping[str, Any]] = server["models"]
    rows = [row for model in models for row in _rows(model)]
    addresses = (("REST", rest), ("gRPC", grpc))
    html = [
        head("Model server", state_markup("Running", "running"), muted(facts)),
        endpoints(*addresses),
    ]
    text = [f"running, {facts.replace(' · ', ', ')}"]
    text += [f"  {name}  {address}" for name, address in addresses]
    if rows:
        table = _table(rows, labels=any(model["labels"] for model in models))
        html.append(table.html())
        text.append(table.text())
    else:
        html.append(element("p", "Nothing is served yet. ", *_next(), class_="jp-tfs-muted"))
        text.append("Nothing is served yet. Next: %tfs_serve NAME")
    html.append(small(f"As of {moment(now)}."))
    text.append(f"as of {moment(now)}")
    return View("Model server", join(*html), "\n".join(text), server)


def stopped(at: float | None = None) -> View:
    """Return that no server runs; `at` is when it was stopped, in Unix seconds."""
    said = "" if at is None else f"at {moment(at)}"
    html = join(
        head("Model server", state_markup("Stopped", "off"), muted(said)),
        element("p", *_next(), class_="jp-tfs-muted"),
    )
    text = f"stopped {said}".strip() + "\nNext: %tfs_serve NAME"
    return View("Model server", html, text)


def _next() -> tuple[str, Markup]:
    return "Next: ", code("%tfs_serve NAME")


def _facts(server: Mapping[str, Any], now: float) -> str:
    versions = [version for model in server["models"] for version in model["versions"]]
    parts = [
        whole_seconds(max(0.0, now - server["started_at"])),
        plural(sum(version["requests"] for version in versions), "request"),
        size(server["rss_bytes"]),
    ]
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
