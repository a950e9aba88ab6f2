"""Where a model server answers, for those on the same machine."""

from __future__ import annotations

import ipaddress
from typing import NamedTuple


class Address(NamedTuple):
    """Where REST and gRPC answer, and the bearer token they ask for; None where they ask for none.

    The token is a secret: it belongs in a header, never in a URL, a log or an output.
    """

    rest_url: str
    grpc_target: str
    token: str | None = None


def reachable(host: str) -> str:
    """Return the name to reach a server by that listens on `host`, in brackets if URLs need them.

    A server that listens on all addresses is reached on the loopback one.
    """
    if not host:
        return "127.0.0.1"
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return host
    if address.is_unspecified:
        address = ipaddress.ip_address("127.0.0.1" if address.version == 4 else "::1")
    return f"[{address}]" if address.version == 6 else str(address)


def address(
    host: str, rest_port: int | None, grpc_port: int | None, tls: bool, token: str | None
) -> Address:
    """Return where a server on these ports answers; an empty text for a port it does not have."""
    name = reachable(host)
    scheme = "https" if tls else "http"
    return Address(
        f"{scheme}://{name}:{rest_port}" if rest_port is not None else "",
        f"{name}:{grpc_port}" if grpc_port is not None else "",
        token,
    )
