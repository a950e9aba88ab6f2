"""When the model server's own ports ask for a token."""

from __future__ import annotations

import os

import pytest

from server_ext.jupyter.policy import tokens

HUB = {"JUPYTERHUB_SERVICE_PREFIX": "/user/ada/"}
ME = os.getuid()
SOMEBODY = 1234 if ME != 1234 else 1235
DAEMON = 101
NOBODY = 65534


@pytest.mark.parametrize(
    ("policy", "host", "environment", "users", "needed"),
    [
        ("auto", "127.0.0.1", {}, [ME], False),
        ("auto", "127.0.0.1", {}, [ME, 0, DAEMON, NOBODY], False),
        ("auto", "127.0.0.1", {}, [ME, SOMEBODY], True),
        ("auto", "127.0.0.1", HUB, [ME], True),
        ("always", "127.0.0.1", {}, [ME], True),
        ("never", "127.0.0.1", HUB, [ME, SOMEBODY], False),
        ("never", "localhost", {}, [ME], False),
        ("never", "::1", {}, [ME], False),
        ("never", "0.0.0.0", {}, [ME], True),
        ("auto", "192.0.2.1", {}, [ME], True),
        ("auto", "", {}, [ME], True),
        ("auto", "model.example", {}, [ME], True),
    ],
)
def test_the_policy_the_host_the_hub_and_other_people_decide(
    policy, host, environment, users, needed
):
    assert tokens.needed(policy, host, environment, users) == needed


def test_the_users_of_this_machine_are_those_with_processes():
    assert ME in set(tokens.users())
