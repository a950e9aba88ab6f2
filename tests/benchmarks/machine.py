"""Where a run took place: the machine, the versions, the day."""

from __future__ import annotations

import datetime
import os
import platform
import re
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil
import tritonvenv

PACKAGES = (
    "tfs-magics",
    "tensorflow",
    "numpy",
    "grpcio",
    "pygrpc-native",
    "protobuf",
    "uvicorn",
    "httptools",
    "uvloop",
    "orjson",
    "pysimdjson",
    "flask",
    "gunicorn",
    "fastapi",
    "jupyter_server",
    "ipykernel",
)


def describe(command: str) -> str:
    """Return the lines that belong above the figures of a run."""
    today = datetime.datetime.now(datetime.timezone.utc).date()
    memory_gb = psutil.virtual_memory().total / 1e9
    versions = [f"{name} {found}" for name in PACKAGES if (found := _version(name))]
    if triton := tritonvenv.installed():
        versions.append(f"nvidia-pytriton {triton} (on Debian's Python)")
    return "\n".join(
        [
            f"- Command: `{command}`, {today}",
            f"- Machine: {os.cpu_count()} cores, {_processor()}, {memory_gb:.0f} GB of memory; the load "
            "generator runs on the same cores",
            f"- {platform.system()} {platform.release()}, Python {platform.python_version()}, {_h2load()}",
            f"- {', '.join(versions)}",
        ]
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    match = (
        re.search(r"^model name\s*: (.*)$", info.read_text(), re.MULTILINE)
        if info.exists()
        else None
    )
    return match[1] if match else platform.machine()


def _h2load() -> str:
    return subprocess.run(
        ["h2load", "--version"], capture_output=True, text=True, check=True
    ).stdout.strip()
