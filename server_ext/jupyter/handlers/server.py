"""Starts and stops the model server."""

from __future__ import annotations

from typing import ClassVar

from server_ext.hosting import forms
from server_ext.jupyter import schemas
from server_ext.jupyter.handlers.base import Operation, Operations, TFSHandler, allowed

_STATUS = schemas.part("Status")


class StartHandler(TFSHandler):
    """POST server/start."""

    operations: ClassVar[Operations] = {
        "post": Operation(
            "Start the model server and wait until it listens; one that runs is left as it is",
            _STATUS,
            fields=forms.START,
            errors=[409, 503],
        )
    }

    @allowed("write")
    async def post(self) -> None:
        """Answer with the status when the server listens."""
        wishes = self.fields()
        self.tell(f"starts the model server {wishes or ''}".rstrip())
        await self.service.run(self.service.host.start, **wishes)
        self.finish(self.service.host.status())


class StopHandler(TFSHandler):
    """POST server/stop."""

    operations: ClassVar[Operations] = {
        "post": Operation(
            "Stop the model server, after the requests that run",
            _STATUS,
            fields=forms.STOP,
        )
    }

    @allowed("write")
    async def post(self) -> None:
        """Answer with the status when the process has ended."""
        fields = self.fields()
        forget, now = fields.get("forget", False), fields.get("now", False)
        self.tell("stops the model server" + " at once" * now + " and forgets its models" * forget)
        await self.service.run_now(self.service.host.stop, forget=forget, now=now)
        self.finish(self.service.host.status())


class RestartHandler(TFSHandler):
    """POST server/restart."""

    operations: ClassVar[Operations] = {
        "post": Operation(
            "Stop the model server, start it and wait until it listens", _STATUS, errors=[409, 503]
        )
    }

    @allowed("write")
    async def post(self) -> None:
        """Answer with the status when the new process listens."""
        self.fields()
        self.tell("restarts the model server")
        await self.service.run_now(self.service.host.restart)
        self.finish(self.service.host.status())


class PollHandler(TFSHandler):
    """POST poll."""

    operations: ClassVar[Operations] = {
        "post": Operation(
            "Look for new versions now, and not within the next second",
            schemas.part("Note"),
            errors=[503],
        )
    }

    @allowed("write")
    async def post(self) -> None:
        """Answer when the model server has been told."""
        self.fields()
        await self.service.run(self.service.host.poll)
        self.finish({})
