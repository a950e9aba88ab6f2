"""From the words of a command line to Options: one loop over the table of flags.

Flags are spelled and parsed as TensorFlow Serving's (tsl/util/command_line_flags.cc):
`--name=value`, a bare `--name` for true, later ones win. Ours: `--name value` is taken as well,
and an unknown flag is refused.
"""

from __future__ import annotations

import argparse
import dataclasses
import difflib
import logging
import os
import re
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from server_ext.errors import InvalidArgument
from server_ext.options import Options
from server_ext.otherflags import OTHER_FLAGS

log = logging.getLogger(__name__)

# The flags of Options in groups, by the first one of each.
GROUPS = {
    "port": "where it listens",
    "grpc_channel_arguments": "what it takes, and from whom",
    "model_name": "what it serves",
    "num_load_threads": "how versions come and go",
    "tensorflow_session_parallelism": "how models run",
    "wait_for_models": "the process",
}
_INTEGER = re.compile(r"\s*[+-]?\d+\s*", re.ASCII)


def parse(argv: Sequence[str], environ: Mapping[str, str]) -> Options:
    """Read the flags, then what the Docker image's variables say where no flag does.

    Raises:
        InvalidArgument: an unknown flag, one that is not offered here, or a value that does not
            fit.
    """
    known, unknown = _parser().parse_known_args(_until_dashes(argv))
    if unknown:
        raise InvalidArgument(f"unknown argument: {unknown[0]}{_nearest(unknown[0])}")
    given = {name: value for name, value in vars(known).items() if value is not None}
    for name in OTHER_FLAGS.keys() & given.keys():
        _without_effect(name, given.pop(name))
    return Options(**{**_from_environment(given, environ), **given})


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise InvalidArgument(f"{message}. --help lists all flags")


def _parser() -> _Parser:
    parser = _Parser(
        prog="tensorflow_model_server",
        usage="%(prog)s --model_base_path=DIR|--model_config_file=FILE [--name=value ...]",
        description="Serves TensorFlow models over gRPC and REST, with versions and hot swap.",
        allow_abbrev=False,
    )
    group: Any = parser
    for field in dataclasses.fields(Options):
        if field.name in GROUPS:
            group = parser.add_argument_group(GROUPS[field.name])
        default = "off" if field.default is None else repr(field.default)
        _add(
            group,
            field.name,
            field.metadata["kind"],
            f"{field.metadata['help']} Default: {default}.",
        )
    group = parser.add_argument_group("flags of TensorFlow Serving without effect here")
    for name, flag in OTHER_FLAGS.items():
        _add(group, name, flag.kind, f"{'Refused' if flag.refused else 'Ignored'}: {flag.reason}.")
    return parser


def _add(group: Any, name: str, kind: type, text: str) -> None:
    how: dict[str, Any] = {"type": {bool: _bool, int: _int}.get(kind, kind)}
    if kind is bool:
        how |= {"nargs": "?", "const": True}
    group.add_argument(f"--{name}", metavar=kind.__name__, help=text.replace("%", "%%"), **how)


def _without_effect(name: str, value: Any) -> None:
    flag = OTHER_FLAGS[name]
    if value == flag.harmless:
        return
    if flag.refused:
        raise InvalidArgument(f"--{name} is not offered here: {flag.reason}")
    log.warning("--%s is ignored: %s", name, flag.reason)


def _until_dashes(argv: Sequence[str]) -> list[str]:
    """Cut at a lone `--`, which ends the flags."""
    return list(argv[: list(argv).index("--")] if "--" in argv else argv)


def _from_environment(given: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, str]:
    """Read MODEL_NAME and MODEL_BASE_PATH as the Docker image's entry point does.

    There the model lies at $MODEL_BASE_PATH/$MODEL_NAME, `/models/model` unless set
    (tools/docker/Dockerfile). Flags win.
    """
    if "model_base_path" in given or "model_config_file" in given or given.get("commands_on_stdin"):
        return {}
    if not environ.get("MODEL_NAME") and not environ.get("MODEL_BASE_PATH"):
        return {}
    name = given.get("model_name") or environ.get("MODEL_NAME") or "model"
    parent = environ.get("MODEL_BASE_PATH") or "/models"
    return {"model_name": name, "model_base_path": os.path.join(parent, name)}


def _bool(text: str) -> bool:
    if text.lower() in ("true", "1"):
        return True
    if text.lower() in ("false", "0"):
        return False
    raise argparse.ArgumentTypeError(f"{text!r} is not true, false, 1 or 0")


def _int(text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)


def _nearest(argument: str) -> str:
    names = [f"--{field.name}" for field in dataclasses.fields(Options)]
    names += [f"--{name}" for name in OTHER_FLAGS]
    if argument.startswith("-"):
        close = difflib.get_close_matches("--" + argument.lstrip("-").split("=")[0], names, n=1)
        if close:
            return f". Did you mean {close[0]}?"
    return ". --help lists all flags"
