"""The command `tensorflow_model_server`: flags in, one server, an exit code out.

Heavy imports wait until the options are known to be right and the ports are ours.
"""

from __future__ import annotations

import contextlib
import gc
import importlib.metadata
import json
import logging
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from server_ext import __version__, allocator, chatter, latecomers, signals, streams
from server_ext.commandline import parse
from server_ext.control.pipe import Pipe
from server_ext.errors import InvalidArgument, ServingError
from server_ext.frontends import ports
from server_ext.loglines import LogLines
from server_ext.options import Options

if TYPE_CHECKING:
    from server_ext.server import ModelServer

log = logging.getLogger(__name__)

BAD_START = 255
GARBAGE_THRESHOLD = 50_000  # new containers until the next look; one image in JSON makes 800


def main(argv: Sequence[str] | None = None) -> int:
    """Run a server until it is told to stop; return the exit code."""
    streams.replace_missing()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LogLines())
    logging.basicConfig(handlers=[handler], level=logging.INFO)
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
    """Start, announce, wait for a signal, drain, exit; return the exit code of a failed start."""
    stop = threading.Event()
    pipe = None
    try:
        options.check_servable()
        signals.have_set(stop)
        pipe = _on_stdin(options, stop)
        reserved = _reserve(options)
        allocator.tune(os.environ)
        with chatter.held_back(), latecomers.put_off("keras"), _spared_collector():
            from server_ext.server import ModelServer
        server = ModelServer(options, reserved)
        server.start(give_up=stop)
    except ServingError as error:
        return _failed(error, pipe)
    (pipe.say if pipe else streams.say)(_announcement(options, server))
    if pipe:
        pipe.attach(server.parts)
    stop.wait()
    log.info("Stopping: answering what is in flight")
    server.stop()
    if pipe:
        pipe.close()
    logging.shutdown()
    # What still runs inside of TensorFlow would abort the process when Python takes itself apart.
    os._exit(0)


def _reserve(options: Options) -> ports.Reserved:
    grpc = None
    if options.port or not options.grpc_socket_path:
        grpc = ports.reserve(options.host, options.port)
    if options.grpc_socket_path:
        ports.claim(options.grpc_socket_path)
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


def _announcement(options: Options, server: ModelServer) -> str:
    ready = {
        "pid": os.getpid(),
        "version": __version__,
        "host": options.host,
        "port": server.grpc_port,
        "rest_api_port": server.rest_port,
        "grpc_socket_path": options.grpc_socket_path,
        "tls": server.tls,
    }
    lines = [json.dumps(ready)]
    if server.grpc_port is not None:
        lines.append(f"Running gRPC ModelServer at {options.host}:{server.grpc_port} ...")
    if options.grpc_socket_path:
        lines.append(f"Running gRPC ModelServer at unix:{options.grpc_socket_path} ...")
    if server.rest_port is not None:
        lines.append(f"Exporting HTTP/REST API at:localhost:{server.rest_port} ...")
    return "\n".join(lines)


@contextlib.contextmanager
def _spared_collector() -> Iterator[None]:
    """Keep the garbage collector off TensorFlow's 270,000 objects, which stay for good.

    While they are imported, its passes are a fifth of the time and find nothing. Later each full
    one would stop all threads for some 200 ms, and parsing the nested lists of one JSON body is
    enough to bring the next one closer. What is loaded afterwards it looks at: a version's graph
    has cycles, and would stay for good when it is unloaded.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.set_threshold(GARBAGE_THRESHOLD, 10, 10)
        gc.enable()


def _failed(error: ServingError, pipe: Pipe | None = None) -> int:
    text = f"Failed to start server. Error: {error.status_text}"
    if pipe:
        pipe.say(text)
        pipe.close()
    else:
        streams.say(text)
    return BAD_START


def _on_stdin(options: Options, stop: threading.Event) -> Pipe | None:
    """Begin to read standard input, if it is of any use; its end sets `stop`."""
    if options.commands_on_stdin:
        return Pipe(stop)
    if options.exit_when_stdin_closes:
        threading.Thread(target=_watch_stdin, args=(stop,), name="stdin", daemon=True).start()
    return None


def _watch_stdin(stop: threading.Event) -> None:
    while os.read(0, 4096):
        pass  # whatever is written there means nothing; only its end counts
    stop.set()
