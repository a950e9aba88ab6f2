"""The quickstart in a real JupyterLab, in a real browser: Jupyter hosts the server it serves with."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from jupyterprocess import JupyterServer
from kernelchannel import Kernel

pytestmark = [pytest.mark.tensorflow, pytest.mark.notebook, pytest.mark.timeout(180)]

README = (Path(__file__).parents[2] / "README.md").read_text()
COMMANDS = ("/tfs/v1/models/half_plus_two:predict", "/tfs/api/status")
SERVE = "%load_ext tfs_magics\n%tfs_serve models/digits"


@pytest.fixture(scope="module")
def lab(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    server = JupyterServer(tmp_path_factory.mktemp("lab"), root)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def ran(lab: JupyterServer, page: Any, run_quickstart: Callable[..., Any]) -> Any:
    return run_quickstart(page, lab, token=True)


@pytest.fixture(scope="module")
def kernel(lab: JupyterServer, ran: Any) -> Iterator[Kernel]:
    """A kernel of another notebook, which serves what the quickstart has exported."""
    with Kernel(lab, "another.ipynb") as kernel:
        kernel.run(SERVE)
        yield kernel


def states(status: dict[str, Any]) -> dict[str, str]:
    """Return the states of the versions of digits, by their numbers."""
    [digits] = [model for model in status["models"] if model["name"] == "digits"]
    return {str(version["version"]): version["state"] for version in digits["versions"]}


def example(mark: str) -> str:
    """Return the block of the README that has this in it."""
    blocks = re.findall(r"^```\w+\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    [found] = [block for block in blocks if mark in block]
    return found


def test_every_cell_runs_without_an_error(ran: Any):
    assert ran.errors == []
    assert [cell.execution_count for cell in ran.code] == list(range(1, len(ran.code) + 1))


def test_the_browser_complains_of_nothing(ran: Any):
    assert ran.wrong == []


def test_one_server_of_jupyter_served_both_versions(ran: Any):
    assert len(ran.log.pids()) == 1
    seen = ran.log.seen()
    assert ("digits", 1, "AVAILABLE") in seen
    assert seen.index(("digits", 1, "AVAILABLE")) < seen.index(("digits", 2, "AVAILABLE"))


def test_stopping_in_the_notebook_ended_the_server_as_nobody_else_had_a_model_there(
    lab: JupyterServer, ran: Any
):
    status = lab.tell("GET", "tfs/api/status")

    assert status["server"]["state"] == "stopped"
    assert status["models"] == []


def test_a_notebook_is_told_that_jupyter_hosts_the_server(lab: JupyterServer, kernel: Kernel):
    shown = kernel.run("%tfs_where")

    assert lab.url.rstrip("/") in shown
    assert lab.token not in shown


def test_a_model_and_the_process_that_serves_it_outlive_the_kernel(
    lab: JupyterServer, kernel: Kernel
):
    before = lab.tell("GET", "tfs/api/status")

    kernel.restart()

    after = lab.tell("GET", "tfs/api/status")
    assert after["server"]["pid"] == before["server"]["pid"]
    assert states(after) == {"2": "AVAILABLE"}
    kernel.run("%load_ext tfs_magics\nimport numpy as np")
    asked = "%tfs_predict digits np.zeros((2, 28, 28, 1))"
    assert kernel.run(f"p = {asked}\nprint(p.shape)") == "(2, 10)\n"


def test_a_client_with_the_token_of_jupyter_reaches_the_model_through_it(
    lab: JupyterServer, kernel: Kernel
):
    body = {"instances": [[[[0.0]] * 28] * 28]}

    answer = lab.ask("POST", "tfs/v1/models/digits:predict", json=body)

    assert answer.status_code == 200
    assert len(answer.json()["predictions"][0]) == 10


def test_the_commands_of_the_readme_reach_the_model_through_jupyter(
    lab: JupyterServer, root: Path, kernel: Kernel
):
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    export, predict, status = (example(mark) for mark in ("tfs_magics.export(", *COMMANDS))
    subprocess.run([sys.executable, "-c", export], cwd=root, check=True, timeout=90)
    kernel.run("%tfs_serve models/half_plus_two")

    answers = []
    for command in (predict, status):
        command = command.replace("http://127.0.0.1:8888/", lab.url)
        environment = os.environ | {"JUPYTER_TOKEN": lab.token}
        answers.append(subprocess.check_output(["sh", "-c", command], env=environment, timeout=90))

    assert json.loads(answers[0]) == {"predictions": [2.5, 3.0, 4.5]}
    assert json.loads(answers[1])["server"]["state"] == "running"


def test_without_the_token_nobody_does(lab: JupyterServer, kernel: Kernel):
    nobody = {"Authorization": ""}

    assert lab.ask("GET", "tfs/v1/models/digits", headers=nobody).status_code == 403
    assert lab.ask("GET", "tfs/api/status", headers=nobody).status_code == 403


def test_a_notebook_is_told_whose_a_name_is_and_takes_it_over_only_when_it_says_so(
    lab: JupyterServer, kernel: Kernel
):
    with Kernel(lab, "third.ipynb") as third:
        with pytest.raises(RuntimeError, match=r"another\.ipynb"):
            third.run(SERVE)
        third.run("%tfs_serve models/digits --replace")

        [digits] = [
            model
            for model in lab.tell("GET", "tfs/api/status")["models"]
            if model["name"] == "digits"
        ]
        assert digits["owner"]["notebook"] == "third.ipynb"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["SIGTERM", "SIGKILL"])
def test_the_server_ends_with_jupyter(
    root: Path,
    tmp_path: Path,
    ran: Any,
    eventually: Callable[..., Any],
    number: signal.Signals,
):
    lab = JupyterServer(tmp_path, root)
    try:
        kernel = Kernel(lab, "another.ipynb")
        kernel.run(SERVE)
        kernel.leave()
        server = psutil.Process(lab.tell("GET", "tfs/api/status")["server"]["pid"])
        assert server.ppid() == lab.process.pid

        lab.process.send_signal(number)

        lab.process.wait(60)
        eventually(lambda: not server.is_running() or server.status() == psutil.STATUS_ZOMBIE)
    finally:
        lab.stop()
