"""Errors as the API answers them."""

from __future__ import annotations

import pytest
from tornado.web import HTTPError

from server_ext.errors import Code, ServingError, TooLarge
from server_ext.jupyter import errors


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (Code.INVALID_ARGUMENT, 400),
        (Code.PERMISSION_DENIED, 403),
        (Code.NOT_FOUND, 404),
        (Code.ALREADY_EXISTS, 409),
        (Code.FAILED_PRECONDITION, 409),
        (Code.RESOURCE_EXHAUSTED, 429),
        (Code.UNAVAILABLE, 503),
    ],
)
def test_a_code_is_answered_with_its_status(code, status):
    assert errors.status_of(ServingError("m", code)) == status


@pytest.mark.parametrize("code", [code for code in Code if code is not Code.OK])
def test_every_code_has_a_status_of_an_error(code):
    assert 400 <= errors.status_of(ServingError("m", code)) < 600


def test_a_body_that_is_too_large_has_a_status_of_its_own():
    assert errors.status_of(TooLarge("m")) == 413


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 413, 415, 429, 500, 502, 503])
def test_every_status_that_tornado_answers_has_a_reason_and_a_message(status):
    assert errors.reason_of(status) in Code.__members__
    assert errors.plain_message(status, None)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (HTTPError(404, "There is no /a%40b here"), "There is no /a%40b here"),
        (HTTPError(404, "There is no %s here", "100%"), "There is no 100% here"),
        (HTTPError(404), None),
    ],
)
def test_what_tornado_says_is_told_as_it_was_meant(error, said):
    assert errors.said_by(error) == said
