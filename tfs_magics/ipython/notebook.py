"""What only exists inside IPython: a line about a wait, an array that shows itself as a table."""

from __future__ import annotations

import sys
import time
import weakref
from collections.abc import Callable
from types import TracebackType
from typing import Any

import numpy as np

from tfs_magics.client.feeds import Array
from tfs_magics.views.served import progress
from tfs_magics.views.view import WIDTH, View

PROGRESS_AFTER_S = 0.5
Bundle = dict[str, str]


def running_shell() -> Any:
    """Return the IPython shell this code runs in, None outside of one. Imports nothing."""
    ipython = sys.modules.get("IPython")
    return None if ipython is None else ipython.get_ipython()


def in_kernel() -> bool:
    """Tell whether output goes to a front end that takes more than text."""
    return getattr(running_shell(), "kernel", None) is not None


class Progress:
    """One line about a wait that takes longer than half a second; gone when the wait is over.

    In a kernel it is one display, updated in place; in a terminal the last line; nothing elsewhere.
    """

    def __init__(self, after_s: float = PROGRESS_AFTER_S) -> None:
        self._show_at = time.monotonic() + after_s
        self._handle: Any = None
        self._shown = ""
        self._written = False

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._handle is not None:
            self._handle.update({"text/plain": "", "text/html": ""}, raw=True)
        elif self._written:
            self._write("")

    def show(self, word: str, rest: str) -> None:
        """Say what is going on: a state in a word, then what it concerns and for how long."""
        view = progress(word, rest)
        if time.monotonic() < self._show_at or view.text == self._shown:
            return
        if in_kernel():
            self._display(view)
        elif running_shell() is not None and sys.stderr.isatty():
            self._write(view.text)
        self._shown = view.text

    def _display(self, view: View) -> None:
        if self._handle is None:
            from IPython.display import display

            self._handle = display(view, display_id=True)
        else:
            self._handle.update(view)

    def _write(self, text: str) -> None:
        sys.stderr.write(f"\r{text[: WIDTH - 1]:<{WIDTH - 1}}\r{text[: WIDTH - 1]}")
        sys.stderr.flush()
        self._written = True


class AnswerTables:
    """Lets the array that %tfs_predict returned show itself as a table, once, in its own cell.

    The array stays a plain array: `x = %tfs_predict ...` shows nothing, `x` in a later cell shows
    numbers. Other arrays are shown as before.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._formatter = shell.display_formatter.mimebundle_formatter
        self._before: Callable[[Any], Any] | None = None
        self._waiting: tuple[weakref.ref[Array], int, Callable[[], View]] | None = None

    def install(self) -> None:
        """Begin to look at arrays that are shown."""
        self._before = self._formatter.for_type(np.ndarray, self._bundle)

    def remove(self) -> None:
        """Leave arrays to who showed them before."""
        self._formatter.pop(np.ndarray, None)
        if self._before is not None:
            self._formatter.for_type(np.ndarray, self._before)

    def expect(self, array: Array, view: Callable[[], View]) -> None:
        """Show `view()` in place of this array if the running cell shows it."""
        self._waiting = weakref.ref(array), self._shell.execution_count, view

    def _bundle(self, array: Array) -> Any:
        waiting, self._waiting = self._waiting, None
        if waiting is not None and waiting[0]() is array:
            if waiting[1] == self._shell.execution_count:
                return waiting[2]()._repr_mimebundle_()
            return None
        self._waiting = waiting
        if self._before is not None:
            return self._before(array)
        own = getattr(array, "_repr_mimebundle_", None)  # of a subclass
        return None if own is None else own()
