"""Shows what %tfs_serve brought up: the versions that answer, where, and what did not load."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tfs_magics.views.markup import Markup, code, element, endpoints, head, join, muted, steps
from tfs_magics.views.numbers import ABSENT, duration, plural
from tfs_magics.views.status import state_cell
from tfs_magics.views.table import Column, Row, Table
from tfs_magics.views.view import View

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
    wanted: bool = True


def served(
    versions: Sequence[ServedVersion], rest: str, grpc: str, notes: Sequence[str], start_s: float
) -> View:
    """Return what is served now. `rest` is the URL of the model, or of all of them.

    `grpc` is empty where only REST is reached.
    """
    names = list(dict.fromkeys(version.name for version in versions))
    told = _one if len(names) == 1 and len(versions) == 1 else _several
    title, top, lines = told(names, versions, start_s)
    model = names[0] if len(names) == 1 else "NAME"
    addresses = [("REST", rest), *([("gRPC", f"{grpc}, model {model}")] if grpc else [])]
    html = [
        *top,
        endpoints(*addresses),
        *(element("p", note) for note in notes),
        element("p", "Next: ", code(_next(versions)), class_="jp-tfs-muted"),
    ]
    text = [*lines, *(f"  {name}  {address}" for name, address in addresses), *notes]
    text.append(f"Next: {_next(versions)}")
    return View(title, join(*html), "\n".join(text), tuple(versions))


def progress(word: str, rest: str) -> View:
    """Return the line that stands in for the result while there is none."""
    html = head("Model server", _busy(word), muted(rest))
    return View("Model server", html, f"{word} · {rest}")


def _busy(word: str) -> Markup:
    return element("span", word, class_="jp-tfs-State", data_state="loading")


def _next(versions: Sequence[ServedVersion]) -> str:
    up = next((version.name for version in versions if not version.reason), versions[0].name)
    name = f'"{up}"' if any(char.isspace() for char in up) else up
    return f"%tfs_predict {name} x[:3]"


def _one(
    names: Sequence[str], versions: Sequence[ServedVersion], start_s: float
) -> tuple[str, list[Markup], list[str]]:
    (only,) = versions
    title = f"{only.name} {only.version}"
    state = state_cell("AVAILABLE")
    done = list(_steps(only, start_s))
    top = [head(title, state.html or state.text)]
    if done:
        top.append(steps(*done))
    return title, top, [f"{title}  {state.text}   {', '.join(done)}".rstrip()]


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
    if version.load_seconds is not None:
        yield f"loaded {duration(version.load_seconds)}"
