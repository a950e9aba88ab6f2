"""Lines that are commands, and those that are not."""

from __future__ import annotations

import json

import pytest

from server_ext.control import commands
from server_ext.control.commands import Poll, Serve
from server_ext.errors import Code, FailedPrecondition, InvalidArgument, ServingError
from server_ext.lifecycle.admission import Held, Rules
from server_ext.lifecycle.source import ModelConfig

CONFIG = 'model_config_list { config { name: "m" base_path: "/m" model_platform: "tensorflow" } }'


def read(**said):
    return commands.command(commands.document(json.dumps(said).encode()))


def test_serve_says_which_models_what_is_held_and_where_models_may_lie():
    held = {"name": "m", "version": 3, "stamp": "()", "reason": "It ended the server."}

    found = read(do="serve", config=CONFIG, held=[held], roots=["/m"], first=True)

    rules = Rules((Held("m", 3, "()", "It ended the server."),), ("/m",))
    assert found == Serve([ModelConfig("m", "/m")], rules, True)


def test_all_but_the_models_may_be_left_out():
    assert read(do="serve", config="model_config_list {}") == Serve([], Rules(), False)


def test_poll_says_nothing_else():
    assert read(do="poll") == Poll()


@pytest.mark.parametrize(
    "line", [b"", b"nonsense", b"[1]", b'"serve"', b"{", b"\xff", b"[" * 10**5]
)
def test_what_is_no_json_object_is_no_command(line):
    with pytest.raises(InvalidArgument, match="A command is a JSON object in one line"):
        commands.document(line)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({}, "Unknown command None: known are serve and poll"),
        ({"do": "dance"}, "Unknown command 'dance'"),
        ({"do": ["serve"]}, "Unknown command"),
        ({"do": "serve"}, "config is None: it must be of type str"),
        ({"do": "serve", "config": 7}, "config is 7"),
        ({"do": "serve", "config": "models"}, "config of a serve command"),
        ({"do": "serve", "config": ""}, "Expected a model_config_list"),
        ({"do": "serve", "config": CONFIG, "held": {}}, "held is {}: it must be of type list"),
        ({"do": "serve", "config": CONFIG, "held": ["m"]}, "An entry of held is 'm'"),
        ({"do": "serve", "config": CONFIG, "held": [{"name": "m", "version": True}]}, "version is"),
        ({"do": "serve", "config": CONFIG, "roots": ["models"]}, "it must be an absolute path"),
        ({"do": "serve", "config": CONFIG, "first": "yes"}, "first is 'yes'"),
    ],
)
def test_a_command_that_cannot_be_done_says_what_is_wrong(said, message):
    with pytest.raises(ServingError, match=message) as raised:
        read(**said)

    assert raised.value.code is Code.INVALID_ARGUMENT


def test_replies_have_the_id_that_was_sent():
    assert commands.reply(7) == {"id": 7, "ok": True}
    assert commands.reply("a", FailedPrecondition("no")) == {
        "id": "a",
        "error": {"code": "FAILED_PRECONDITION", "message": "no"},
    }
