"""What a page asks by messages of a widget, and what it is answered: requests of HTTP as values.

    page --{kind: ask, ask, method, path, headers, body}--> Ask --> Answer --> {kind: answer, ...}

The field with the number of a request is called `ask`, as a kernel keeps track of each `id`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

from server_ext.errors import Code, InvalidArgument, NotFound, ServingError, TooLarge

_PATH = re.compile(r"(api|v1)/[^?#\s\\]+")
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_HEADERS = ("accept", "content-type", "x-tfs-timing")
_STATUSES = {Code.FAILED_PRECONDITION: 409}  # as tfs/api of a Jupyter server has it


@dataclass(frozen=True)
class Ask:
    """One request of a page, for a path below tfs/ as a Jupyter server has them."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def target(self) -> str:
        """The path with its query."""
        return f"{self.path}?{self.query}" if self.query else self.path

    def number(self, name: str, default: int) -> int:
        """Return a number of the query."""
        text = dict(parse_qsl(self.query)).get(name, "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else default

    def text(self, name: str) -> str | None:
        """Return a text of the query, None where it has none."""
        return dict(parse_qsl(self.query)).get(name)


@dataclass(frozen=True)
class Answer:
    """What is answered: a body, or pieces of one that goes on."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    pieces: Iterator[bytes] | None = None


def read(content: Mapping[str, Any]) -> Ask:
    """Return what a message asks.

    Raises:
        NotFound: the path leads to nothing that is ours.
        InvalidArgument: the message is none of ours.
    """
    path, _, query = str(content.get("path")).partition("?")
    if not _PATH.fullmatch(path) or ".." in unquote(path).split("/"):
        raise NotFound(f"There is nothing at {path!r}")
    method, body = str(content.get("method")), content.get("body")
    headers = content.get("headers")
    if method not in _METHODS or not isinstance(body, str | None) or not isinstance(headers, dict):
        raise InvalidArgument("This is no request")
    kept = {name: str(text) for name, text in headers.items() if name.lower() in _HEADERS}
    return Ask(method, path, query, kept, (body or "").encode())


def told(value: Any, status: int = 200) -> Answer:
    """Return an answer in JSON."""
    return Answer(status, {"Content-Type": "application/json"}, json.dumps(value).encode())


def refused(error: ServingError) -> Answer:
    """Return an error as both APIs tell of them."""
    status = 413 if isinstance(error, TooLarge) else _STATUSES.get(error.code, error.code.http)
    said = {"message": error.message, "reason": error.code.name, "error": error.message}
    return told(said, status)
