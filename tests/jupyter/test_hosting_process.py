"""What survives what: the model server and Jupyter are stopped, hung and killed, in real processes."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

import server_ext

pytestmark = pytest.mark.tensorflow


@pytest.fixture
def model(tmp_path: Path, export_constant) -> Path:
    (tmp_path / "root").mkdir()
    return export_constant(tmp_path / "root" / "m" / "1", 1.0).parent


def serving(jupyter, model, eventually):
    """Serve the model `m`, wait until it answers, and return the process of the model server."""
    answer = jupyter.serve("m", model)
    assert answer.status_code == 200, answer.text
    eventually(lambda: jupyter.answers("m"), 60)
    return jupyter.child


def gone(processes):
    return not psutil.wait_procs(processes, timeout=0)[1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGHUP])
def test_when_jupyter_ends_no_process_is_left(start_jupyter, model, eventually, number):
    jupyter = start_jupyter()
    child = serving(jupyter, model, eventually)
    family = jupyter.family()
    assert child in family

    jupyter.process.send_signal(number)

    eventually(lambda: gone(family), 30)


def test_what_was_served_is_served_again_after_jupyter_was_killed_and_started(
    start_jupyter, model, eventually, tmp_path
):
    first = start_jupyter(home=tmp_path / "home")
    serving(first, model, eventually)
    owner = {"notebook": "a.ipynb", "kernel": "1"}
    first.serve("mine", model, owner=owner, versions="1")
    first.process.kill()
    first.process.wait(10)

    second = start_jupyter(home=tmp_path / "home")

    eventually(lambda: second.answers("m") and second.answers("mine"), 60)
    found = {entry["name"]: entry for entry in second.get("status").json()["models"]}
    assert found["mine"]["owner"] == owner
    assert found["mine"]["wanted"] == "specific: 1"


def test_a_model_server_that_was_stopped_stays_so_after_a_restart_and_remembers_its_models(
    start_jupyter, model, eventually, tmp_path
):
    first = start_jupyter(home=tmp_path / "home")
    serving(first, model, eventually)
    stopped = first.post("server/stop").json()
    first.stop()

    second = start_jupyter(home=tmp_path / "home")
    state = second.state()
    started = second.post("server/start").json()

    assert stopped["server"]["state"] == state == "stopped"
    assert started["server"]["state"] == "running"
    eventually(lambda: second.answers("m"), 60)


def test_the_registry_is_for_its_owner_only(start_jupyter, model):
    jupyter = start_jupyter()
    jupyter.serve("m", model)

    registry = jupyter.get("status").json()["registry"]

    path = Path(registry["path"])
    assert registry["problem"] is None
    assert path.parent == jupyter.runtime.parent / "data" / "tfs-magics"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_two_jupyter_servers_of_one_user_have_a_model_server_each(
    start_jupyter, model, eventually, tmp_path
):
    one, two = (start_jupyter(home=tmp_path / "home") for _ in range(2))
    children = [serving(jupyter, model, eventually) for jupyter in (one, two)]

    paths = [each.get("status").json()["registry"]["path"] for each in (one, two)]
    one.post("server/stop")

    assert len({child.pid for child in children}) == 2
    assert len(set(paths)) == 2
    assert two.answers("m")


def test_a_hung_model_server_is_taken_for_dead_and_started_again(start_jupyter, model, eventually):
    jupyter = start_jupyter("--TFSExtension.health_deadline=2")
    child = serving(jupyter, model, eventually)

    child.suspend()

    eventually(lambda: gone([child]), 30)
    eventually(lambda: jupyter.answers("m"), 60)
    server = jupyter.get("status").json()["server"]
    assert server["restarts"] == 1
    assert server["pid"] != child.pid


def test_a_model_server_that_dies_at_each_start_fails_with_its_last_lines(
    start_jupyter, model, eventually
):
    jupyter = start_jupyter(
        "--TFSExtension.max_restarts=1", "--TFSExtension.server_flags=--no_such_flag=1"
    )

    answer = jupyter.serve("m", model)
    eventually(lambda: jupyter.state() == "failed")

    assert answer.status_code == 503
    assert "no_such_flag" in answer.json()["message"]
    server = jupyter.get("status").json()["server"]
    assert any("no_such_flag" in line for line in server["lines"])
    address = jupyter.get("address")
    assert address.status_code == 503
    assert "no_such_flag" in address.json()["message"]
    assert jupyter.predict("m").status_code == 503


def test_a_port_that_the_user_fixed_and_that_is_taken_is_an_error_that_names_it(
    start_jupyter, model, eventually
):
    one = start_jupyter()
    serving(one, model, eventually)
    port = one.get("status").json()["server"]["rest_port"]
    two = start_jupyter(f"--TFSExtension.rest_port={port}")

    answer = two.serve("m", model)

    assert answer.status_code == 503
    assert str(port) in answer.json()["message"]


def test_the_installed_package_alone_enables_the_extension_and_the_list_has_its_version():
    done = subprocess.run(
        [sys.executable, "-m", "jupyter", "server", "extension", "list"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    text = re.sub(r"\x1b\[\d+m", "", done.stdout + done.stderr)
    assert re.search(r"server_ext\s+enabled", text)
    assert re.search(rf"server_ext {re.escape(server_ext.__version__)}\s+OK", text)


def test_the_help_has_every_option_with_a_sentence():
    done = subprocess.run(
        [sys.executable, "-m", "server_ext.jupyter", "--help-all"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    for name in (
        *("enabled", "autostart", "host", "rest_port", "grpc_port", "batching", "server_flags"),
        *("model_roots", "require_token", "allow_reload_requests", "max_models", "max_restarts"),
        *("restart_window", "start_timeout", "stop_timeout", "health_deadline", "log_lines"),
    ):
        assert re.search(rf"--TFSExtension\.{name}=.*\n    +[A-Z]", done.stdout), name


def test_no_handler_is_open_and_none_is_complained_about(start_jupyter):
    jupyter = start_jupyter()

    assert jupyter.get("about").status_code == 200
    assert "JupyterServerAuthWarning" not in jupyter.log
    assert "Traceback" not in jupyter.log
    assert "not recognized" not in jupyter.log
