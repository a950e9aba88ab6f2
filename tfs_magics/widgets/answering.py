"""What a page that asks this kernel is answered, by whichever server the kernel talks to.

    v1/...   --> the REST API of the model server
    api/...  --> Hosted: tfs/api of its Jupyter server
                 Own: the host in this process; Attached: what little it tells, by looking again

Threads: any thread may call; it waits for the server.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping

import requests

from server_ext.errors import NotFound, Unavailable
from tfs_magics import connection
from tfs_magics.client.rest import ANSWER_TIMEOUT_S, CONNECT_TIMEOUT_S, reason, session
from tfs_magics.connection import Connection
from tfs_magics.connections.attached import Attached
from tfs_magics.connections.hosted import Hosted
from tfs_magics.connections.own import Own
from tfs_magics.widgets import asks, events, hostpaths
from tfs_magics.widgets.asks import Answer, Ask

_KEPT = ("content-type", "server-timing", "retry-after")
_session = session()


def answer(ask: Ask, over: threading.Event) -> Answer:
    """Return what a page is answered; a stream ends when `over` is set.

    Raises:
        ServingError: what the server refuses, or that none answers.
    """
    server = connection.current()
    if ask.path.startswith("v1/"):
        return _of_model_server(server, ask)
    if isinstance(server, Hosted):
        return _of_jupyter(server, ask, over)
    if isinstance(server, Own):
        return hostpaths.answer(server.host, ask, over)
    assert isinstance(server, Attached)
    return _looked_at(server, ask, over)


def _of_model_server(server: Connection, ask: Ask) -> Answer:
    """Pass a request on to where the model server answers, with the token that it wants."""
    place = server.place()
    headers = dict(ask.headers)
    if place.authorization:
        headers["Authorization"] = place.authorization
    try:
        response = _session.request(
            ask.method,
            f"{place.rest_url}/{ask.target}",
            data=ask.body or None,
            headers=headers,
            timeout=(CONNECT_TIMEOUT_S, ANSWER_TIMEOUT_S),
            allow_redirects=False,  # pages ask this server, and no other by way of it
        )
    except requests.RequestException as error:
        server.place(fresh=True)  # says why, if the server has ended
        raise Unavailable(f"The model server does not answer ({reason(error)}).") from None
    return Answer(response.status_code, _kept(response.headers), response.content)


def _of_jupyter(server: Hosted, ask: Ask, over: threading.Event) -> Answer:
    streams = ask.path == "api/events"
    response = server.pass_on(ask.method, ask.target, ask.headers, ask.body, stream=streams)
    headers = _kept(response.headers)
    if not streams or response.status_code != 200:
        return Answer(response.status_code, headers, response.content)
    return Answer(response.status_code, headers, pieces=_pieces(response, over))


def _pieces(response: requests.Response, over: threading.Event) -> Iterator[bytes]:
    with response:
        try:
            for piece in response.iter_content(None):
                if over.is_set():
                    return
                yield piece
        except requests.RequestException:
            return  # the stream has ended, and the page connects again


def _looked_at(server: Attached, ask: Ask, over: threading.Event) -> Answer:
    """Answer for a server that somebody else runs."""
    if ask.method != "GET":
        server.refuse()
    if ask.path == "api/events":
        return events.stream(events.looked(server.status, over))
    if ask.path == "api/logs":
        return asks.told(server.logs(0))
    if ask.path == "api/status":
        return asks.told(events.complete(server.status()))
    raise NotFound(f"There is no {ask.path} here")


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in headers.items() if name.lower() in _KEPT}
