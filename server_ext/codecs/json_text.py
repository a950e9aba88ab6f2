"""JSON text to Python values and back, with TensorFlow Serving's errors and way to print a value.

    parse(body) -> document    orjson; what it refuses, or reads otherwise, goes to json_reader;
                               a body of nothing but tensors of numbers comes with arrays
    dump(value) -> body        orjson; where it writes null for NaN, the words are put in
    error_body(message)        the body of an error answer
    quote(value)               a parsed value as text for a message

Everything here is a pure function.
"""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from server_ext.codecs import json_named, json_numbers, json_reader
from server_ext.errors import InvalidArgument

QUOTE_BYTES = 256
INDENT = "    "

_NAME_END = re.compile(rb'"[ \n\r\t]*:')
_LITERALS = {None: "null", True: "true", False: "false"}
_DEPTH_OF_NAMES = 4  # document, rows, inputs, {"b64": ...}
_ESCAPES = {code: f"\\u{code:04X}" for code in range(32)} | {
    ord('"'): '\\"',
    ord("\\"): "\\\\",
    ord("\b"): "\\b",
    ord("\f"): "\\f",
    ord("\n"): "\\n",
    ord("\r"): "\\r",
    ord("\t"): "\\t",
}


def parse(body: bytes) -> dict[str, Any]:
    """Return the object in a request body; of equal names in an object the first one counts.

    If there are only numbers, `instances` and `inputs`, or the members of the latter, may be a
    json_numbers.Tensor instead of lists, and rows of named inputs a json_named.Rows.

    `NaN`, `Inf` and `Infinity` are numbers, a byte order mark is skipped, nesting may be of any
    depth. Strings that are not UTF-8 carry their bytes as surrogate escapes.

    Raises:
        InvalidArgument: not JSON, text after the value, or not an object at the top.

    Compatible with the JSON reading of util/json_tensor.cc, which lets text after the value pass.
    """
    if not body:
        raise InvalidArgument("JSON Parse error: The document is empty")
    numbers = json_numbers.read(body) or json_named.read(body)
    if numbers is not None:
        return numbers
    try:
        document = orjson.loads(body.removeprefix(json_reader.BOM))
    except orjson.JSONDecodeError:
        document = json_reader.read(body)
    else:
        if _may_repeat_names(body, document):
            document = json_reader.read(body)
    if not isinstance(document, dict):
        raise InvalidArgument(
            f"JSON Value: {quote(document)} Is not object: the body must be a JSON object"
        )
    return document


def dump(value: Any) -> bytes:
    """Return compact JSON of dicts, lists, strings, numbers, bytes and numpy arrays.

    float32 and float64 have the fewest digits that read back as the same value, always with
    `.` or `e`; not finite ones are `NaN`, `Infinity`, `-Infinity`. Bytes are a string when they are
    UTF-8, else `{"b64": "..."}`. Arrays of numbers cost no Python object per number.
    """
    text = _dump(value)
    # orjson writes null for what is not finite; to look for that word is cheap.
    if b"null" not in text:
        return text
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return _spelled_array(value, text)
    return _dump(_spelled(value))


def base64_object(value: bytes) -> dict[str, str]:
    """Return TensorFlow Serving's form of bytes in JSON."""
    return {"b64": base64.b64encode(value).decode("ascii")}


def error_body(message: str) -> bytes:
    """Return the body of an error answer, laid out as TensorFlow Serving's."""
    return b'{\n    "error": ' + _string(message).encode("utf-8", "replace") + b"\n}"


def quote(value: Any) -> str:
    """Return a parsed value as text for a message: indented by 4, lists on one line, cut when long.

    Cut between two tokens once there are more than 256 bytes, with `...` at the end; a single
    string longer than that is cut in itself.
    """
    text, size = [], 0
    for token in _tokens(value):
        if size > QUOTE_BYTES:
            text.append("...")
            break
        text.append(token)
        size += len(token.encode("utf-8", "replace"))
    return "".join(text)


