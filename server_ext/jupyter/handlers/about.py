"""What this is and what it can do, the document of the whole API, and whatever else is asked."""

from __future__ import annotations

from typing import Any, ClassVar

from tornado.web import HTTPError

import server_ext
from server_ext.errors import Unavailable
from server_ext.jupyter import schemas
from server_ext.jupyter.handlers.base import Operation, Operations, TFSHandler, allowed

API = 1
CAPABILITIES = (
    *("labels", "versions", "events", "logs", "proxy", "poll", "owners"),
    *("history", "timing", "files"),
)


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
            "root_dir": self.service.roots.root_dir,
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


class RefusingHandler(TFSHandler):
    """All below tfs/, where options keep a model server from being hosted."""

    def initialize(self, problem: str) -> None:  # type: ignore[override]
        """Take what is wrong; tornado calls this."""
        self._problem = problem

    @allowed("read")
    async def get(self) -> None:
        """Answer what is wrong, which only a start of Jupyter with other options can mend."""
        raise Unavailable(self._problem)

    head = post = put = patch = delete = get

    def error_body(self, message: str, reason: str) -> dict[str, str]:
        """Return what an error is told by, to clients of either API."""
        return {"error": message, **super().error_body(message, reason)}

    def retry_after_s(self) -> int:
        """Return how long clients are to wait: it takes somebody to start Jupyter again."""
        return 60
