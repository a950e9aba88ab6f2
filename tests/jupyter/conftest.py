"""Real `jupyter server` processes with the extension, which end with the test, and a client for them."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

# The other extensions that may be installed only cost time here.
WITHOUT = ("jupyterlab", "notebook", "notebook_shim", "jupyter_lsp", "jupyter_server_terminals")
ROW = {"instances": [[0, 0, 0, 0]]}


class Jupyter:
    """A `jupyter server` process with a home of its own."""

    def __init__(self, home: Path, root: Path, *args: str, env: dict[str, str]) -> None:
        self.root = root
        self.runtime = home / "runtime"
        self.token = secrets.token_hex(12)
        extensions = {"server_ext": True, **dict.fromkeys(WITHOUT, False)}
        command = [sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root"]
        options = [
            "--ip=127.0.0.1",
            "--port=0",
            f"--ServerApp.root_dir={root}",
            f"--ServerApp.jpserver_extensions={extensions}",
            "--ServerApp.allow_unauthenticated_access=False",
        ]
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [*command, *options, *args],
            cwd=root,
            env=_environment(home) | {"JUPYTER_TOKEN": self.token} | env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._pump = threading.Thread(target=self._read, daemon=True)
        self._pump.start()
        self.url = ""

    @property
    def log(self) -> str:
        return "\n".join(self.lines)

    @property
    def child(self) -> psutil.Process | None:
        """The model server's process."""
        pid = self.get("status").json()["server"]["pid"]
        return psutil.Process(pid) if pid else None

    def find(self) -> bool:
        """Tell whether it answers; its URL is known then."""
        assert self.process.poll() is None, self.log
        file = self.runtime / f"jpserver-{self.process.pid}.json"
        with contextlib.suppress(OSError, ValueError):
            self.url = json.loads(file.read_text())["url"]
            requests.get(self.url + "api", timeout=5)
            return True
        return False

    def ask(self, method: str, path: str, **options: Any) -> requests.Response:
        """Ask for a path below the base URL, with the token unless `headers` are given."""
        options = {"headers": {"Authorization": f"token {self.token}"}, "timeout": 60, **options}
        return requests.request(method, self.url + path, **options)

    def api(self, method: str, path: str, **options: Any) -> requests.Response:
        return self.ask(method, f"tfs/api/{path}", **options)

    def get(self, path: str) -> requests.Response:
        return self.api("GET", path)

    def post(self, path: str, **body: Any) -> requests.Response:
        return self.api("POST", path, json=body)

    def serve(self, name: str, base_path: Path | str, **fields: Any) -> requests.Response:
        body = {"base_path": str(base_path), **fields}
        return self.api("PUT", f"models/{name}", json=body)

    def predict(self, name: str, **options: Any) -> requests.Response:
        return self.ask("POST", f"tfs/v1/models/{name}:predict", json=ROW, **options)

    def state(self) -> str:
        found: str = self.get("status").json()["server"]["state"]
        return found

    def versions(self, name: str) -> dict[int, str]:
        """Return the states of the versions of a model, by number."""
        models = self.get("status").json()["models"]
        return {
            version["version"]: version["state"]
            for model in models
            if model["name"] == name
            for version in model["versions"]
        }

    def answers(self, name: str) -> bool:
        return self.predict(name).status_code == 200

    def family(self) -> list[psutil.Process]:
        """All processes that it has started, now."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def stop(self) -> None:
        """End it as a service manager does, and by force what does not end by that."""
        family: list[psutil.Process] = []
        if self.process.poll() is None:
            family = self.family()
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
        for process in psutil.wait_procs(family, timeout=10)[1]:
            process.kill()
        self._pump.join(10)
        if self.process.stdout:
            self.process.stdout.close()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line.rstrip())


def _environment(home: Path) -> dict[str, str]:
    ours = ("JUPYTER", "JPY_", "TFS_")
    folders = {"CONFIG": "config", "DATA": "data", "RUNTIME": "runtime"}
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(ours)},
        **{f"JUPYTER_{name}_DIR": str(home / folder) for name, folder in folders.items()},
        "IPYTHONDIR": str(home / "ipython"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "HOME": str(home),
        "PYTHONUNBUFFERED": "1",
    }


StartJupyter = Callable[..., Jupyter]


def _starter(folder: Path, eventually: Callable[..., Any]) -> tuple[StartJupyter, list[Jupyter]]:
    started: list[Jupyter] = []

    def start(
        *args: str, home: Path | None = None, root: Path | None = None, env: Any = None
    ) -> Jupyter:
        home = home or folder / f"home-{len(started)}"
        root = root or folder / "root"
        root.mkdir(exist_ok=True)
        for port in ("rest_port", "grpc_port"):
            if not any(port in arg for arg in args):
                args = (f"--TFSExtension.{port}=0", *args)
        jupyter = Jupyter(home, root, *args, env=env or {})
        started.append(jupyter)
        eventually(jupyter.find, 60)
        return jupyter

    return start, started


@pytest.fixture
def start_jupyter(tmp_path: Path, eventually: Callable[..., Any]) -> Iterator[StartJupyter]:
    """Start Jupyter servers; each has a home of its own, and all show the same directory."""
    start, started = _starter(tmp_path, eventually)
    yield start
    for jupyter in started:
        jupyter.stop()


@pytest.fixture(scope="module")
def jupyter(
    tmp_path_factory: pytest.TempPathFactory,
    eventually: Callable[..., Any],
    request: pytest.FixtureRequest,
) -> Iterator[Jupyter]:
    """A Jupyter server that all tests of a module share; `JUPYTER` in the module has its options."""
    start, started = _starter(tmp_path_factory.mktemp("jupyter"), eventually)
    yield start(*getattr(request.module, "JUPYTER", ()))
    for each in started:
        each.stop()


@pytest.fixture(scope="module")
def digits(jupyter: Jupyter, export_constant: Callable[[Path, float], Path]) -> Path:
    """A model with version 1, in the directory that Jupyter shows."""
    return export_constant(jupyter.root / "digits" / "1", 1.0).parent


@pytest.fixture(scope="module")
def running(jupyter: Jupyter, digits: Path, eventually: Callable[..., Any]) -> Jupyter:
    """The Jupyter server, whose model server answers for `digits`."""
    answer = jupyter.serve("digits", digits)
    assert answer.status_code == 200, answer.text
    eventually(lambda: jupyter.answers("digits"), 60)
    return jupyter
