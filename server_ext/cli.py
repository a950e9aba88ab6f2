"""The command `tensorflow_model_server`: flags in, one server, an exit code out.

Flags are spelled and parsed as TensorFlow Serving's (tsl/util/command_line_flags.cc):
`--name=value`, a bare `--name` for true, later ones win. Ours: `--name value` is taken as well,
and an unknown flag is refused.
Heavy imports wait until the options are known to be right and the ports are ours.
"""

from __future__ import annotations

import argparse
import dataclasses
import difflib
import gc
import importlib.metadata
import json
import logging
import os
import re
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

from server_ext import __version__, chatter
from server_ext.errors import InvalidArgument, ServingError
from server_ext.frontends import ports
from server_ext.options import Options

if TYPE_CHECKING:
    from server_ext.server import ModelServer

log = logging.getLogger(__name__)

BAD_START = 255
GARBAGE_THRESHOLD = 50_000  # new containers until the next look; one image in JSON makes 800
_INTEGER = re.compile(r"\s*[+-]?\d+\s*", re.ASCII)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a server until it is told to stop; return the exit code."""
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    try:
        options = parse(sys.argv[1:] if argv is None else argv, os.environ)
    except InvalidArgument as error:
        return _failed(error)
    if options.version:
        print(f"TensorFlow ModelServer: {__version__}")
        print(f"TensorFlow Library: {importlib.metadata.version('tensorflow')}")
        return 0
    return serve(options)


def serve(options: Options) -> int:
    """Start, announce, wait for a signal, drain; return the exit code."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, partial(_on_signal, stop))
    if options.exit_when_stdin_closes:
        threading.Thread(target=_watch_stdin, args=(stop,), name="stdin", daemon=True).start()
    try:
        options.check_servable()
        reserved = _reserve(options)
        with chatter.held_back():
            from server_ext.server import ModelServer
        _spare_collector()
        server = ModelServer(options, reserved)
        server.start(give_up=stop)
    except ServingError as error:
        return _failed(error)
    _announce(options, server)
    stop.wait()
    log.info("Stopping: answering what is in flight")
    server.stop()
    return 0


def parse(argv: Sequence[str], environ: Mapping[str, str]) -> Options:
    """Read the flags, then what the Docker image's variables say where no flag does.

    Raises:
        InvalidArgument: an unknown flag, or a value that does not fit.
    """
    known, unknown = _parser().parse_known_args(_until_dashes(argv))
    if unknown:
        raise InvalidArgument(f"unknown argument: {unknown[0]}{_nearest(unknown[0])}")
    given = {name: value for name, value in vars(known).items() if value is not None}
    return Options(**{**_from_environment(given, environ), **given})


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise InvalidArgument(f"{message}. --help lists all flags")


def _parser() -> _Parser:
    parser = _Parser(
        prog="tensorflow_model_server",
        description="Serves TensorFlow models over gRPC and REST, with versions and hot swap.",
        allow_abbrev=False,
    )
    for field in dataclasses.fields(Options):
        kind = field.metadata["kind"]
        how: dict[str, Any] = {"type": {bool: _bool, int: _int}.get(kind, kind)}
        if kind is bool:
            how |= {"nargs": "?", "const": True}
        default = "off" if field.default is None else repr(field.default)
        parser.add_argument(
            f"--{field.name}",
            metavar=kind.__name__,
            help=f"{field.metadata['help']} Default: {default}.".replace("%", "%%"),
            **how,
        )
    return parser


def _until_dashes(argv: Sequence[str]) -> list[str]:
    """Cut at a lone `--`, which ends the flags."""
    return list(argv[: list(argv).index("--")] if "--" in argv else argv)


def _from_environment(given: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, str]:
    """Read MODEL_NAME and MODEL_BASE_PATH as the Docker image's entry point does.

    There the model lies at $MODEL_BASE_PATH/$MODEL_NAME, `/models/model` unless set
    (tools/docker/Dockerfile). Flags win.
    """
    if "model_base_path" in given or "model_config_file" in given:
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
    if argument.startswith("-"):
        close = difflib.get_close_matches("--" + argument.lstrip("-").split("=")[0], names, n=1)
        if close:
            return f". Did you mean {close[0]}?"
    return ". --help lists all flags"


def _reserve(options: Options) -> ports.Reserved:
    grpc = None
    if options.port or not options.grpc_socket_path:
        grpc = ports.reserve(options.host, options.port)
    return ports.Reserved(grpc, _reserve_rest(options))


def _reserve_rest(options: Options) -> Any:
    """Bind REST's port. As in TensorFlow Serving, gRPC goes on alone when that is not possible."""
    if options.rest_api_port is None:
        return None
    if options.rest_api_port and options.rest_api_port == options.port:
        log.error(
            "--port and --rest_api_port are both %d: gRPC and REST need different ports. "
            "REST is off",
            options.port,
        )
        return None
    try:
        return ports.reserve(options.host, options.rest_api_port)
    except ServingError as error:
        log.error("REST is off: %s", error)
        return None


def _announce(options: Options, server: ModelServer) -> None:
    ready = {
        "pid": os.getpid(),
        "version": __version__,
        "host": options.host,
        "port": server.grpc_port,
        "rest_api_port": server.rest_port,
        "grpc_socket_path": options.grpc_socket_path,
    }
    print(json.dumps(ready))
    if server.grpc_port is not None:
        print(f"Running gRPC ModelServer at {options.host}:{server.grpc_port} ...")
    if options.grpc_socket_path:
        print(f"Running gRPC ModelServer at unix:{options.grpc_socket_path} ...")
    if server.rest_port is not None:
        print(f"Exporting HTTP/REST API at:localhost:{server.rest_port} ...")
    sys.stdout.flush()


def _spare_collector() -> None:
    """Keep the garbage collector off TensorFlow's 300,000 objects, which stay for good.

    Each full collection would stop all threads for some 200 ms, and parsing the nested lists of one
    JSON body is enough to bring the next one closer.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD, 10, 10)


def _failed(error: ServingError) -> int:
    print(f"Failed to start server. Error: {error.status_text}", flush=True)
    return BAD_START


def _on_signal(stop: threading.Event, number: int, _: FrameType | None) -> None:
    if stop.is_set():  # asked again: the one who asks does not want to wait for the drain
        os._exit(128 + number)
    stop.set()


def _watch_stdin(stop: threading.Event) -> None:
    while os.read(0, 4096):
        pass  # whatever is written there means nothing; only its end counts
    stop.set()
