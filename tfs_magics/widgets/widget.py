"""A view of ours as a widget: what is the same for all of them.

    Python: traits, Bridge  <--comm-->  loader.js --once a page--> views.js

In a page of the Jupyter server that the kernel talks to, the view asks that server by HTTP, and
goes on when the kernel is busy. Elsewhere, as in VS Code and Colab, the kernel asks for it.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Sequence
from typing import Any

import anywidget
from traitlets import Bytes, Dict, Unicode

from server_ext.errors import ServingError
from tfs_magics import connection
from tfs_magics.widgets import answering
from tfs_magics.widgets.bridge import Bridge
from tfs_magics.widgets.bundle import bundle

_KERNEL = secrets.token_hex(8)
_code_lock = threading.Lock()
_code_is_given = False


class Widget(anywidget.AnyWidget):  # type: ignore[misc]
    """A view of a model server, alone in a cell or in a layout of ipywidgets."""

    _esm = bundle().loader
    _digest = Unicode(bundle().digest).tag(sync=True)
    _code = Bytes(b"").tag(sync=True)
    _kernel = Unicode(_KERNEL).tag(sync=True)
    _host = Unicode("").tag(sync=True)
    spec = Dict(help="What is shown: a spec of tfs_magics.views.spec.").tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        super().__init__(_code=_code_once(), _host=_host(), **traits)
        self._bridge = Bridge(self._send_to_page, answering.answer)
        self.on_msg(self._hear)

    def close(self) -> None:
        """Take the widget out of all pages."""
        if hasattr(self, "_bridge"):
            self._bridge.close()
        super().close()

    def _hear(self, _: Any, content: Any, buffers: Sequence[memoryview]) -> None:
        if not isinstance(content, dict):
            return
        if content.get("kind") == "views":
            self.send({"kind": "views"}, [bundle().code])
        else:
            self._bridge.hear(content)

    def _send_to_page(self, content: dict[str, Any], buffers: Sequence[bytes]) -> None:
        if self.comm is not None:
            self.send(content, list(buffers))


def _code_once() -> bytes:
    """Return the code of the views for the first widget of this kernel, and nothing for others.

    A message would ask for it, but nobody answers one while a cell runs.
    """
    global _code_is_given
    with _code_lock:
        code = b"" if _code_is_given else bundle().code
        _code_is_given = True
    return code


def _host() -> str:
    """Return which server the kernel talks to, if pages can find out that it is theirs too."""
    try:
        server = connection.current()
        return str(server.status().get("host") or "") if server.where.kind == "jupyter" else ""
    except ServingError:
        return ""  # the view says so
