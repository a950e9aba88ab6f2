"""What a host may be set to, and where its server answers."""

from __future__ import annotations

from typing import Any

import pytest

from server_ext.errors import InvalidArgument
from server_ext.hosting.address import address, reachable
from server_ext.hosting.command import command, environment
from server_ext.hosting.settings import Owner, Settings


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"rest_port": -1}, "rest_port -1: a port is from 0 to 65535"),
        ({"grpc_port": 70_000}, "grpc_port 70000: a port is from 0 to 65535"),
        ({"batching": "maybe"}, "batching 'maybe': use off, on, auto"),
        ({"flags": ("--port=1",)}, "'--port=1' cannot be among the flags: it has settings"),
        ({"flags": ("model_name",)}, "'model_name' cannot be among the flags: it"),
        ({"flags": ("grpc_max_threads=1",)}, "it does not start with --"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_refused(wrong: dict[str, Any], why: str):
    with pytest.raises(InvalidArgument, match=why):
        Settings(**wrong)


def test_an_owner_is_the_notebook_if_there_is_one():
    assert Owner("a.ipynb", "k").identity == "a.ipynb"
    assert Owner(kernel="k").identity == "k"


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("", "127.0.0.1"),
        ("0.0.0.0", "127.0.0.1"),
        ("::", "[::1]"),
        ("[::1]", "[::1]"),
        ("localhost", "localhost"),
    ],
)
def test_a_server_is_reached_by_a_name_that_leads_to_it(host: str, name: str):
    assert reachable(host) == name


def test_an_address_has_what_the_server_has():
    assert address("::1", 1, 2, False, None) == ("http://[::1]:1", "[::1]:2", None)
    assert address("127.0.0.1", 1, None, True, "t") == ("https://127.0.0.1:1", "", "t")


def test_the_server_inherits_no_secrets_of_ours(monkeypatch: Any):
    secret = ("JUPYTERHUB_API_TOKEN", "JPY_PARENT_PID", "JUPYTER_TOKEN", "TFS_MANAGER_TOKEN")
    for name in (*secret, "TFS_MANAGER_URL", "MODEL_NAME"):
        monkeypatch.setenv(name, "value")

    inherited = environment()

    assert not inherited.keys() & {*secret, "MODEL_NAME"}
    assert inherited["TFS_MANAGER_URL"] == "value"
    assert inherited["PYTHONUNBUFFERED"] == "1"


def test_one_load_at_a_time_wins_over_the_flags_of_the_settings():
    words = command(
        Settings(flags=("--num_load_threads=8",)),
        1,
        2,
        batching="auto",
        token_file=None,
        one_load_at_a_time=True,
    )

    assert [word for word in words if "load_threads" in word][-1] == "--num_load_threads=1"
