"""The model server as a child of this process: starts it, hears its ready line, ends it.

    ServerProcess(command)  --stdin: a pipe nobody writes to-->  the server stops at its end
                            <--stdout: one JSON line, then text--  ready
                            <--stderr: log lines--                 LogRing

The server ends with us, however we end: the kernel closes the pipe for a process that was killed.
Only the process that started the server owns it: a forked copy lets go of the pipes, so that it
neither keeps the server alive nor can stop it. Ctrl-C in a terminal does not reach the server
(a session of its own), so an interrupted cell stops waiting and nothing else.

Threads: two daemon threads read the pipes; any thread may call any method.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from server_ext.errors import Code, FailedPrecondition, ServingError
from server_ext.hosting.logring import LogRing

READ_BYTES = 65536
TICK_S = 0.1
LAST_LINES = 8


class Ready(NamedTuple):
    """What a server says of itself when it listens; a port is None where it does not."""

    pid: int
    host: str
    grpc_port: int | None
    rest_port: int | None


class ServerFailed(ServingError):
    """The server's process did not do what it was started for; `lines` are its last words."""

    code = Code.UNAVAILABLE

    def __init__(self, message: str, lines: Sequence[str] = ()) -> None:
        super().__init__("\n".join([message, *(f"  {line}" for line in lines)]))
        self.title = message
        self.lines = tuple(lines)


class ServerProcess:
    """One run of the server, from the fork to its exit code."""

    def __init__(self, command: Sequence[str], *, cwd: str, env: Mapping[str, str]) -> None:
        self.log = LogRing()
        self.ready: Ready | None = None
        self._owner_pid = os.getpid()
        self._started = time.monotonic()
        self._heard = threading.Event()  # the ready line, or the end of stdout
        self._stop_lock = threading.Lock()
        self._spawn(command, cwd, env)
        self._readers = [
            self._reader(self._stdout, self._hear),
            self._reader(self._stderr, self.log.add),
        ]
        _living.add(self)

    @property
    def owned(self) -> bool:
        """Whether this process started the server, and is no forked copy of the one that did."""
        return os.getpid() == self._owner_pid

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
        code = self._child.poll() if self.owned else None
        if code is None:
            return ""
        if code >= 0:
            return f"exit code {code}"
        try:
            return f"signal {signal.Signals(-code).name}"
        except ValueError:
            return f"signal {-code}"

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._started

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
                    self.log.last(LAST_LINES),
                )
            waiting()
        if self.ready is None:
            self._collect(timeout_s=5)
            raise ServerFailed(
                f"The model server did not start ({self.exit_text or 'it closed its output'}).",
                self.log.last(LAST_LINES),
            )
        return self.ready

    def stop(self, timeout_s: float = 10) -> bool:
        """Ask the server to finish, wait, then end it by force; tell whether it went by itself.

        Raises:
            FailedPrecondition: this is a forked copy of the process that started the server.
        """
        if not self.owned:
            raise FailedPrecondition(
                f"The model server belongs to process {self._owner_pid}, which forked this one. "
                "Stop it there."
            )
        with self._stop_lock:
            self._child.terminate()
            gone = self._wait(timeout_s)
            if not gone:
                self._child.kill()
                self._wait(timeout_s)
            self._close(self._stdin)
        self._collect(timeout_s=1)
        return gone

    def _spawn(self, command: Sequence[str], cwd: str, env: Mapping[str, str]) -> None:
        """Start the child on raw pipes: no file object, so a forked copy can just close them."""
        pipes = [os.pipe() for _ in range(3)]
        (stdin, self._stdin), (self._stdout, stdout), (self._stderr, stderr) = pipes
        self._open = {self._stdin, self._stdout, self._stderr}
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
            for end in list(self._open):
                self._close(end)
            raise ServerFailed(f"{command[0]} cannot be started: {error.strerror}.") from error
        finally:
            for end in (stdin, stdout, stderr):
                os.close(end)

    def _hear(self, line: str) -> None:
        """Take a line of stdout: the first JSON object with a pid is the ready line."""
        if self.ready is None and line.startswith("{"):
            with contextlib.suppress(ValueError, KeyError):
                self.ready = _ready(json.loads(line))
                self._heard.set()
                return
        self.log.add(line)

    def _reader(self, source: int, take: Callable[[str], None]) -> threading.Thread:
        thread = threading.Thread(
            target=self._read, args=(source, take), name="model-server-output", daemon=True
        )
        thread.start()
        return thread

    def _read(self, source: int, take: Callable[[str], None]) -> None:
        """Hand over whole lines until the other end is closed."""
        rest = b""
        while chunk := os.read(source, READ_BYTES):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                take(line.decode("utf-8", "replace").rstrip("\r"))
            if len(rest) > READ_BYTES:  # a line without an end must not grow for ever
                take(rest.decode("utf-8", "replace"))
                rest = b""
        if rest:
            take(rest.decode("utf-8", "replace"))
        self._close(source)
        if source == self._stdout:
            self._heard.set()

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
        for reader in self._readers:
            reader.join(max(0.0, until - time.monotonic()))

    def _close(self, end: int) -> None:
        if end in self._open:
            self._open.remove(end)
            os.close(end)

    def _let_go(self) -> None:
        """Close our ends in a forked copy, where no thread of ours runs and no lock is sure."""
        for end in list(self._open):
            self._close(end)
        self.log = LogRing()


def _ready(said: Mapping[str, Any]) -> Ready:
    return Ready(said["pid"], said["host"], said["port"], said["rest_api_port"])


_living: weakref.WeakSet[ServerProcess] = weakref.WeakSet()


def _after_fork() -> None:
    for process in list(_living):
        process._let_go()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
