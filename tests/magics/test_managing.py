"""Labels, versions, the log, restarts and settings, by magics, with a server of the shell's own."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from server_ext.errors import Unavailable
from tfs_magics import connection, serving
from tfs_magics.connections.found import model_servers, serves_models

pytestmark = pytest.mark.tensorflow

Eventually = Callable[..., Any]


@pytest.fixture
def two(served: Path) -> Iterator[Path]:
    """The model `digits` has a version 2 as well, which is loaded."""
    shutil.copytree(served / "digits" / "1", served / "new")
    (served / "new").rename(served / "digits" / "2")
    serving.serve("digits", versions="all")
    yield served
    shutil.rmtree(served / "digits" / "2", ignore_errors=True)
    serving.serve("digits", versions="latest:1")


def test_labels_are_given_moved_shown_and_taken_away(shell: Any, two: Path):
    given = shell.run("%tfs_label digits stable=1 canary=2").value
    assert given.text.splitlines()[:2] == ["stable is version 1.", "canary is version 2."]
    assert given.data["labels"] == {"stable": 1, "canary": 2}

    moved = shell.run("%tfs_label digits stable=2 canary=").value
    assert moved.data["labels"] == {"stable": 2}
    assert "stable" in shell.run("%tfs_label digits").value.text
    shell.run("%tfs_label digits stable=")


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("%tfs_label digits stable", "stable is no label: use LABEL=VERSION"),
        ("%tfs_label digits stable=one", "stable=one is no label"),
        ("%tfs_label digits stable=9", "Label 'stable' of model digits cannot stand for version 9"),
        ("%tfs_label digts stable=1", "No model digts is served. Did you mean digits?"),
        ("%tfs_load digts", "No model digts is served. Did you mean digits?"),
        ("%tfs_load digits --version 9", "Model digits has no version 9"),
        ("%tfs_unload text --version 1", "text has no other version than 1: %tfs_unload text"),
        ("%tfs_serve text --server nowhere", "nowhere is no server: give the address"),
    ],
)
def test_what_cannot_be_done_is_one_line_with_what_to_do(
    shell: Any, served: Path, cell: str, said: str
):
    assert shell.run(cell).usage_error.startswith(said)
    connection.use("")


def test_a_version_is_unloaded_and_loaded_again_and_then_the_latest_is_followed(
    shell: Any, two: Path
):
    out = shell.run("%tfs_unload digits --version 2").value
    assert states(out.data) == {2: "END", 1: "AVAILABLE"}
    assert "%tfs_load digits follows the latest version again." in " ".join(out.text.split())

    back = shell.run("%tfs_load digits --version 2").value
    assert states(back.data) == {2: "AVAILABLE", 1: "AVAILABLE"}
    latest = shell.run("%tfs_load digits").value
    assert latest.text.startswith("The latest version is followed again.")
    assert latest.data["wanted"] == "latest: 1"


def states(entry: dict[str, Any]) -> dict[int, str]:
    return {each["version"]: each["state"] for each in entry["versions"]}


def test_a_model_is_unloaded_and_served_again(shell: Any, served: Path):
    gone = shell.run("%tfs_unload text").value

    assert gone.text.startswith("text  unloaded")
    assert "No model text is served." in shell.run("%tfs_predict text ['a']").usage_error
    assert "No model text is served." in shell.run("%tfs_load text").usage_error
    assert shell.run(f"%tfs_serve {served}/text").value.name == "text"


def test_a_restart_brings_back_the_models_in_another_process(shell: Any, served: Path, images: Any):
    before = serving.status().data["pid"]

    again = shell.run("%tfs_restart").value

    assert again.text.startswith("running, started again in ")
    assert serving.status().data["pid"] != before
    assert serving.predict("digits", images).shape == (3, 10)


def test_a_server_that_ends_at_each_start_says_why_and_starts_again_when_asked(
    shell: Any, served: Path, eventually: Eventually
):
    def state() -> str:
        found: str = connection.current().status()["server"]["state"]
        return found

    for _ in range(2):
        os.kill(eventually(lambda: connection.current().status()["server"]["pid"]), signal.SIGKILL)
        eventually(lambda: state() == "restarting")
        said = shell.run("%tfs_predict digits 1").usage_error
        assert "SIGKILL" in said
        assert "being started again" in said
        eventually(lambda: state() == "running")
    assert "started again 2 times" in shell.run("%tfs_status").value.text


def test_a_log_is_followed_until_it_is_interrupted(
    shell: Any, served: Path, eventually: Eventually
):
    interrupts = threading.Timer(1.0, lambda: signal.raise_signal(signal.SIGINT))
    interrupts.start()

    ran = shell.run("%tfs_logs -f -n 5")

    interrupts.join()
    assert ran.error is None
    assert ran.value is None
    assert len(ran.out.splitlines()) >= 5


def test_all_servers_of_this_user_are_found_and_told_apart(
    shell: Any, served: Path, start_server: Callable[..., Any], tmp_path: Path
):
    other = start_server("--model_name=text", f"--model_base_path={served / 'text'}")
    secret = tmp_path / "token"
    secret.write_text("s3cret\n")
    secret.chmod(0o600)
    text = f"--model_base_path={served / 'text'}"
    guarded = start_server("--model_name=text", text, f"--auth_token_file={secret}")

    found = {each.pid: each for each in model_servers()}
    shown = shell.run("%tfs_ps").value.text.splitlines()

    assert found[other.process.pid].rest_port == other.ready["rest_api_port"]
    assert found[other.process.pid].grpc_port == other.ready["port"]
    assert found[other.process.pid].starter == "this process"
    assert found[guarded.process.pid].page is None
    assert found[guarded.process.pid].rest_port == guarded.ready["rest_api_port"]
    own = serving.status().data["pid"]
    lines = {int(line.split()[0]): line for line in shown[1:]}
    assert lines[own].endswith("yes")
    assert not lines[other.process.pid].endswith("yes")
    assert "wants a token" in lines[guarded.process.pid]


@pytest.mark.parametrize(
    ("command", "serves"),
    [
        ("/venv/bin/python3.12 -m server_ext --port=0", True),
        ("/venv/bin/python /venv/bin/tensorflow_model_server --port=1", True),
        ("/usr/bin/tensorflow_model_server --port=1", True),
        ("python -m pytest server_ext", False),
        ("vi server_ext", False),
        ("grep tensorflow_model_server -r .", False),
        ("", False),
    ],
)
def test_a_command_tells_whether_it_serves_models(command: str, serves: bool):
    assert serves_models(command.split()) is serves


def test_settings_are_shown_with_their_help_and_set_by_config(shell: Any):
    shown = shell.run("%config TFSMagics").out

    for name in ("server", "base_path", "batching", "rest_port", "grpc_port", "timeout"):
        assert f"TFSMagics.{name}=" in shown
    assert "Whose model server to use" in shown
    shell.run("%config TFSMagics.rest_port = 90000")
    assert "90000" not in shell.run("%config TFSMagics").out
    assert shell.run("%config TFSMagics.batching = 'on'").error is None
    assert shell.run("%config TFSMagics.batching").out.endswith("'on'\n")


def test_a_base_path_that_is_set_is_where_models_are_looked_for(shell: Any, tmp_path: Path):
    (tmp_path / "store" / "churn" / "1").mkdir(parents=True)
    shell.run("%config TFSMagics.base_path = './store'")

    said = shell.run("%tfs_serve chrn").usage_error

    assert said == "No model chrn in ./store. Did you mean churn?"


@pytest.mark.usefixtures("no_server")
def test_ports_and_batching_that_are_set_are_for_a_server_that_starts(shell: Any, models: Path):
    shell.run("%config TFSMagics.rest_port = 0\n%config TFSMagics.grpc_port = 0")
    shell.run("%config TFSMagics.batching = 'off'\n%config TFSMagics.timeout = 60.0")

    shell.run(f"%tfs_serve {models}/digits")
    page = serving.status().data

    assert page["options"]["batching"] == "off"
    assert page["ports"]["rest"] != 8501
    shell.run("%config TFSMagics.batching = 'on'")
    assert shell.run(f"%tfs_serve {models}/text").error is None


@pytest.mark.parametrize("value", ["'x'", "-1"])
def test_a_setting_that_is_refused_does_not_keep_the_magics_from_being_loaded_again(
    shell: Any, value: str
):
    shell.run(f"%config TFSMagics.rest_port = {value}\n%config TFSMagics.timeout = 5.0")
    shell.run("%unload_ext tfs_magics")

    loaded = shell.run("%load_ext tfs_magics")

    assert loaded.error is None
    assert "Traceback" not in loaded.out + loaded.err
    (said,) = loaded.err.splitlines()
    assert said.startswith("TFSMagics.rest_port is left out: ")
    assert shell.run("%config TFSMagics.timeout").out.endswith("5.0\n")
    shell.run("%unload_ext tfs_magics")
    assert shell.run("%load_ext tfs_magics").err == ""


def test_a_server_that_does_not_answer_is_not_kept(shell: Any, served: Path):
    dead = "http://127.0.0.1:9?token=s3cret"
    for line in (f"%tfs_serve text --server {dead}", "%tfs_serve text --server nowhere"):
        assert shell.run(line).usage_error

        assert shell.run("%config TFSMagics.server").out.endswith("''\n")
        assert "running" in shell.run("%tfs_status").value.text
    with pytest.raises(Unavailable, match="cannot be reached"):
        serving.serve("text", server=dead)
    assert serving.serve("text").name == "text"


def test_a_variable_that_is_no_model_is_told_by_its_type(shell: Any, tmp_path: Path):
    shell["live2"] = 3

    said = shell.run("%tfs_serve live2").usage_error

    assert said.startswith("No model live2 in ./models.")
    assert said.endswith(
        "The variable live2 is of type int, which is no model that can be exported."
    )


def test_a_server_that_is_set_is_used_until_it_is_unset(shell: Any, served: Path):
    shell.run("%config TFSMagics.server = 'http://127.0.0.1:9'")
    assert "cannot be reached" in shell.run("%tfs_status").usage_error

    shell.run("%config TFSMagics.server = 'own'")

    assert shell.run("%tfs_where").value.data["kind"] == "own"
    shell.run("%config TFSMagics.server = 'http://127.0.0.1:9/lab?token=s3cret'")
    assert "s3cret" not in shell.run("%config TFSMagics").out
    assert "s3cret" not in shell.run("%tfs_status").usage_error
    shell.run("%config TFSMagics.server = 'own'")
    assert "running" in shell.run("%tfs_status").value.text
