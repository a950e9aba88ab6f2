"""A Jupyter server as a user starts it, and how a client with its token asks it.

    JupyterServer   `jupyter lab`: a process on a free port of 127.0.0.1, with directories of its own
    Jupyter         any Jupyter server that answers under a URL, such as one that a Hub has started

The token goes by the environment, as arguments can be read by every user of the machine.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import requests

START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 60
LOOK_S = 0.05
ASK_TIMEOUT_S = 60
KERNELS_ONLY_HERE = ("JUPYTERHUB_", "JPY_", "JUPYTER_", "TFS_")
# What JupyterLab asks its user, or another host, at the first start; and cells that stay in the page.
SETTINGS = {
    "@jupyterlab/apputils-extension/notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
}


class Family:
    """A process, and all that it has started."""

    process: subprocess.Popen[bytes]

    def descendants(self) -> list[psutil.Process]:
        """Return all processes that it, or one of its children, has started."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def stop(self) -> None:
        """End it as a service manager does, and by force what does not end by that."""
        with contextlib.suppress(psutil.NoSuchProcess):
            family = self.descendants() if self.process.poll() is None else []
            self.process.send_signal(signal.SIGTERM)
            _, left = psutil.wait_procs(family, timeout=STOP_TIMEOUT_S)
            for process in left:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
        try:
            self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Jupyter:
    """A Jupyter server that answers under `url`, which ends in a slash."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.token = token

    def ask(self, method: str, path: str, **options: Any) -> requests.Response:
        """Ask for a path below the base URL, as who has the token."""
        headers = {"Authorization": f"token {self.token}", **options.pop("headers", {})}
        options = {"timeout": ASK_TIMEOUT_S, "headers": headers, **options}
        return requests.request(method, self.url + path, **options)

    def tell(self, method: str, path: str, **options: Any) -> Any:
        """Ask, and return the JSON of the answer; anything but a success is an error with its text."""
        answer = self.ask(method, path, **options)
        if not answer.ok:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text[:2000]}")
        return answer.json() if answer.content else None


class JupyterServer(Jupyter, Family):
    """`jupyter lab` with a home of its own; `root` is the directory that it shows.

    `process` is the process itself, to be ended in any way.
    """

    def __init__(self, home: Path, root: Path, *options: str) -> None:
        self.home = home
        self.log = home / "jupyter.log"
        token = secrets.token_hex(16)
        environment = surroundings(home) | {"JUPYTER_TOKEN": token}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1"),
                    *("--port=0", "--allow-root", f"--ServerApp.root_dir={root}"),
                    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
                    *options,
                ],
                cwd=root,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            super().__init__(self._listening(), token)
        except BaseException:
            self.stop()
            raise

    def _listening(self) -> str:
        file = self.home / "runtime" / f"jpserver-{self.process.pid}.json"
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
                url: str = json.loads(file.read_text())["url"]
                if answers(url):
                    return url
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(LOOK_S)
        raise RuntimeError(f"Jupyter did not start:\n{self.log.read_text()[-4000:]}")


def answers(url: str) -> bool:
    """Tell whether a server answers there at all."""
    try:
        requests.get(f"{url}api", timeout=5)
    except requests.ConnectionError:
        return False
    return True


def surroundings(home: Path) -> dict[str, str]:
    """Return an environment in which Jupyter and its kernels find and leave nothing outside of `home`."""
    mine = {
        name: value for name, value in os.environ.items() if not name.startswith(KERNELS_ONLY_HERE)
    }
    mine.pop("PYTHONSAFEPATH", None)  # notebooks import what lies beside them
    places = {
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
        "XDG_CACHE_HOME": "cache",
    }
    for name, folder in places.items():
        (home / folder).mkdir(parents=True, exist_ok=True, mode=0o700)
        mine[name] = str(home / folder)
    for name, values in SETTINGS.items():
        file = home / "settings" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))
    programs = Path(sys.executable).parent  # Jupyter's commands, and Node.js where it is from PyPI
    return mine | {"PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', '')}"}
