"""A real JupyterHub: dummy authenticator, simple spawner, configurable-http-proxy, all on 127.0.0.1.

    browser, clients --> proxy --> hub            /hub/...
                               --> jupyterhub-singleuser of ada    /user/ada/...

All of it lies in one directory, and ends with the process of the hub.
"""

from __future__ import annotations

import contextlib
import secrets
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import requests
from jupyterprocess import (
    LOOK_S,
    START_TIMEOUT_S,
    Family,
    Jupyter,
    answers,
    surroundings,
)

USER = "ada"
CONFIGURATION = """
c.JupyterHub.bind_url = "http://127.0.0.1:{public}"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{hub}"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{api}"
c.ConfigurableHTTPProxy.command = [{proxy!r}, "--ip=127.0.0.1"]
c.ConfigurableHTTPProxy.pid_file = {home!r} + "/proxy.pid"
c.JupyterHub.cookie_secret_file = {home!r} + "/cookie_secret"
c.JupyterHub.db_url = "sqlite:///" + {home!r} + "/hub.sqlite"
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = {password!r}
c.Authenticator.allowed_users = {{"ada"}}
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = {root!r}
c.Spawner.cmd = [{python!r}, "-m", "jupyterhub.singleuser", "--allow-root"]
c.Spawner.environment = {environment!r}
c.Spawner.notebook_dir = {root!r}
c.Spawner.default_url = "/lab"
c.Spawner.start_timeout = 60
c.JupyterHub.services = [{{"name": "test", "api_token": {token!r}}}]
c.JupyterHub.load_roles = [
    {{
        "name": "test",
        "services": ["test"],
        "scopes": ["admin:users", "admin:servers", "tokens", "access:servers"],
    }}
]
"""


class Hub(Jupyter, Family):
    """A hub with the one user `ada`, who logs in with `password`; asked with a token of a service."""

    def __init__(self, home: Path, root: Path) -> None:
        self.password = secrets.token_hex(8)
        self.log = home / "hub.log"
        token = secrets.token_hex(16)
        ports = dict(zip(("public", "hub", "api"), free_ports(3), strict=True))
        environment = surroundings(home)
        proxy = shutil.which("configurable-http-proxy", path=environment["PATH"])
        text = CONFIGURATION.format(
            **ports,
            proxy=proxy,
            home=str(home),
            root=str(root),
            password=self.password,
            token=token,
            python=sys.executable,
            environment=_for_users(environment, home),
        )
        file = home / "jupyterhub_config.py"
        file.touch(mode=0o600)
        file.write_text(text)
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "jupyterhub", f"--config={file}"],
                cwd=home,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        super().__init__(f"http://127.0.0.1:{ports['public']}/", token)
        try:
            self._wait_until_it_answers()
        except BaseException:
            self.stop()
            raise

    def server(self) -> Jupyter:
        """Return ada's Jupyter server, as one who has a token of ada's."""
        token = self.tell("POST", f"hub/api/users/{USER}/tokens", json={"note": "test"})["token"]
        return Jupyter(f"{self.url}user/{USER}/", token)

    def end_server(self) -> None:
        """End ada's Jupyter server, as the button in the hub's page does."""
        self.tell("DELETE", f"hub/api/users/{USER}/server")

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline and self.process.poll() is None:
            if answers(f"{self.url}hub/") and requests.get(f"{self.url}hub/api", timeout=5).ok:
                return
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(LOOK_S)
        raise RuntimeError(f"JupyterHub did not start:\n{self.log.read_text()[-4000:]}")


def free_ports(count: int) -> list[int]:
    """Return ports of 127.0.0.1 that are free now; the proxy cannot choose its own."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _for_users(environment: dict[str, str], home: Path) -> dict[str, str]:
    """Return what the servers of users get: the places, which the spawner would not pass on."""
    return {name: value for name, value in environment.items() if value.startswith(str(home))}
