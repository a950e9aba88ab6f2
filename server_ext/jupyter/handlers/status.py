"""How the model server and its models are, and where it listens."""

from __future__ import annotations

from typing import ClassVar

from server_ext.jupyter import schemas
from server_ext.jupyter.handlers.base import Operation, Operations, TFSHandler, allowed


class StatusHandler(TFSHandler):
    """GET status: all there is to show."""

    _track_activity = False  # a page that watches is no reason to keep a server alive
    operations: ClassVar[Operations] = {
        "get": Operation("The model server, its models and its last sample", schemas.part("Status"))
    }

    @allowed("read")
    async def get(self) -> None:
        """Answer with the state of everything."""
        self.finish(self.service.host.status())


class AddressHandler(TFSHandler):
    """GET address: for clients that go to the model server's own ports."""

    operations: ClassVar[Operations] = {
        "get": Operation(
            "Where the model server listens, with the token of its ports. "
            "Needs the right to write, since the token opens them",
            schemas.part("Address"),
            errors=[503],
        )
    }

    @allowed("write")
    async def get(self) -> None:
        """Answer with the address; 503 when the model server does not run."""
        address = self.service.address()
        self.set_header("Cache-Control", "no-store")
        self.finish(
            {
                "rest_url": address.rest_url,
                "grpc_target": address.grpc_target,
                "token": address.token,
            }
        )
