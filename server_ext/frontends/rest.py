"""REST: a request -> one answer, now or from a worker. What there is to ask stands in routes.py.

    /v1/...             one of the routes; else 400 "Malformed request", whatever the method
    what else we have   health, OpenAPI document, page; HEAD as well as GET
    anything else       404; 501 for a method that TensorFlow Serving's HTTP library does not know

Compatible with model_servers/http_rest_api_handler.cc; where TensorFlow Serving answers a bare
"Malformed request", the same words come with what was wrong. Knows no sockets.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from server_ext.api import classify, metadata, predict, regress
from server_ext.api.inference import Inference
from server_ext.api.lookup import ModelSpec
from server_ext.api.services import Services
from server_ext.codecs import examples, json_decode, json_text
from server_ext.errors import Code, InvalidArgument, ServingError, outcome
from server_ext.frontends import compression, page, routes
from server_ext.frontends.lanes import BRIEF_BYTES, Lanes
from server_ext.frontends.messages import (
    Answer,
    Done,
    Request,
    answered,
    document,
    error_answer,
    refusal,
    server_timing,
)
from server_ext.frontends.openapi import OpenApi
from server_ext.frontends.routes import Found
from server_ext.lifecycle.servable import Turn
from server_ext.lifecycle.timing import Timing

KNOWN_METHODS = ("GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH")
_VERBS: dict[str, Callable[..., Inference[bytes]]] = {
    "predict": predict.ask_json,
    "classify": classify.ask_json,
    "regress": regress.ask_json,
}
TIMING = b"x-tfs-timing"  # asks for a Server-Timing header; 1 is yes
_VERB = re.compile(r":(?P<verb>[^/:?]*)(?P<query>\?.*)?$")
_GONE = ServingError("The caller has left", Code.CANCELLED)


class RestApi:
    """Answers requests. Any thread may call.

    Large predictions are read on the lane that runs, documents about all models are made on the one
    that describes. `max_body_bytes` bounds a body that comes as gzip, once it is inflated; `tokens`
    says that one is needed.
    """

    def __init__(
        self,
        services: Services,
        lanes: Lanes,
        max_body_bytes: int,
        *,
        tokens: bool = False,
    ) -> None:
        self._services = services
        self._lanes = lanes
        self._max_body_bytes = max_body_bytes
        openapi = OpenApi(services.overview, tokens=tokens)
        self._pages: dict[str, Callable[[Found, Request], Answer]] = {
            "status": self._status,
            "metadata": self._metadata,
            "server": lambda found, request: document(200, services.overview.document()),
            "healthz": lambda found, request: document(200, {"status": "ok"}),
            "readyz": self._ready,
            "openapi": lambda found, request: openapi.answer(request),
            "docs": page.answer,
            "docs_file": page.answer,
        }

    def handle(self, request: Request, turn: Turn, done: Done) -> None:
        """Call `done` once with the answer: before returning, or later from another thread."""
        found = routes.find(request.method, request.target)
        if found is None:
            done(answered(lambda: self._other(request)))
        elif found.route.name in _VERBS:
            if request.headers.get(TIMING) == b"1":
                turn.timing = Timing()
            turn.brief = self.is_brief(request)
            if turn.brief:
                self._infer(found, request, turn, done)
            else:
                self._lanes.run.submit(lambda: self._infer(found, request, turn, done))
        elif found.route.wide:
            self._lanes.describe.submit(lambda: done(self._page(found, request)))
        else:
            done(self._page(found, request))

    def is_brief(self, request: Request) -> bool:
        """Tell whether a request is for a model, and read in no time."""
        found = routes.find(request.method, request.target)
        small = len(request.body) <= BRIEF_BYTES
        return small and found is not None and found.route.name in _VERBS and not _packed(request)

    def help(self) -> None:
        """Run what waits and is short; to be called after requests whose turns are brief."""
        self._lanes.help()

    def count(self, request: Request, answer: Answer, seconds: float) -> None:
        """Count a request under /v1/ and how it ended, `seconds` after it came."""
        if not routes.is_v1(request.target):
            return
        found = routes.find(request.method, request.target)
        verb = found.route.name if found and found.route.name in _VERBS else ""
        self._services.traffic.answered(
            found.model if found else "", answer.code, verb, "REST", seconds
        )

    def _infer(self, found: Found, request: Request, turn: Turn, done: Done) -> None:
        if turn.gone:
            done(error_answer(_GONE))
            return
        read = outcome(lambda: self._read(found, request), "A REST request")
        if isinstance(read, ServingError):
            done(error_answer(read))
            return
        spec, signature, content = read
        ask, check = _VERBS[found.route.name], self._services.check_methods
        self._services.infer(
            spec,
            lambda handle: ask(handle, signature, content, check_method=check),
            found.route.name.capitalize(),
            turn,
            lambda body: done(
                error_answer(body)
                if isinstance(body, ServingError)
                else Answer(200, body)
                if turn.timing is None
                else Answer(200, body, headers=(server_timing(turn.timing),))
            ),
        )

    def _read(self, found: Found, request: Request) -> tuple[ModelSpec, str, Any]:
        """Return which model and signature an inference is for, and what it says.

        Examples are read before the model is looked up, the values of a predict after it.
        """
        verb = found.route.name
        if not request.target.endswith(verb):  # in another case
            raise _malformed(request)
        body = request.body
        if _packed(request):
            body = compression.inflate(body, self._max_body_bytes)
        content: Any = json_text.parse(body)
        signature = json_decode.signature_name(content)
        if verb != "predict":
            content = examples.from_json(content)
        return found.spec(), signature, content

    def _page(self, found: Found, request: Request) -> Answer:
        return answered(lambda: self._pages[found.route.name](found, request))

    def _status(self, found: Found, request: Request) -> Answer:
        return document(200, self._services.status.document(found.spec()))

    def _metadata(self, found: Found, request: Request) -> Answer:
        if not request.target.endswith("metadata"):  # in another case: no word, only a path
            return self._status(found, request)
        return document(200, self._services.lent(found.spec(), metadata.metadata_document))

    def _ready(self, found: Found, request: Request) -> Answer:
        waiting = self._services.overview.not_ready()
        if waiting:
            return document(503, {"status": "not ready", "models": waiting})
        return document(200, {"status": "ready"})

    def _other(self, request: Request) -> Answer:
        """Answer what no route takes as it is.

        Raises:
            InvalidArgument: it is under /v1/, and not what is asked there.
        """
        method, path = request.method, request.path
        if method not in KNOWN_METHODS:
            return refusal(
                request, 501, f"{method} is not a method of this server", Code.UNIMPLEMENTED
            )
        ours = None if routes.is_v1(request.target) else routes.find("GET", request.target)
        if method == "OPTIONS" and (ours or routes.is_v1(request.target)):
            return _preflight(request)
        if ours and method == "HEAD":
            return self._page(ours, request)
        if routes.is_v1(request.target):
            raise _malformed(request)
        if ours:
            raise InvalidArgument(f"Malformed request: {method} {path} (send it with GET)")
        text = f"Nothing is served at {path}: models are under /v1/models/, and /docs shows them"
        return refusal(request, 404, text, Code.NOT_FOUND)


def _packed(request: Request) -> bool:
    return compression.is_gzip(request.headers.get(b"content-encoding", b""))


def _preflight(request: Request) -> Answer:
    """Answer a browser that asks whether a page of another origin may go on.

    Compatible with model_servers/http_server.cc; the type of an empty body is libevent's default.
    """
    origin = request.headers.get(b"origin", b"")
    fits = b"http://" in origin or b"https://" in origin
    code = Code.OK if fits else Code.INVALID_ARGUMENT
    return Answer(code.http, b"", code, b"text/html; charset=ISO-8859-1")


def _malformed(request: Request) -> InvalidArgument:
    return InvalidArgument(f"Malformed request: {request.method} {request.target}{_hint(request)}")


def _hint(request: Request) -> str:
    method, target = request.method, request.target
    if method not in ("GET", "POST"):
        return f" ({method} is not used here: use GET for status and metadata, POST for :predict)"
    verb = _VERB.search(target)
    if verb and verb["query"]:
        return " (a query string is not allowed here)"
    if verb and verb["verb"] not in _VERBS:
        return f" (unknown verb '{verb['verb']}': use predict, classify or regress)"
    if verb:
        return f" (send :{verb['verb']} with POST, not {method})" if method == "GET" else ""
    if target.endswith("/"):
        return " (remove the slash at the end)"
    if method == "POST":
        return " (POST needs a verb at the end: /v1/models/NAME:predict)"
    return " (expected /v1/models/NAME[/versions/N][/metadata])"
