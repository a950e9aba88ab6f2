"""Errors as the API answers them: a status, and {"message", "reason"} with the name of the code.

The statuses are those that TensorFlow Serving's REST uses, but for one: what does not fit the
present state is a conflict here (409), so that a form can tell it from a field filled in wrong.
"""

from __future__ import annotations

import http

from tornado.web import HTTPError

from server_ext.errors import Code, ServingError, TooLarge

TOO_LARGE = 413
_OURS = {Code.FAILED_PRECONDITION: 409}
_REASONS = {
    400: Code.INVALID_ARGUMENT,
    401: Code.UNAUTHENTICATED,
    403: Code.PERMISSION_DENIED,
    404: Code.NOT_FOUND,
    405: Code.UNIMPLEMENTED,
    409: Code.FAILED_PRECONDITION,
    TOO_LARGE: Code.RESOURCE_EXHAUSTED,
    415: Code.INVALID_ARGUMENT,
    429: Code.RESOURCE_EXHAUSTED,
    503: Code.UNAVAILABLE,
}
NOT_LOGGED_IN = (
    "This needs a login. Send the token of the Jupyter server, as the header "
    "`Authorization: token ...`, or log in with a browser first."
)
FOREIGN_HOST = (
    "Host {} is not a name of this Jupyter server. In jupyter_server_config.py, "
    "c.ServerApp.local_hostnames adds it, and c.ServerApp.allow_remote_access = True allows any."
)
NO_XSRF = (
    "Nothing shows that this comes from a page of this Jupyter server. Send the value of the "
    "cookie _xsrf as the header X-XSRFToken, or use `Authorization: token ...` in its place."
)
INTERNAL = "Internal error; the log of the Jupyter server has the details"


def status_of(error: ServingError) -> int:
    """Return the HTTP status that an error is answered with."""
    if isinstance(error, TooLarge):
        return TOO_LARGE
    return _OURS.get(error.code, error.code.http)


def reason_of(status: int) -> str:
    """Return the name of the code that stands for a status which no error of ours gave."""
    return _REASONS.get(status, Code.INTERNAL if status >= 500 else Code.UNKNOWN).name


def answer(message: str, reason: str) -> dict[str, str]:
    """Return the body of an answer that tells of an error."""
    return {"message": message, "reason": reason}


def said_by(error: HTTPError) -> str | None:
    """Return what an error of tornado says; its own text is a format, in which % is doubled."""
    return error.log_message % error.args if error.log_message else None


def plain_message(status: int, said: str | None) -> str:
    """Return what to tell about a status: what was said, or else what the status means."""
    if said:
        return said
    return http.HTTPStatus(status).phrase if status in http.HTTPStatus._value2member_map_ else ""
