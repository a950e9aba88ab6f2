"""Which HTTP requests are turned away by their head alone, before anything of the body is read.

    403   the Host is a name that this server does not go by       Hosts
    403   the page that asks is another site's                     --rest_api_refuse_foreign_origins
    415   ... is our own, and sends something else than JSON
    401   no token, or one that is not accepted                    tokens.py
    413   a Content-Length above the limit

Routes that are `open` need no token, nor does OPTIONS: a browser asks it before it sends one.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection

from server_ext.errors import InvalidArgument, PermissionDenied, TooLarge
from server_ext.frontends import routes
from server_ext.frontends.messages import JSON, Answer, Request, error_answer
from server_ext.frontends.terms import Terms
from server_ext.frontends.tokens import Tokens

_REMEMBERED = 100


class Hosts:
    """Names under which a server on a loopback address may be asked. Any thread may ask.

    A page of another site can have its own name resolved to 127.0.0.1 and then read what any server
    answers there (DNS rebinding), but the browser still sends that name as Host. So addresses,
    `localhost` and the names given are accepted, and no others; `*` among them accepts all.
    """

    def __init__(self, names: Collection[str]) -> None:
        self._names = {name.lower().rstrip(".") for name in names}
        self._accepted: set[bytes] = set()  # headers as they came, so that most are found at once

    def accepts(self, header: bytes) -> bool:
        """Say whether a Host header, with or without a port, is one of these; none at all is."""
        if header in self._accepted:
            return True
        accepted = self._fits(_name(header.decode("latin-1")))
        if accepted and len(self._accepted) < _REMEMBERED:
            self._accepted.add(header)
        return accepted

    def _fits(self, name: str) -> bool:
        return (
            not name
            or name in self._names
            or "*" in self._names
            or name == "localhost"
            or name.endswith(".localhost")
            or _is_address(name)
        )


class Gate:
    """Turns requests away. Any thread may ask. No `tokens`, `hosts` or limit (0): all may pass.

    With a `scheme`, `http` or `https`, no page but the server's own may ask: one with this scheme,
    and its host and port. Browsers name the page's in Origin; other clients send none.
    """

    def __init__(
        self,
        tokens: Tokens | None = None,
        hosts: Hosts | None = None,
        max_body_bytes: int = 0,
        scheme: str = "",
    ) -> None:
        self._tokens = tokens
        self._hosts = hosts
        self._max_body_bytes = max_body_bytes
        self._own = f"{scheme}://".encode() if scheme else b""

    def refusal(self, request: Request) -> Answer | None:
        """Return the answer to a request that may not pass, by its method, target and headers."""
        headers = request.headers
        if self._hosts and not self._hosts.accepts(headers.get(b"host", b"")):
            return error_answer(_another_host(headers[b"host"]))
        if self._own and b"origin" in headers and (refused := self._page_refusal(request)):
            return refused
        if self._tokens and not _is_open(request):
            authorization = headers.get(b"authorization")
            error = self._tokens.refusal(authorization)
            if error:
                how = b'Bearer error="invalid_token"' if authorization else b"Bearer"
                answer = error_answer(error)
                return answer._replace(headers=((b"www-authenticate", how),))
        length = headers.get(b"content-length", b"")
        return self.too_large(int(length)) if length.isdigit() else None

    def _page_refusal(self, request: Request) -> Answer | None:
        origin = request.headers[b"origin"]
        if origin.lower() != self._own + request.headers.get(b"host", b"").lower():
            return error_answer(_another_origin(origin))
        kind = request.headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        if request.method == "POST" and kind != JSON:
            # What a form may send without asking the server first is never JSON.
            error = InvalidArgument(
                f"A page has to send JSON, with Content-Type: application/json, "
                f"and not '{kind.decode('latin-1')}'"
            )
            return error_answer(error)._replace(status=415)
        return None

    def too_large(self, size_bytes: int) -> Answer | None:
        """Return the answer to a body of this size, None when it is within the limit."""
        limit = self._max_body_bytes
        if not limit or size_bytes <= limit:
            return None
        return error_answer(
            TooLarge(f"The request is larger than {limit} bytes, the limit (--max_request_bytes)")
        )


def gate(
    terms: Terms, address: str, names: Collection[str], *, foreign_origins: bool = True
) -> Gate:
    """Return the gate of a server that listens on an IP address, and goes by `names` besides.

    Hosts matter where anyone may ask who reaches the port, and only this machine does: a page has
    no token, and no certificate for its own name. `foreign_origins` may ask unless that is off.
    """
    local = ipaddress.ip_address(address.partition("%")[0]).is_loopback
    hosts = Hosts(names) if local and not terms.tokens and not terms.tls else None
    scheme = "" if foreign_origins else "https" if terms.tls else "http"
    return Gate(terms.tokens, hosts, terms.max_request_bytes, scheme)


def _is_open(request: Request) -> bool:
    if request.method == "OPTIONS":
        return True
    method = "GET" if request.method == "HEAD" else request.method
    found = routes.find(method, request.target)
    return found is not None and found.route.open


def _name(host: str) -> str:
    """Return the name in a Host header: without port, brackets and the dot of the root."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower().rstrip(".")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _another_origin(header: bytes) -> PermissionDenied:
    return PermissionDenied(
        f"Pages of {header.decode('latin-1')} may not use this server "
        "(--rest_api_refuse_foreign_origins): only its own may"
    )


def _another_host(header: bytes) -> PermissionDenied:
    name = header.decode("latin-1")
    return PermissionDenied(
        f"Host '{name}' is not a name of this server, which listens on this machine only: to reach "
        "it by that name, behind a proxy, give the name in --rest_api_allowed_hosts"
    )
