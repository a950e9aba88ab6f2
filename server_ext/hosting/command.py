"""How a hosted model server is started: its command line, and what it inherits."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from server_ext.hosting.settings import Settings

_NOT_FOR_CHILDREN = ("JUPYTERHUB_", "JPY_", "JUPYTER_TOKEN", "MODEL_NAME", "MODEL_BASE_PATH")
_SECRET = re.compile(r"TFS_.*TOKEN")


def command(
    settings: Settings,
    rest_port: int,
    grpc_port: int,
    *,
    batching: str,
    token_file: Path | None,
    one_load_at_a_time: bool,
) -> list[str]:
    """Return the command of a server that is told over its standard input what to serve."""
    return [
        sys.executable,
        "-m",
        "server_ext",
        f"--host={settings.host}",
        f"--port={grpc_port}",
        f"--rest_api_port={rest_port}",
        "--commands_on_stdin",
        "--file_system_poll_wait_seconds=1",
        "--max_num_load_retries=0",  # the one who asked wants the reason, not another attempt
        "--rest_api_refuse_foreign_origins",
        f"--enable_reload_requests={str(settings.allow_reload_requests).lower()}",
        f"--batching={batching}",
        *([f"--auth_token_file={token_file}"] if token_file else []),
        *settings.flags,
        *(["--num_load_threads=1"] if one_load_at_a_time else []),
    ]


def environment() -> dict[str, str]:
    """Return our environment without what is meant for this process alone, such as tokens."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_NOT_FOR_CHILDREN) and not _SECRET.fullmatch(name)
    }
    return {**kept, "PYTHONUNBUFFERED": "1"}
