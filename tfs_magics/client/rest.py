"""The server's REST API: one method a request; every failure is one ServingError.

Threads: any thread may call; a forked copy of the process opens connections of its own.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import requests

from server_ext.errors import Code, InvalidArgument, ServingError, Unauthenticated, Unavailable
from tfs_magics.client import signatures
from tfs_magics.client.signatures import Metadata
from tfs_magics.client.timing import UNTIMED, Timing, timed

CONNECT_TIMEOUT_S = 5
ANSWER_TIMEOUT_S = 300
PAGE_TIMEOUT_S = 30  # for what the server knows without running a model
MAX_VERSION = 2**63 - 1
_TOKEN = (
    "This model server wants a token: put it behind its address (URL?token=...), or set "
    "TFS_MANAGER_TOKEN beside TFS_MANAGER_URL."
)


@dataclass(frozen=True)
class Answer:
    """What came back: HTTP status, body as sent, seconds it took, and what the server timed."""

    status: int
    body: bytes
    seconds: float
    timing: Timing = UNTIMED

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """Return the body as Python values."""
        return json.loads(self.body)

    def checked(self) -> Answer:
        """Return the answer if it is one.

        Raises:
            ServingError: the server refused; with the code of the HTTP status and its text.
        """
        if self.status < 400:
            return self
        if self.status == Code.UNAUTHENTICATED.http:
            raise Unauthenticated(f"{self._refusal().rstrip('.')}. {_TOKEN}")
        raise ServingError(self._refusal(), code_of(self.status))

    def _refusal(self) -> str:
        try:
            said = self.json()
            return str(said["error"] if "error" in said else said["message"])  # ours, Jupyter's
        except (ValueError, KeyError, TypeError):
            return f"HTTP {self.status}: {self.text[:500]}"


class Client:
    """Talks to the server at `url` (`http://127.0.0.1:8501`), whatever proxy is set.

    `authorization` is the header it wants, such as `Bearer abc`; empty for none.
    """

    def __init__(self, url: str, authorization: str = "") -> None:
        self.url = url
        self._headers = {"Authorization": authorization} if authorization else {}
        self._session = session()
        self._pid = os.getpid()

    def server(self) -> dict[str, Any]:
        """Return the server's page about itself: models, versions, states."""
        document: dict[str, Any] = self._ask("GET", "/v1/server").checked().json()
        return document

    def metadata(self, name: str, version: int | None = None) -> Metadata:
        """Return the signatures of a version, or of the latest one that is available."""
        answer = self._ask("GET", f"{model_path(name, version)}/metadata")
        return signatures.parse(answer.checked().json())

    def predict(self, name: str, version: int | None, body: bytes) -> Answer:
        """Post a body as it is; the answer may be a refusal."""
        return self._ask("POST", f"{model_path(name, version)}:predict", body)

    def _ask(self, method: str, path: str, body: bytes | None = None) -> Answer:
        if self._pid != os.getpid():
            self._session, self._pid = session(), os.getpid()
        content = {"Content-Type": "application/json", "X-TFS-Timing": "1"} if body else {}
        timeout_s = PAGE_TIMEOUT_S if body is None else ANSWER_TIMEOUT_S
        began = time.monotonic()
        try:
            response = self._session.request(
                method,
                f"{self.url}{path}",
                data=body,
                headers={**content, **self._headers},
                timeout=(CONNECT_TIMEOUT_S, timeout_s),
            )
        except requests.Timeout:
            raise ServingError(
                f"The model server at {self.url} did not answer within {timeout_s} s.",
                Code.DEADLINE_EXCEEDED,
            ) from None
        except requests.RequestException as error:
            raise Unavailable(
                f"The model server at {self.url} cannot be reached ({reason(error)}). "
                "%tfs_status tells more."
            ) from None
        seconds = time.monotonic() - began
        timing = timed(response.headers.get("Server-Timing", ""))
        return Answer(response.status_code, response.content, seconds, timing)


def model_path(name: str, version: int | None = None) -> str:
    """Return the path of a model, or of one version, below the server's URL.

    Raises:
        InvalidArgument: a version that no model can have.
    """
    if version is not None and not 0 <= version <= MAX_VERSION:
        raise InvalidArgument(
            f"{name} has no version {version}: a version is a number from 0 to {MAX_VERSION}."
        )
    path = f"/v1/models/{quote(name, safe='')}"
    return path if version is None else f"{path}/versions/{version}"


def session() -> requests.Session:
    """Return a session that knows nothing of the environment's proxies and passwords."""
    fresh = requests.Session()
    fresh.trust_env = False  # no proxy stands between us and our own machine
    return fresh


def reason(error: BaseException) -> str:
    """Return the innermost cause: `connection refused`, not the layers around it."""
    seen: BaseException = error
    while (inner := getattr(seen, "reason", None) or seen.__cause__ or seen.__context__) and (
        isinstance(inner, BaseException)
    ):
        seen = inner
    return (getattr(seen, "strerror", None) or type(seen).__name__).lower()


def code_of(status: int) -> Code:
    """Return the code of an HTTP status."""
    return next((code for code in Code if code.http == status), Code.UNKNOWN)
