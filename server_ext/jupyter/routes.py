"""What is answered under tfs/ of a Jupyter server: one table of paths and their handlers."""

from __future__ import annotations

import re

from server_ext.jupyter.handlers.about import (
    AboutHandler,
    DocumentHandler,
    RefusingHandler,
    UnknownHandler,
)
from server_ext.jupyter.handlers.base import TFSHandler
from server_ext.jupyter.handlers.events import EventsHandler
from server_ext.jupyter.handlers.history import HistoryHandler
from server_ext.jupyter.handlers.logs import LogsHandler
from server_ext.jupyter.handlers.models import ModelHandler
from server_ext.jupyter.handlers.proxy import ProxyHandler
from server_ext.jupyter.handlers.server import (
    PollHandler,
    RestartHandler,
    StartHandler,
    StopHandler,
)
from server_ext.jupyter.handlers.status import AddressHandler, StatusHandler
from server_ext.jupyter.handlers.versions import FilesHandler, LoadHandler, UnloadHandler

API = "tfs/api/"
ROUTES: dict[str, type[TFSHandler]] = {
    "about": AboutHandler,
    "openapi.json": DocumentHandler,
    "status": StatusHandler,
    "address": AddressHandler,
    "server/start": StartHandler,
    "server/stop": StopHandler,
    "server/restart": RestartHandler,
    "models/{name}": ModelHandler,
    "models/{name}/versions/{version}/load": LoadHandler,
    "models/{name}/versions/{version}/unload": UnloadHandler,
    "models/{name}/versions/{version}/files": FilesHandler,
    "poll": PollHandler,
    "logs": LogsHandler,
    "history": HistoryHandler,
    "events": EventsHandler,
}


def patterns() -> list[tuple[str, type[TFSHandler]]]:
    """Return what tornado matches, without the base URL; the last one takes what is left."""
    api: list[tuple[str, type[TFSHandler]]] = [
        (API + re.sub(r"\\{\w+\\}", "([^/]+)", re.escape(path)), handler)
        for path, handler in ROUTES.items()
    ]
    return [*api, ("tfs/v1/.*", ProxyHandler), ("tfs(?:/.*)?", UnknownHandler)]


def refusing() -> list[tuple[str, type[TFSHandler]]]:
    """Return what tornado matches where no model server can be hosted."""
    return [("tfs(?:/.*)?", RefusingHandler)]
