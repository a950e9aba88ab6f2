"""Shows why something was refused: one sentence of what happened, one of what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfs_magics.client.signatures import Tensor, shape_text
from tfs_magics.views.markup import Markup, element, join
from tfs_magics.views.table import Cell, Column, Row, Table
from tfs_magics.views.view import View

_COLUMNS = (
    Column("Side", subject=True, hidden_head=True),
    Column("Name", code=True),
    Column("Type", code=True),
    Column("Shape", code=True),
)


def refused_input(title: str, remedy: str, expected: Tensor, got: Tensor, message: str) -> View:
    """Return expected against got, what differs in red; `message` is the same as text."""
    wrong_type = expected.dtype != got.dtype
    rows = [
        Row(["expected", expected.alias, expected.dtype, shape_text(expected.shape)]),
        Row(
            [
                "got",
                got.alias,
                Cell(got.dtype, wrong=wrong_type),
                Cell(shape_text(got.shape), wrong=not wrong_type),
            ]
        ),
    ]
    html = join(_sentence(title, remedy), Table(_COLUMNS, rows, narrow=True).html())
    return _notice(html, message)


def facts(title: str, remedy: str, expected: Tensor, got: Tensor, cell: str = "") -> dict[str, Any]:
    """Return a refused input as values, for who shows it live; `cell` is one that works."""
    return {
        "title": title,
        "remedy": remedy,
        "expected": _tensor(expected),
        "got": _tensor(got),
        "wrong": "type" if expected.dtype != got.dtype else "shape",
        "lines": [],
    } | ({"cell": cell} if cell else {})


def _tensor(tensor: Tensor) -> dict[str, str]:
    return {"name": tensor.alias, "type": tensor.dtype, "shape": shape_text(tensor.shape)}


def failed(title: str, lines: Sequence[str]) -> View:
    """Return a failure with the last lines of the server's log.

    Each line of `title` says what is wrong with one thing, `digits 1 is not served: because ...`.
    """
    said = [line.partition(": ") for line in title.splitlines()]
    html = join(
        *(_sentence(f"{what}{colon.rstrip()}", why) for what, colon, why in said),
        element("pre", "\n".join(lines), class_="jp-tfs-Code"),
    )
    return _notice(html, "\n".join([title, *(f"  {line}" for line in lines)]))


def _sentence(title: str, remedy: str = "") -> Markup:
    return element("p", element("strong", title), f" {remedy}" if remedy else "")


def _notice(html: Markup, text: str) -> View:
    return View("Error", element("div", html, class_="jp-tfs-Notice"), text)
