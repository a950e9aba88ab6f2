"""A body that is one tensor of numbers, to an array without a Python object per number.

    {"instances": [[0.5, 1.0], [2, 3e-5]]}
                   |
       simdjson    0.5 1.0 2 3e-5           the numbers, in order
       brackets    [[,],[,]]                the same as those of an array [2, 2]: that is the shape

Lists of equal lengths all the way down have exactly one text of brackets and commas, so that one
comparison proves the shape and refuses what is ragged. Everything that is not such a body is left
to json_named.py and the general reader, with no reason given. Threads: each has a parser of its
own.
"""

from __future__ import annotations

import re
import threading
from math import prod
from typing import Any, NamedTuple

import numpy as np
import orjson
import simdjson
from numpy.typing import NDArray

SMALLEST = 256
"""Bytes of a body from which on this way is the quicker one."""

_NAME = rb'"signature_name"\s*:\s*"(?P<name>[^"\\\[\]]*)"'
_BEFORE = re.compile(rb"\s*\{\s*(?:" + _NAME + rb'\s*,\s*)?"(?P<key>instances|inputs)"\s*:\s*')
_AFTER = re.compile(rb"\s*(?:,\s*" + _NAME + rb"\s*)?\}\s*")
_NOT_STRUCTURE = bytes(code for code in range(256) if code not in b"[],")
_MAX_RANK = 32  # as the general reader, see json_arrays.py


class Tensor(NamedTuple):
    """The numbers of a body, int64 when each is written as an integer, else float64; their text."""

    numbers: NDArray[Any]
    text: bytes

    def lists(self) -> Any:
        """Return what the general reader makes of the text, for errors: they quote it."""
        return orjson.loads(self.text)


class _Parser(threading.local):
    def __init__(self) -> None:
        self.parse = simdjson.Parser().parse


_parser = _Parser()


def read(body: bytes) -> dict[str, Any] | None:
    """Return the document, its tensor as a Tensor; None when the body is of another form."""
    if len(body) < SMALLEST:
        return None
    begin, end = body.find(b"["), body.rfind(b"]") + 1
    before = _BEFORE.fullmatch(body, 0, max(begin, 0))
    after = _AFTER.fullmatch(body, end)
    if begin < 0 or not before or not after or (before["name"] and after["name"]):
        return None
    value = tensor(body[begin:end])
    if value is None:
        return None
    document: dict[str, Any] = {before["key"].decode(): value}
    name = before["name"] if before["name"] is not None else after["name"]
    if name is not None:
        try:
            document["signature_name"] = name.decode()
        except UnicodeDecodeError:
            return None
    return document


def tensor(text: bytes) -> Tensor | None:
    """Return the tensor that a list is, None if it is ragged or has anything but numbers."""
    numbers = numbers_in(text)
    if numbers is None:
        return None
    shape = shape_of(text.translate(None, _NOT_STRUCTURE))
    if shape is None or prod(shape) != len(numbers):
        return None
    return Tensor(numbers.reshape(shape), text)


def numbers_in(text: bytes) -> NDArray[Any] | None:
    """Return the numbers of a list of any depth, None if there is anything else in it."""
    fractions = b"." in text or b"e" in text or b"E" in text
    try:
        # Typed loosely: what it parses is an array, as the text begins with a bracket.
        parsed: Any = _parser.parse(text)
        buffer = parsed.as_buffer(of_type="d" if fractions else "i")
    except (ValueError, TypeError, RuntimeError):
        return None
    return np.frombuffer(buffer, np.float64 if fractions else np.int64)


def shape_of(brackets: bytes) -> list[int] | None:
    """Return the shape that has exactly these brackets and commas, None if there is none.

    A list of one element and an empty one look the same here: the number of elements tells.
    """
    rank = len(brackets) - len(brackets.lstrip(b"["))
    if rank > _MAX_RANK:
        return None
    shape: list[int] = []
    part = b""  # the brackets of one element of the list that is looked at
    for depth in range(1, rank + 1):
        close = brackets.find(b"]" * depth)
        if close < 0:
            return None
        inner = close + depth - 1 - (rank - depth + 1)  # bytes between the list's own brackets
        size = (inner + 1) // (len(part) + 1)
        part = b"[" + b",".join([part] * size) + b"]"
        shape.insert(0, size)
    return shape if part == brackets else None
