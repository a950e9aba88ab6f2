"""Errors the user can mend, told in one red line; with a notice beside it in a notebook.

ServingError      -> UsageError, which IPython shows without a traceback
InputMismatch     -> expected against got
ServerFailed      -> the server's last lines
KeyboardInterrupt -> which magic no longer waits
"""

from __future__ import annotations

import re

from IPython.core.error import UsageError
from IPython.display import display

from server_ext.errors import ServingError
from server_ext.hosting.process import ServerFailed
from tfs_magics import connection
from tfs_magics.client.feeds import InputMismatch
from tfs_magics.ipython.notebook import in_kernel
from tfs_magics.views import notice
from tfs_magics.views.spec import spec
from tfs_magics.views.view import View

_NODE = re.compile(r"\s*\[\[\{\{.*?\}\}\]\]", re.DOTALL)  # where in the graph TensorFlow was


_WAITING = ("%tfs_serve", "%tfs_load", "%tfs_unload", "%tfs_restart")


class Refusal(UsageError):  # type: ignore[misc]  # IPython is not typed
    """An error with a notice: a notebook shows the notice and `brief`, a terminal the message."""

    def __init__(self, message: str, brief: str, view: View) -> None:
        super().__init__(message)
        self._brief = brief
        self._view: View | None = view

    def _render_traceback_(self) -> list[str]:
        """Return the lines IPython shows in place of a traceback."""
        if not in_kernel():
            return [f"UsageError: {self}"]
        view, self._view = self._view, None  # a kernel asks more than once
        if view is not None:
            display(view)
        return [f"UsageError: {self._brief}"]


class Interrupted(KeyboardInterrupt):
    """The user interrupted a magic: stops the cell and the notebook, without a traceback."""

    def __init__(self, magic: str) -> None:
        goes_on = " The server goes on; %tfs_status shows it." if magic in _WAITING else ""
        super().__init__(f"{magic} was interrupted.{goes_on}")

    def _render_traceback_(self) -> list[str]:
        """Return the line IPython shows in place of a traceback."""
        return [f"KeyboardInterrupt: {self}"]


def told(error: ServingError) -> UsageError:
    """Return the error as IPython shows it best."""
    if isinstance(error, InputMismatch):
        what = "type" if error.expected.dtype != error.got.dtype else "shape"
        title = f"{error.expected.alias} has another {what} than the model expects."
        parts = title, error.remedy, error.expected, error.got
        told_live = spec("problem", None, facts=notice.facts(*parts, cell=error.cell))
        view = notice.refused_input(*parts, str(error)).live(told_live, hosted=_is_hosted())
        return Refusal(str(error), str(error).splitlines()[0], view)
    if isinstance(error, ServerFailed) and error.lines:
        brief = error.title.splitlines()[0].partition(": ")[0].rstrip(".")
        return Refusal(str(error), f"{brief}.", notice.failed(error.title, error.lines))
    return UsageError(_NODE.sub("", str(error)))


def _is_hosted() -> bool:
    """Tell whether the page that shows this can ask the server."""
    try:
        return connection.current().where.shows_us
    except ServingError:
        return False
