"""A server as a tree of processes: started, found, watched and stopped.

Each listens on loopback, on ports of its own choice where it can choose, and is a context manager.
What each one is stands in servers.py.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import psutil
from protocols import Ports

if TYPE_CHECKING:
    from typing_extensions import Self

START_TIMEOUT_S = 120
STOP_TIMEOUT_S = 15
LOOK_S = 0.02
SETTLE_TIMEOUT_S = 5
SETTLE_SHARE = 0.1
Found = TypeVar("Found")


class Usage(NamedTuple):
    """What a tree of processes has used: CPU seconds since its start, resident bytes now.

    Memory that processes share counts once for each of them.
    """

    cpu_s: float
    rss_bytes: int


class Contender(ABC):
    """One server process and its children; started on entry, gone on exit.

    `key` is its name on the command line, `speaks` names the askings it answers. `ports` are known
    and `start_s` holds the seconds its start took once it is entered.
    """

    key = ""
    name = ""
    speaks: tuple[str, ...] = ()
    ready = re.compile("")

    def __init__(self, model: Path, folder: Path) -> None:
        self.ports = Ports()
        self.start_s = 0.0
        self.model = model
        self.log = folder / f"{self.key}.log"
        self._folder = folder

    @abstractmethod
    def command(self) -> list[str]:
        """Return the command line that starts it."""

    def environment(self) -> dict[str, str]:
        """Return what its environment has besides ours."""
        return {"MODEL_DIRECTORY": str(self.model), "XDG_CACHE_HOME": str(self._folder / "cache")}

    @abstractmethod
    def listening(self, match: re.Match[str]) -> None:
        """Take the ports from the first text that matches `ready`."""

    def __enter__(self) -> Self:
        environment = os.environ | {"PYTHONUNBUFFERED": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
        begin = time.monotonic()
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                self.command(),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=environment | self.environment(),
            )
        try:
            self.listening(self.wait_for(lambda: self.ready.search(self.output())))
        except BaseException:
            self._stop()
            raise
        self.start_s = time.monotonic() - begin
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def usage(self) -> Usage:
        """Return what the server and its children have used so far."""
        cpu_s, rss_bytes = 0.0, 0
        for process in self._tree():
            with contextlib.suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                cpu_s += times.user + times.system
                rss_bytes += process.memory_info().rss
        return Usage(cpu_s, rss_bytes)

    def settle(self) -> None:
        """Wait until it no longer works on requests whose client has gone, at most 5 seconds."""
        end = time.monotonic() + SETTLE_TIMEOUT_S
        busy = True
        while busy and time.monotonic() < end:
            before = self.usage().cpu_s
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(2 * LOOK_S)
            busy = self.usage().cpu_s - before > 2 * LOOK_S * SETTLE_SHARE

    def output(self) -> str:
        """Return all that the server has printed."""
        return self.log.read_text(errors="replace")

    def tell(self, line: str) -> None:
        """Write a line to the process."""
        assert self._process.stdin
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()

    def wait_for(self, found: Callable[[], Found | None]) -> Found:
        """Return what `found` finds, asked every 20 ms as long as the process lives.

        Raises:
            RuntimeError: it has ended, or found nothing for two minutes; the message has its log.
        """
        end = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < end:
            if (result := found()) is not None:
                return result
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(LOOK_S)
                break
        raise RuntimeError(f"{self.name} is gone or hangs:\n{self.output()[-4000:]}")

    def _tree(self) -> list[psutil.Process]:
        root = psutil.Process(self._process.pid)
        return [root, *root.children(recursive=True)]

    def _stop(self) -> None:
        processes = self._tree() if self._process.poll() is None else []
        if self._process.stdin:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        self._process.terminate()
        _, left = psutil.wait_procs(processes, timeout=STOP_TIMEOUT_S)
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self._process.wait(STOP_TIMEOUT_S)
