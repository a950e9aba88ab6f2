"""The versions of models as a table: how each stands, its labels, and how it answers."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tfs_magics.views.markup import element, join
from tfs_magics.views.markup import state as state_markup
from tfs_magics.views.numbers import ABSENT, count, duration, rate, size
from tfs_magics.views.table import Cell, Column, Row, Table

_WORDS = {
    "START": ("Waiting", "off"),
    "LOADING": ("Loading", "loading"),
    "AVAILABLE": ("Available", "available"),
    "UNLOADING": ("Unloading", "unloading"),
    "END": ("Unloaded", "off"),
}
_FIRST = (
    Column("Model", subject=True),
    Column("Version", number=True),
    Column("State"),
    Column("Labels"),
)
_COUNTED = (
    Column("Requests", number=True),
    Column("Errors", number=True),
    Column("Memory", number=True, only_wide=True),
)
_MEASURED = (
    Column("Requests", number=True),
    Column("p50", number=True, only_wide=True),
    Column("p99", number=True),
    Column("Errors", number=True),
    Column("Batch", number=True, only_wide=True),
)
_LABELS = 3
_STATE = 2


def state_cell(name: str, *, failed: bool = False) -> Cell:
    """Return the word for a version's state, `name` as the server spells it."""
    word, kind = ("Failed", "failed") if failed else _WORDS.get(name, (name.title(), "off"))
    return Cell(word.lower(), state_markup(word, kind))


def versions_table(
    models: Sequence[Mapping[str, Any]], sample: Mapping[str, Any] | None = None
) -> Table:
    """Return the versions of models.

    With the last `sample` of the server, how often and how fast each is asked; else its counters.
    """
    columns = [*_FIRST, *(_COUNTED if sample is None else _MEASURED)]
    rows = [row for model in models for row in _rows(model, sample, len(columns) - len(_FIRST))]
    if not any(model["labels"] for model in models):
        del columns[_LABELS]
        rows = [
            Row([*row.cells[:_LABELS], *row.cells[_LABELS + 1 :]], row.reason, row.repeats)
            for row in rows
        ]
    return Table(columns, rows, reason_at=_STATE)


def _rows(
    model: Mapping[str, Any], sample: Mapping[str, Any] | None, numbers: int
) -> Iterator[Row]:
    """Yield a row a version, newest first, and one for a model that has nothing to load."""
    name, versions = model["name"], model["versions"]
    if model["problem"] or not versions:
        reason = model["problem"] or "no version found yet"
        word = Cell("waiting", state_markup("Waiting", "off"))
        yield Row([name, ABSENT, word, "", *[""] * numbers], reason)
    newest_first = sorted(versions, key=lambda version: -version["version"])
    for position, version in enumerate(newest_first):
        error = version["error"]
        alive = version["state"] in ("AVAILABLE", "UNLOADING")
        told = _counted(version) if sample is None else _measured(name, version, sample)
        yield Row(
            [name, str(version["version"]), _state(version), _labels(model, version["version"])]
            + (told if alive else [""] * numbers),
            error["message"] if error else "",
            position > 0 or bool(model["problem"]),
        )


def _counted(version: Mapping[str, Any]) -> list[str]:
    return [count(version["requests"]), count(version["errors"]), size(version["memory_bytes"])]


def _measured(name: str, version: Mapping[str, Any], sample: Mapping[str, Any]) -> list[str]:
    asked = {(each["name"], each["version"]): each for each in sample["versions"]}
    now: Mapping[str, Any] = asked.get((name, version["version"]), {})
    batch = now.get("batch_rows")
    return [
        rate(now.get("per_second", 0)),
        _milliseconds(now.get("p50_ms")),
        _milliseconds(now.get("p99_ms")),
        count(version["errors"]),
        ABSENT if batch is None else count(round(batch)),
    ]


def _milliseconds(value: float | None) -> str:
    return ABSENT if value is None else duration(value / 1000)


def _state(version: Mapping[str, Any]) -> Cell:
    """Return the state; how far a load is only where earlier ones make that honest."""
    cell = state_cell(version["state"], failed=bool(version["error"]))
    began, takes = version.get("load_started_at"), version.get("load_expected_s")
    if version["state"] != "LOADING" or not began or not takes:
        return cell
    part = f" {min(99, max(0, round((time.time() - began) / takes * 100)))}%"
    return Cell(f"{cell.text}{part}", state_markup(f"Loading{part}", "loading"))


def _labels(model: Mapping[str, Any], number: int) -> Cell:
    names = [label for label, version in sorted(model["labels"].items()) if version == number]
    chips = [element("span", name, class_="jp-tfs-Chip") for name in names]
    return Cell(", ".join(names), join(*chips))
