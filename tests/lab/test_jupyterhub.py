"""The quickstart under a real JupyterHub: its user logs in, runs it, and other clients use the Hub's URL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
from hubprocess import USER, Hub
from jupyterprocess import Jupyter
from kernelchannel import Kernel

pytestmark = [pytest.mark.tensorflow, pytest.mark.notebook, pytest.mark.timeout(180)]

LOG_IN_TIMEOUT_MS = 60_000


@pytest.fixture(scope="module")
def hub(root: Path, tmp_path_factory: pytest.TempPathFactory, hub_proxy: str) -> Iterator[Hub]:
    hub = Hub(tmp_path_factory.mktemp("hub"), root)
    yield hub
    hub.stop()


@pytest.fixture(scope="module")
def server(hub: Hub, page: Any) -> Jupyter:
    """The Jupyter server that ada gets by logging in."""
    page.page.goto(hub.url)
    page.page.fill("#username_input", USER)
    page.page.fill("#password_input", hub.password)
    page.page.click("#login_submit")
    page.page.wait_for_url(f"**/user/{USER}/**", timeout=LOG_IN_TIMEOUT_MS)
    return hub.server()


@pytest.fixture(scope="module")
def ran(server: Jupyter, page: Any, run_quickstart: Callable[..., Any]) -> Any:
    return run_quickstart(page, server, token=False)


@pytest.fixture(scope="module")
def kernel(server: Jupyter, ran: Any) -> Iterator[Kernel]:
    kernel = Kernel(server, "another.ipynb")
    kernel.run("%load_ext tfs_magics\n%tfs_serve models/digits")
    yield kernel
    kernel.leave()


def test_every_cell_runs_without_an_error(ran: Any):
    assert ran.errors == []
    assert [cell.execution_count for cell in ran.code] == list(range(1, len(ran.code) + 1))
    assert ran.wrong == []


def test_one_server_of_adas_jupyter_served_both_versions(ran: Any):
    assert len(ran.log.pids()) == 1
    assert {("digits", 1, "AVAILABLE"), ("digits", 2, "AVAILABLE")} <= set(ran.log.seen())


def test_the_server_outlives_the_kernel(server: Jupyter, kernel: Kernel):
    before = server.tell("GET", "tfs/api/status")["server"]

    kernel.restart()

    after = server.tell("GET", "tfs/api/status")
    assert after["server"]["pid"] == before["pid"]
    assert [model["name"] for model in after["models"]] == ["digits"]


def test_a_client_reaches_the_model_by_the_url_and_with_a_token_of_the_hub(
    hub: Hub, server: Jupyter, kernel: Kernel
):
    address = f"{hub.url}user/{USER}/tfs/v1/models/digits:predict"
    body = {"instances": [[[[0.0]] * 28] * 28]}
    headers = {"Authorization": f"token {server.token}"}

    answer = requests.post(address, json=body, headers=headers, timeout=60)

    assert answer.status_code == 200
    assert len(answer.json()["predictions"][0]) == 10
    assert requests.post(address, json=body, timeout=60).status_code in (401, 403)


def test_other_users_of_the_machine_get_nothing_at_the_ports_of_the_model_server(
    server: Jupyter, kernel: Kernel
):
    port = server.tell("GET", "tfs/api/status")["server"]["rest_url"]

    assert requests.get(f"{port}/v1/models/digits", timeout=60).status_code == 401


def test_ending_adas_server_in_the_hub_leaves_no_process_of_it(
    hub: Hub, server: Jupyter, kernel: Kernel, eventually: Callable[..., Any]
):
    model_server = psutil.Process(server.tell("GET", "tfs/api/status")["server"]["pid"])
    jupyter = model_server.parent()
    assert jupyter is not None

    hub.end_server()

    for process in (jupyter, model_server):
        eventually(lambda one=process: not one.is_running())
