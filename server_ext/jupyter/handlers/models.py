"""The models that are served: added, changed and taken away."""

from __future__ import annotations

import os
from typing import Any, ClassVar

from server_ext.errors import InvalidArgument
from server_ext.hosting import forms
from server_ext.hosting.models import Model, parse_versions
from server_ext.hosting.settings import Owner
from server_ext.jupyter import schemas
from server_ext.jupyter.handlers.base import Operation, Operations, TFSHandler, allowed

_NOTE = schemas.part("Note")


class ModelHandler(TFSHandler):
    """PUT, PATCH and DELETE models/NAME."""

    operations: ClassVar[Operations] = {
        "put": Operation(
            "Serve a model; starts the model server if it does not run, and waits until it listens",
            _NOTE,
            fields=forms.SERVE,
            errors=[409, 429, 503],
        ),
        "patch": Operation(
            "Change which versions are served, or what their labels are",
            _NOTE,
            fields=forms.CHANGE,
            errors=[404, 409, 503],
        ),
        "delete": Operation("Serve a model no longer; its files stay", _NOTE, errors=[404]),
    }

    @allowed("write")
    async def put(self, name: str) -> None:
        """Answer when the model server has taken the model; it may still be loading."""
        body = self.fields()
        model = await self.service.run(self._model, name, body)
        replace = body.get("replace", False)
        self.tell(f"serves {name} from {model.base_path!r}" + " in place of another" * replace)
        await self.service.run(self.service.host.serve, [model], _owner(body), replace)
        await self.service.run(self.service.host.start)
        missing = not await self.service.run(os.path.isdir, model.base_path)
        self.finish({"note": _missing(model)} if missing else {})

    @allowed("write")
    async def patch(self, name: str) -> None:
        """Answer when the model server has taken the change."""
        body = self.fields()
        if not body:
            raise InvalidArgument("There is nothing to change; this takes versions, labels or both")
        versions = parse_versions(body["versions"]) if "versions" in body else None
        self.tell(f"changes {name!r}: {body}")
        labels = body.get("labels", {})
        await self.service.run(self.service.host.change, name, versions, labels)
        self.finish({})

    @allowed("write")
    async def delete(self, name: str) -> None:
        """Answer when the model server has been told; requests that run still end."""
        self.tell(f"removes {name!r}")
        await self.service.run(self.service.host.remove, name)
        self.finish({})

    def _model(self, name: str, body: dict[str, Any]) -> Model:
        return forms.model_of(name, self.service.roots.resolve(body["base_path"]), body)


def _owner(body: dict[str, Any]) -> Owner | None:
    return Owner(**body["owner"]) if "owner" in body else None


def _missing(model: Model) -> str:
    return f"{model.base_path} does not exist yet; versions are served when they appear there."
