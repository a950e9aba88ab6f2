"""Shows what %tfs_serve brought up: the versions that answer, where, and what did not load."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tfs_magics.views.markup import Markup, code, element, endpoints, head, join, muted, steps
from tfs_magics.views.numbers import ABSENT, duration, plural
from tfs_magics.views.table import Column, Row, Table
from tfs_magics.views.versions import state_cell
from tfs_magics.views.view import WIDTH, View

_COLUMNS = (Column("Model", subject=True), Column("Version", number=True), Column("State"))
_STATE = 2


@dataclass(frozen=True)
class ServedVersion:
    """One version after the wait: it answers, or `reason` says why it does not.

    `version` is None for a model of which no version was found; one that is not `wanted` goes on
    answering because nothing newer does.
    """

    name: str
    version: int | None
    reason: str = ""
    load_seconds: float | None = None
    export_seconds: float | None = None
    wanted: bool = True


def served(
    versions: Sequence[ServedVersion],
    rest: str,
    grpc: str,
    notes: Sequence[str],
    start_s: float,
    labels: Mapping[str, Mapping[str, int]] | None = None,
) -> View:
    """Return what is served now. `rest` is the URL of the model, or of all of them.

    `grpc` is empty where only REST is reached; `labels` are those of each model.
    """
    names = list(dict.fromkeys(version.name for version in versions))
    if len(versions) == 1 and versions[0].version is not None:
        title, top, lines = _one(versions[0], start_s, (labels or {}).get(names[0], {}))
    else:
        title, top, lines = _several(names, versions, start_s)
    model = names[0] if len(names) == 1 else "NAME"
    addresses = [("REST", rest), *([("gRPC", f"{grpc}, model {model}")] if grpc else [])]
    stays = _stays(versions, labels or {})
    html = [
        *top,
        endpoints(*addresses),
        *(element("p", note) for note in notes),
        element("p", *stays, "Next: ", code(_next(versions)), class_="jp-tfs-muted"),
    ]
    text = [*lines, *(f"  {name}  {address}" for name, address in addresses), *notes]
    text.append(f"{''.join(stays)}Next: {_next(versions)}")
    return View(title, join(*html), "\n".join(text), tuple(versions))


def facts(
    versions: Sequence[ServedVersion], rest: str, grpc: str, notes: Sequence[str], start_s: float
) -> dict[str, Any]:
    """Return the same as values, for who shows it live."""
    took = {"started": start_s or None}
    if len(versions) == 1:
        took |= {"exported": versions[0].export_seconds, "loaded": versions[0].load_seconds}
    up = next((version.name for version in versions if not version.reason), versions[0].name)
    return {
        "answers": [
            {"model": each.name, "version": each.version, "reason": each.reason}
            for each in versions
        ],
        "steps": [
            {"what": what, "seconds": round(seconds, 4)}
            for what, seconds in took.items()
            if seconds is not None
        ],
        "rest": rest,
        "grpc": grpc,
        "notes": list(notes),
        "next": [_next(versions), f"%tfs_draw {_quoted(up)}"],
    }


def progress(word: str, rest: str) -> View:
    """Return the line that stands in for the result while there is none."""
    html = head("Model server", _busy(word), muted(rest))
    return View("Model server", html, f"{word} · {rest}")


def _busy(word: str) -> Markup:
    return element("span", word, class_="jp-tfs-State", data_state="loading")


def _next(versions: Sequence[ServedVersion]) -> str:
    up = next((version.name for version in versions if not version.reason), versions[0].name)
    return f"%tfs_predict {_quoted(up)} x[:3]"


def _quoted(name: str) -> str:
    return f'"{name}"' if any(char.isspace() for char in name) else name


def _stays(versions: Sequence[ServedVersion], labels: Mapping[str, Mapping[str, int]]) -> list[str]:
    """Return which labels of the model did not come to the version that was served."""
    if len(versions) != 1:
        return []
    of_model = sorted(labels.get(versions[0].name, {}).items())
    return [f"{label} stays on {at}. " for label, at in of_model if at != versions[0].version]


def _one(
    only: ServedVersion, start_s: float, labels: Mapping[str, int]
) -> tuple[str, list[Markup], list[str]]:
    title = f"{only.name} {only.version}"
    state = state_cell("AVAILABLE", failed=bool(only.reason))
    names = sorted(label for label, at in labels.items() if at == only.version)
    chips = [element("span", name, class_="jp-tfs-Chip") for name in names]
    done = list(_steps(only, start_s))
    top = [head(title, *chips, state.html or state.text)]
    if only.reason:
        top.append(element("p", only.reason))
    if done:
        top.append(steps(*done))
    first = "  ".join([title, state.text, *([", ".join(names)] if names else [])])
    lines = [f"{first}   {', '.join(done)}".rstrip()]
    if len(lines[0]) > WIDTH:
        lines = [first, f"  {', '.join(done)}"]
    return title, top, lines


def _several(
    names: Sequence[str], versions: Sequence[ServedVersion], start_s: float
) -> tuple[str, list[Markup], list[str]]:
    title = names[0] if len(names) == 1 else plural(len(names), "model")
    rows = []
    for position, version in enumerate(versions):
        repeats = position > 0 and versions[position - 1].name == version.name
        number = ABSENT if version.version is None else str(version.version)
        state = state_cell("AVAILABLE", failed=bool(version.reason))
        rows.append(Row([version.name, number, state], version.reason, repeats))
    table = Table(_COLUMNS, rows, reason_at=_STATE)
    started = [f"server started {duration(start_s)}"] if start_s else []
    top = [head(title), *([steps(*started)] if started else []), table.html()]
    return title, top, ["   ".join([title, *started]), table.text()]


def _steps(version: ServedVersion, start_s: float) -> Iterator[str]:
    if start_s:
        yield f"server started {duration(start_s)}"
    if version.export_seconds is not None:
        yield f"exported {duration(version.export_seconds)}"
    if version.load_seconds is not None:
        yield f"loaded {duration(version.load_seconds)}"
