"""What every test may use: small real models, and real server processes that end with the test."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, settings

# The same examples on each run and machine, and few enough for all properties to take seconds.
# HYPOTHESIS_PROFILE=thorough looks further: other examples each time, for minutes.
EXAMPLES = {"bounded": 100, "thorough": 5000}
for name, count in EXAMPLES.items():
    settings.register_profile(
        name,
        derandomize=name == "bounded",
        database=None,
        deadline=None,
        max_examples=count,
        suppress_health_check=[HealthCheck.too_slow],
    )
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "bounded"))


# All servers of a run that say nothing of batching themselves: BATCHING_MODE=auto pytest ...
BATCHING_MODE = os.environ.get("BATCHING_MODE", "")
ABOUT_BATCHING = ("--enable_batching", "--batching", "--platform_config_file")


class RunningServer:
    """A `tensorflow_model_server` process on free ports of 127.0.0.1."""

    def __init__(
        self, args: tuple[str, ...], cwd: Path, env: dict[str, str], program: tuple[str, ...]
    ) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *program, *args],
            cwd=cwd,
            env={**os.environ, **env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.stderr: deque[str] = deque(maxlen=500)
        self._pump = threading.Thread(target=self._read_stderr, daemon=True)
        self._pump.start()
        self.first_line = self.process.stdout.readline() if self.process.stdout else ""
        self.ready: dict[str, Any] = (
            json.loads(self.first_line) if self.first_line.startswith("{") else {}
        )

    def _read_stderr(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            self.stderr.append(line)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ready['rest_api_port']}"

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self.ready['port']}"

    def metric(self, name: str) -> dict[str, str]:
        """Return the cells of a metric, by labels, as the page of a `monitored` server has them."""
        page = requests.get(f"{self.url}/monitoring/prometheus/metrics", timeout=30).text
        return dict(
            line.removeprefix(name).rsplit(" ", 1)
            for line in page.splitlines()
            if line.startswith(name + "{")
        )

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def wait(self, timeout_s: float = 40) -> int:
        """Wait for the end; return the exit code."""
        code = self.process.wait(timeout_s)
        self._pump.join(5)
        return code

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(40)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(10)
        self._pump.join(5)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream:
                stream.close()


StartServer = Callable[..., RunningServer]


def _starter(directory: Path) -> tuple[StartServer, list[RunningServer]]:
    started: list[RunningServer] = []

    def start(
        *args: str,
        cwd: Path | None = None,
        env: dict[str, str] | None = None,
        program: tuple[str, ...] = ("-m", "server_ext"),
    ) -> Any:
        ports = [] if any(a.startswith("--port") for a in args) else ["--port=0"]
        if not any(a.startswith("--rest_api_port") for a in args):
            ports.append("--rest_api_port=0")
        if BATCHING_MODE and not any(a.startswith(ABOUT_BATCHING) for a in args):
            ports.append(f"--batching={BATCHING_MODE}")
        env = {"XDG_CACHE_HOME": str(directory), **(env or {})}
        server = RunningServer((*ports, *args), cwd or directory, env, program)
        started.append(server)
        return server

    return start, started


def _stop(servers: list[RunningServer]) -> None:
    for server in servers:
        server.process.terminate()  # all at once, so that they end side by side
    for server in servers:
        server.stop()


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[StartServer]:
    """Start servers with these flags; free ports unless said otherwise."""
    start, started = _starter(tmp_path)
    yield start
    _stop(started)


@pytest.fixture(scope="module")
def start_module_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartServer]:
    """The same, for servers that all tests of a module share."""
    start, started = _starter(tmp_path_factory.mktemp("servers"))
    yield start
    _stop(started)


@pytest.fixture(scope="session")
def start_session_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartServer]:
    """The same, for servers that several modules share: each takes 650 MB until the end."""
    start, started = _starter(tmp_path_factory.mktemp("servers"))
    yield start
    _stop(started)


@pytest.fixture(scope="session")
def monitored(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The flag that turns on the metrics page, at its usual path."""
    file = tmp_path_factory.mktemp("monitoring") / "monitoring.config"
    file.write_text("prometheus_config { enable: true }")
    return f"--monitoring_config_file={file}"


@pytest.fixture(scope="module")
def channel(server: RunningServer) -> Iterator[Any]:
    """A gRPC channel to the `server` of a module."""
    import grpc

    with grpc.insecure_channel(server.target) as channel:
        yield channel


@pytest.fixture(scope="module")
def prediction(channel: Any) -> Any:
    """The official stub of PredictionService for the `server` of a module."""
    from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceStub

    return PredictionServiceStub(channel)


@pytest.fixture(scope="session")
def eventually() -> Callable[..., Any]:
    """Call a condition until it returns something true, and return that; fail after a deadline."""

    def wait(condition: Callable[[], Any], timeout_s: float = 30) -> Any:
        deadline = time.monotonic() + timeout_s
        pause = threading.Event()
        while True:
            result = condition()
            if result:
                return result
            assert time.monotonic() < deadline, f"not true within {timeout_s} s: {result!r}"
            pause.wait(0.02)

    return wait


@pytest.fixture(scope="session")
def export_constant() -> Callable[[Path, float], Path]:
    """Write a version whose two outputs are filled with one number, one row for each input row.

    Signature: x float32 [n, 4] -> a float32 [n, 3], b float32 [n]. Appears at once, by a rename.
    """
    import tensorflow as tf

    class Constant(tf.Module):
        def __init__(self, value: float) -> None:
            super().__init__()
            self.value = tf.Variable(value, dtype=tf.float32)

        @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32, name="x")])
        def call(self, x: Any) -> dict[str, Any]:
            rows = tf.shape(x)[0]
            return {"a": tf.fill([rows, 3], self.value), "b": tf.fill([rows], self.value)}

    def export(directory: Path, value: float) -> Path:
        hidden = directory.with_name(f".{directory.name}.new")
        module = Constant(value)
        tf.saved_model.save(module, str(hidden), signatures={"serving_default": module.call})
        hidden.rename(directory)
        return directory

    return export
