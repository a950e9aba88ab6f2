"""Codes and errors: one table that gRPC, HTTP and TensorFlow all agree with."""

from http import HTTPStatus

import grpc
import pytest

from server_ext import errors
from server_ext.errors import Code, ServingError

CLIENT_CLOSED_REQUEST = 499  # not in the standard library; nginx's, and TensorFlow Serving's


KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, ServingError) and kind is not ServingError
]


def test_codes_are_those_of_grpc_by_name_and_number():
    ours = {code.name: code.grpc for code in Code}

    assert ours == {status.name: status.value[0] for status in grpc.StatusCode}


@pytest.mark.tensorflow
def test_codes_are_those_of_tensorflow_by_name_and_number():
    from tensorflow.core.protobuf import error_codes_pb2

    theirs = dict(error_codes_pb2.Code.items())

    assert {code.name: code.grpc for code in Code}.items() <= theirs.items()


def test_codes_become_the_http_statuses_that_tensorflow_serving_answers_with():
    assert {code.name: code.http for code in Code} == {
        "OK": 200,
        "CANCELLED": 499,
        "UNKNOWN": 500,
        "INVALID_ARGUMENT": 400,
        "DEADLINE_EXCEEDED": 504,
        "NOT_FOUND": 404,
        "ALREADY_EXISTS": 409,
        "PERMISSION_DENIED": 403,
        "RESOURCE_EXHAUSTED": 429,
        "FAILED_PRECONDITION": 400,
        "ABORTED": 409,
        "OUT_OF_RANGE": 400,
        "UNIMPLEMENTED": 501,
        "INTERNAL": 500,
        "UNAVAILABLE": 503,
        "DATA_LOSS": 500,
        "UNAUTHENTICATED": 401,
    }
    assert Code.from_grpc(99).http == 500


@pytest.mark.parametrize("code", Code)
def test_a_code_has_a_grpc_number_of_its_own_and_an_http_status(code: Code):
    assert Code.from_grpc(code.grpc) is code
    assert code.http == CLIENT_CLOSED_REQUEST or HTTPStatus(code.http)
    assert (code.http < 400) == (code is Code.OK)


@pytest.mark.parametrize("number", [-1, 17, 1000])
def test_a_number_that_is_no_code_is_unknown(number: int):
    assert Code.from_grpc(number) is Code.UNKNOWN


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_has_a_code_that_says_more_than_unknown(kind: type[ServingError]):
    assert kind.code not in (Code.OK, Code.UNKNOWN)
    assert kind("why").message.endswith("why") or kind is errors.ServableNotFound


def test_an_error_shows_its_message_and_as_a_status_its_code():
    error = ServingError("no room", Code.RESOURCE_EXHAUSTED)

    assert str(error) == "no room"
    assert error.status_text == "RESOURCE_EXHAUSTED: no room"


def test_a_servable_not_found_is_named_as_tensorflow_serving_names_it():
    error = errors.ServableNotFound("Specific(digits, 7)")

    assert error.status_text == ("NOT_FOUND: Servable not found for request: Specific(digits, 7)")


def test_what_belongs_to_somebody_else_is_a_conflict():
    error = errors.AlreadyExists("Model m is served by work/a.ipynb")

    assert error.status_text == "ALREADY_EXISTS: Model m is served by work/a.ipynb"
    assert (error.code.grpc, error.code.http) == (6, 409)
