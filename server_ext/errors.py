"""Every failure a request, a model or an option can meet: one family with neutral codes.

    ServingError(code, message)
      InvalidArgument           the request or the option is wrong as it stands
      NotFound                  no such model, version or file
        ServableNotFound        no loaded version answers this request
      AlreadyExists             the name is somebody else's
      FailedPrecondition        right request, wrong moment or wrong model
      ResourceExhausted         a limit would be passed
        TooLarge                the request is larger than the server takes
      Unavailable, DeadlineExceeded, Cancelled, Unauthenticated, Unimplemented, Internal, …

Front ends turn a code into a gRPC or HTTP status; nothing below them knows either protocol.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from enum import Enum
from typing import TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")


class Code(Enum):
    """A canonical status code: its gRPC number and the HTTP status it is answered with.

    Source of the HTTP column: model_servers/http_server.cc of TensorFlow Serving.
    """

    OK = 0, 200
    CANCELLED = 1, 499
    UNKNOWN = 2, 500
    INVALID_ARGUMENT = 3, 400
    DEADLINE_EXCEEDED = 4, 504
    NOT_FOUND = 5, 404
    ALREADY_EXISTS = 6, 409
    PERMISSION_DENIED = 7, 403
    RESOURCE_EXHAUSTED = 8, 429
    FAILED_PRECONDITION = 9, 400
    ABORTED = 10, 409
    OUT_OF_RANGE = 11, 400
    UNIMPLEMENTED = 12, 501
    INTERNAL = 13, 500
    UNAVAILABLE = 14, 503
    DATA_LOSS = 15, 500
    UNAUTHENTICATED = 16, 401

    @property
    def grpc(self) -> int:
        """Number of the code in gRPC and in `tensorflow.error.Code`."""
        return self.value[0]

    @property
    def http(self) -> int:
        """HTTP status of an answer with this code."""
        return self.value[1]

    @classmethod
    def from_grpc(cls, number: int) -> Code:
        """Return the code with this gRPC number; UNKNOWN for a number outside of 0 to 16."""
        return next((code for code in cls if code.grpc == number), cls.UNKNOWN)


class ServingError(Exception):
    """Something a client or an operator is told in one message with a code; never a traceback."""

    code = Code.UNKNOWN

    def __init__(self, message: str, code: Code | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        return self.message

    @property
    def status_text(self) -> str:
        """`CODE: message`, the form in which TensorFlow prints a status."""
        return f"{self.code.name}: {self.message}"


def outcome(work: Callable[[], T], what: str) -> T | ServingError:
    """Return what the work returns, or the error it ends in; raises nothing.

    An exception that is no ServingError is a bug: `what` (`A Predict`) names the work in the log,
    and whoever asked learns no more than that.
    """
    try:
        return work()
    except Exception as error:
        return failure(error, what)


def failure(error: Exception, what: str) -> ServingError:
    """Return what to tell of an exception; to be called while it is handled, as `outcome` does."""
    if isinstance(error, ServingError):
        return error
    log.exception("%s failed in a way that is a bug of the server", what)
    return Internal("Internal error; the server's log has the details")


class InvalidArgument(ServingError):
    """The request or option is wrong whatever the state of the server."""

    code = Code.INVALID_ARGUMENT


class NotFound(ServingError):
    """What the request names does not exist here."""

    code = Code.NOT_FOUND


class ServableNotFound(NotFound):
    """No loaded version answers this request.

    `request` is TensorFlow Serving's way to name it: `Latest(digits)` or `Specific(digits, 7)`
    (core/servable_handle.h, basic_manager.cc).
    """

    def __init__(self, request: str) -> None:
        super().__init__(f"Servable not found for request: {request}")


class AlreadyExists(ServingError):
    """What the request would make is there already, and belongs to somebody else."""

    code = Code.ALREADY_EXISTS


class FailedPrecondition(ServingError):
    """The request is well formed but does not fit the model or the present state."""

    code = Code.FAILED_PRECONDITION


class ResourceExhausted(ServingError):
    """A limit on memory, size or queue length would be passed."""

    code = Code.RESOURCE_EXHAUSTED


class TooLarge(ResourceExhausted):
    """The request is larger than the server takes; over HTTP that has a status of its own, 413."""


class Unavailable(ServingError):
    """Not now; the same request may succeed later."""

    code = Code.UNAVAILABLE


class DeadlineExceeded(ServingError):
    """The time the client or the server allows for this request is over."""

    code = Code.DEADLINE_EXCEEDED


class Unauthenticated(ServingError):
    """Who asks has not shown that they may."""

    code = Code.UNAUTHENTICATED


class PermissionDenied(ServingError):
    """This is not to be asked from there, by anyone."""

    code = Code.PERMISSION_DENIED


class Unimplemented(ServingError):
    """Known, and not offered by this server."""

    code = Code.UNIMPLEMENTED


class Internal(ServingError):
    """A fault of the server itself; its log has the details."""

    code = Code.INTERNAL
