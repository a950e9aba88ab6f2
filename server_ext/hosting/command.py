"""How the model server of this process is started: its command line, and what it inherits."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from server_ext.hosting.ports import HOST

WAYS_TO_BATCH = ("off", "on", "auto")
BATCHING = "auto"
_NOT_FOR_CHILDREN = ("JUPYTERHUB_", "JPY_", "JUPYTER_TOKEN", "MODEL_NAME", "MODEL_BASE_PATH")


def command(config: Path, rest_port: int, grpc_port: int, *, batching: str) -> list[str]:
    """Return the command of a server that follows a configuration file and ends with us."""
    return [
        sys.executable,
        "-m",
        "server_ext",
        f"--host={HOST}",
        f"--port={grpc_port}",
        f"--rest_api_port={rest_port}",
        f"--model_config_file={config}",
        "--model_config_file_poll_wait_seconds=1",
        "--file_system_poll_wait_seconds=1",
        "--wait_for_models=false",
        "--max_num_load_retries=0",  # the one who asked wants the reason, not another attempt
        "--exit_when_stdin_closes",
        f"--batching={batching}",
    ]


def environment() -> dict[str, str]:
    """Return our environment without what is meant for this process alone, such as tokens."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(_NOT_FOR_CHILDREN)
    }
    return {**kept, "PYTHONUNBUFFERED": "1"}
