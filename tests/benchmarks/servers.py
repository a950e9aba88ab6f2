"""Each contender: its command line, how it says that it is ready, and what it speaks.

Ours            python -m server_ext          gRPC and REST, in three modes of batching
GrpcioSync      references/grpcio_server.py   gRPC
FlaskGunicorn   references/flask_app.py       REST, one worker per core
FastApiUvicorn  references/fastapi_app.py     REST, one worker per core
Triton          references/triton_server.py   Triton's gRPC and REST
GrpcTransport   references/transport_grpc.py  gRPC, the answer is ready
RestTransport   references/transport_rest.py  REST, the answer is ready
Bare            references/bare.py            no server: the callable in a loop
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from contenders import Contender
from protocols import Ports

REFERENCES = Path(__file__).parent / "references"
BARE_THREADS = ("caller's thread", "all threads")
CORES = os.cpu_count() or 1
LISTENING = re.compile(r"listening on (\d+)")
MODES = {
    "off": ("batching off", []),
    "on": ("batching on", ["--enable_batching"]),
    "auto": ("batching auto", ["--batching=auto"]),
}


class Ours(Contender):
    """The server of this repository, in one mode of batching."""

    speaks = ("grpc", "rest")
    ready = re.compile(r'^(\{"pid".*\})$', re.MULTILINE)

    def __init__(
        self, model: Path, folder: Path, mode: str, flags: Sequence[str] | None = None
    ) -> None:
        self.key = f"ours-{mode}"
        super().__init__(model, folder)
        about, self._mode = MODES[mode]
        self.name = f"tfs-magics, {about}"
        self._flags = flags or ["--model_name=bench", f"--model_base_path={model.parent}"]

    @staticmethod
    def modes() -> list[str]:
        """Return the modes of batching that this version of the server has."""
        command = [sys.executable, "-m", "server_ext", "--help"]
        usage = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return [mode for mode in MODES if mode != "auto" or re.search(r"--batching\b(?!_)", usage)]

    def command(self) -> list[str]:
        ports = ["--host=127.0.0.1", "--port=0", "--rest_api_port=0", "--exit_when_stdin_closes"]
        return [sys.executable, "-m", "server_ext", *ports, *self._flags, *self._mode]

    def listening(self, match: re.Match[str]) -> None:
        ports = json.loads(match[1])
        self.ports = Ports(ports["port"], ports["rest_api_port"])


class GrpcioSync(Contender):
    """A grpcio sync server."""

    key = "grpcio"
    name = "grpcio sync"
    speaks = ("grpc",)
    ready = LISTENING

    def command(self) -> list[str]:
        return [sys.executable, str(REFERENCES / "grpcio_server.py"), str(self.model)]

    def listening(self, match: re.Match[str]) -> None:
        self.ports = Ports(grpc=int(match[1]))


class FlaskGunicorn(Contender):
    """Flask under gunicorn: threads, so that connections stay open; one process per core."""

    key = "flask"
    name = "Flask, gunicorn"
    speaks = ("rest",)
    ready = re.compile(
        rf"Listening at: http://127\.0\.0\.1:(\d+)(?:.*?model loaded){{{CORES}}}", re.DOTALL
    )

    def command(self) -> list[str]:
        workers = [f"--workers={CORES}", "--worker-class=gthread", "--threads=8"]
        where = ["--bind=127.0.0.1:0", f"--chdir={REFERENCES}", "--keep-alive=30", "--timeout=120"]
        return [sys.executable, "-m", "gunicorn", *workers, *where, "flask_app:app"]

    def listening(self, match: re.Match[str]) -> None:
        self.ports = Ports(rest=int(match[1]))


class _Uvicorn(Contender):
    """An ASGI app under uvicorn."""

    speaks = ("rest",)
    app = ""
    workers = 1

    def command(self) -> list[str]:
        where = ["--host=127.0.0.1", "--port=0", f"--app-dir={REFERENCES}"]
        how = ["--no-access-log", f"--workers={self.workers}"]
        return [sys.executable, "-m", "uvicorn", *where, *how, self.app]

    def listening(self, match: re.Match[str]) -> None:
        self.ports = Ports(rest=int(match[1]))


class FastApiUvicorn(_Uvicorn):
    """FastAPI, one process per core."""

    key = "fastapi"
    name = "FastAPI, uvicorn"
    app = "fastapi_app:app"
    workers = CORES
    ready = re.compile(
        rf"running on http://127\.0\.0\.1:(\d+)(?:.*?startup complete){{{CORES}}}", re.DOTALL
    )


class RestTransport(_Uvicorn):
    """Uvicorn alone: an ASGI app whose answer is ready."""

    key = "transport-rest"
    name = "transport alone, uvicorn"
    app = "transport_rest:app"
    ready = re.compile(r"running on http://127\.0\.0\.1:(\d+)")

    def __init__(self, model: Path, folder: Path, answer: bytes) -> None:
        super().__init__(model, folder)
        self._answer = folder / "answer.json"
        self._answer.write_bytes(answer)

    def environment(self) -> dict[str, str]:
        return {"ANSWER_FILE": str(self._answer)}


class GrpcTransport(Contender):
    """pygrpc-native alone: calls come in groups, and the answer is ready."""

    key = "transport-grpc"
    name = "transport alone, native gRPC"
    speaks = ("grpc",)
    ready = LISTENING

    def __init__(self, model: Path, folder: Path, answer: bytes) -> None:
        super().__init__(model, folder)
        self._answer = folder / "answer.grpc"
        self._answer.write_bytes(answer)

    def command(self) -> list[str]:
        return [sys.executable, str(REFERENCES / "transport_grpc.py"), str(self._answer)]

    def listening(self, match: re.Match[str]) -> None:
        self.ports = Ports(grpc=int(match[1]))


class Triton(Contender):
    """Triton's Python backend, with the Python of an environment of its own."""

    key = "triton"
    name = "Triton, Python backend"
    speaks = ("triton_grpc", "triton_rest")
    ready = re.compile(r"^ready$", re.MULTILINE)

    def __init__(self, model: Path, folder: Path, python: Path) -> None:
        super().__init__(model, folder)
        self._python = python
        self._chosen = Ports(*free_ports(2))

    def command(self) -> list[str]:
        ports = map(str, self._chosen)
        return [str(self._python), str(REFERENCES / "triton_server.py"), str(self.model), *ports]

    def listening(self, match: re.Match[str]) -> None:
        self.ports = self._chosen


