"""Shows the magics and what each is for: a bare %tfs."""

from __future__ import annotations

from collections.abc import Sequence

from tfs_magics.views.markup import code, element, head, join
from tfs_magics.views.table import Column, Row, Table
from tfs_magics.views.view import View

_COLUMNS = (Column("Magic", subject=True, code=True), Column("What it does"))


def commands(listed: Sequence[tuple[str, str]]) -> View:
    """Return the magics, each with its first sentence."""
    table = Table(_COLUMNS, [Row(entry) for entry in listed], text_head=False)
    more = "%tfs_serve --help"
    html = join(
        head("Magics"),
        table.html(),
        element("p", "Options of one: ", code(more), class_="jp-tfs-muted"),
    )
    return View("Magics", html, f"{table.text()}\nOptions of one: {more}")
