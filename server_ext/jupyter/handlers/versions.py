"""One version of a model: loaded or unloaded by hand."""

from __future__ import annotations

from typing import ClassVar

from server_ext.errors import InvalidArgument
from server_ext.hosting.bodies import MAX_VERSION, shown
from server_ext.jupyter import schemas
from server_ext.jupyter.handlers.base import Operation, Operations, TFSHandler, allowed

_NOTE = schemas.part("Note")
_ERRORS = (404, 409, 503)


class LoadHandler(TFSHandler):
    """POST models/NAME/versions/N/load."""

    operations: ClassVar[Operations] = {
        "post": Operation("Serve this version too, beside those that are", _NOTE, errors=_ERRORS)
    }

    @allowed("write")
    async def post(self, name: str, version: str) -> None:
        """Answer with what this changes for the model."""
        self.fields()
        number = _number(version)
        self.tell(f"loads version {number} of {name!r}")
        self.finish({"note": await self.service.run(self.service.host.load, name, number)})


class UnloadHandler(TFSHandler):
    """POST models/NAME/versions/N/unload."""

    operations: ClassVar[Operations] = {
        "post": Operation("Serve this version no longer; its files stay", _NOTE, errors=_ERRORS)
    }

    @allowed("write")
    async def post(self, name: str, version: str) -> None:
        """Answer with what this changes for the model."""
        self.fields()
        number = _number(version)
        self.tell(f"unloads version {number} of {name!r}")
        self.finish({"note": await self.service.run(self.service.host.unload, name, number)})


class FilesHandler(TFSHandler):
    """DELETE models/NAME/versions/N/files."""

    operations: ClassVar[Operations] = {
        "delete": Operation(
            "Delete the files of a version that is not loaded, for good",
            schemas.part("Deleted"),
            errors=(404, 409),
        )
    }

    @allowed("write")
    async def delete(self, name: str, version: str) -> None:
        """Answer when they are gone, with how many bytes are free now."""
        number = _number(version)
        self.tell(f"deletes the files of version {number} of {name!r}")
        freed = await self.service.run(self.service.host.delete_files, name, number)
        self.finish({"note": f"The files of version {number} of {name} are gone.", "bytes": freed})


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= MAX_VERSION):
        raise InvalidArgument(f"{shown(text)} is no version: a version is a number from 0")
    return int(text)
