"""Reads JSON as rapidjson 1.1 does, with its errors and offsets: NaN, any depth, any bytes.

    body --orjson--> document          the usual way, in json_text.py
       \\--refused--> read(): takes what TensorFlow Serving takes, or says what is wrong and where

Nesting lives on a list of open containers, not on the call stack: 500 000 levels are fine. A list
that holds neither lists nor strings goes through orjson as one piece, so that a large body with a
fault is read in a fraction of a second. No state is shared between threads.
"""

from __future__ import annotations

import math
import re
from typing import Any, NoReturn, cast

import orjson

from server_ext.errors import InvalidArgument

BOM = b"\xef\xbb\xbf"
MAX_UINT64 = 2**64 - 1
MIN_INT64 = -(2**63)
END = -1

_BLANKS = re.compile(rb"[ \n\r\t]*")
_NUMBER = re.compile(rb"-?(?:0|[1-9][0-9]*)(\.[0-9]*)?([eE][+-]?[0-9]*)?")
_UNESCAPED = re.compile(rb'[^"\\\x00-\x1f]*')
_HEX = re.compile(rb"[0-9a-fA-F]{4}")
_FLAT_LIST = re.compile(rb'\[[^\[\]{}"]*\]')
_NOT_FINITE = re.compile(rb"-?(?:NaN|Inf(?:inity)?)")
_ESCAPES = {ord(code): byte for code, byte in zip('"\\/bfnrt', b'"\\/\b\f\n\r\t', strict=True)}
_LITERALS: dict[int, tuple[bytes, bool | None]] = {
    ord("n"): (b"null", None),
    ord("t"): (b"true", True),
    ord("f"): (b"false", False),
}


def read(text: bytes) -> Any:
    """Return the value of a JSON text; of equal names in an object the first one counts.

    Integer literals within int64 or uint64 are int, all other numbers float. Bytes that are not
    UTF-8 are kept in strings as surrogate escapes (PEP 383).

    Raises:
        InvalidArgument: `JSON Parse error: <what> at offset: <byte>`; wording and offsets are
            rapidjson's (error/en.h, reader.h). Text after the value is refused, too.
    """
    return _Reader(text).document()


