"""Asks a server again and again whether it answers, for one that hangs has not ended.

every interval_s: GET /healthz ---no answer for deadline_s---> hung()
"""

from __future__ import annotations

import contextlib
import http.client
import ssl
import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit

AGAIN_S = 0.2
SMALLEST_TIMEOUT_S = 0.05


class Health:
    """Watches one run of a server, in its own thread, until it is closed or has called hung()."""

    def __init__(
        self, rest_url: str, interval_s: float, deadline_s: float, hung: Callable[[], None]
    ) -> None:
        self._url = urlsplit(rest_url)
        self._interval_s = interval_s
        self._deadline_s = deadline_s
        self._hung = hung
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="model-server-health", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ask no more. A question that waits for its answer ends with the server."""
        self._closed.set()

    def join(self, timeout_s: float = 5) -> None:
        """Wait for the end of the thread."""
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while not self._closed.wait(self._interval_s):
            if not self._answers():
                if not self._closed.is_set():
                    self._hung()
                return

    def _answers(self) -> bool:
        until = time.monotonic() + self._deadline_s
        while (left_s := until - time.monotonic()) > 0:
            # Any answer will do: it shows that the process does its work.
            with contextlib.suppress(OSError, http.client.HTTPException):
                self._ask(max(left_s, SMALLEST_TIMEOUT_S))
                return True
            if self._closed.wait(AGAIN_S):
                return False
        return False

    def _ask(self, timeout_s: float) -> None:
        connection = self._connection(timeout_s)
        try:
            connection.request("GET", "/healthz")
            connection.getresponse().read()
        finally:
            connection.close()

    def _connection(self, timeout_s: float) -> http.client.HTTPConnection:
        host, port = self._url.hostname or "", self._url.port
        if self._url.scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=timeout_s)
        # It is our own child: whether it answers matters here, and not what its certificate says.
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return http.client.HTTPSConnection(host, port, timeout=timeout_s, context=context)
