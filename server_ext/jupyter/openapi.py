"""The API as an OpenAPI 3.1 document, made from what the handlers say of themselves.

routes.ROUTES --handler.operations--> paths       bodies.schema() of their fields --> request bodies
schemas.PARTS --------------------------------------------------------------------> components
"""

from __future__ import annotations

import http
import re
from collections.abc import Mapping
from typing import Any

import server_ext
from server_ext.hosting import bodies
from server_ext.jupyter import schemas
from server_ext.jupyter.handlers.base import Operation, TFSHandler

# Of every operation: no login or no right to do this.
_ALWAYS = (403,)
_WITH_FIELDS = (400, 413, 415)
_PARAMETERS: dict[str, dict[str, Any]] = {
    "name": {"type": "string", "pattern": "^[A-Za-z0-9_.-]{1,200}$"},
    "version": {"type": "integer", "minimum": 0, "maximum": bodies.MAX_VERSION},
}


def document(routes: Mapping[str, type[TFSHandler]], base_url: str) -> dict[str, Any]:
    """Return the document of these handlers, under the base URL of a Jupyter server."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Model server hosted by Jupyter",
            "version": server_ext.__version__,
            "description": "Manages the model server. Inference is under ../v1, as in "
            "TensorFlow Serving's REST API. A browser that is logged in sends its cookie and, to "
            "change anything, the header X-XSRFToken in place of the token.",
        },
        "servers": [{"url": f"{base_url}tfs/api"}],
        "security": [{"token": []}],
        "paths": {f"/{path}": _path(path, handler) for path, handler in routes.items()},
        "components": {
            "schemas": schemas.PARTS,
            "securitySchemes": {
                "token": {"type": "apiKey", "in": "header", "name": "Authorization"}
            },
        },
    }


def statuses(path: str, operation: Operation, method: str) -> list[int]:
    """Return all statuses of the errors that an operation may answer with."""
    asked = _WITH_FIELDS if method in ("post", "put", "patch") else ()
    checked = (400,) if operation.query or "{version}" in path else ()
    return sorted({*_ALWAYS, *asked, *checked, *operation.errors})


def _path(path: str, handler: type[TFSHandler]) -> dict[str, Any]:
    found: dict[str, Any] = {
        method: _operation(path, method, operation)
        for method, operation in handler.operations.items()
    }
    names = re.findall(r"{(\w+)}", path)
    if names:
        found["parameters"] = [
            {"name": name, "in": "path", "required": True, "schema": _PARAMETERS[name]}
            for name in names
        ]
    return found


def _operation(path: str, method: str, operation: Operation) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": re.sub(r"\W+", "_", f"{method}_{path}").strip("_"),
        "summary": operation.about,
        "responses": {
            "200": {
                "description": "It is done.",
                "content": {operation.content: {"schema": operation.answer}},
            },
            **{str(status): _error(status) for status in statuses(path, operation, method)},
        },
    }
    if method in ("post", "put", "patch"):
        schema = bodies.schema(operation.fields)
        found["requestBody"] = {
            "required": "required" in schema,
            "content": {"application/json": {"schema": schema}},
        }
    if operation.query:
        found["parameters"] = [
            {"name": name, "in": "query", "required": False, "schema": schema}
            for name, schema in operation.query.items()
        ]
    return found


def _error(status: int) -> dict[str, Any]:
    found: dict[str, Any] = {
        "description": http.HTTPStatus(status).phrase,
        "content": {"application/json": {"schema": schemas.part("Error")}},
    }
    if status == 503:
        found["headers"] = {"Retry-After": {"schema": {"type": "integer", "minimum": 1}}}
    return found