class Bare(Contender):
    """The callable in a process of its own, run on demand; `threads` are those of a run.

    `answer` is what it answers for the sample, and what every server must answer as well.
    """

    ready = re.compile(r"^(\[.*\])$", re.MULTILINE)

    def __init__(self, model: Path, folder: Path, signature: str, sample: Path, kind: int) -> None:
        threads = BARE_THREADS[kind]
        self.key = f"bare-{kind}"
        super().__init__(model, folder)
        self.name = f"bare callable, {threads}"
        self._arguments = [str(model), signature, str(sample), threads]
        self.answer: Any = None

    def command(self) -> list[str]:
        return [sys.executable, str(REFERENCES / "bare.py"), *self._arguments]

    def listening(self, match: re.Match[str]) -> None:
        self.answer = json.loads(match[1])[0]

    def run(self, seconds: float, rows: int, callers: int = 1) -> dict[str, Any]:
        """Run the callable for this long on batches of this many rows; return what it measured."""
        seen = len(self.output())
        self.tell(f"{seconds} {rows} {callers}")
        line = re.compile(r"^(\{.*\})$", re.MULTILINE)
        match = self.wait_for(lambda: line.search(self.output(), seen))
        result: dict[str, Any] = json.loads(match[1])
        return result


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on at this moment."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [server.getsockname()[1] for server in held]
    for server in held:
        server.close()
    return ports