class _Reader:
    """One pass over one text; `at` is the byte that comes next. Used by one thread."""

    def __init__(self, text: bytes) -> None:
        self.text = text
        self.at = len(BOM) if text.startswith(BOM) else 0

    def document(self) -> Any:
        if self._next() in (END, 0):
            self._fail("The document is empty.")
        value = self._value()
        if self._next() != END:
            self._fail("The document root must not be followed by other values.")
        return value

    def _value(self) -> Any:
        boxes: list[list[Any] | dict[str, Any]] = []
        names: list[str] = []  # of the member being read, one for each open object
        while True:
            byte = self._next()
            value: Any
            if byte == ord("["):
                value = self._flat_list()
                if value is None:
                    self.at += 1
                    boxes.append([])
                    continue
            elif byte == ord("{"):
                self.at += 1
                if self._next() != ord("}"):
                    boxes.append({})
                    names.append(self._name())
                    continue
                self.at += 1
                value = {}
            else:
                value = self._scalar(byte)
            while boxes and self._put(boxes[-1], names, value):
                value = boxes.pop()
            if not boxes:
                return value

    def _put(self, box: list[Any] | dict[str, Any], names: list[str], value: Any) -> bool:
        """Add a value to the innermost container; True when that ends here."""
        byte = self._next()
        if isinstance(box, list):
            box.append(value)
            if byte not in (ord(","), ord("]")):
                self._fail("Missing a comma or ']' after an array element.")
            self.at += 1
            return byte == ord("]")
        box.setdefault(names.pop(), value)
        if byte not in (ord(","), ord("}")):
            self._fail("Missing a comma or '}' after an object member.")
        self.at += 1
        if byte == ord("}"):
            return True
        names.append(self._name())
        return False

    def _next(self) -> int:
        """Skip blanks and return the byte that follows, END behind the last."""
        self.at = _skip(_BLANKS, self.text, self.at)
        return self._byte()

    def _byte(self) -> int:
        return self.text[self.at] if self.at < len(self.text) else END

    def _name(self) -> str:
        if self._next() != ord('"'):
            self._fail("Missing a name for object member.")
        name = self._string()
        if self._next() != ord(":"):
            self._fail("Missing a colon after a name of object member.")
        self.at += 1
        return name

    def _flat_list(self) -> list[Any] | None:
        """Read a list without lists, objects and strings at once; None to go on step by step."""
        found = _FLAT_LIST.match(self.text, self.at)
        if found is None:
            return None
        value = _loads(found[0])
        if value is None:
            words = _NOT_FINITE.findall(found[0])
            value = _loads(_NOT_FINITE.sub(b"null", found[0]))
            if value is None or value.count(None) != len(words):
                return None
            floats = map(float, words)
            value = [next(floats) if item is None else item for item in value]
        self.at = found.end()
        return value

    def _scalar(self, byte: int) -> Any:
        if byte == ord('"'):
            return self._string()
        if byte in _LITERALS:
            word, value = _LITERALS[byte]
            self._word(word)
            return value
        return self._number()

    def _word(self, word: bytes) -> None:
        for byte in word:
            if self._byte() != byte:
                self._fail("Invalid value.")
            self.at += 1

    def _number(self) -> int | float:
        found = _NUMBER.match(self.text, self.at)
        if found is None:
            return self._not_finite()
        fraction, exponent = found[1], found[2]
        if fraction == b".":
            self._fail("Miss fraction part in number.", found.end(1))
        if exponent and not exponent[-1:].isdigit():
            self._fail("Miss exponent in number.", found.end(2))
        start, self.at = self.at, found.end()
        if fraction is None and exponent is None and len(found[0]) <= len(str(MIN_INT64)):
            whole = int(found[0])
            if MIN_INT64 <= whole <= MAX_UINT64:
                return whole
        value = float(found[0])
        if math.isinf(value):
            self._fail("Number too big to be stored in double.", start)
        return value

    def _not_finite(self) -> float:
        negative = self._byte() == ord("-")
        self.at += negative
        if self._byte() == ord("N"):
            self._word(b"NaN")
            return math.nan
        self._word(b"Inf")
        if self._byte() == ord("i"):
            self._word(b"inity")
        return -math.inf if negative else math.inf

    def _string(self) -> str:
        self.at += 1
        pieces = []
        while True:
            start, self.at = self.at, _skip(_UNESCAPED, self.text, self.at)
            pieces.append(self.text[start : self.at])
            byte = self._byte()
            if byte == ord('"'):
                self.at += 1
                return b"".join(pieces).decode("utf-8", "surrogateescape")
            if byte in (END, 0):
                self._fail("Missing a closing quotation mark in string.")
            if byte != ord("\\"):
                self._fail("Invalid escape character in string.")
            pieces.append(self._escape())

    def _escape(self) -> bytes:
        start = self.at
        self.at += 1
        byte = self._byte()
        if byte != ord("u"):
            if byte not in _ESCAPES:
                self._fail("Invalid escape character in string.", start)
            self.at += 1
            return bytes((_ESCAPES[byte],))
        self.at += 1
        point = self._hex(start)
        if 0xD800 <= point <= 0xDBFF:
            low = 0
            if self.text.startswith(b"\\u", self.at):
                self.at += 2
                low = self._hex(start)
            if not 0xDC00 <= low <= 0xDFFF:
                self._fail("The surrogate pair in string is invalid.", start)
            point = 0x10000 + (point - 0xD800 << 10) + (low - 0xDC00)
        return chr(point).encode("utf-8", "surrogatepass")

    def _hex(self, start: int) -> int:
        """Read the four digits of an escape that begins at `start`."""
        found = _HEX.match(self.text, self.at)
        if found is None:
            self._fail("Incorrect hex digit after \\u escape in string.", start)
        self.at = found.end()
        return int(found[0], 16)

    def _fail(self, what: str, at: int | None = None) -> NoReturn:
        offset = self.at if at is None else at
        raise InvalidArgument(f"JSON Parse error: {what} at offset: {offset}")


def _loads(text: bytes) -> list[Any] | None:
    try:
        return cast("list[Any]", orjson.loads(text))
    except orjson.JSONDecodeError:
        return None


def _skip(pattern: re.Pattern[bytes], text: bytes, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at
