"""Options of one server process: each flag once, with its type, default and help.

The command line, `--help` and the README's table are loops over `fields(Options)`. Names and
defaults are tensorflow_model_server's where it has the flag; `ours` marks the flags it does not
have. Nothing here reads the environment or ends the process.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from server_ext.errors import InvalidArgument

MAX_PORT = 65535


def option(default: Any, help: str, *, kind: type | None = None, ours: bool = False) -> Any:
    """Declare one option; `kind` is its type where the default does not tell it."""
    return field(
        default=default,
        metadata={"help": help, "kind": kind or type(default), "ours": ours},
    )


@dataclass(frozen=True, kw_only=True)
class Options:
    """What one server process was told on its command line.

    Raises:
        InvalidArgument: a value is out of range, or two options exclude each other.
    """

    port: int = option(
        8500,
        "TCP port for gRPC. 0 takes a free port; with --grpc_socket_path it turns TCP off.",
    )
    grpc_socket_path: str = option(
        "", "Listen for gRPC on this Unix socket, too (or only, with --port=0)."
    )
    rest_api_port: int | None = option(
        None, "TCP port for REST. Not given: no REST. 0 takes a free port.", kind=int
    )
    rest_api_timeout_in_ms: int = option(
        30000, "Milliseconds a REST request may take before it is answered with 504. 0: no limit."
    )
    host: str = option("127.0.0.1", "Address to listen on, for gRPC and REST.", ours=True)
    model_name: str = option("default", "Name of the model at --model_base_path.")
    model_base_path: str = option(
        "", "Directory that holds the numbered version directories of the one model to serve."
    )
    model_config_file: str = option(
        "",
        "Text-format ModelServerConfig that lists the models to serve; "
        "wins over --model_name and --model_base_path.",
    )
    model_config_file_poll_wait_seconds: int = option(
        0, "Seconds between two looks at --model_config_file for changes. 0: read it once."
    )
    file_system_poll_wait_seconds: int = option(
        1, "Seconds between two looks for new or removed versions. 0: look once. Below 0: never."
    )
    tensorflow_session_parallelism: int = option(
        0, "Sets both of the following. 0: each run of a model stays on one thread."
    )
    tensorflow_intra_op_parallelism: int = option(
        0, "Threads that may share one operation of a model. 0: one."
    )
    tensorflow_inter_op_parallelism: int = option(
        0, "Operations of one run that may run at a time. 0: one, on the thread of the request."
    )
    wait_for_models: bool = option(
        True,
        "Open the ports once each model is available, has failed, or has no directory yet. "
        "false: open them at once.",
        ours=True,
    )
    drain_timeout_seconds: int = option(
        30, "Seconds that requests in flight get to finish after SIGTERM or SIGINT.", ours=True
    )
    exit_when_stdin_closes: bool = option(
        False, "Stop when standard input ends, so that the server goes with its parent.", ours=True
    )
    version: bool = option(False, "Print the versions of the server and of TensorFlow, and exit.")

    def __post_init__(self) -> None:
        for name in ("port", "rest_api_port"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= MAX_PORT:
                raise InvalidArgument(f"--{name} is {value}: a port is from 0 to {MAX_PORT}")
        threads = (
            self.tensorflow_session_parallelism,
            self.tensorflow_intra_op_parallelism,
            self.tensorflow_inter_op_parallelism,
        )
        if all(count > 0 for count in threads):
            raise InvalidArgument(
                "tensorflow_session_parallelism sets both tensorflow_intra_op_parallelism and "
                "tensorflow_inter_op_parallelism: give it alone, or the other two"
            )
        if self.drain_timeout_seconds < 0:
            raise InvalidArgument(
                f"--drain_timeout_seconds is {self.drain_timeout_seconds}: use 0 or more"
            )

    def check_servable(self) -> None:
        """Refuse options that name nothing to serve.

        Raises:
            InvalidArgument: neither a base path nor a config file is given.
        """
        if not self.model_base_path and not self.model_config_file:
            raise InvalidArgument(
                "Both server options model_base_path and model_config_file are empty: "
                "give --model_base_path=DIR or --model_config_file=FILE"
            )
