"""The model server as a child of this process: starts it, hears its ready line, ends it.

    ServerProcess(command)  --stdin: commands, JSON lines--------->  the server stops at its end
                            <--stdout: ready line, replies, events-  calls.py, `heard`
                            <--stderr, and stdout that is no JSON--  LogRing

The server ends with us, however we end: the kernel closes the pipe for a process that was killed.
Only the process that started the server owns it: a forked copy lets go of the pipes, so that it
neither keeps the server alive nor can stop it. Ctrl-C in a terminal does not reach the server
(a session of its own), so an interrupted cell stops waiting and nothing else.

Threads: two daemon threads read the pipes, one writes; any thread may call any method. `heard` and
`ended` are called by the one that reads stdout, in the order of what happened.
"""

from __future__ import annotations

import logging
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from server_ext.errors import Unavailable
from server_ext.hosting import forks, output
from server_ext.hosting.calls import Call, Calls
from server_ext.hosting.forks import Origin
from server_ext.hosting.logring import LogRing
from server_ext.hosting.output import Ready, Said
from server_ext.hosting.pipes import Pipes

log = logging.getLogger(__name__)

TICK_S = 0.1
LAST_LINES = 8
KILL_S = 10.0  # within which the system ends what was killed


class ServerFailed(Unavailable):
    """The server's process did not do what it was started for; `lines` are its last words."""

    def __init__(self, message: str, lines: Sequence[str] = ()) -> None:
        super().__init__("\n".join([message, *(f"  {line}" for line in lines)]))
        self.title = message
        self.lines = tuple(lines)


class ServerProcess:
    """One run of the server, from the fork to its exit code."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        cwd: str,
        env: Mapping[str, str],
        log: LogRing | None = None,
        heard: Callable[[Said], None] = lambda said: None,
        ended: Callable[[], None] = lambda: None,
    ) -> None:
        self.log = log if log is not None else LogRing()
        self.ready: Ready | None = None
        self._first_line = self.log.next
        self._tell, self._tell_end = heard, ended
        self._origin = Origin()
        self._started = time.monotonic()
        self._heard = threading.Event()  # the ready line, or the end of stdout
        self._stop_lock = threading.Lock()
        self._forced = False
        self._spawn(command, cwd, env)
        pipes = self._pipes
        self._calls = Calls(pipes.stdin, pipes.close)
        self._readers = [
            output.reader(pipes.stdout, self._hear, self._end),
            output.reader(pipes.stderr, self._note, partial(pipes.close, pipes.stderr)),
        ]
        forks.follow(self)

    @property
    def owned(self) -> bool:
        """Whether this process started the server, and is no forked copy of the one that did."""
        return self._origin.here

    @property
    def alive(self) -> bool:
        """Whether the server runs; a forked copy, which cannot know, says yes."""
        return not self.owned or self._child.poll() is None

    def ended(self, timeout_s: float) -> bool:
        """Wait for the server's end, which others see before we do; tell whether it has ended."""
        return self.owned and self._wait(timeout_s)

    @property
    def exit_text(self) -> str:
        """How it ended: `exit code 1`, `signal SIGKILL`; empty as long as it runs."""
        code = self.exit_code
        return "" if code is None else output.exit_text(code)

    @property
    def exit_code(self) -> int | None:
        """The code it ended with, a signal's below zero; None as long as it runs."""
        return self._child.poll() if self.owned else None

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._started

    @property
    def last_lines(self) -> list[str]:
        """The last few lines that this run wrote."""
        return self.log.last(LAST_LINES, self._first_line)

    def ask(self, do: str, **fields: Any) -> Call:
        """Send a command, without waiting for anything; `wait` of what is returned does.

        Raises:
            FailedPrecondition: this is a forked copy of the process that started the server.
        """
        self._origin.check()
        return self._calls.ask(do, **fields)

    def kill(self) -> None:
        """End it by force, at once; `stop` collects what is left."""
        if self.owned:
            self._forced = True
            self._child.kill()

    def wait_ready(self, timeout_s: float, waiting: Callable[[], None] = lambda: None) -> Ready:
        """Block until the server listens, calling `waiting` several times a second.

        Raises:
            ServerFailed: it ended first, or said nothing for `timeout_s` seconds after its start.
            KeyboardInterrupt: the server goes on starting; another call waits again.
        """
        while not self._heard.wait(TICK_S):
            if self.seconds > timeout_s:
                raise ServerFailed(
                    f"The model server was not ready {timeout_s:.0f} s after its start.",
                    self.last_lines,
                )
            waiting()
        if self.ready is None:
            self._collect(timeout_s=5)
            raise ServerFailed(
                f"The model server did not start ({self.exit_text or 'it closed its output'}).",
                self.last_lines,
            )
        return self.ready

    def stop(self, timeout_s: float = 10) -> bool:
        """Ask the server to finish, wait, then end it by force; tell whether it went by itself.

        Raises:
            FailedPrecondition: this is a forked copy of the process that started the server.
        """
        self._origin.check()
        with self._stop_lock:
            self._child.terminate()
            gone = self._wait(timeout_s)
            if not gone:
                self._child.kill()
                self._wait(KILL_S)
            self._calls.close(timeout_s=1)
        self._collect(timeout_s=1)
        return gone and not self._forced

    def let_go(self) -> None:
        """In a forked copy: keep no pipe open, so that it neither keeps the server nor stops it."""
        self._pipes.close_all()

    def _spawn(self, command: Sequence[str], cwd: str, env: Mapping[str, str]) -> None:
        try:
            self._pipes = Pipes()
        except OSError as error:
            raise ServerFailed(f"There is no pipe to be had: {error.strerror}.") from error
        stdin, stdout, stderr = self._pipes.theirs
        try:
            self._child = subprocess.Popen(
                command,
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                cwd=cwd,
                env=dict(env),
                start_new_session=True,
            )
        except OSError as error:
            self._pipes.close_all()
            raise ServerFailed(f"{command[0]} cannot be started: {error.strerror}.") from error
        self._pipes.close(*self._pipes.theirs)

    def _hear(self, lines: Sequence[str]) -> None:
        """Take lines of stdout: JSON objects for us, and text for the log."""
        self._note([line for line in lines if not self._understood(output.json_object(line))])

    def _understood(self, said: Said | None) -> bool:
        if said is None:
            return False
        if "event" in said:
            try:
                self._tell(said)
            except Exception:  # a bug of ours must not cost what else the server said
                log.exception("The model server's %r could not be taken", said["event"])
        elif "id" in said:
            return self._calls.reply(said)
        elif self.ready is None and "pid" in said:
            self.ready = output.ready(said)
            self._heard.set()
        else:
            return False
        return True

    def _note(self, lines: Sequence[str]) -> None:
        self.log.add(*lines)

    def _end(self) -> None:
        """Let those go who wait for a word of the server; there will be none."""
        self._pipes.close(self._pipes.stdout)
        self._heard.set()
        self._calls.end(ServerFailed("The model server ended before it answered.", self.last_lines))
        self._tell_end()

    def _wait(self, timeout_s: float) -> bool:
        try:
            self._child.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _collect(self, timeout_s: float) -> None:
        """Wait for the exit and the last words of a server that is on its way out."""
        until = time.monotonic() + timeout_s
        self._wait(timeout_s)
        for thread in self._readers:
            thread.join(max(0.0, until - time.monotonic()))
