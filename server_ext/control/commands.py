"""What can be asked on standard input: a line of JSON to a checked command.

    {"id": 1, "do": "serve", "config": "model_config_list {...}",
     "held": [{"name", "version", "stamp", "reason"}], "roots": ["/models"], "first": false}
    {"id": 2, "do": "poll"}

    --> {"id": 1, "ok": true}     {"id": 2, "error": {"code": "INVALID_ARGUMENT", "message": "..."}}

Pure functions.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from server_ext.errors import InvalidArgument, ServingError
from server_ext.lifecycle.admission import Held, Rules
from server_ext.lifecycle.source import ModelConfig
from server_ext.modelconfig import parse_model_config

T = TypeVar("T")


class Serve(NamedTuple):
    """Serve these models and no others; `first` when a server before this one did so already."""

    models: Sequence[ModelConfig]
    rules: Rules
    first: bool


class Poll(NamedTuple):
    """Look for new and removed versions now."""


Command = Serve | Poll
Reply = Mapping[str, Any]


def document(line: bytes) -> Mapping[str, Any]:
    """Return what a line says.

    Raises:
        InvalidArgument: it is no JSON object.
    """
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InvalidArgument(f"A command is a JSON object in one line: {error}") from None
    if not isinstance(found, dict):
        raise InvalidArgument(f"A command is a JSON object in one line, not {found!r:.100}")
    return found


def command(said: Mapping[str, Any]) -> Command:
    """Return the command in a document.

    Raises:
        InvalidArgument: it is unknown, a field is missing or of another type, or the configuration
            cannot be, see modelconfig.from_proto.
        ServingError: see there.
    """
    do = said.get("do")
    if do == "poll":
        return Poll()
    if do != "serve":
        raise InvalidArgument(f"Unknown command {do!r:.100}: known are serve and poll")
    return Serve(
        parse_model_config(_field(said, "config", str), "config of a serve command"),
        Rules(
            tuple(_held(entry) for entry in _field(said, "held", list, [])),
            tuple(_root(entry) for entry in _field(said, "roots", list, [])),
        ),
        _field(said, "first", bool, False),
    )


def reply(id: Any, error: ServingError | None = None) -> Reply:
    """Return the answer to the command with this id."""
    if error is None:
        return {"id": id, "ok": True}
    return {"id": id, "error": {"code": error.code.name, "message": error.message}}


def _field(said: Mapping[str, Any], name: str, kind: type[T], default: T | None = None) -> T:
    value = said.get(name, default)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise InvalidArgument(f"{name} is {value!r:.100}: it must be of type {kind.__name__}")
    return value


def _held(entry: Any) -> Held:
    if not isinstance(entry, dict):
        raise InvalidArgument(f"An entry of held is {entry!r:.100}: it must be an object")
    return Held(
        _field(entry, "name", str),
        _field(entry, "version", int),
        _field(entry, "stamp", str),
        _field(entry, "reason", str),
    )


def _root(entry: Any) -> str:
    if not isinstance(entry, str) or not os.path.isabs(entry):
        raise InvalidArgument(f"An entry of roots is {entry!r:.100}: it must be an absolute path")
    return entry
