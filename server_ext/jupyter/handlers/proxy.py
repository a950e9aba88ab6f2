"""Inference through Jupyter: tfs/v1/... is the model server's own REST, for those it lets in.

    client --request, piece by piece--> here --without Jupyter's secrets--> model server
           <--answer, piece by piece---      <--its token, where it asks for one--

So a model is reached through the one port that a remote Jupyter server or a JupyterHub exposes.
"""

from __future__ import annotations

import contextlib
from urllib.parse import urlsplit

from jupyter_core.utils import ensure_async
from tornado.httputil import HTTPHeaders
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError, stream_request_body

from server_ext.errors import ServingError, Unavailable
from server_ext.jupyter.handlers.base import RESOURCE, TFSHandler, allowed
from server_ext.jupyter.upstream import Head, Upstream

ACTIONS = {"GET": "read", "HEAD": "read", "OPTIONS": "read", "POST": "execute"}
# Headers of one connection, and not of a request (RFC 9110, 7.6.1).
_HOP_BY_HOP = {
    "connection",
    "expect",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}
# What is between a client and Jupyter: secrets, and from which page a request comes (checked here).
_OF_JUPYTER = {"authorization", "cookie", "host", "origin", "referer", "x-xsrftoken"}
# What is between here and the model server, and what Jupyter says for all that it answers.
_OF_CHILD = {"date", "server", "set-cookie", "www-authenticate"} | {
    "content-security-policy",
    "x-content-type-options",
}
_SECRET_ARGUMENTS = {"token", "_xsrf"}
GONE = (
    "The model server ended before it answered. It is started again; ask again in a moment. "
    "tfs/api/status says how it is."
)


