"""The paths of tfs/api, for a host in this very process: what a Jupyter server answers, from here.

Threads: any thread may call; it waits for the model server.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

import server_ext
from server_ext.errors import InvalidArgument, NotFound, Unimplemented
from server_ext.hosting import bodies, forms
from server_ext.hosting.bodies import Field
from server_ext.hosting.history import RANGES
from server_ext.hosting.models import parse_versions
from tfs_magics.connections.owner import this_owner
from tfs_magics.widgets import asks, events
from tfs_magics.widgets.asks import Answer, Ask

if TYPE_CHECKING:
    from server_ext.hosting.host import Host

_USUAL_LINES = 200
_MODEL = r"api/models/(?P<name>[^/]+)"
_VERSION = _MODEL + r"/versions/(?P<version>\d{1,19})"


class _Call(NamedTuple):
    """One request: whom it asks, what, and the parts of its path."""

    host: Host
    ask: Ask
    parts: Mapping[str, str]

    @property
    def name(self) -> str:
        """The model that the path names."""
        return unquote(self.parts["name"])

    @property
    def version(self) -> int:
        """The version that the path names."""
        return int(self.parts["version"])

    def body(self, fields: Sequence[Field]) -> dict[str, Any]:
        """Return the fields of the body, each of its kind."""
        return bodies.read(self.ask.body, fields)


def answer(host: Host, ask: Ask, over: threading.Event) -> Answer:
    """Return what the host answers to a request for a path below tfs/.

    Raises:
        NotFound: there is no such path.
        Unimplemented: there is, and not for this method.
        ServingError: what the host refuses.
    """
    if (ask.method, ask.path) == ("GET", "api/events"):
        return events.stream(events.hosted(host, over, logs=bool(ask.number("logs", 0))))
    known = False
    for method, pattern, work in _TABLE:
        if match := re.fullmatch(pattern, ask.path):
            known = True
            if method == ask.method:
                return asks.told(work(_Call(host, ask, match.groupdict())))
    if known:
        raise Unimplemented(f"{ask.method} {ask.path} is not offered")
    raise NotFound(f"There is no {ask.path} here")


def _about(call: _Call) -> dict[str, Any]:
    return {
        "version": server_ext.__version__,
        "api": 1,
        "capabilities": dict.fromkeys(("labels", "versions", "events", "logs", "poll"), True),
        "roots": [],
        "require_token": bool(call.host.settings.require_token),
    }


def _status(call: _Call) -> dict[str, Any]:
    return events.complete(call.host.status())


def _logs(call: _Call) -> dict[str, Any]:
    return call.host.logs(call.ask.number("lines", _USUAL_LINES), call.ask.number("after", 0))


def _history(call: _Call) -> dict[str, Any]:
    span = call.ask.text("range") or "15m"
    if span not in RANGES:
        raise InvalidArgument(f"range is {span!r:.80}, and must be one of {', '.join(RANGES)}")
    version = call.ask.number("version", -1)
    return call.host.history(call.ask.text("model"), None if version < 0 else version, span)


def _start(call: _Call) -> dict[str, Any]:
    call.host.start(**call.body(forms.START))
    return _status(call)


def _stop(call: _Call) -> dict[str, Any]:
    call.host.stop(**call.body(forms.STOP))
    return _status(call)


def _restart(call: _Call) -> dict[str, Any]:
    call.host.restart()
    return _status(call)


def _poll(call: _Call) -> dict[str, Any]:
    call.host.poll()
    return {}


def _serve(call: _Call) -> dict[str, Any]:
    body = call.body(forms.SERVE)
    path = os.path.abspath(os.path.expanduser(body["base_path"]))
    call.host.serve([forms.model_of(call.name, path, body)], this_owner(), replace=True)
    call.host.start()
    return {}


def _change(call: _Call) -> dict[str, Any]:
    body = call.body(forms.CHANGE)
    versions = parse_versions(body["versions"]) if "versions" in body else None
    call.host.change(call.name, versions, body.get("labels", {}))
    return {}


def _remove(call: _Call) -> dict[str, Any]:
    call.host.remove(call.name)
    return {}


def _load(call: _Call) -> dict[str, Any]:
    return {"note": call.host.load(call.name, call.version)}


def _unload(call: _Call) -> dict[str, Any]:
    return {"note": call.host.unload(call.name, call.version)}


def _delete_files(call: _Call) -> dict[str, Any]:
    freed = call.host.delete_files(call.name, call.version)
    return {"note": f"The files of version {call.version} of {call.name} are gone.", "bytes": freed}


_TABLE: tuple[tuple[str, str, Callable[[_Call], dict[str, Any]]], ...] = (
    ("GET", "api/about", _about),
    ("GET", "api/status", _status),
    ("GET", "api/logs", _logs),
    ("GET", "api/history", _history),
    ("POST", "api/server/start", _start),
    ("POST", "api/server/stop", _stop),
    ("POST", "api/server/restart", _restart),
    ("POST", "api/poll", _poll),
    ("PUT", _MODEL, _serve),
    ("PATCH", _MODEL, _change),
    ("DELETE", _MODEL, _remove),
    ("POST", f"{_VERSION}/load", _load),
    ("POST", f"{_VERSION}/unload", _unload),
    ("DELETE", f"{_VERSION}/files", _delete_files),
)
