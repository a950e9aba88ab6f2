"""HTTP without sockets: what came, what goes back, and the forms of an answer that all parts share.

    document()        JSON as TensorFlow Serving prints it, one blank a level
    revalidated()     what changes seldom, with a tag by which clients ask whether it has
    error_answer()    {"error": "..."} with the status of the error's code
    refusal()         the HTML page of TensorFlow Serving's HTTP library, for what it refuses

Pure functions.
"""

from __future__ import annotations

import hashlib
import html
import http
import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from server_ext.codecs import json_text
from server_ext.errors import Code, ServingError, TooLarge, outcome
from server_ext.lifecycle.timing import Timing

Headers = tuple[tuple[bytes, bytes], ...]

JSON = b"application/json"
HTML = b"text/html"
NO_STORE = (b"cache-control", b"no-store")


class Request(NamedTuple):
    """One HTTP request; `target` is the path with its query, as it came on the wire.

    Names of `headers` are in lower case; of equal names the last one is there.
    """

    method: str
    target: str
    body: bytes = b""
    headers: Mapping[bytes, bytes] = MappingProxyType({})

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]


class Answer(NamedTuple):
    """One HTTP answer; `code` is how it is counted, `headers` are those beside type and length."""

    status: int
    body: bytes
    code: Code = Code.OK
    content_type: bytes = JSON
    headers: Headers = ()


Done = Callable[[Answer], None]


def document(status: int, content: Mapping[str, Any]) -> Answer:
    """Return a JSON document that describes this moment: nobody is to keep it."""
    body = json.dumps(content, indent=1).encode() + b"\n"
    return Answer(status, body, headers=(NO_STORE,))


def revalidated(
    request: Request, body: bytes, content_type: bytes = JSON, *headers: tuple[bytes, bytes]
) -> Answer:
    """Return what a client may keep if it asks again each time: 304 when it has just this."""
    tag = b'"' + hashlib.sha256(body).hexdigest()[:16].encode() + b'"'
    headers = ((b"etag", tag), (b"cache-control", b"no-cache"), *headers)
    if tag in request.headers.get(b"if-none-match", b""):
        return Answer(304, b"", content_type=content_type, headers=headers)
    return Answer(200, body, content_type=content_type, headers=headers)


def answered(work: Callable[[], Answer]) -> Answer:
    """Return the work's answer, or the error it ended in as one; raises nothing."""
    answer = outcome(work, "A REST request")
    return error_answer(answer) if isinstance(answer, ServingError) else answer


def error_answer(error: ServingError) -> Answer:
    """Return the answer that tells a client of the error."""
    status = 413 if isinstance(error, TooLarge) else error.code.http
    return Answer(status, json_text.error_body(error.message), error.code)


def refusal(request: Request, status: int, detail: str, code: Code) -> Answer:
    """Return an error page after which the connection ends; JSON if the client takes only that.

    Compatible with evhttp_send_error of libevent, on which TensorFlow Serving's REST stands.
    """
    close = ((b"connection", b"close"),)
    accept = request.headers.get(b"accept", b"*/*").lower()
    if b"json" in accept and b"html" not in accept and b"*/*" not in accept:
        return Answer(status, json_text.error_body(detail), code, headers=close)
    return Answer(status, html_page(status, detail), code, HTML, close)


def server_timing(timing: Timing) -> tuple[bytes, bytes]:
    """Return the header that tells how long a request waited and ran, and with how many rows.

    Compatible with the W3C's Server Timing: durations are milliseconds.
    """
    text = f"queue;dur={timing.queue_s * 1000:.3f}, run;dur={timing.run_s * 1000:.3f}"
    if timing.rows is not None:
        text += f', batch;desc="{timing.rows}"'
    return b"server-timing", text.encode()


def html_page(status: int, detail: str) -> bytes:
    """Return libevent's error page, with a paragraph that says what was wrong."""
    phrase = http.HTTPStatus(status).phrase
    page = (
        f"<HTML><HEAD>\n<TITLE>{status} {phrase}</TITLE>\n</HEAD><BODY>\n"
        f"<H1>{phrase}</H1>\n<P>{html.escape(detail)}</P>\n</BODY></HTML>\n"
    )
    return page.encode("utf-8", "replace")