@stream_request_body
class ProxyHandler(TFSHandler):
    """GET, HEAD, OPTIONS and POST v1/..."""

    _upstream: Upstream | None = None
    _refused: Exception | None = None
    _counted = False
    _sent = False
    _left = False

    async def prepare(self) -> None:  # type: ignore[override]
        """Check who asks, before the first byte of the body goes on; then connect.

        What is refused here is answered when the body has been read: a client that still sends
        would see nothing but the end of its connection.
        """
        await self.service.turnstile.wait()
        try:
            await super().prepare()
            await self._connect()
        except (HTTPError, ServingError) as error:
            self._refused = error

    async def data_received(self, chunk: bytes) -> None:
        """Pass on a piece of the body; only a POST has one."""
        if self._upstream and self.request.method == "POST":
            await self._upstream.send(chunk)

    @allowed("read")
    async def get(self) -> None:
        """Pass on what the model server answers."""
        await self._answer()

    @allowed("read")
    async def head(self) -> None:
        """Pass on the head of what the model server answers."""
        await self._answer()

    @allowed("read")
    async def options(self) -> None:  # type: ignore[override]
        """Pass on what the model server answers; Jupyter's own rules for other sites are above."""
        await self._answer()

    @allowed("execute")
    async def post(self) -> None:
        """Pass on what the model server answers."""
        await self._answer()

    def error_body(self, message: str, reason: str) -> dict[str, str]:
        """Return what an error is told by; clients of TensorFlow Serving read `error`."""
        return {"error": message, **super().error_body(message, reason)}

    def on_connection_close(self) -> None:
        """Let the model server know that the client has left."""
        super().on_connection_close()
        self._left = True
        self.on_finish()

    def on_finish(self) -> None:
        """Count the request as done, and hold no more of it: cycles wait for a full collection."""
        upstream, self._upstream = self._upstream, None
        if upstream is not None:
            upstream.cancel()
        if self._counted:
            self._counted = False
            self.service.activity.ended()

    async def _connect(self) -> None:
        action = ACTIONS.get(str(self.request.method))
        if action is None:
            raise HTTPError(405, f"{self.request.method} is nothing the model server answers")
        await self._check(action)
        address = self.service.address()
        self.service.activity.began()
        self._counted = True
        headers = _passed_on(self.request.headers)
        if self.request.method != "POST" or not headers.get("Content-Length", "").isdecimal():
            headers.pop("Content-Length", None)  # a POST goes in chunks then, other bodies nowhere
        headers["Host"] = urlsplit(address.rest_url).netloc
        if address.token:
            headers["Authorization"] = f"Bearer {address.token}"
        self._upstream = await Upstream.open(
            self.service.connections,
            address.rest_url,
            str(self.request.method),
            self._target(),
            headers,
        )
        if self._upstream is None:
            raise Unavailable(GONE)
        if self._left:
            self.on_finish()

    async def _check(self, action: str) -> None:
        user = self.current_user
        if not user:
            raise HTTPError(403)
        if not await ensure_async(self.authorizer.is_authorized(self, user, action, RESOURCE)):
            raise HTTPError(403, f"User is not authorized to {action} on resource: {RESOURCE}.")

    async def _answer(self) -> None:
        if self._refused is not None or self._upstream is None:
            raise self._refused or Unavailable(GONE)
        upstream = self._upstream
        upstream.end()
        head = await upstream.answer
        await self.service.turnstile.wait()
        if self._left:
            return
        if head is None:
            raise Unavailable(GONE)
        self._begin(head)
        if not await upstream.relay(self._pass_on):
            self._cut_off()
        elif not self._sent:
            await self._pass_on(b"")

    def _cut_off(self) -> None:
        """End an answer that will not be whole."""
        if self._left:
            return
        if not self._sent:
            self.clear()
            raise Unavailable(GONE)
        self.detach().close()  # half an answer must not look like a whole one
        self.on_finish()  # which tornado does not call for what is detached

    def _begin(self, head: Head) -> None:
        self._transforms = []  # the model server has compressed what is worth it
        self.set_status(head.status)
        if head.status == 503:  # a model that is still loading, as after a restart
            self.set_header("Retry-After", str(self.service.retry_after_s()))
        self.clear_header("Content-Type")  # tornado's guess, if the model server says nothing
        for name, values in _grouped(head.headers).items():
            self.clear_header(name)
            for value in values:
                self.add_header(name, value)

    async def _pass_on(self, piece: bytes) -> None:
        """Send a piece of the answer, the first one with the head."""
        self._sent = True
        self.write(piece)
        with contextlib.suppress(StreamClosedError):  # the client has left
            await self.flush()

    def _target(self) -> str:
        """Return the path and query as they came, without what is meant for Jupyter.

        Those are its secrets, and the time that its pages add against caches: nothing but digits.
        Libraries for clients escape the colon before a verb, which the model server wants plain.
        """
        path = self.request.path[len(self.base_url) :].removeprefix("tfs")
        path = path.replace("%3A", ":").replace("%3a", ":")
        kept = [
            part
            for part in self.request.query.split("&")
            if part.partition("=")[0] not in _SECRET_ARGUMENTS
            and not part.removesuffix("=").isdigit()
        ]
        query = "&".join(kept)
        return f"{path}?{query}" if query else path


def _passed_on(headers: HTTPHeaders) -> HTTPHeaders:
    """Return the headers of a request that the model server gets."""
    kept = HTTPHeaders()
    dropped = _HOP_BY_HOP | _OF_JUPYTER | _named_in(headers)
    for name, value in headers.get_all():
        if name.lower() not in dropped:
            kept.add(name, value)
    return kept


def _grouped(headers: HTTPHeaders) -> dict[str, list[str]]:
    """Return the headers of an answer that the client gets."""
    dropped = _HOP_BY_HOP | _OF_CHILD | _named_in(headers)
    found: dict[str, list[str]] = {}
    for name, value in headers.get_all():
        lower = name.lower()
        if lower not in dropped and not lower.startswith("access-control-"):
            found.setdefault(name, []).append(value)
    return found


def _named_in(headers: HTTPHeaders) -> set[str]:
    """Return the names that a connection header adds to those of one connection."""
    return {name.strip().lower() for name in headers.get("Connection", "").split(",")}
