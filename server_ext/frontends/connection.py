"""One client's connection: uvicorn's, where clients of TensorFlow Serving expect another thing.

    method that nobody knows        501 instead of 400
    what is no HTTP                 400 that says what was wrong with it
    fragment, which is not sent     belongs to the path
    client that closes its half     is answered all the same, and then the connection ends
    offer to go on in HTTP/2        declined by an answer in HTTP/1.1, with the body not lost

Runs on the event loop.
"""

from __future__ import annotations

import re
import sys
from typing import Any

import httptools

from server_ext.frontends.patience import PatientProtocol

_OFFER = re.compile(rb"\r\nupgrade:(?=[ \t]*h2c)", re.IGNORECASE)


class Connection(PatientProtocol):
    """What uvicorn makes for each client that connects."""

    _reads = False  # whether the parser is at work
    _held: tuple[Any, Any] | None = None  # a request that may go the short way, and the long one

    def data_received(self, data: bytes) -> None:
        """Take the next piece of a request.

        At an offer to go on in another protocol httptools stops reading, before the body. Java's
        HttpClient makes one with each connection's first request.
        """
        begins = self.cycle is None or not self.cycle.more_body
        if begins and data.find(b"h2c", 0, data.find(b"\r\n\r\n")) >= 0:  # the body may be long
            head, blank, rest = data.partition(b"\r\n\r\n")
            data = _OFFER.sub(b"\r\nx-upgrade:", head) + blank + rest
        self._reads = True
        super().data_received(data)
        self._reads = False
        self._start_held()

    def on_message_complete(self) -> None:
        """Answer a request that came in one piece on the short way, if it is one for it."""
        super().on_message_complete()
        held = self._held
        direct = getattr(self.app, "direct", None)
        if held and direct and direct.takes(self, held[0]):
            self._held = None
        else:
            self._start_held()

    def start(self, cycle: Any, app: Any) -> None:
        """Answer a request by a task that runs this application."""
        super()._start_asgi_task(cycle, app)

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        if self._reads and not cycle.waiting_for_100_continue and self._held is None:
            self._held = cycle, app  # until it is known whether the rest is here as well
        else:
            self.start(cycle, app)

    def _start_held(self) -> None:
        held, self._held = self._held, None
        if held:
            self.start(*held)

    def on_url(self, url: bytes) -> None:
        """Take the target, or a piece of it; what stands behind a `#` is part of the path."""
        super().on_url(url.replace(b"#", b"%23"))

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """Keep the connection for the answer, if there is one to come.

        From here the end of what a client sends and the end of the client look the same, so the
        request is told of it as of a client that has left.
        """
        cycle = self.cycle
        if cycle is None or cycle.response_complete or cycle.more_body or self.scheme == "https":
            return None
        cycle.keep_alive = False
        cycle.message_event.set()
        return True

    def send_400_response(self, msg: str) -> None:
        """Answer what is no request; uvicorn calls this while it handles the parser's error."""
        problem = sys.exc_info()[1]
        if isinstance(problem, httptools.HttpParserCallbackError):  # a target that is not a path
            if self.parser.get_method() == b"CONNECT":
                self.end_with(501, "CONNECT is not a method of this server")
            else:
                self.end_with(400, "Malformed request: its target is not a path")
        else:
            self.end_with(*_diagnosis(problem))


def _diagnosis(problem: BaseException | None) -> tuple[int, str]:
    if isinstance(problem, httptools.HttpParserInvalidMethodError):
        return 501, "This method is not known here; or the client speaks TLS to a port without it"
    if isinstance(problem, httptools.HttpParserInvalidURLError):
        return 400, "Malformed request: in a URL, characters beyond ASCII are written as %XX"
    return 400, f"Malformed request: this is no HTTP/1.1 ({problem})"
