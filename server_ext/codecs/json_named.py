"""A body whose inputs are named tensors of numbers, to arrays without an object per number.

    {"inputs": {"image": [[0.5, 1]], "rate": 0.1}}           a column: Tensors and scalars by name
    {"instances": [{"image": [0.5]}, {"image": [1]}]}        rows: Rows

Quotation marks stand around names only, so they cut such a body into names and what is between
them: a colon, one list of numbers, and the brackets and commas up to the next name. Cells of one
name that have the same brackets have the same shape, which proves the column's; simdjson reads the
numbers of a column at once. Everything else is left to the general reader, with no reason given.
Functions; any thread may call.
"""

from __future__ import annotations

import re
from math import prod
from typing import Any, NamedTuple

import orjson

from server_ext.codecs.json_numbers import Tensor, numbers_in, shape_of, tensor

SMALLEST = 4096
"""Bytes of a body from which on this way is the quicker one."""
BYTES_PER_NAME = 64
"""The same for each name in it."""

_BLANK = b" \t\r\n"
_NAME = re.compile(rb"[^\\\[\]\x00-\x1f]*")
_NOT_STRUCTURE = bytes(code for code in range(256) if code not in b"[],")
_LONGEST_SCALAR = 32


class Rows(NamedTuple):
    """The inputs of all rows by name, each with the rows as dimension 0; the text of the rows."""

    columns: dict[str, Tensor]
    text: bytes

    def lists(self) -> Any:
        """Return what the general reader makes of the text, for errors: they quote it."""
        return orjson.loads(self.text)


def read(body: bytes) -> dict[str, Any] | None:
    """Return the document, what it holds as Rows, or as a dict with Tensors for lists.

    None when the body is of another form.
    """
    if len(body) < SMALLEST or body.count(b'"') * BYTES_PER_NAME > 2 * len(body):
        return None
    pieces = body.split(b'"')
    signature = _take_signature(pieces) if len(pieces) % 2 else None
    if signature is None or len(pieces) < 5:
        return None
    opening = pieces[2].translate(None, _BLANK)
    value: Any = None
    if pieces[1] == b"inputs" and opening == b":{":
        value = _columns(pieces[3::2], pieces[4::2])
    elif pieces[1] == b"instances" and opening == b":[{":
        value = _rows(pieces[3::2], pieces[4::2], body)
    return None if value is None else {pieces[1].decode(): value, **signature}


def _take_signature(pieces: list[bytes]) -> dict[str, str] | None:
    """Take the outer braces away, and with them a signature_name first or last; return that.

    None when there are no such braces, or the name is not plain.
    """
    pieces[0], pieces[-1] = pieces[0].strip(_BLANK), pieces[-1].rstrip(_BLANK)
    if pieces[0] != b"{" or not pieces[-1].endswith(b"}"):
        return None
    pieces[0], pieces[-1] = b"", pieces[-1][:-1].rstrip(_BLANK)
    if pieces[1:2] == [b"signature_name"] and len(pieces) > 5:
        name = pieces[3]
        fits = pieces[2].strip(_BLANK) == b":" and pieces[4].strip(_BLANK) == b","
        del pieces[:4]
        pieces[0] = b""
    elif pieces[-4:-3] == [b"signature_name"] and len(pieces) > 5:
        name, before = pieces[-2], pieces[-5].rstrip(_BLANK)
        fits = not pieces[-1] and pieces[-3].strip(_BLANK) == b":" and before.endswith(b",")
        del pieces[-4:]
        pieces[-1] = before[:-1].rstrip(_BLANK)
    else:
        return {}
    text = _plain(name)
    return {"signature_name": text} if fits and text is not None else None


def _columns(names: list[bytes], cells: list[bytes]) -> dict[str, Any] | None:
    """Return the values of the names; cells are `: value ,`, the last `: value }`."""
    columns: dict[str, Any] = {}
    for name, cell in zip(names, cells, strict=True):
        alias, text = _plain(name), cell.strip(_BLANK)
        end = b"}" if len(columns) == len(names) - 1 else b","
        if alias is None or alias in columns or text[:1] != b":" or not text.endswith(end):
            return None
        value = _value(text[1:-1].strip(_BLANK))
        if value is None:
            return None
        columns[alias] = value
    return columns


def _value(text: bytes) -> Any:
    """Return a Tensor or a number; None for anything else."""
    if text.startswith(b"["):
        return tensor(text)
    if len(text) > _LONGEST_SCALAR:
        return None
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return value if type(value) in (int, float) else None


def _rows(names: list[bytes], cells: list[bytes], body: bytes) -> Rows | None:
    """Return the columns of rows that all have the same names in the same order.

    Cells are `: value ,`, the last of a row `: value },{`, and the very last `: value }]`.
    """
    width = names.index(names[0], 1) if names[0] in names[1:] else len(names)
    aliases = [_plain(name) for name in names[:width]]
    count, rest = divmod(len(names), width)
    end = cells[-1].rfind(b"}")  # written as it is between two rows, for `_column`
    between = cells[width - 1][cells[width - 1].rfind(b"]") + 1 :] if count > 1 else b"},{"
    if rest or names != names[:width] * count or len(set(aliases)) < width:
        return None
    if cells[-1][end:].translate(None, _BLANK) != b"}]":
        return None
    cells[-1] = cells[-1][:end].rstrip(_BLANK) + between
    columns: dict[str, Tensor] = {}
    for at, alias in enumerate(aliases):
        column = _column(cells[at::width], b"," if at < width - 1 else b"},{")
        if alias is None or column is None:
            return None
        columns[alias] = column
    return Rows(columns, body[body.find(b"[") : body.rfind(b"]") + 1])


def _column(cells: list[bytes], end: bytes) -> Tensor | None:
    """Return a column of lists; None when they differ in their brackets, or are no lists.

    What stands before and behind the lists must be the same bytes in each cell: a colon, and `end`
    with any blanks. Then nothing is left for simdjson but the lists.
    """
    behind = cells[0][cells[0].rfind(b"]") + 1 :]
    if behind.translate(None, _BLANK) != end:
        return None
    lists = [cell[1 : -len(behind)] for cell in cells]
    structures = {text.translate(None, _NOT_STRUCTURE) for text in lists}
    if len(structures) > 1 or not all(
        cell.startswith(b":") and cell.endswith(behind) for cell in cells
    ):
        return None
    (brackets,) = structures
    text = b"[" + b",".join(lists) + b"]"
    numbers, shape = numbers_in(text), shape_of(brackets) if brackets else None
    if numbers is None or shape is None or len(cells) * prod(shape) != len(numbers):
        return None
    return Tensor(numbers.reshape([len(cells), *shape]), text)


def _plain(name: bytes) -> str | None:
    """Return a name, None if it is not written as it is."""
    if not _NAME.fullmatch(name):
        return None
    try:
        return name.decode()
    except UnicodeDecodeError:
        return None
