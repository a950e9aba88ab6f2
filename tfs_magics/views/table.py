"""One table, written twice: as HTML, and as aligned text that stays within 80 columns.

    Column: what its values are           Row: one cell a column, and perhaps a reason below
    Cell:   one value, its text and its HTML

What has no room is cut in the middle; a reason wraps and is never cut.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field

from tfs_magics.views.markup import Markup, code, element, muted
from tfs_magics.views.view import WIDTH

_GAP = "  "
_LEAST = 8
_MOST = 30  # characters of a subject in HTML


@dataclass(frozen=True)
class Column:
    """A column: its head, and whether it holds numbers, names (a row's subject) or code."""

    head: str
    number: bool = False
    subject: bool = False
    code: bool = False
    faint: bool = False
    hidden_head: bool = False
    only_wide: bool = False


@dataclass(frozen=True)
class Cell:
    """A value whose HTML is more than its text, or that is marked as wrong."""

    text: str
    html: Markup | None = None
    wrong: bool = False


@dataclass(frozen=True)
class Row:
    """Cells from left to right. `repeats` tells that the subject is the row's above."""

    cells: Sequence[str | Cell]
    reason: str = ""
    repeats: bool = False


@dataclass(frozen=True)
class Table:
    """Columns and rows.

    `narrow` does not fill the width of the page. `reason_at` is the column a reason belongs to:
    it follows that cell in text, and stands below it in HTML.
    """

    columns: Sequence[Column]
    rows: Sequence[Row] = field(default=())
    narrow: bool = False
    text_head: bool = True
    reason_at: int = 1

    def html(self) -> Markup:
        """Return the table as HTML."""
        heads = [self._head(column) for column in self.columns]
        body = [part for row in self.rows for part in self._row(row)]
        table = element(
            "table",
            element("thead", element("tr", *heads)),
            element("tbody", *body),
            class_="jp-tfs-Table jp-mod-narrow" if self.narrow else "jp-tfs-Table",
        )
        return element("div", table, class_="jp-tfs-Scroll")

    def text(self) -> str:
        """Return the table as lines of at most 80 columns."""
        lines = [[_plain(cell) for cell in row.cells] for row in self.rows]
        for row, line in zip(self.rows, lines, strict=True):
            if row.repeats:
                line[0] = ""
            if row.reason:  # _reasoned writes it; it must not widen the column
                line[self.reason_at + 1 :] = [""] * (len(line) - self.reason_at - 1)
        heads = [column.head.lower() for column in self.columns]
        widths = self._widths([heads, *lines] if self.text_head else lines)
        written = [self._line(heads, widths)] if self.text_head else []
        for row, line in zip(self.rows, lines, strict=True):
            written.append(
                self._reasoned(row, line, widths) if row.reason else self._line(line, widths)
            )
        return "\n".join(written)

    def _reasoned(self, row: Row, line: Sequence[str], widths: Sequence[int]) -> str:
        """Put the reason in place of the cells that a row with a reason has no values for."""
        before = self._line(line[: self.reason_at], widths[: self.reason_at])
        start = sum(widths[: self.reason_at]) + len(_GAP) * self.reason_at
        indent = " " * min(start, WIDTH // 2)
        first = f"{before.ljust(start)}{line[self.reason_at]}: {row.reason}"
        return textwrap.fill(
            first, WIDTH, subsequent_indent=indent, drop_whitespace=True, break_on_hyphens=False
        )

    def _head(self, column: Column) -> Markup:
        name: str = column.head
        if column.hidden_head:
            name = element("span", name, class_="jp-tfs-hidden")
        return element("th", name, scope="col", class_=_classes(column))

    def _row(self, row: Row) -> list[Markup]:
        cells = [
            self._cell(column, cell, row)
            for column, cell in zip(self.columns, row.cells, strict=True)
        ]
        written = [element("tr", *cells)]
        if row.reason:
            before = [element("td")] * self.reason_at
            reason = element("td", row.reason, colspan=str(len(self.columns) - self.reason_at))
            written.append(element("tr", *before, reason, class_="jp-mod-reason"))
        return written

    def _cell(self, column: Column, cell: str | Cell, row: Row) -> Markup:
        content: str = _rich(cell)
        whole = None
        if column.subject and len(content) > _MOST and not isinstance(content, Markup):
            content, whole = cut(content, _MOST), content
        if column.code and content:
            content = code(content)
        if column.faint and content:
            content = muted(content)
        if column.subject and row.repeats:
            content = element("span", content, class_="jp-tfs-hidden")
        classes = _classes(column, wrong=isinstance(cell, Cell) and cell.wrong)
        if column.subject:
            return element("th", content, scope="row", class_=classes, title=whole)
        return element("td", content, class_=classes)

    def _widths(self, lines: Sequence[Sequence[str]]) -> list[int]:
        widths = [
            max((len(cell) for cell in column), default=0) for column in zip(*lines, strict=True)
        ]
        room = WIDTH - len(_GAP) * (len(widths) - 1)
        while sum(widths) > room and max(widths) > _LEAST:
            widest = widths.index(max(widths))
            widths[widest] -= 1
        return widths

    def _line(self, cells: Sequence[str], widths: Sequence[int]) -> str:
        fitted = [
            cut(cell, width).rjust(width) if column.number else cut(cell, width).ljust(width)
            for cell, width, column in zip(cells, widths, self.columns, strict=False)
        ]
        return _GAP.join(fitted).rstrip()


def cut(text: str, width: int) -> str:
    """Return text that fits `width` columns, cut in the middle where it must be."""
    if len(text) <= width:
        return text
    left = (width - 1) // 2
    return f"{text[:left]}…{text[len(text) - (width - 1 - left) :]}"


def _classes(column: Column, *, wrong: bool = False) -> str | None:
    names = [
        name
        for name, wanted in (
            ("jp-tfs-num", column.number),
            ("jp-tfs-from560", column.only_wide),
            ("jp-mod-wrong", wrong),
        )
        if wanted
    ]
    return " ".join(names) or None


def _plain(cell: str | Cell) -> str:
    return cell.text if isinstance(cell, Cell) else cell


def _rich(cell: str | Cell) -> str:
    if isinstance(cell, Cell):
        return cell.text if cell.html is None else cell.html
    return cell
