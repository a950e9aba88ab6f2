"""The server's end of the pipe, from before TensorFlow is imported until the process ends.

opened: lines are read and kept --a server is there: attach--> done --close--> the last words
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from server_ext import streams
from server_ext.control.intake import Intake
from server_ext.control.outbox import Outbox

if TYPE_CHECKING:
    from server_ext.control.control import Control
    from server_ext.server import Parts

CLOSE_S = 1.0
"""How long the end waits for a parent that does not read."""


class Pipe:
    """Standard input and output of this process, which nobody else reads and writes from now on.

    `stop` is set at the end of standard input. One thread calls all methods.
    """

    def __init__(self, stop: threading.Event) -> None:
        self._outbox = Outbox(streams.private_stdout())
        self._intake = Intake(0, stop)
        self._control: Control | None = None

    def say(self, text: str) -> None:
        """Write text, a line or several, before all that is told later."""
        self._outbox.say(text)

    def attach(self, parts: Parts) -> None:
        """Do what is asked, by a server that has started, and report what becomes of it."""
        from server_ext.control.control import Control

        self._control = Control(parts, self._intake.lines, self._outbox)
        self._control.start()

    def close(self) -> None:
        """Write what is left to be told, to a parent that reads."""
        if self._control:
            self._control.close()
        self._outbox.close(CLOSE_S)
