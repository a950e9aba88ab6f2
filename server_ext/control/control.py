"""Does what is asked on standard input, one command after the other, and reports what happens.

    intake.py --lines--> Control: commands.py --> Reloads, Source, Admission
                            |  replies, journal, news.py, samples.py
                         outbox.py --> standard output

Threads: one of its own does the commands; what it waits for, such as a slow disk, holds up those
that follow, and neither requests nor the end of standard input.
"""

from __future__ import annotations

import threading
from queue import SimpleQueue

from server_ext.control import commands
from server_ext.control.commands import Serve
from server_ext.control.news import News
from server_ext.control.outbox import Outbox
from server_ext.control.samples import Samples
from server_ext.errors import ServingError, failure
from server_ext.server import Parts

JOURNAL_S = 1.0
"""How long a load waits until it is known to be about to begin; a reader is there, or is not."""


class Control:
    """Connects the parts of a server that has started with the pipe to its parent.

    One thread calls `start`, then `close`, once.
    """

    def __init__(self, parts: Parts, lines: SimpleQueue[bytes | None], outbox: Outbox) -> None:
        self._parts = parts
        self._lines = lines
        self._outbox = outbox
        self._news = News(parts.manager, parts.source, parts.overview, outbox)
        self._samples = Samples(parts, outbox)
        parts.admission.begins = self._begins
        parts.admission.ended = self._ended
        self._thread = threading.Thread(target=self._work, name="commands", daemon=True)

    def start(self) -> None:
        """Tell what is there, then begin to do what is asked."""
        self._news.start()
        self._samples.start()
        self._thread.start()

    def close(self) -> None:
        """Tell the last changes, and watch for no more."""
        self._news.close()
        self._samples.close()
        self._news.look()

    def _work(self) -> None:
        while (line := self._lines.get()) is not None:
            self._outbox.send(self._answered(line))
            self._news.look()

    def _answered(self, line: bytes) -> commands.Reply:
        id = None
        try:
            said = commands.document(line)
            id = said.get("id")
            self._do(commands.command(said))
        except Exception as error:
            return commands.reply(id, failure(error, "A command"))
        return commands.reply(id)

    def _do(self, command: commands.Command) -> None:
        """Do a command.

        Raises:
            ServingError: the configuration is refused, see Reloads.apply; then all is as before.
        """
        parts = self._parts
        if not isinstance(command, Serve):
            parts.source.poll()
            return
        before, parts.admission.rules = parts.admission.rules, command.rules
        try:
            parts.reloads.apply(command.models, wait=False, replay=command.first)
        except ServingError:
            parts.admission.rules = before
            raise
        parts.coming.told = True

    def _begins(self, name: str, version: int, stamp: str) -> None:
        document = {"event": "loading", "name": name, "version": version, "stamp": stamp}
        self._outbox.send_now(document, JOURNAL_S)

    def _ended(self, name: str, version: int, ok: bool) -> None:
        self._outbox.send({"event": "loaded", "name": name, "version": version, "ok": ok})
