"""What this is and what it can do, and the document of the whole API."""

from __future__ import annotations

from typing import Any, ClassVar

from tornado.web import HTTPError

import server_ext
from server_ext.jupyter import schemas
from server_ext.jupyter.handlers.base import Operation, Operations, TFSHandler, allowed

API = 1
CAPABILITIES = ("labels", "versions", "events", "logs", "proxy", "poll", "owners")


class AboutHandler(TFSHandler):
    """GET about: for clients that want to know before they ask."""

    operations: ClassVar[Operations] = {
        "get": Operation(
            "What this server is, what it can do and what it allows", schemas.part("About")
        )
    }

    @allowed("read")
    async def get(self) -> None:
        """Answer with what does not change as long as Jupyter runs."""
        self.finish(self._about())

    def _about(self) -> dict[str, Any]:
        settings = self.service.settings
        return {
            "version": server_ext.__version__,
            "api": API,
            "capabilities": dict.fromkeys(CAPABILITIES, True),
            "roots": list(self.service.roots.paths),
            "require_token": settings.require_token,
            "model_server": {
                "host": settings.host,
                "rest_port_fixed": settings.rest_port,
                "grpc_port_fixed": settings.grpc_port,
                "batching": settings.batching,
                "max_models": settings.max_models,
            },
        }


class DocumentHandler(TFSHandler):
    """GET openapi.json."""

    operations: ClassVar[Operations] = {"get": Operation("This document", schemas.ANY_OBJECT)}

    @allowed("read")
    async def get(self) -> None:
        """Answer with the document."""
        self.finish(self.service.document)


class UnknownHandler(TFSHandler):
    """Whatever else is asked for below tfs/."""

    @allowed("read")
    async def get(self) -> None:
        """Answer that there is no such thing."""
        raise HTTPError(404, f"There is no {self.request.path} here; tfs/api/openapi.json has all")

    head = post = put = patch = delete = get
