"""How a model server is to be hosted, and who owns a model: plain values, checked as they are made.

A port is None for the usual one, or a free one with a note; 0 for any free one; else just that one.
"""

from __future__ import annotations

from dataclasses import dataclass

from server_ext.errors import InvalidArgument
from server_ext.flagvalues import A_PORT, AUTO, WAYS_TO_BATCH, is_port

# Flags that the host gives itself; whoever gave them again would change what it relies on.
OURS = (
    "auth_token_file",
    "batching",
    "commands_on_stdin",
    "enable_batching",
    "enable_reload_requests",
    "host",
    "model_base_path",
    "model_config_file",
    "model_name",
    "port",
    "rest_api_port",
    "version",
)


@dataclass(frozen=True)
class Settings:
    """What the one who runs a host decides once.

    `flags` are further flags of tensorflow_model_server. `roots` are the directories that models
    may lie in; none means any. A server that ends by itself more than `max_restarts` times within
    `restart_window_s` has failed; the pause before a restart doubles from `first_pause_s` up to
    `longest_pause_s`. One that answers nothing for `health_deadline_s` counts as ended.

    Raises:
        InvalidArgument: a value that cannot be meant; the message names it.
    """

    host: str = "127.0.0.1"
    rest_port: int | None = None
    grpc_port: int | None = None
    batching: str = AUTO
    flags: tuple[str, ...] = ()
    roots: tuple[str, ...] = ()
    require_token: bool = False
    allow_reload_requests: bool = False
    max_restarts: int = 5
    restart_window_s: float = 300
    first_pause_s: float = 0.25
    longest_pause_s: float = 30
    start_timeout_s: float = 120
    stop_timeout_s: float = 35  # more than the server takes to answer what is in flight
    health_interval_s: float = 2
    health_deadline_s: float = 10
    max_models: int = 1000
    name: str = ""  # of these settings, which messages put before the name of one
    log_lines: int = 5000

    def __post_init__(self) -> None:
        for name in ("rest_port", "grpc_port"):
            port = getattr(self, name)
            if port is not None and not is_port(port):
                raise InvalidArgument(f"{name} {port}: {A_PORT}")
        check_batching(self.batching)
        for flag in self.flags:
            name = flag.lstrip("-").partition("=")[0]
            if not flag.startswith("-") or name in OURS:
                why = "has settings of its own" if name in OURS else "does not start with --"
                raise InvalidArgument(f"{flag!r} cannot be among the flags: it {why}")


@dataclass(frozen=True)
class Owner:
    """Who serves a model, as people know it: the path of a notebook, the id of a kernel."""

    notebook: str = ""
    kernel: str = ""

    @property
    def identity(self) -> str:
        """What tells owners apart: a notebook stays the same when its kernel starts again."""
        return self.notebook or self.kernel


def check_batching(batching: str) -> None:
    """Return if this is a way to batch.

    Raises:
        InvalidArgument: it is none.
    """
    if batching not in WAYS_TO_BATCH:
        raise InvalidArgument(f"batching {batching!r}: use {', '.join(WAYS_TO_BATCH)}")
