"""The HTTP client of a Jupyter server's /tfs/api; every failure is one ServingError.

Threads: any thread may call; a forked copy of the process opens connections of its own.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from typing import Any

import requests
from urllib3.exceptions import InsecureRequestWarning

from server_ext.errors import (
    AlreadyExists,
    Code,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    ServingError,
    Unavailable,
)
from server_ext.hosting.process import ServerFailed
from tfs_magics.client.rest import code_of, reason, session

CONNECT_TIMEOUT_S = 5
ANSWER_TIMEOUT_S = 30
START_TIMEOUT_S = 300  # of what waits for a model server to start or to stop
_ERRORS = (
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    Unavailable,
)
_KINDS = {kind.code: kind for kind in _ERRORS}


class NoExtension(NotFound):
    """The Jupyter server answers, and has no part that hosts model servers."""


class JupyterApi:
    """Talks to the Jupyter server at `url`, its base URL without a slash at the end."""

    def __init__(self, url: str, token: str, *, verify: bool = True) -> None:
        self.url = url
        self.authorization = f"token {token}" if token else ""
        self._verify = verify
        self._session = session()
        self._pid = os.getpid()

    def get(self, path: str, **query: int) -> dict[str, Any]:
        """Ask for something below tfs/api.

        Raises:
            NoExtension: there is no such API.
            PermissionDenied: the token is not accepted, or may not see this.
            Unavailable: the Jupyter server does not answer.
            ServingError: what the API refuses, in its words.
        """
        return self._ask("GET", path, params=query, timeout_s=ANSWER_TIMEOUT_S)

    def change(
        self, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Have something changed; may block for as long as a model server takes to start."""
        return self._ask(method, path, json=dict(body or {}), timeout_s=START_TIMEOUT_S)

    def pass_on(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, *, stream: bool
    ) -> requests.Response:
        """Ask for a path below tfs/ and return whatever is answered.

        Raises:
            Unavailable: the Jupyter server does not answer.
        """
        more: dict[str, Any] = {"headers": headers, "data": body or None, "stream": stream}
        return self._sent(method, path, timeout_s=START_TIMEOUT_S, **more)

    def _ask(self, method: str, path: str, *, timeout_s: float, **more: Any) -> dict[str, Any]:
        headers = {"Accept": "application/json"}
        more |= {"headers": headers, "timeout_s": timeout_s}
        response = self._sent(method, f"api/{path}", **more)
        if response.status_code >= 300:
            raise self._refusal(response)
        try:
            return dict(response.json()) if response.content else {}
        except ValueError:  # a page for people: something else answers there
            raise self._no_extension() from None

    def _sent(
        self, method: str, path: str, headers: Mapping[str, str], timeout_s: float, **more: Any
    ) -> requests.Response:
        if self._pid != os.getpid():
            self._session, self._pid = session(), os.getpid()
        more["headers"] = dict(headers)
        if self.authorization:
            more["headers"]["Authorization"] = self.authorization
        more["timeout"] = (CONNECT_TIMEOUT_S, timeout_s)
        try:
            return self._send(method, f"{self.url}/tfs/{path}", **more)
        except requests.Timeout:
            raise ServingError(
                f"The Jupyter server at {self.url} did not answer within {timeout_s:g} s.",
                Code.DEADLINE_EXCEEDED,
            ) from None
        except requests.RequestException as error:
            raise Unavailable(
                f"The Jupyter server at {self.url} cannot be reached ({reason(error)}). If it has "
                "ended, start it again; %config TFSMagics.server = 'own' does without it."
            ) from None

    def _send(self, method: str, url: str, **more: Any) -> requests.Response:
        with warnings.catch_warnings():
            if not self._verify:  # our own machine, by a name that the certificate does not have
                warnings.simplefilter("ignore", InsecureRequestWarning)
            return self._session.request(
                method,
                url,
                allow_redirects=False,  # to a page to log in
                verify=self._verify,
                **more,
            )

    def _refusal(self, response: requests.Response) -> ServingError:
        """Return what was refused: in the API's words if they are the API's."""
        try:
            said = response.json()
            code, message = Code[said["reason"]], str(said["message"])
        except (ValueError, KeyError, TypeError):  # Jupyter's own, or a proxy's
            return self._of_jupyter(response.status_code)
        if code is Code.UNAUTHENTICATED:
            return self._of_jupyter(code.http)
        if code is Code.ALREADY_EXISTS and "--replace" not in message:
            message = f"{message.rstrip('.')}. %tfs_serve with --replace takes it over."
        title, *lines = message.split("\n  ")
        if code is Code.UNAVAILABLE and lines:  # the last words of a model server
            return ServerFailed(title, lines)
        return _KINDS.get(code, ServingError)(message, code)

    def _of_jupyter(self, status: int) -> ServingError:
        if status in (301, 302, 401, 403):
            return PermissionDenied(
                f"The Jupyter server at {self.url} does not accept the token for this "
                f"(HTTP {status}): put one that may behind its address (URL?token=...), or set "
                "TFS_MANAGER_TOKEN beside TFS_MANAGER_URL, or ask its owner."
            )
        if status == 404:
            return self._no_extension()
        code = code_of(status)
        said = f"The Jupyter server at {self.url} answered HTTP {status}. Its log tells more."
        return _KINDS.get(code, ServingError)(said, code)

    def _no_extension(self) -> NoExtension:
        return NoExtension(
            f"The Jupyter server at {self.url} does not host model servers. "
            "In its environment: pip install tfs-magics, then "
            "jupyter server extension enable server_ext, and start it again."
        )
