"""Which server is talked to: by the file of a Jupyter server, by what a Hub says, else one's own."""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from server_ext.errors import InvalidArgument, NotFound, ServingError
from server_ext.hosting.settings import Owner
from tfs_magics.connections.discovery import Discovery
from tfs_magics.connections.own import Own
from tfs_magics.connections.owner import this_owner
from tfs_magics.connections.runtimefile import JupyterServer, parent_server

TOKEN = "a-token"
asked: list[str | None] = []  # what was sent to be let in


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The runtime directory of Jupyter, empty."""
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    (tmp_path / "runtime").mkdir()
    return tmp_path / "runtime"


@pytest.fixture
def write(runtime: Path) -> Callable[..., dict[str, str]]:
    """Write the file of a Jupyter server; return the environment of a kernel of it."""

    def write(pid: int = os.getpid(), written: float | None = None, **more: Any) -> dict[str, str]:
        said = {"port": 8888, "base_url": "/a%40b/", "token": TOKEN, "hostname": "127.0.0.1"}
        file = runtime / f"jpserver-{pid}.json"
        file.write_text(json.dumps({**said, "pid": pid, "root_dir": "/notebooks", **more}))
        if written is not None:
            os.utime(file, (written, written))
        return {"JPY_PARENT_PID": str(pid)}

    return write


class Jupyter(http.server.BaseHTTPRequestHandler):
    """Answers as a Jupyter server does: 403 without the token; no extension below /plain."""

    def do_GET(self) -> None:
        asked.append(self.headers.get("Authorization"))
        status, body = 200, {"api": 1}
        if self.path.startswith("/rooted/"):
            body["root_dir"] = "/notebooks"
        if self.headers.get("Authorization") != f"token {TOKEN}":
            status, body = 403, {"message": "Forbidden", "reason": None}
        elif self.path.startswith("/plain/"):
            status, body = 404, {"message": "Not Found"}
        elif self.path.startswith("/login/"):
            status = 302
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """The port of what answers as Jupyter does."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Jupyter) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def find(environment: dict[str, str], server: str = "", token: str = "") -> Any:
    return Discovery(Own(), environment, token).find(server)


def test_the_file_of_the_process_that_started_the_kernel_tells_address_and_token(
    write: Callable[..., dict[str, str]],
):
    assert parent_server(write()) == JupyterServer(
        "http://127.0.0.1:8888/a%40b", TOKEN, os.getpid(), "/notebooks"
    )


@pytest.mark.parametrize(
    ("said", "url"),
    [
        ({"hostname": "0.0.0.0", "base_url": "/"}, "http://127.0.0.1:8888"),
        ({"hostname": "::1"}, "http://[::1]:8888/a%40b"),
        ({"hostname": "host", "secure": True}, "https://host:8888/a%40b"),
    ],
)
def test_addresses_are_such_that_they_can_be_connected_to(
    write: Callable[..., dict[str, str]], said: dict[str, Any], url: str
):
    found = parent_server(write(**said))

    assert isinstance(found, JupyterServer)
    assert found.url == url


def test_the_file_of_a_server_that_was_killed_does_not_count(write: Callable[..., dict[str, str]]):
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()

    assert "was left behind" in str(parent_server(write(gone.pid)))


def test_a_process_that_is_younger_than_the_file_is_another_one(
    write: Callable[..., dict[str, str]],
):
    began = psutil.Process().create_time()

    assert "was left behind" in str(parent_server(write(written=began - 3600)))
    assert isinstance(parent_server(write(written=time.time())), JupyterServer)


def test_what_is_no_jupyter_server_is_told(write: Callable[..., dict[str, str]], runtime: Path):
    assert "no Jupyter server with a runtime file" in str(parent_server({"JPY_PARENT_PID": "1"}))
    assert "was not started by a Jupyter server" in str(parent_server({}))
    assert "Unix socket only" in str(parent_server(write(sock="/tmp/s")))
    (runtime / "jpserver-1.json").write_text("[1, 2")
    assert "no Jupyter server with" in str(parent_server({"JPY_PARENT_PID": "1"}))
    (runtime / "jpserver-1.json").write_text("[]")
    assert "no Jupyter server with" in str(parent_server({"JPY_PARENT_PID": "1"}))


