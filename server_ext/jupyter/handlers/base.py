"""What every handler does: bodies in, JSON out, errors as one form, who did what in the log.

Each method of a handler says in `operations` what the document tells of it; a test compares both.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar, cast

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado.web import HTTPError, authenticated

from server_ext.errors import Code, InvalidArgument, ServingError, TooLarge
from server_ext.hosting import bodies
from server_ext.hosting.bodies import Field, shown
from server_ext.jupyter import errors
from server_ext.jupyter.service import Service

Method = TypeVar("Method", bound=Callable[..., Awaitable[None]])
RESOURCE = "tfs"


@dataclass(frozen=True)
class Operation:
    """What the document says of a method: its answer as JSON Schema, its fields, its errors."""

    about: str
    answer: Mapping[str, Any]
    fields: Sequence[Field] = ()
    errors: Sequence[int] = ()
    query: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    content: str = "application/json"


Operations = Mapping[str, Operation]


def allowed(action: str) -> Callable[[Method], Method]:
    """Let a method through for users who are logged in and may do this: read, write or execute."""

    def wrap(method: Method) -> Method:
        return cast(Method, authenticated(authorized(action)(method)))

    return wrap


class TFSHandler(APIHandler):
    """The base of all handlers."""

    auth_resource = RESOURCE
    operations: ClassVar[Operations] = {}
    _host_is_ours = True

    def initialize(self, service: Service) -> None:
        """Take what all handlers share; tornado calls this."""
        self.service = service

    async def prepare(self) -> None:  # type: ignore[override]
        """Do Jupyter's checks; a page of another site is told so, and not that nothing is here."""
        try:
            await super().prepare()
        except HTTPError as error:
            if error.status_code == 404:
                raise HTTPError(403, "This request comes from a page of another site") from error
            raise

    def check_host(self) -> bool:
        """Do Jupyter's check of the Host header, and note for `write_error` how it went."""
        self._host_is_ours = super().check_host()
        return self._host_is_ours

    def check_xsrf_cookie(self) -> None:
        """Do Jupyter's check of who sent this, and say what to do about a refusal."""
        try:
            super().check_xsrf_cookie()
        except HTTPError as error:
            if error.status_code == 403:
                raise HTTPError(403, errors.NO_XSRF) from error
            raise

    def fields(self) -> dict[str, Any]:
        """Return the fields of the body, checked by the operation of this method.

        Raises:
            TooLarge, InvalidArgument: the body is not what the document says.
            HTTPError: it is said to be something else than JSON.
        """
        raw = self.request.body
        if len(raw) > bodies.MAX_BYTES:
            raise TooLarge(f"The body has {len(raw)} bytes; this takes at most {bodies.MAX_BYTES}")
        kind = self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if raw and kind != "application/json":
            raise HTTPError(415, f"The body is {kind or 'of no type'}; send application/json")
        operation = self.operations[str(self.request.method).lower()]
        return bodies.read(raw, operation.fields)

    def number(self, name: str, default: int, highest: int) -> int:
        """Return a number of the query.

        Raises:
            InvalidArgument: it is no whole number from 0 to `highest`.
        """
        text = self.get_query_argument(name, str(default))
        if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= highest):
            raise InvalidArgument(f"{name} is {shown(text)}, and must be from 0 to {highest}")
        return int(text)

    def tell(self, what: str) -> None:
        """Note in the log what a user does."""
        self.log.info("tfs: %s %s", self.current_user.username, what)

    def retry_after_s(self) -> int:
        """Return in how many seconds what is answered with 503 may succeed."""
        return self.service.retry_after_s()

    def error_body(self, message: str, reason: str) -> dict[str, str]:
        """Return what an error is told by."""
        return errors.answer(message, reason)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer with an error in our form; whatever happened, no client sees a traceback."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(error, ServingError):
            self.set_status(errors.status_of(error))
            body = self.error_body(error.message, error.code.name)
        elif status_code == 403 and not self.current_user:
            body = self._stranger_body()
        elif isinstance(error, HTTPError):
            message = errors.plain_message(status_code, errors.said_by(error))
            body = self.error_body(message, errors.reason_of(status_code))
        else:
            body = self.error_body(errors.INTERNAL, Code.INTERNAL.name)
        if self.get_status() == 503:
            self.set_header("Retry-After", str(self.retry_after_s()))
        self.finish(body)

    def _stranger_body(self) -> dict[str, str]:
        """Return what those are told whom nobody knows, or whom nobody was asked about."""
        if self._host_is_ours:
            return self.error_body(errors.NOT_LOGGED_IN, Code.UNAUTHENTICATED.name)
        host = shown(self.request.host)
        return self.error_body(errors.FOREIGN_HOST.format(host), Code.PERMISSION_DENIED.name)

    def log_exception(self, *exc_info: Any) -> None:
        """Keep errors of clients out of the log; only a bug of ours leaves its traceback there."""
        if not isinstance(exc_info[1], ServingError):
            super().log_exception(*exc_info)
