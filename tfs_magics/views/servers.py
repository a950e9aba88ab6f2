"""Shows which model server is talked to and why, %tfs_where; and all there are, %tfs_ps."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tfs_magics.views.markup import Markup, element, endpoints, head, join, muted
from tfs_magics.views.markup import state as state_markup
from tfs_magics.views.numbers import ABSENT, size, whole_seconds
from tfs_magics.views.status import state_of
from tfs_magics.views.table import Cell, Column, Row, Table
from tfs_magics.views.view import WIDTH, View

if TYPE_CHECKING:
    from tfs_magics.client.predicting import Place
    from tfs_magics.connections.found import FoundServer
    from tfs_magics.connections.where import Where

_TITLES = {
    "jupyter": "Hosted by the Jupyter server",
    "own": "This process's own",
    "attached": "Run by somebody else,",
}
_COLUMNS = (
    Column("Process", number=True),
    Column("Started by"),
    Column("Models", subject=True),
    Column("REST", number=True),
    Column("gRPC", number=True),
    Column("For", number=True),
    Column("Memory", number=True, only_wide=True),
    Column("Here"),
)


def where(found: Where, status: Mapping[str, Any], place: Place | None, owner: str) -> View:
    """Return which server is talked to, why, and what was passed over; never a token."""
    title = f"{_TITLES[found.kind]} {found.url}".strip()
    word, kind = state_of(status["server"]["state"])
    addresses = [("REST", place.rest_url), ("gRPC", place.grpc_target)] if place else []
    addresses = [each for each in addresses if each[1]]
    secured = place is not None and bool(place.authorization)
    said = [
        found.why,
        f"Models are served from here as {owner}." if owner and found.kind == "jupyter" else "",
        "A token goes with each request." if secured else "",
    ]
    said = [line for line in said if line]
    passed = [f"{line[:1].upper()}{line[1:].rstrip('.')}." for line in found.passed]
    html = join(
        head("Model server", state_markup(word, kind), muted(title)),
        *(element("p", line) for line in said),
        *([endpoints(*addresses)] if addresses else []),
        *_passed(passed),
    )
    text = [f"{title}, {word.lower()}", *(_wrapped(line) for line in said)]
    text += [f"  {name}  {address}" for name, address in addresses]
    if passed:
        text += ["Looked at before:", *(_wrapped(line) for line in passed)]
    data = {
        "kind": found.kind,
        "why": found.why,
        "url": found.url,
        "passed": list(found.passed),
        "owner": owner,
        "state": status["server"]["state"],
    }
    return View("Model server", html, "\n".join(text), data)


def processes(found: Sequence[FoundServer], here: int | None) -> View:
    """Return a row a server; `here` is the process of the one that is talked to."""
    if not found:
        text = "No model server of yours runs on this machine."
        return View("Model servers", element("p", text, class_="jp-tfs-muted"), text, [])
    table = Table(_COLUMNS, [_row(each, here) for each in found])
    html = join(head("Model servers"), table.html())
    return View("Model servers", html, table.text(), list(found))


def _row(process: FoundServer, here: int | None) -> Row:
    models: str | Cell
    if process.page is None:
        models = Cell("wants a token", muted("wants a token"))
    else:
        names = ", ".join(model["name"] for model in process.page["models"])
        models = names or Cell("none", muted("none"))
    return Row(
        [
            str(process.pid),
            process.starter,
            models,
            _port(process.rest_port),
            _port(process.grpc_port),
            whole_seconds(max(0.0, time.time() - process.started_at)),
            size(process.rss_bytes),
            "yes" if process.pid == here else "",
        ]
    )


def _port(port: int | None) -> str:
    return ABSENT if port is None else str(port)


def _passed(lines: Sequence[str]) -> list[Markup]:
    if not lines:
        return []
    items = [element("li", line) for line in lines]
    told = element("p", "Looked at before:", class_="jp-tfs-muted")
    return [told, element("ol", *items, class_="jp-tfs-muted")]


def _wrapped(line: str) -> str:
    return textwrap.fill(
        line, WIDTH, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False
    )