def test_the_parent_goes_before_the_hub_and_the_hub_before_ones_own(
    write: Callable[..., dict[str, str]], port: int
):
    hub = {
        "JUPYTERHUB_SERVICE_URL": f"http://0.0.0.0:{port}/user/ada/",
        "JUPYTERHUB_SERVICE_PREFIX": "/user/ada/",
        "JUPYTERHUB_API_TOKEN": TOKEN,
    }

    parent = find({**hub, **write(port=port)}).where
    other = find({**hub, **write(port=port, token="")}).where
    own = find({"JUPYTERHUB_SERVICE_URL": f"http://:{port}/plain", "JUPYTERHUB_API_TOKEN": TOKEN})

    assert (parent.kind, parent.url) == ("jupyter", f"http://127.0.0.1:{port}/a%40b")
    assert (other.kind, other.url) == ("jupyter", f"http://127.0.0.1:{port}/user/ada")
    assert "does not accept the token" in other.passed[-1]
    assert own.where.kind == "own"
    assert "jupyter server extension enable server_ext" in own.where.passed[-1]


def test_a_jupyter_server_without_our_extension_is_passed_over_with_the_reason(
    write: Callable[..., dict[str, str]], port: int
):
    where = find(write(port=port, base_url="/plain/")).where

    assert where.kind == "own"
    assert any("does not host model servers" in reason for reason in where.passed)


def test_what_was_given_goes_before_all_and_must_be_a_server(
    write: Callable[..., dict[str, str]], port: int
):
    environment = write(port=port) | {"TFS_MANAGER_TOKEN": TOKEN}
    url = f"http://127.0.0.1:{port}"

    assert find(environment, "own").where.kind == "own"
    assert find(environment, f"{url}/given/", TOKEN).where.url == f"{url}/given"
    named = find(environment | {"TFS_MANAGER_URL": f"{url}/named"}).where
    assert (named.url, named.why) == (f"{url}/named", "The environment names it: TFS_MANAGER_URL.")
    with pytest.raises(NotFound, match=r"does not host model servers.*Nor is it a model server"):
        find(environment, f"{url}/plain", TOKEN)
    with pytest.raises(InvalidArgument, match="is no server: give the address") as error:
        find(environment, "ftp://host?token=secret")
    assert "secret" not in str(error.value)


def test_a_page_to_log_in_is_not_followed(port: int):
    from server_ext.errors import PermissionDenied

    with pytest.raises(PermissionDenied, match="does not accept the token"):
        find({}, f"http://127.0.0.1:{port}/login", TOKEN)


def test_the_token_of_the_environment_goes_to_the_server_it_names_and_to_no_other(port: int):
    url = f"http://127.0.0.1:{port}"
    environment = {"TFS_MANAGER_URL": f"{url}/ada/", "TFS_MANAGER_TOKEN": TOKEN}

    assert find(environment, f"{url}/ada/lab/tree/a.ipynb").where.url == f"{url}/ada"
    asked.clear()
    for named in (environment["TFS_MANAGER_URL"], "http://127.0.0.1:9", "nowhere", ""):
        for given in (f"{url}/adam", f"{url}/", f"http://localhost:{port}/ada"):
            with pytest.raises(ServingError):
                find({**environment, "TFS_MANAGER_URL": named}, given)

    assert asked
    assert set(asked) == {None}


@pytest.mark.parametrize(
    ("named", "said"), [("http://127.0.0.1:9", "cannot be reached"), ("nowhere", "is no server")]
)
def test_a_wrong_address_in_the_environment_is_told_with_where_it_stands(named: str, said: str):
    with pytest.raises(ServingError, match=rf"^TFS_MANAGER_URL is '{named}': .*{said}") as error:
        find({"TFS_MANAGER_URL": f"{named}?token=s3cret"})
    assert "s3cret" not in str(error.value)


def test_a_notebook_has_one_name_however_its_server_was_found(
    write: Callable[..., dict[str, str]], port: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("JPY_SESSION_NAME", "/notebooks/maths/a.ipynb")
    url = f"http://127.0.0.1:{port}"

    started = find(write(port=port, root_dir="/notebooks"))
    given = find({}, f"{url}/rooted", TOKEN)

    assert started.owner == given.owner == "maths/a.ipynb"
    assert find({}, f"{url}/older", TOKEN).owner == "/notebooks/maths/a.ipynb"


@pytest.mark.parametrize(
    ("path", "root", "name"),
    [
        ("/notebooks/maths/a.ipynb", "/notebooks", "maths/a.ipynb"),
        ("/elsewhere/a.ipynb", "/notebooks", "/elsewhere/a.ipynb"),
        ("maths/a.ipynb", "/notebooks", "maths/a.ipynb"),
        ("", "/notebooks", ""),
    ],
)
def test_a_notebook_is_named_from_the_root_of_jupyter(
    monkeypatch: pytest.MonkeyPatch, path: str, root: str, name: str
):
    monkeypatch.setenv("JPY_SESSION_NAME", path)

    assert this_owner(root) == Owner(name, f"process {os.getpid()}")