def _may_repeat_names(body: bytes, document: Any) -> bool:
    """Tell whether orjson, which keeps the last of equal names, may have dropped members.

    Every member has a colon: without more colons than members, nothing was dropped. As strings may
    hold colons, too, only those behind a quotation mark count in the end.
    """
    if not isinstance(document, dict) or not _has_more_colons(body, len(document)):
        return False
    members = _members(document, _DEPTH_OF_NAMES)
    return body.count(b":") > members and len(_NAME_END.findall(body)) > members


def _has_more_colons(body: bytes, count: int) -> bool:
    at = -1
    for _ in range(count + 1):
        at = body.find(b":", at + 1)
        if at < 0:
            return False
    return True


def _members(value: Any, depth: int) -> int:
    """Count the members of the objects that a request has where tensors are named or bytes."""
    if not depth:
        return 0
    if type(value) is list:
        return sum(_members(row, depth) for row in value if type(row) is dict)
    total = len(value)
    for item in value.values():
        kind = type(item)
        if kind is dict or (kind is list and item and type(item[0]) is dict):
            total += _members(item, depth - 1)
    return total


def _dump(value: Any) -> bytes:
    return orjson.dumps(value, default=_plain, option=orjson.OPT_SERIALIZE_NUMPY)


def _plain(value: Any) -> Any:
    """Turn what orjson does not know into what it does."""
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return base64_object(value)
    if isinstance(value, np.ndarray):
        if value.ndim == 0:
            return value[()]
        if value.dtype == object:
            return value.tolist()
        if not value.flags.c_contiguous:
            return np.ascontiguousarray(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def _spelled(value: Any) -> Any:
    """Replace each float and array that is not finite by its exact text."""
    if isinstance(value, dict):
        return {name: _spelled(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_spelled(item) for item in value]
    if isinstance(value, float | np.floating):
        return value if math.isfinite(value) else orjson.Fragment(_word(float(value)))
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return orjson.Fragment(_spelled_array(value, _dump(value)))
    return value


def _spelled_array(array: NDArray[Any], text: bytes) -> bytes:
    """Return orjson's text of an array of floats, its nulls replaced in order."""
    parts = text.split(b"null")
    words = map(_word, array[~np.isfinite(array)].tolist())
    return b"".join(chain.from_iterable(zip(parts, words, strict=False))) + parts[-1]


def _word(value: float) -> bytes:
    if math.isnan(value):
        return b"NaN"
    return b"Infinity" if value > 0 else b"-Infinity"


def _tokens(value: Any) -> Iterator[str]:
    """Print a value piece by piece, as far as someone asks; `todo` takes the place of recursion."""
    todo: list[str | tuple[Any, int]] = [(value, 0)]
    while todo:
        item = todo.pop()
        if isinstance(item, str):
            yield item
            continue
        value, level = item
        if isinstance(value, json_numbers.Tensor | json_named.Rows):
            value = value.lists()
        parts: list[str | tuple[Any, int]] = []
        if isinstance(value, dict) and value:
            opening = "\n" + INDENT * (level + 1)
            for name, member in islice(value.items(), QUOTE_BYTES):
                parts += [
                    ("," if parts else "{") + opening,
                    _string(name),
                    ": ",
                    (member, level + 1),
                ]
            parts.append("\n" + INDENT * level + "}")
        elif isinstance(value, list) and value:
            for member in islice(value, QUOTE_BYTES):
                parts += [", " if parts else "[", (member, level + 1)]
            parts.append("]")
        else:
            yield _scalar(value)
        todo += reversed(parts)


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return _string(value if len(value) <= QUOTE_BYTES else value[:QUOTE_BYTES] + "...")
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else _word(value).decode()
    if value is None or isinstance(value, bool):
        return _LITERALS[value]
    return str(value)  # an integer, [] or {}


def _string(text: str) -> str:
    return '"' + text.translate(_ESCAPES) + '"'
