"""The document of the API is valid, and says of the handlers what is so."""

from __future__ import annotations

import inspect
import re

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from tornado.web import RequestHandler

from server_ext import errors
from server_ext.hosting import bodies
from server_ext.jupyter import routes, schemas
from server_ext.jupyter.errors import status_of
from server_ext.jupyter.handlers.base import TFSHandler
from server_ext.jupyter.openapi import document

METHODS = {"get", "head", "post", "put", "patch", "delete"}
HANDLERS = [handler for _, handler in routes.patterns()]


@pytest.fixture(scope="module")
def found():
    return document(routes.ROUTES, "/a%40b/")


def own_methods(handler: type[TFSHandler]) -> set[str]:
    """Return the HTTP methods that a handler answers itself."""
    return {name for name in METHODS if getattr(handler, name) is not getattr(RequestHandler, name)}


def test_the_document_is_valid(found):
    OpenAPIV31SpecValidator(found).validate()


def test_every_method_of_every_handler_is_in_the_document_and_nothing_else(found):
    said = {path: set(entry) & METHODS for path, entry in found["paths"].items()}

    assert said == {f"/{path}": own_methods(handler) for path, handler in routes.ROUTES.items()}


def test_every_name_in_a_path_is_a_parameter(found):
    for path, entry in found["paths"].items():
        names = {parameter["name"] for parameter in entry.get("parameters", [])}
        assert names == set(re.findall(r"{(\w+)}", path))


def test_every_operation_has_an_id_of_its_own(found):
    ids = [
        operation["operationId"]
        for entry in found["paths"].values()
        for method, operation in entry.items()
        if method in METHODS
    ]

    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("handler", sorted(set(HANDLERS), key=lambda each: each.__name__))
def test_every_method_asks_who_it_is_before_what_they_may(handler):
    assert handler.auth_resource == "tfs"
    for name in own_methods(handler):
        wrapped = getattr(handler, name)
        code = [
            inspect.unwrap(wrapped, stop=lambda f, n=depth: _depth(f) == n).__code__
            for depth in (2, 1)
        ]
        assert [each.co_filename.rsplit("/", 2)[-2:] for each in code] == [
            ["tornado", "web.py"],
            ["auth", "decorator.py"],
        ], f"{handler.__name__}.{name}"


def _depth(function) -> int:
    """Return how many functions a decorated one wraps."""
    depth = 0
    while hasattr(function, "__wrapped__"):
        function, depth = function.__wrapped__, depth + 1
    return depth


def test_the_bodies_in_the_document_are_those_that_are_checked(found):
    for path, handler in routes.ROUTES.items():
        for method, operation in handler.operations.items():
            body = found["paths"][f"/{path}"][method].get("requestBody")
            assert (body is not None) == (method in ("post", "put", "patch"))
            if body:
                schema = body["content"]["application/json"]["schema"]
                assert schema == bodies.schema(operation.fields)


def test_every_schema_that_is_referred_to_is_there(found):
    wanted = set(re.findall(r"#/components/schemas/(\w+)", str(found)))

    assert wanted <= set(schemas.PARTS)
    assert set(schemas.PARTS) <= wanted | {"Status"}


@pytest.mark.parametrize(
    ("path", "method", "raised"),
    [
        ("models/{name}", "put", errors.AlreadyExists),
        ("models/{name}", "put", errors.ResourceExhausted),
        ("models/{name}", "put", errors.PermissionDenied),
        ("models/{name}", "put", errors.TooLarge),
        ("models/{name}", "patch", errors.FailedPrecondition),
        ("models/{name}", "patch", errors.NotFound),
        ("models/{name}", "delete", errors.NotFound),
        ("models/{name}/versions/{version}/load", "post", errors.InvalidArgument),
        ("models/{name}/versions/{version}/unload", "post", errors.FailedPrecondition),
        ("server/start", "post", errors.FailedPrecondition),
        ("server/start", "post", errors.Unavailable),
        ("poll", "post", errors.Unavailable),
        ("address", "get", errors.Unavailable),
        ("events", "get", errors.ResourceExhausted),
    ],
)
def test_the_statuses_that_the_host_can_cause_are_documented(found, path, method, raised):
    said = found["paths"][f"/{path}"][method]["responses"]

    assert str(status_of(raised("m"))) in said
    assert {"200", "403"} <= set(said)
