"""The servers that are compared: how each is started, found, watched and stopped.

All of them serve one SavedModel as `bench` on loopback, on ports of their own choice, and each is a
tree of processes that this file starts and ends. A contender is a context manager.

    Ours           python -m server_ext       gRPC and REST
    FlaskGunicorn  references/flask_app.py    REST, one worker per core
    GrpcioSync     references/grpcio_server.py  gRPC
    Bare           references/bare.py         no server: the callable in a loop
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, TypeVar

import psutil

REFERENCES = Path(__file__).parent / "references"
BARE_THREADS = ("caller's thread", "all threads")
START_TIMEOUT_S = 120
STOP_TIMEOUT_S = 15
Found = TypeVar("Found")


class Usage(NamedTuple):
    """What a tree of processes has used: CPU seconds since its start, resident bytes now."""

    cpu_s: float
    rss_bytes: int


class Contender:
    """One server process and its children; started on entry, gone on exit.

    `grpc_port` and `rest_port` are set once it listens, None where it does not.
    """

    name = ""
    ready = re.compile("")

    def __init__(self, model: Path, log: Path) -> None:
        self.grpc_port: int | None = None
        self.rest_port: int | None = None
        self.start_s = 0.0
        self._model = model
        self._log = log

    def command(self) -> list[str]:
        """Return the command line that starts it."""
        raise NotImplementedError

    def listening(self, match: re.Match[str]) -> None:
        """Take the ports from the first line that matches `ready`."""

    def __enter__(self) -> Contender:
        environment = os.environ | {
            "MODEL_DIRECTORY": str(self._model),
            "PYTHONUNBUFFERED": "1",
            "TF_CPP_MIN_LOG_LEVEL": "3",
        }
        begin = time.monotonic()
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self.command(), stdin=subprocess.PIPE, stdout=log, stderr=log, env=environment
            )
        try:
            self.listening(self._wait_until_ready())
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
            times = process.cpu_times()
            cpu_s += times.user + times.system
            rss_bytes += process.memory_info().rss
        return Usage(cpu_s, rss_bytes)

    def output(self) -> str:
        """Return all that the server has printed."""
        return self._log.read_text(errors="replace")

    def _tree(self) -> list[psutil.Process]:
        root = psutil.Process(self._process.pid)
        return [root, *root.children(recursive=True)]

    def _wait_until_ready(self) -> re.Match[str]:
        return self._wait_for(lambda: self.ready.search(self.output()), START_TIMEOUT_S)

    def _wait_for(self, found: Callable[[], Found | None], timeout_s: float) -> Found:
        """Return what `found` finds, asked every 20 ms as long as the process lives."""
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            if (result := found()) is not None:
                return result
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(0.02)
                break
        raise RuntimeError(f"{self.name} is gone or hangs:\n{self.output()[-4000:]}")

    def _stop(self) -> None:
        if self._process.stdin:
            self._process.stdin.close()
        processes = self._tree() if self._process.poll() is None else []
        self._process.terminate()
        _, left = psutil.wait_procs(processes, timeout=STOP_TIMEOUT_S)
        for process in left:
            process.kill()
        self._process.wait(STOP_TIMEOUT_S)


class Ours(Contender):
    """The server of this repository."""

    name = "tfs-magics"
    ready = re.compile(r'^(\{"pid".*\})$', re.MULTILINE)

    def command(self) -> list[str]:
        base = f"--model_base_path={self._model.parent}"
        ports = ["--host=127.0.0.1", "--port=0", "--rest_api_port=0"]
        model = ["--model_name=bench", base, "--exit_when_stdin_closes"]
        return [sys.executable, "-m", "server_ext", *ports, *model]

    def listening(self, match: re.Match[str]) -> None:
        ports = json.loads(match[1])
        self.grpc_port, self.rest_port = ports["port"], ports["rest_api_port"]


class FlaskGunicorn(Contender):
    """Flask under gunicorn: threads, so that connections stay open; one process per core."""

    name = "Flask, gunicorn"
    workers = os.cpu_count() or 1
    ready = re.compile(
        rf"Listening at: http://127\.0\.0\.1:(\d+)(?:.*?model loaded){{{workers}}}", re.DOTALL
    )

    def command(self) -> list[str]:
        workers = [f"--workers={self.workers}", "--worker-class=gthread", "--threads=8"]
        where = ["--bind=127.0.0.1:0", f"--chdir={REFERENCES}", "--keep-alive=30"]
        return [sys.executable, "-m", "gunicorn", *workers, *where, "flask_app:app"]

    def listening(self, match: re.Match[str]) -> None:
        self.rest_port = int(match[1])


class GrpcioSync(Contender):
    """A grpcio sync server."""

    name = "grpcio sync"
    ready = re.compile(r"listening on (\d+)")

    def command(self) -> list[str]:
        return [sys.executable, str(REFERENCES / "grpcio_server.py"), str(self._model)]

    def listening(self, match: re.Match[str]) -> None:
        self.grpc_port = int(match[1])


class Bare(Contender):
    """The callable in a process of its own, run on demand; `threads` are those of a run."""

    ready = re.compile(r"^(\[.*\])$", re.MULTILINE)

    def __init__(self, model: Path, log: Path, signature: str, sample: Path, threads: str) -> None:
        super().__init__(model, log)
        self.name = f"bare callable, {threads}"
        self._arguments = [str(model), signature, str(sample), threads]
        self.answer: list[float] = []

    def command(self) -> list[str]:
        return [sys.executable, str(REFERENCES / "bare.py"), *self._arguments]

    def listening(self, match: re.Match[str]) -> None:
        """Keep the answer for the sample: what every server must answer as well."""
        self.answer = json.loads(match[1])[0]

    def run(self, seconds: float, rows: int) -> dict[str, Any]:
        """Run the callable for this long on batches of this many rows; return what it measured."""
        assert self._process.stdin
        seen = len(self.output())
        self._process.stdin.write(f"{seconds} {rows}\n".encode())
        self._process.stdin.flush()
        line = re.compile(r"^(\{.*\})$", re.MULTILINE)
        timeout_s = seconds + START_TIMEOUT_S
        match = self._wait_for(lambda: line.search(self.output(), seen), timeout_s)
        result: dict[str, Any] = json.loads(match[1])
        return result
