"""Magics whose model server a real Jupyter server hosts, from its kernels and from elsewhere."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from jupyterprocess import JupyterServer
from kernelchannel import Kernel

from server_ext.errors import (
    AlreadyExists,
    FailedPrecondition,
    NotFound,
    PermissionDenied,
    Unavailable,
)
from tfs_magics import connection, serving

pytestmark = [pytest.mark.tensorflow, pytest.mark.timeout(240)]

Start = Callable[..., JupyterServer]
FREE_PORTS = ("--TFSExtension.rest_port=0", "--TFSExtension.grpc_port=0")
X = "import numpy as np\nx = np.eye(16)[:3].reshape(-1, 4, 4, 1)"


@pytest.fixture(scope="module")
def start_jupyter(tmp_path_factory: pytest.TempPathFactory, models: Path) -> Iterator[Start]:
    """Start Jupyter servers, each with a directory of its own that has the models in it."""
    started: list[JupyterServer] = []

    def start(*options: str) -> JupyterServer:
        root = tmp_path_factory.mktemp("root") / "tree"
        shutil.copytree(models, root)
        server = JupyterServer(tmp_path_factory.mktemp("home"), root, *FREE_PORTS, *options)
        server.root = root  # type: ignore[attr-defined]
        started.append(server)
        return server

    yield start
    connection.use("")
    for server in started:
        server.stop()


@pytest.fixture(scope="module")
def jupyter(start_jupyter: Start) -> JupyterServer:
    """A Jupyter server whose model server wants a token."""
    return start_jupyter(
        "--TFSExtension.require_token=always", "--ServerApp.allow_remote_access=True"
    )


@pytest.fixture
def kernel(jupyter: JupyterServer) -> Iterator[Kernel]:
    """A kernel of the notebook work/a.ipynb that serves digits."""
    with notebook(jupyter, "work/a.ipynb") as kernel:
        kernel.run("%tfs_serve digits")
        yield kernel


@pytest.fixture
def here(jupyter: JupyterServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """This process talks to the Jupyter server, as a script does that was given its URL."""
    monkeypatch.setenv("TFS_MANAGER_URL", jupyter.url)
    monkeypatch.setenv("TFS_MANAGER_TOKEN", jupyter.token)
    connection.use("")
    jupyter.tell("POST", "tfs/api/server/stop", json={"forget": True})
    root: Path = jupyter.root  # type: ignore[attr-defined]
    yield root
    connection.use("")
    jupyter.tell("POST", "tfs/api/server/stop", json={"forget": True})


def notebook(jupyter: JupyterServer, path: str, name: str = "python3") -> Kernel:
    kernel = Kernel(jupyter, path, name)
    root = jupyter.root  # type: ignore[attr-defined]
    kernel.run(f"%cd -q {root}\n%load_ext tfs_magics\n%config TFSMagics.base_path = '.'\n{X}")
    return kernel


def refusal(kernel: Kernel, cell: str) -> str:
    """Run a cell that is refused; return the line that says why."""
    with pytest.raises(RuntimeError) as error:
        kernel.run(cell)
    said = str(error.value).split("\n", 1)[1]
    assert "Traceback" not in said
    return said.strip().removeprefix("UsageError: ")


def models_of(jupyter: JupyterServer) -> dict[str, Any]:
    return {each["name"]: each for each in jupyter.tell("GET", "tfs/api/status")["models"]}


def test_a_kernel_finds_the_server_that_started_it_and_serves_there(
    jupyter: JupyterServer, kernel: Kernel
):
    where = kernel.run("%tfs_where")

    assert where.startswith(f"Hosted by the Jupyter server {jupyter.url.rstrip('/')}, running")
    assert f"It started this kernel (process {jupyter.process.pid})." in where
    assert "Models are served from here as work/a.ipynb." in where
    assert jupyter.token not in where
    assert models_of(jupyter)["digits"]["owner"]["notebook"] == "work/a.ipynb"
    assert kernel.run("p = %tfs_predict digits x\np.argmax(1).tolist()") == "[0, 1, 2]"
    assert kernel.run("p = %tfs_predict digits x --grpc\np.argmax(1).tolist()") == "[0, 1, 2]"
    assert kernel.run("import sys\n[m for m in sys.modules if 'jupyter_server' in m]") == "[]"


def test_what_is_served_outlives_the_kernel(jupyter: JupyterServer, kernel: Kernel):
    kernel.restart()

    kernel.run(f"%load_ext tfs_magics\n{X}")

    assert kernel.run("p = %tfs_predict digits x\np.argmax(1).tolist()") == "[0, 1, 2]"


def test_a_name_that_another_notebook_serves_is_refused_unless_it_is_taken_over(
    jupyter: JupyterServer, kernel: Kernel
):
    root = jupyter.root  # type: ignore[attr-defined]
    shutil.copytree(root / "digits", root / "elsewhere" / "digits", dirs_exist_ok=True)
    with notebook(jupyter, "work/b.ipynb") as other:
        said = refusal(other, "%tfs_serve ./elsewhere/digits")
        assert "work/a.ipynb" in said
        assert "--replace" in said

        other.run("%tfs_serve ./elsewhere/digits --replace")
        assert models_of(jupyter)["digits"]["owner"]["notebook"] == "work/b.ipynb"
        assert "digits is served by work/b.ipynb." in kernel.run("%tfs_status")
        kernel.run("%tfs_serve ./digits --replace")


def test_what_another_notebook_serves_is_changed_only_when_that_is_asked_for(
    jupyter: JupyterServer, kernel: Kernel
):
    with notebook(jupyter, "work/b.ipynb") as other:
        for line in ("%tfs_label digits theirs=1", "%tfs_load digits", "%tfs_unload digits"):
            said = refusal(other, line)
            assert said == (
                "Model digits is served by work/a.ipynb. "
                f"{line.split()[0]} with --replace changes it all the same."
            )
        assert models_of(jupyter)["digits"]["labels"] == {}
        other.run("%tfs_label digits")

        assert "theirs is version 1." in other.run("%tfs_label digits theirs=1 --replace")
        other.run("%tfs_label digits theirs= --replace\n%tfs_load digits --replace")
        other.run("%tfs_unload digits --replace")
        assert "digits" not in models_of(jupyter)


def test_what_nobody_owns_is_changed_by_everybody(jupyter: JupyterServer, kernel: Kernel):
    root = jupyter.root  # type: ignore[attr-defined]
    jupyter.tell("PUT", "tfs/api/models/nobodys", json={"base_path": str(root / "text")})

    assert "unloaded" in kernel.run("%tfs_unload nobodys")


def test_a_stop_takes_away_what_this_notebook_serves_and_all_only_if_asked(
    jupyter: JupyterServer, kernel: Kernel
):
    with notebook(jupyter, "work/b.ipynb") as other:
        other.run("%tfs_serve text")

        stopped = kernel.run("%tfs_stop").splitlines()
        assert stopped[0] == "digits is served no longer."
        assert stopped[1] == "The model server goes on for 1 model: text (work/b.ipynb)."
        assert models_of(jupyter).keys() == {"text"}
        assert kernel.run("%tfs_stop --all").startswith("stopped at ")
        assert models_of(jupyter) == {}
        assert refusal(other, "%tfs_predict text ['a']").startswith("No model server runs here.")


def test_the_last_notebook_that_stops_ends_the_server(jupyter: JupyterServer, kernel: Kernel):
    pid = jupyter.tell("GET", "tfs/api/status")["server"]["pid"]

    assert kernel.run("%tfs_stop").startswith("stopped at ")

    assert not psutil.pid_exists(pid)


def test_versions_and_labels_are_changed_through_jupyter(jupyter: JupyterServer, kernel: Kernel):
    root = jupyter.root  # type: ignore[attr-defined]
    shutil.copytree(root / "digits" / "1", root / "new")
    (root / "new").rename(root / "digits" / "2")
    try:
        assert "digits        2  available" in kernel.run("%tfs_load digits")
        assert "stable is version 2." in kernel.run("%tfs_label digits stable=2")
        assert models_of(jupyter)["digits"]["labels"] == {"stable": 2}
        assert "stands for no version" in kernel.run("%tfs_label digits stable=")
        kernel.run("%tfs_load digits --version 1")
        assert "1  unloaded" in kernel.run("%tfs_unload digits --version 1")
        assert "no other version than 2" in refusal(kernel, "%tfs_unload digits --version 2")
        assert "has no version 7" in refusal(kernel, "%tfs_load digits --version 7")
        assert "not available" in refusal(kernel, "%tfs_label digits stable=7")
        assert "followed again" in kernel.run("%tfs_load digits")
        assert "unloaded" in kernel.run("%tfs_unload digits")
    finally:
        shutil.rmtree(root / "digits" / "2")
    assert "digits" not in models_of(jupyter)


def test_the_log_is_that_of_the_hosted_server(kernel: Kernel):
    assert "Loading digits version 1" in kernel.run("%tfs_logs -n 100")


def test_a_server_that_was_started_again_is_asked_with_its_new_token(
    here: Path, images: Any, eventually: Callable[..., Any]
):
    digits = serving.serve(str(here / "digits"))
    before = connection.current().place()
    pid = serving.status().data["pid"]

    os.kill(pid, signal.SIGKILL)
    eventually(_runs_again, 60)
    serving.load("digits")

    assert digits.predict(images).argmax(axis=1).tolist() == [3, 5, 0]
    assert digits.predict(images, grpc=True).argmax(axis=1).tolist() == [3, 5, 0]
    serving.restart()
    assert digits.predict(images).argmax(axis=1).tolist() == [3, 5, 0]
    assert connection.current().place().authorization != before.authorization


def _runs_again() -> bool:
    server = connection.current().status()["server"]
    return bool(server["state"] == "running" and server["restarts"])


def test_a_directory_outside_of_the_roots_is_refused_with_the_roots(
    here: Path, tmp_path: Path, models: Path
):
    shutil.copytree(models / "digits", tmp_path / "digits")

    with pytest.raises(PermissionDenied) as error:
        serving.serve(str(tmp_path / "digits"))

    assert str(tmp_path / "digits") in str(error.value)
    assert str(here) in str(error.value)


def test_from_another_machine_models_are_asked_through_jupyter(
    here: Path, jupyter: JupyterServer, images: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TFS_MANAGER_URL", jupyter.url.replace("127.0.0.1", "127.1"))

    digits = serving.serve(str(here / "digits"))

    assert digits.url == jupyter.url.replace("127.0.0.1", "127.1") + "tfs/v1/models/digits"
    assert digits.predict(images).argmax(axis=1).tolist() == [3, 5, 0]
    assert serving.request("digits", '{"inputs": ').status == 400
    with pytest.raises(FailedPrecondition, match=r"leave out --grpc"):
        digits.predict(images, grpc=True)


def test_an_address_from_the_browser_is_understood_and_its_token_not_shown(
    here: Path, jupyter: JupyterServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("TFS_MANAGER_TOKEN")

    serving.serve(
        str(here / "digits"), server=f"{jupyter.url}lab/tree/a.ipynb?token={jupyter.token}"
    )

    where = serving.where()
    assert where.data["url"] == jupyter.url.rstrip("/")
    assert jupyter.token not in where.text + where.html + str(where.data)


def test_a_wrong_token_is_told_with_where_to_set_it(here: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TFS_MANAGER_TOKEN", "wrong")

    with pytest.raises(PermissionDenied, match="set TFS_MANAGER_TOKEN"):
        serving.status()


def test_nothing_that_answers_is_told_with_a_way_out(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TFS_MANAGER_URL", "http://127.0.0.1:9")

    with pytest.raises(Unavailable, match=r"cannot be reached \(connection refused\).*own"):
        serving.status()


def test_two_jupyter_servers_have_a_model_server_each_and_kernels_find_their_own(
    jupyter: JupyterServer, kernel: Kernel, start_jupyter: Start
):
    second = start_jupyter()
    with notebook(second, "work/a.ipynb") as other:
        other.run("%tfs_serve text")

        assert models_of(jupyter).keys() == {"digits"}
        assert models_of(second).keys() == {"text"}
        assert f"process {second.process.pid}" in other.run("%tfs_where")
        listed = other.run("%tfs_ps").splitlines()
        pids = [jupyter.tell("GET", "tfs/api/status")["server"]["pid"]]
        pids.append(second.tell("GET", "tfs/api/status")["server"]["pid"])
        assert [
            [line.endswith("yes") for line in listed if line.split()[0] == str(pid)] for pid in pids
        ] == [[False], [True]]


def test_a_kernel_whose_environment_has_no_jupyter_server_uses_the_hosted_one(
    jupyter: JupyterServer, tmp_path: Path
):
    block = tmp_path / "sitecustomize.py"
    block.write_text(
        "import sys\nclass Block:\n    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] in ('jupyter_server', 'jupyterlab'):\n"
        "            raise ModuleNotFoundError(name)\nsys.meta_path.insert(0, Block())\n"
    )
    home = jupyter.home
    spec = home / "data" / "kernels" / "elsewhere" / "kernel.json"
    spec.parent.mkdir(parents=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    environment = {"PYTHONPATH": str(block.parent)}
    spec.write_text(
        json.dumps({"argv": command, "display_name": "e", "language": "python", "env": environment})
    )

    with notebook(jupyter, "work/c.ipynb", "elsewhere") as kernel:
        kernel.run("%tfs_serve digits --replace")
        with pytest.raises(RuntimeError, match="ModuleNotFoundError"):
            kernel.run("import jupyter_server")
        assert kernel.run("%tfs_where").startswith("Hosted by the Jupyter server")
        assert kernel.run("p = %tfs_predict digits x\np.shape") == "(3, 10)"
        kernel.run("%tfs_stop --all")


def test_without_our_extension_the_kernel_has_a_server_of_its_own_and_says_how_to_change_that(
    start_jupyter: Start,
):
    plain = start_jupyter('--ServerApp.jpserver_extensions={"server_ext": False}')
    with notebook(plain, "a.ipynb") as kernel:
        kernel.run("%tfs_serve digits --rest-port 0 --grpc-port 0")

        where = " ".join(kernel.run("%tfs_where").split())
        assert where.startswith("This process's own, running")
        assert "does not host model servers" in where
        assert "jupyter server extension enable server_ext" in where


def test_a_jupyter_server_that_has_ended_is_told(
    start_jupyter: Start, monkeypatch: pytest.MonkeyPatch
):
    gone = start_jupyter()
    monkeypatch.setenv("TFS_MANAGER_URL", gone.url)
    monkeypatch.setenv("TFS_MANAGER_TOKEN", gone.token)
    assert serving.status().text.startswith("stopped")
    gone.stop()

    with pytest.raises(Unavailable, match="cannot be reached"):
        serving.serve("digits")


def test_serving_the_same_name_from_a_script_is_refused_as_well(here: Path, jupyter: JupyterServer):
    with notebook(jupyter, "work/a.ipynb") as kernel:
        kernel.run("%tfs_serve digits")

        with pytest.raises(AlreadyExists, match=r"work/a\.ipynb.*--replace"):
            serving.serve(str(here / "digits"))
    with pytest.raises(NotFound, match="No model digts is served"):
        serving.unload("digts")


def test_a_model_server_is_recognised_by_its_url_and_changed_by_nobody_here(
    start_server: Callable[..., Any], models: Path, images: Any
):
    running = start_server("--model_name=digits", f"--model_base_path={models / 'digits'}")
    serving.serve("digits", server=running.url, versions="latest:1")

    assert serving.predict("digits", images).argmax(axis=1).tolist() == [3, 5, 0]
    assert serving.predict("digits", images, grpc=True).argmax(axis=1).tolist() == [3, 5, 0]
    assert serving.status().data["pid"] == running.process.pid
    assert serving.where().text.startswith(f"Run by somebody else, {running.url}, running")
    with pytest.raises(FailedPrecondition, match=r"server = 'own'\.$"):
        serving.stop()
    for change in (serving.stop, serving.restart, lambda: serving.unload("digits")):
        with pytest.raises(FailedPrecondition, match="whoever started it can change or stop it"):
            change()
    connection.use("")


def test_a_model_server_that_wants_a_token_gets_it(
    start_server: Callable[..., Any],
    models: Path,
    images: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    secret = tmp_path / "token"
    secret.write_text("s3cret\n")
    secret.chmod(0o600)
    digits = f"--model_base_path={models / 'digits'}"
    running = start_server("--model_name=digits", digits, f"--auth_token_file={secret}")
    monkeypatch.setenv("TFS_MANAGER_URL", running.url)

    with pytest.raises(PermissionDenied, match="token"):
        serving.status()
    monkeypatch.setenv("TFS_MANAGER_TOKEN", "s3cret")

    assert np.shape(serving.predict("digits", images)) == (3, 10)
    assert np.shape(serving.predict("digits", images, grpc=True)) == (3, 10)
    assert "A token goes with each request." in serving.where().text
    with pytest.raises(FailedPrecondition, match=r"server = 'own', or unset TFS_MANAGER_URL\.$"):
        serving.stop()
