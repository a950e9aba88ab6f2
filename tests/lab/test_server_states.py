"""What the panel offers when the server does not simply run: each button is pressed, and helps."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import servedmodels
from jupyterprocess import JupyterServer
from panelpage import PanelPage, panel_of

pytestmark = [pytest.mark.tensorflow, pytest.mark.notebook, pytest.mark.timeout(180)]

LONG = {"inputs": {"rounds": 2_000_000_000}}
OPTIONS = [
    "--TFSExtension.max_restarts=0",
    "--TFSExtension.stop_timeout=600",
    "--TFSExtension.server_flags=--rest_api_timeout_in_ms=600000",
]


@pytest.fixture(scope="module")
def taken() -> Iterator[socket.socket]:
    """A port where somebody else listens, until the socket is closed."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


@pytest.fixture(scope="module")
def lab(taken: socket.socket, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    """Jupyter, whose administrator has chosen that port for the model server."""
    root: Path = tmp_path_factory.mktemp("root")
    servedmodels.counting(root / "models" / "counting")
    port = f"--TFSExtension.rest_port={taken.getsockname()[1]}"
    server = JupyterServer(tmp_path_factory.mktemp("lab"), root, port, *OPTIONS)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def panel(browser: Any, lab: JupyterServer) -> PanelPage:
    return panel_of(browser, lab)


def server(lab: JupyterServer) -> dict[str, Any]:
    """Return what is said of the server."""
    said: dict[str, Any] = lab.tell("GET", "tfs/api/status")["server"]
    return said


def buttons(panel: PanelPage) -> list[str]:
    """Return what the buttons below the state say, from the first to the last."""
    shown = panel.side.get_by_role("group", name="Server").get_by_role("button")
    return [text.strip() for text in shown.all_inner_texts()]


def press(panel: PanelPage, name: str) -> None:
    panel.side.get_by_role("group", name="Server").get_by_role("button", name=name).click()


def test_a_server_whose_port_is_taken_starts_on_another_one(
    lab: JupyterServer,
    panel: PanelPage,
    taken: socket.socket,
    eventually: Callable[..., Any],
):
    port = taken.getsockname()[1]
    refused = lab.ask("PUT", "tfs/api/models/counting", json={"base_path": "models/counting"})
    assert refused.status_code == 503
    panel.says("Failed")
    panel.says("Stop that process or use another port.")
    panel.shoot("port-taken")
    assert buttons(panel) == ["Use another port", "Try again", "Open log", "Copy report"]

    press(panel, "Use another port")

    panel.row("counting/1").get_by_text("Available").wait_for(timeout=60_000)
    eventually(lambda: server(lab)["state"] == "running")
    assert server(lab)["rest_port"] not in (None, port)
    assert str(server(lab)["rest_port"]) in panel.side.inner_text()


def test_a_server_that_crashes_too_often_is_tried_again(
    lab: JupyterServer,
    panel: PanelPage,
    taken: socket.socket,
    eventually: Callable[..., Any],
):
    taken.close()
    before = server(lab)["pid"]
    psutil.Process(before).send_signal(signal.SIGABRT)
    panel.says("Failed")
    panel.shoot("crashed")
    assert buttons(panel) == ["Try again", "Open log", "Copy report"]

    press(panel, "Try again")

    panel.row("counting/1").get_by_text("Available").wait_for(timeout=60_000)
    eventually(lambda: server(lab)["pid"] not in (None, before))


def test_a_server_that_waits_for_a_request_is_stopped_now(
    lab: JupyterServer, panel: PanelPage, eventually: Callable[..., Any]
):
    pid = server(lab)["pid"]
    answers: list[int] = []
    ask = {"json": LONG, "timeout": 300}
    asking = threading.Thread(
        target=lambda: answers.append(
            lab.ask("POST", "tfs/v1/models/counting:predict", **ask).status_code
        )
    )
    asking.start()
    eventually(lambda: server(lab)["in_flight"] == 1)
    panel.side.get_by_role("button", name="Stop server").click()
    panel.page.locator(".jp-Dialog").get_by_text("It still answers 1 request.").wait_for()
    panel.answer("Stop")
    panel.says("Draining")
    panel.says("1 request left")
    panel.shoot("draining")

    press(panel, "Stop now")
    panel.page.locator(".jp-Dialog").get_by_text("1 request gets no answer.").wait_for()
    panel.answer("Stop now")

    panel.says("Stopped")
    assert server(lab)["state"] == "stopped"
    assert not psutil.pid_exists(pid)
    asking.join(60)
    assert answers
    assert answers[0] >= 500


def test_the_browser_complains_of_nothing_but_what_was_refused(panel: PanelPage):
    assert panel.wrong == []
